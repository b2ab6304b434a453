"""How a billing item got where it is: contract, approval, what happened to it, and what comes next."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from msgspec import Struct

from contracts.experience.finance_dashboard import BillingItem, TimelineEntry
from contracts.problems import Problem
from contracts.process.billing_objects import Explanation
from contracts.process.register_objects import Contract
from contracts.process.registers import Registers
from experience_apis.portal import shell, words
from experience_apis.portal.visit import Visit

_SYSTEMS = {"hub": "Process", "erp": "ERP"}
# So many of the steps in the middle are shown; more of them are folded.
_MOST, _LAST = 5, 3


class Step(Struct, frozen=True, kw_only=True):
    """A step as it is shown: `at` its moment, or `on` the day where no more is known. `folded` are steps under this one."""

    system: str
    what: str
    note: str = ""
    at: datetime | None = None
    on: date | None = None
    state: str = "done"
    folded: "tuple[Step, ...]" = ()


async def timeline(visit: Visit, found: BillingItem, explained: Explanation | None) -> list[Step]:
    """The steps, the first first."""
    before = [*_signed(await _contract(visit, found)), *_approved(visit, found, explained)]
    happened = [_happened(visit, entry) for entry in found.timeline]
    return sorted([*before, *folded(happened)], key=_when) + _next(found)


def _when(step: Step) -> datetime:
    on = step.on or date.min
    return step.at or datetime.combine(on, time(), UTC)


async def _contract(visit: Visit, found: BillingItem) -> Contract | None:
    """The contract, for those who may see it."""
    if not visit.may(Registers.get_contract):
        return None
    try:
        return await visit.call(Registers.get_contract, found.item.contract_id)
    except Problem:
        return None


def _signed(contract: Contract | None) -> Iterator[Step]:
    if contract is not None and contract.signed_on is not None:
        deal = f", deal {contract.opportunity_id.rpartition(':')[2]}" if contract.opportunity_id else ""
        note = f"{contract.name}, version {contract.contract_version}{deal}"
        yield Step(
            system=shell.port_label("crm") if deal else _SYSTEMS["hub"],
            what="Contract signed",
            note=note,
            on=contract.signed_on,
        )


def _approved(visit: Visit, found: BillingItem, explained: Explanation | None) -> Iterator[Step]:
    """The last approval; of what is billed, the one of its first line."""
    item, system = found.item, shell.port_label("time")
    if item.hours and found.approved_on is not None:
        note = f"{words.hours(item.hours)} h in {words.count(item.transaction_count, 'item')}, the last on this day"
        yield Step(system=system, what="Time approved", note=note, on=found.approved_on)
    elif item.hours and explained is not None and explained.chains:
        links = [link for link in explained.chains[0].links if link.kind == "approval" and link.at is not None]
        yield from (Step(system=system, what="Time approved", note=_by(visit, link.by), at=link.at) for link in links)


def _happened(visit: Visit, entry: TimelineEntry) -> Step:
    what, _, why = words.told(entry.what, visit.now.date()).partition(": ")
    note = ", ".join(part for part in (why.removesuffix("."), _by(visit, entry.by)) if part)
    return Step(system=_SYSTEMS.get(entry.system, entry.system), what=what, note=note, at=entry.at)


def folded(steps: list[Step]) -> list[Step]:
    """The first and the last ones, those between under one."""
    if len(steps) <= _MOST:
        return steps
    between = tuple(steps[1:-_LAST])
    more = Step(system="", what=words.count(len(between), "more step"), at=between[-1].at, folded=between)
    return [steps[0], more, *steps[-_LAST:]]


def _by(visit: Visit, who: str | None) -> str:
    """Who did it, unless Ledgerway did."""
    return f"by {visit.person(who)}" if who and not who.startswith("system:") else ""


def _next(found: BillingItem) -> list[Step]:
    """The step that is to come."""
    waiting: dict[str, tuple[str, str]] = {
        "ready": ("Draft invoice", "waits for you"),
        "ready_with_warnings": ("Draft invoice", "waits for you; warnings need a reason"),
        "blocked": ("Draft invoice", "when nothing blocks it any more"),
        "drafted": ("Invoice in the ERP", "after approval and posting"),
    }
    if found.item.state not in waiting:
        return []
    what, note = waiting[found.item.state]
    return [Step(system=_SYSTEMS["erp"], what=what, note=note, state="waiting")]
