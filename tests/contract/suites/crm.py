"""What a CRM promises: won deals with everything that was sold, accounts with contacts, and a note written back."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from msgspec import Struct

from contracts.canon.deal import Deal, DealAnnotation
from contracts.problems import InvalidRequest, NotFound
from tests.contract.subject import Subject, pages


class Facts(Struct, frozen=True, kw_only=True):
    """`won` = references of all won deals; `deal` is one of them with roles and an order, `sold` one with milestones.

    `expected` = attributes of `deal` as the canon shall state them; `roles` = (role, seniority, location, hours), any order.
    """

    won: frozenset[str]
    open_deal: str
    deal: str
    expected: Mapping[str, Any]
    roles: frozenset[tuple[str, str, str, Decimal]]
    sold: str
    milestones: tuple[tuple[int, str, date, Decimal], ...]
    account: str
    account_expected: Mapping[str, Any]
    contact_roles: frozenset[tuple[str, ...]]


async def read(subject: Subject) -> Deal:
    return await subject.adapter.get_deal(subject.call, subject.facts.deal)


def _listing(subject: Subject):
    return partial(subject.adapter.list_won_deals, subject.call)


async def promise_that_a_deal_tells_what_was_sold(subject: Subject) -> None:
    facts, deal = subject.facts, await read(subject)
    assert {name: getattr(deal, name) for name in facts.expected} == facts.expected
    assert {(n.role_code, n.seniority_code, n.location_code, n.hours) for n in deal.roles} == facts.roles
    assert deal.state == "closed_won"


async def promise_that_planned_milestones_come_in_order(subject: Subject) -> None:
    deal = await subject.adapter.get_deal(subject.call, subject.facts.sold)
    assert tuple((m.sequence, m.name, m.planned_on, m.amount) for m in deal.milestones) == subject.facts.milestones
    assert sum(m.amount for m in deal.milestones) == deal.amount


async def promise_that_an_open_deal_can_be_read_and_is_not_listed(subject: Subject) -> None:
    deal = await subject.adapter.get_deal(subject.call, subject.facts.open_deal)
    assert deal.state == "open"
    assert deal.ref not in {found.ref for found in await pages(_listing(subject))}


async def promise_that_pages_hold_every_won_deal_once_oldest_change_first(subject: Subject) -> None:
    deals = await pages(_listing(subject), limit=3)
    assert len(deals) == len(subject.facts.won)
    assert {deal.ref for deal in deals} == subject.facts.won
    assert [deal.changed_at for deal in deals] == sorted(deal.changed_at for deal in deals)


async def promise_that_a_listing_can_start_at_an_instant(subject: Subject) -> None:
    deals = await pages(_listing(subject))
    since = deals[len(deals) // 2].changed_at
    later = await pages(_listing(subject), changed_since=since, limit=4)
    assert [deal.ref for deal in later] == [deal.ref for deal in deals if deal.changed_at >= since]


async def promise_that_a_foreign_cursor_is_refused(subject: Subject) -> None:
    with pytest.raises(InvalidRequest):
        await subject.adapter.list_won_deals(subject.call, cursor="bm90IGEgY3Vyc29y")


async def promise_that_an_annotation_can_be_repeated(subject: Subject) -> None:
    note = DealAnnotation(project_code="PRJ-9", status="ready", note="it's the buyer's \\ order")
    first = await subject.adapter.annotate_deal(subject.call, subject.facts.sold, note)
    again = await subject.adapter.annotate_deal(subject.call, subject.facts.sold, note)
    assert first.ref == again.ref == subject.facts.sold
    assert (first.amount, first.stage) == (again.amount, again.stage)


async def promise_that_an_account_comes_with_its_contacts(subject: Subject) -> None:
    facts = subject.facts
    account = await subject.adapter.get_account(subject.call, facts.account)
    assert {name: getattr(account, name) for name in facts.account_expected} == facts.account_expected
    assert {contact.roles for contact in account.contacts} == facts.contact_roles
    assert account.address.complete


async def promise_that_references_of_others_are_not_found(subject: Subject) -> None:
    facts, key = subject.facts, subject.facts.deal.split(":")[2]
    for foreign in (f"elsewhere:deal:{key}", f"{subject.instance}:account:{key}", f"{subject.instance}:deal:nothing"):
        with pytest.raises(NotFound):
            await subject.adapter.get_deal(subject.call, foreign)
        with pytest.raises(NotFound):
            await subject.adapter.annotate_deal(subject.call, foreign, DealAnnotation(project_code="P", status="s"))
    with pytest.raises(NotFound):
        await subject.adapter.get_account(subject.call, facts.deal)
