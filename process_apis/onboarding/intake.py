"""Reads the deal and finds out who the customer is; what cannot go on is refused under its code (4a.1, 4a.2)."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from contracts.call import Call
from contracts.canon.deal import Deal
from contracts.canon.party import Account
from contracts.canon.ref import Page
from contracts.problems import RuleViolated
from contracts.process.register_objects import NewCustomer
from process_apis.onboarding import matching, rules
from process_apis.onboarding.matching import Match
from process_apis.onboarding.plan import Matched, Sold
from process_apis.onboarding.rules import Fault
from process_apis.registers import customers, exceptions
from process_apis.registers.unit import Unit
from runtime.data.links import canonical, link
from runtime.services import Services
from runtime.work.unit import unit_of_work

T = TypeVar("T")
REVIEW = "CUSTOMER_MATCH_REVIEW"
_MOST_PAGES = 200


def refusal(fault: Fault, deal: Deal, **facts: Any) -> RuleViolated:
    """A fault as the problem that holds the run for the owner of its code, with what the deal is worth."""
    return RuleViolated(
        fault.detail, code=fault.code, object_id=deal.ref, amount_at_risk=deal.amount, currency=deal.currency, **facts
    )


async def everything(ask: Callable[[str | None], Awaitable[Page[T]]]) -> list[T]:
    """All items of a listing; one that does not end is cut off."""
    items: list[T] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await ask(cursor)
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return items


async def read_deal(services: Services, deal_ref: str, call: Call) -> Sold:
    """The deal and its account as the CRM states them now. Raises RuleViolated (DEAL_INCOMPLETE and others)."""
    crm = services.ports.crm(call)
    deal = await crm.get_deal(call, deal_ref)
    account = await crm.get_account(call, deal.account_ref)
    if fault := rules.fault_of(deal, account):
        raise refusal(fault, deal, missing=list(rules.missing(deal, account)))
    return Sold(deal=deal, account=account)


async def ensure_customer(services: Services, run_id: str, sold: Sold, call: Call) -> Matched:
    """The account's customer: linked before, else matched, else new. Raises RuleViolated (CUSTOMER_MATCH_REVIEW)."""
    account = sold.account
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, call, services.clock.now())
        known = await customers.candidates(unit, account.tax_id, account.country)
        linked = await canonical(connection, call.tenant, account.ref)
        if linked is not None:
            return Matched(id=linked, how="linked")
        told = matching.named(await exceptions.answer(unit, run_id, REVIEW), known)
        match = told or matching.match(account, known)
        if match.verdict == "review":
            raise _review(sold, match)
        if match.customer_id is not None:
            await link(connection, call.tenant, match.customer_id, account.ref)
            return Matched(id=match.customer_id, how="named" if told else "matched")
        return Matched(id=await _create(unit, sold.deal, account), how="created")


async def _create(unit: Unit, deal: Deal, account: Account) -> str:
    parent = await canonical(unit.connection, unit.tenant, account.parent_ref) if account.parent_ref else None
    assert account.country, "a deal is complete before its customer is made"
    new = NewCustomer(
        name=account.name,
        legal_name=account.legal_name,
        country=account.country,
        parent_id=parent,
        tax_status=account.tax_status,
        tax_id=account.tax_id,
        default_currency=account.currency or deal.currency,
        refs=(account.ref,),
    )
    return (await customers.add(unit, new)).id


def _review(sold: Sold, match: Match) -> RuleViolated:
    names = ", ".join(f"{c.name} ({c.customer_id}, {c.score})" for c in match.candidates)
    detail = (
        f"{sold.account.legal_name} could be {names}. Resolve with the id of the customer it is, or with `new` when it "
        "is none of them."
    )
    candidates = [{"customer_id": c.customer_id, "name": c.name, "score": str(c.score)} for c in match.candidates]
    return refusal(Fault(code=REVIEW, detail=detail), sold.deal, account_ref=sold.account.ref, candidates=candidates)
