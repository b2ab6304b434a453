"""What a change of prices does to an entry (rule IMP, trigger rerate): its amount before and after, as far as its price moved.

Only prices count. Work that no longer passes a check, or has no price any more, keeps what it was rated at (RATE-9).
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from contracts.money import ZERO
from contracts.process.register_objects import Contract
from contracts.process.time_posting import Transaction
from domain.impact import AffectedTransaction
from process_apis.registers import exceptions, invoices, transactions
from process_apis.registers.time_entries import Standing
from process_apis.registers.unit import Unit
from process_apis.time_posting import checks, pricing, rules
from process_apis.time_posting import facts as gathering
from process_apis.time_posting.accept import Waiting
from process_apis.time_posting.verdict import Facts

# The state of an entry is that of its part that went farthest.
_FARTHEST: tuple[Literal["invoiced", "drafted", "queued", "held", "rated"], ...] = (
    "invoiced", "drafted", "queued", "held", "rated",
)  # fmt: skip


class Repriced(Struct, frozen=True, kw_only=True):
    """An entry whose price moved, and the contract it is billed under."""

    contract: Contract
    affected: AffectedTransaction


async def all_repriced(unit: Unit, standings: Sequence[Standing]) -> list[Repriced]:
    """Those of some entries whose price moved."""
    known = await gathering.known(unit, standings)
    return [
        one for standing, facts in zip(standings, known, strict=True) if (one := await _repriced(unit, standing, facts))
    ]


async def repriced(unit: Unit, standing: Standing) -> Repriced | None:
    """None where the price is what it was, or nothing is to be re-rated: not approved, given up, in exception."""
    return next(iter(await all_repriced(unit, [standing])), None)


async def _repriced(unit: Unit, standing: Standing, facts: Facts) -> Repriced | None:
    live = await transactions.of_source(unit, standing.version.id)
    states = {t.state for t in live}
    state = next((one for one in _FARTHEST if one in states), None)
    if standing.version.entry.status != "approved" or state is None or states & {"exception", "written_off"}:
        return None
    known = await exceptions.known(unit, standing.version.id) if standing.excepted else exceptions.NONE_KNOWN
    found = await gathering.priced(unit, replace(facts, settled=known.settled), Waiting())
    contract, line = checks.line_for(found)
    if contract is None or line is None or found.book is None:
        return None
    cost = pricing.cost_of(found.worker, found.entry.worked_on)
    now = pricing.rate(found, found.book, line, cost)
    if now.status != "rated" or now.bill_rate == _agreed(live):
        return None
    verdict = rules.decide(found)
    if verdict.failed:
        return None
    invoice = next((t.invoice_id for t in live if t.state == state and state in ("invoiced", "drafted")), None)
    affected = AffectedTransaction(
        id=standing.version.id,
        state=state,
        service_date=found.entry.worked_on,
        old_amount=sum((t.amount for t in live), ZERO),
        new_amount=sum((part.amount for part in verdict.parts), ZERO),
        invoice_id=invoice,
        invoice_state=(await invoices.states(unit, [invoice])).get(invoice) if invoice else None,
    )
    return Repriced(contract=contract, affected=affected)


def _agreed(live: Sequence[Transaction]) -> object:
    """The bill rate of the newest rating; an adjustment keeps it beside its own."""
    rated = [t for t in live if t.rating.rate_line_id is not None]
    newest = max(rated, key=lambda t: (t.source_version, t.rating_version, t.id), default=None)
    if newest is None:
        return None
    return newest.rating.bill_rate if newest.rating.agreed_rate is None else newest.rating.agreed_rate
