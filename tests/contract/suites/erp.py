"""What an ERP promises: reference data, one shell per key, an outcome per posted line, exact reversals, balanced journals."""

import contextlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from msgspec import Struct
from msgspec.structs import replace

from contracts.canon.ledger import (
    JournalLine,
    LegalEntityPage,
    NewJournal,
    NewProjectShell,
    PostingKeys,
    PostingLine,
    PostingLines,
    Reversal,
    Reversals,
)
from contracts.problems import InvalidRequest, NotFound, OutcomeUnknown, VendorRefused
from tests.contract.subject import Subject, new_key, pages


class Facts(Struct, frozen=True, kw_only=True):
    """`entities` = (code, country, currency); `rates` = quotes of `open_day`; a posting on `closed_day` must be refused."""

    entities: frozenset[tuple[str, str, str]]
    entity: str
    currency: str
    customer: str
    cost_center: str
    cost_centers: frozenset[str]
    worker: str
    tax_codes: Mapping[str, tuple[Decimal, str]]
    open_day: date
    closed_day: date
    closed_periods: frozenset[tuple[str, date]]
    periods: int
    rates: Mapping[tuple[str, str], Decimal]
    journal_accounts: tuple[str, str]


async def read(subject: Subject) -> LegalEntityPage:
    return await subject.adapter.list_entities(subject.call)


def _shell(subject: Subject, key: str) -> NewProjectShell:
    facts = subject.facts
    return NewProjectShell(
        key=key,
        code=f"C-{key}",
        name="Rollout",
        entity_code=facts.entity,
        customer_ref=facts.customer,
        currency=facts.currency,
        cost_center_code=facts.cost_center,
        contract_id="ctr_1",
        billing_method="time_and_materials",
        revenue_method="right_to_invoice",
        value=Decimal("1000.00"),
        start_on=facts.open_day,
    )


async def write(subject: Subject, key: str) -> str:
    return (await subject.adapter.put_project_shell(subject.call, _shell(subject, key))).ref


async def found(subject: Subject, key: str) -> tuple[str, ...]:
    page = await subject.adapter.find_project_shells(subject.call, key)
    return tuple(shell.ref for shell in page.items)


async def _line(subject: Subject, key: str) -> PostingLine:
    facts = subject.facts
    return PostingLine(
        key=key,
        transaction_id=f"txn_{key}",
        entity_code=facts.entity,
        project_shell_ref=await write(subject, new_key()),
        worker_number=facts.worker,
        service_date=facts.open_day,
        posting_date=facts.open_day,
        quantity=Decimal("7.3333"),
        hours=Decimal("7.3333"),
        bill_rate=Decimal("165.1250"),
        amount=Decimal("1210.91"),
        currency=facts.currency,
        billable=True,
        cost_center_code=facts.cost_center,
    )


async def _postings(subject: Subject, *keys: str) -> dict[str, tuple[str, Decimal, Decimal]]:
    body = PostingKeys(entity_code=subject.facts.entity, keys=keys)
    page = await subject.adapter.find_postings(subject.call, body)
    return {p.key: (p.ref, p.amount, p.hours) for p in page.items}


async def promise_that_reference_data_is_whole(subject: Subject) -> None:
    facts, adapter, call = subject.facts, subject.adapter, subject.call
    entities = await pages(partial(adapter.list_entities, call), limit=2)
    assert {(e.code, e.country, e.functional_currency) for e in entities} == facts.entities
    codes = await pages(partial(adapter.list_tax_codes, call), limit=3)
    assert {t.code: (t.rate_pct, t.treatment) for t in codes} == facts.tax_codes
    dimensions = await pages(partial(adapter.list_dimensions, call), limit=4)
    assert {d.code for d in dimensions if d.kind == "cost_center"} == facts.cost_centers
    assert len(dimensions) == len({d.ref for d in dimensions})


async def promise_that_periods_come_oldest_first_each_once(subject: Subject) -> None:
    periods = await pages(partial(subject.adapter.list_periods, subject.call), limit=7)
    assert len({(p.entity_code, p.start_on) for p in periods}) == len(periods) == subject.facts.periods
    assert [p.start_on for p in periods] == sorted(p.start_on for p in periods)
    assert {(p.entity_code, p.start_on) for p in periods if p.state == "closed"} == subject.facts.closed_periods
    own = await pages(partial(subject.adapter.list_periods, subject.call), entity_code=subject.facts.entity)
    assert {p.ref for p in own} == {p.ref for p in periods if p.entity_code == subject.facts.entity}


async def promise_that_rates_say_what_one_unit_costs(subject: Subject) -> None:
    quotes = await pages(partial(subject.adapter.list_fx_quotes, subject.call), since=subject.facts.open_day, limit=4)
    assert {(q.from_currency, q.to_currency): q.rate for q in quotes} == subject.facts.rates
    assert {q.on for q in quotes} == {subject.facts.open_day}


async def promise_that_a_foreign_cursor_is_refused(subject: Subject) -> None:
    with pytest.raises(InvalidRequest):
        await subject.adapter.list_entities(subject.call, cursor="bm90IGEgY3Vyc29y")


async def promise_that_a_shell_says_what_was_put(subject: Subject) -> None:
    body = _shell(subject, new_key())
    shell = await subject.adapter.put_project_shell(subject.call, body)
    assert (shell.key, shell.code, shell.name, shell.entity_code) == (body.key, body.code, body.name, body.entity_code)
    assert (shell.customer_ref, shell.currency, shell.active) == (body.customer_ref, body.currency, True)
    changed = await subject.adapter.put_project_shell(subject.call, replace(body, name="Rollout II"))
    assert (changed.ref, changed.name) == (shell.ref, "Rollout II")


async def promise_that_a_shell_can_be_deactivated_twice(subject: Subject) -> None:
    ref = await write(subject, new_key())
    for _ in range(2):
        assert (await subject.adapter.deactivate_project_shell(subject.call, ref)).active is False


async def promise_that_every_line_has_its_own_outcome(subject: Subject) -> None:
    good = await _line(subject, new_key())
    late = replace(good, key=new_key(), posting_date=subject.facts.closed_day)
    lost = replace(good, key=new_key(), project_shell_ref="elsewhere:project:1")
    body = PostingLines(items=(late, good, lost))
    outcomes = (await subject.adapter.post_lines(subject.call, body)).items
    assert [o.key for o in outcomes] == [late.key, good.key, lost.key]
    assert [o.posted for o in outcomes] == [False, True, False]
    assert outcomes[0].code == "PERIOD_CLOSED"
    assert all(o.reason for o in outcomes if not o.posted)
    posted = await _postings(subject, late.key, good.key, lost.key)
    assert posted == {good.key: (outcomes[1].ref, Decimal("1210.91"), Decimal("7.3333"))}


async def promise_that_a_line_is_posted_once(subject: Subject) -> None:
    line = await _line(subject, new_key())
    body = PostingLines(items=(line, replace(line, key=new_key())))
    first = await subject.adapter.post_lines(subject.call, body)
    again = await subject.adapter.post_lines(subject.call, body)
    assert again == first
    assert len({o.ref for o in first.items}) == 2


async def promise_that_lines_whose_answer_is_lost_are_posted_once(subject: Subject) -> None:
    line = await _line(subject, new_key())
    body = PostingLines(items=(line, replace(line, key=new_key())))
    await subject.arm_writes("lost_response")
    with contextlib.suppress(OutcomeUnknown):
        await subject.adapter.post_lines(subject.call, body)
    await subject.clear()
    outcomes = (await subject.adapter.post_lines(subject.call, body)).items
    assert all(o.posted for o in outcomes)
    assert {ref for ref, _, _ in (await _postings(subject, *(o.key for o in outcomes))).values()} == {
        o.ref for o in outcomes
    }


async def promise_that_a_reversal_is_the_exact_negative_once(subject: Subject) -> None:
    line, key = await _line(subject, new_key()), new_key()
    await subject.adapter.post_lines(subject.call, PostingLines(items=(line,)))
    before = await _unbilled(subject)
    good = Reversal(key=key, original_key=line.key, posting_date=subject.facts.open_day)
    none = Reversal(key=new_key(), original_key=new_key(), posting_date=subject.facts.open_day)
    body = Reversals(entity_code=subject.facts.entity, items=(good, none))
    first = await subject.adapter.reverse_lines(subject.call, body)
    assert [o.posted for o in first.items] == [True, False]
    assert (await subject.adapter.reverse_lines(subject.call, body)).items[0] == first.items[0]
    assert await _postings(subject, key) == {key: (first.items[0].ref, Decimal("-1210.91"), Decimal("-7.3333"))}
    assert await _unbilled(subject) == before - Decimal("1210.91")


async def _unbilled(subject: Subject) -> Decimal:
    page = await subject.adapter.list_balances(subject.call, subject.facts.entity)
    assert {b.entity_code for b in page.items} == {subject.facts.entity}
    mine = (b.amount for b in page.items if (b.kind, b.currency) == ("unbilled", subject.facts.currency))
    return sum(mine, Decimal(0))


async def promise_that_a_journal_is_all_or_nothing_and_once(subject: Subject) -> None:
    facts = subject.facts
    debit, credit = (
        JournalLine(account=account, amount=Decimal(amount))
        for account, amount in zip(facts.journal_accounts, ("5.10", "-5.10"), strict=True)
    )
    body = NewJournal(
        key=new_key(),
        entity_code=facts.entity,
        currency=facts.currency,
        posting_date=facts.open_day,
        lines=(debit, credit),
    )
    first = await subject.adapter.post_journal(subject.call, body)
    assert first.key == body.key
    assert await subject.adapter.post_journal(subject.call, body) == first
    with pytest.raises(VendorRefused):
        await subject.adapter.post_journal(subject.call, replace(body, key=new_key(), lines=(debit, debit)))


async def promise_that_references_of_others_are_not_found(subject: Subject) -> None:
    ref = await write(subject, new_key())
    own = ref.split(":")
    for foreign in (f"elsewhere:{own[1]}:{own[2]}", f"{own[0]}:nothing:{own[2]}", f"{own[0]}:{own[1]}:999999999"):
        with pytest.raises(NotFound):
            await subject.adapter.deactivate_project_shell(subject.call, foreign)
