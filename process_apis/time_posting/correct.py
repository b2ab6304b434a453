"""What a corrected or voided time entry does to transactions already made (rule IMP, trigger correction)."""

from collections.abc import Sequence
from decimal import Decimal

from contracts.events import TimeEvent
from contracts.money import ZERO
from contracts.process.time_posting import Transaction
from process_apis.registers import exceptions, time_entries, transactions
from process_apis.registers.exceptions import Finding
from process_apis.registers.time_entries import EntryVersion
from process_apis.registers.unit import Unit
from process_apis.time_posting import accept, reversal, rules
from process_apis.time_posting import facts as gathering

_LOCKS = ("INVOICE_LOCKED", "ALREADY_INVOICED")


async def corrected(unit: Unit, event: TimeEvent) -> None:
    """`time.corrected` and `time.voided`; an older version than the newest is left to that one."""
    version = await time_entries.get(unit, event.object_id)
    if version is not None and version.version == event.version:
        await restate(unit, version)


async def looked_at_again(unit: Unit, entry_id: str) -> None:
    """A lock may be gone: the newest version takes its place if it has not yet."""
    version = await time_entries.get(unit, entry_id)
    if version is not None:
        await restate(unit, version)


async def restate(unit: Unit, version: EntryVersion) -> None:
    """Bring the transactions of an entry to its newest version, as far as their states allow (IMP-3..IMP-8)."""
    live = await transactions.of_source(unit, version.id)
    if not live or any(t.source_version == version.version for t in live):
        return
    if any(t.state == "drafted" for t in live):
        await _locked(unit, version, live, "INVOICE_LOCKED")
    elif any(t.state == "invoiced" for t in live):
        await _adjust(unit, version, live)
    else:
        await _replace(unit, version, live)


async def _replace(unit: Unit, version: EntryVersion, live: Sequence[Transaction]) -> None:
    """IMP-3 and IMP-4: nothing billed yet; what the ERP has is reversed there, exactly."""
    for transaction in live:
        await _take_back(unit, transaction)
    if version.entry.status == "approved":
        await accept.state(unit, version, rating_version=1)
    await _unlocked(unit, version)


async def _take_back(unit: Unit, transaction: Transaction) -> None:
    await accept.undo(unit, transaction)
    if transaction.erp_ref is not None:
        await reversal.open_run(unit, transaction)


async def _adjust(unit: Unit, version: EntryVersion, live: Sequence[Transaction]) -> None:
    """IMP-8, adjust_next_invoice: one adjustment of the difference; a void of billed time needs a credit first."""
    billed = [t for t in live if t.state == "invoiced"]
    if version.entry.status != "approved":
        await _locked(unit, version, billed, "ALREADY_INVOICED")
        return
    for transaction in live:
        if transaction.state != "invoiced":
            await _take_back(unit, transaction)
    found = await gathering.gather(unit, version)
    verdict = rules.decide(found)
    await accept.adjust(unit, found, verdict, _sum(billed), _hours(billed))
    await _unlocked(unit, version)


def _sum(billed: Sequence[Transaction]) -> Decimal:
    return sum((t.amount for t in billed), ZERO)


def _hours(billed: Sequence[Transaction]) -> Decimal:
    return sum((t.hours for t in billed), ZERO)


async def _locked(unit: Unit, version: EntryVersion, stuck: Sequence[Transaction], code: str) -> None:
    finding = Finding(
        code=code,
        object_id=version.id,
        rule_key=str(version.version),
        contract_id=stuck[0].contract_id,
        amount_at_risk=_sum(stuck),
        currency=stuck[0].currency,
        facts={
            "entry_ref": version.entry.ref,
            "transactions": [t.id for t in stuck],
            "invoices": sorted({t.invoice_id for t in stuck if t.invoice_id}),
        },
    )
    await exceptions.open_(unit, finding)


async def _unlocked(unit: Unit, version: EntryVersion) -> None:
    for code in _LOCKS:
        await exceptions.clear(unit, version.id, code)
