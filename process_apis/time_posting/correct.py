"""Brings the transactions of a time entry to its newest version, as far as their states allow (rule IMP, trigger correction).

One way in for everything: an approval, a correction, a void, a cause that may be gone, a lock that may be open. It looks at
the newest version and at what stands, so that events may come late, twice or in any order (EVT-2, EVT-5).
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from contracts.money import ZERO
from contracts.process.time_posting import Transaction
from process_apis.registers import contracts, exceptions, invoices, time_entries, transactions
from process_apis.registers.exceptions import Finding
from process_apis.registers.time_entries import EntryVersion, Standing
from process_apis.registers.unit import Unit
from process_apis.time_posting import accept, reversal, rules
from process_apis.time_posting import facts as gathering
from process_apis.time_posting.verdict import Facts, Verdict

LOCKS = ("INVOICE_LOCKED", "ALREADY_INVOICED")
# Billed, or given up for good: what no correction takes back.
_FIXED = frozenset({"invoiced", "written_off"})
_BILLED_TERMS = (
    "service_date", "project_id", "contract_line_id", "worker_number", "role_code", "task_code", "description",
    "cost_center_id", "currency",
)  # fmt: skip


async def bring_up(unit: Unit, entry_id: str) -> None:
    """Validate, rate, cap and store the newest version of an entry, or take back what stands of it.

    Entries that waited because of what it said before (twins, hours of the day) may go on then.
    """
    for number, on in await _one(unit, entry_id):
        for neighbour in await time_entries.neighbours_in_doubt(unit, number, on, entry_id):
            await _one(unit, neighbour)


async def _one(unit: Unit, entry_id: str) -> list[tuple[str, date]]:
    """Answers whose day may look different now."""
    standing = await time_entries.standing(unit, entry_id)
    if standing is None:
        return []
    live = await transactions.of_source(unit, entry_id) if standing.stated else ()
    own = unit.under(standing.correlation_id)
    if standing.version.entry.status != "approved":
        await _withdraw(own, standing.version, live)
    elif not _stands(standing.version, live):
        await _state(own, standing, live)
    else:
        return []
    return sorted({(t.worker_number or "", t.service_date) for t in live})


def _stands(version: EntryVersion, live: Sequence[Transaction]) -> bool:
    """Whether this version has its transactions and none of them waits in exception."""
    return any(t.source_version == version.version for t in live) and not any(t.state == "exception" for t in live)


async def _withdraw(unit: Unit, version: EntryVersion, live: Sequence[Transaction]) -> None:
    """The entry counts no longer. What is billed needs a credit first."""
    live, drafted = await _pulled(unit, live)
    if drafted:
        await _locked(unit, version, drafted, "INVOICE_LOCKED")
        return
    billed = [t for t in live if t.state == "invoiced"]
    if any((_amount(billed), _hours(billed))):
        await _locked(unit, version, billed, "ALREADY_INVOICED")
        return
    await _take_back(unit, [t for t in live if t.state not in _FIXED])
    await exceptions.clear(unit, version.id, note="The entry was withdrawn.")


async def _state(unit: Unit, standing: Standing, live: Sequence[Transaction]) -> None:
    version = standing.version
    live, drafted = await _pulled(unit, live)
    if drafted:
        await _locked(unit, version, drafted, "INVOICE_LOCKED")
        return
    known = await exceptions.known(unit, version.id) if standing.excepted else exceptions.NONE_KNOWN
    found = await gathering.gather(unit, standing, known.settled)
    verdict = rules.decide(found)
    await _replace(unit, found, verdict, live)
    await accept.open_and_clear(unit, found, verdict, known)


async def _pulled(unit: Unit, live: Sequence[Transaction]) -> tuple[list[Transaction], list[Transaction]]:
    """What is on a draft nobody approved yet leaves it (IMP-5); answers everything live, and what is on a locked invoice (IMP-6).

    The draft's id stays with what left it: the draft is made again without it, and with what takes its place.
    """
    drafted = [t for t in live if t.state == "drafted"]
    for contract_id in sorted({t.contract_id for t in drafted if t.contract_id}):
        await contracts.take_turn(unit, contract_id)
    open_ = await invoices.open_drafts(unit, [t.invoice_id for t in drafted if t.invoice_id])
    locked = [t for t in drafted if t.invoice_id not in open_]
    if locked:
        return list(live), locked
    pulled = {
        t.id: await transactions.change(unit, t, "undraft", reason="A correction takes its place.") for t in drafted
    }
    return [pulled.get(t.id, t) for t in live], []


async def _replace(unit: Unit, found: Facts, verdict: Verdict, live: Sequence[Transaction]) -> None:
    """IMP-1, IMP-3, IMP-4 and IMP-8: leave, replace, reverse and repost, or adjust the next invoice."""
    fixed, loose = [t for t in live if t.state in _FIXED], [t for t in live if t.state not in _FIXED]
    if loose and not fixed and _says_the_same(loose, accept.preview(unit, found, verdict)):
        if any(t.source_version != found.version for t in loose):
            await transactions.adopt(unit, [t.id for t in loose], found.version)
        return
    await _take_back(unit, loose)
    rating_version = max((t.rating_version for t in live if t.source_version == found.version), default=0) + 1
    if any(t.part == "billable" and t.state == "held" for t in loose):
        verdict = rules.held(verdict)
    if fixed:
        await accept.adjust(unit, found, verdict, fixed, rating_version)
    else:
        pulled = next((t.id for t in loose if t.invoice_id is not None), None)
        await accept.store(unit, found, verdict, rating_version, replaces=pulled)


def _says_the_same(live: Sequence[Transaction], new: Sequence[Transaction]) -> bool:
    """Whether nothing that is billed, posted or wrong differs from what stands (IMP-1)."""
    standing = {t.part: t for t in live if t.kind == "time"}
    if not len(standing) == len(live) == len(new):
        return False
    return all(one.part in standing and _equal(one, standing[one.part]) for one in new)


def _equal(new: Transaction, old: Transaction) -> bool:
    if new.state != _state_of(old) or (new.hours, new.quantity, new.amount) != (old.hours, old.quantity, old.amount):
        return False
    if new.state == "exception" and set(new.codes) != set(old.codes):
        return False
    same_price = new.rating.bill_rate == old.rating.bill_rate
    return same_price and all(getattr(new, name) == getattr(old, name) for name in _BILLED_TERMS)


def _state_of(old: Transaction) -> str:
    """The state it had when it was stated: posting and a manual hold came after."""
    return "rated" if old.part == "billable" and old.state in ("held", "queued") else old.state


async def _take_back(unit: Unit, loose: Sequence[Transaction]) -> None:
    """Reverse in the hub; what the ERP has is reversed there, exactly (DEC-6)."""
    for transaction in loose:
        if transaction.state == "excluded":
            await transactions.supersede(unit, transaction, reason="A newer version takes its place.")
        else:
            await transactions.change(unit, transaction, "reverse", reason="A newer version takes its place.")
        if transaction.erp_ref is not None:
            await reversal.open_run(unit, transaction)


async def _locked(unit: Unit, version: EntryVersion, stuck: Sequence[Transaction], code: str) -> None:
    """The correction waits; one lock at a time is named."""
    finding = Finding(
        code=code,
        object_id=version.id,
        contract_id=stuck[0].contract_id,
        amount_at_risk=_amount(stuck),
        currency=stuck[0].currency,
        facts={
            "detail": f"Version {version.version} of the entry waits: an older one is on an invoice.",
            "entry_ref": version.entry.ref,
            "transactions": [t.id for t in stuck],
            "invoices": sorted({t.invoice_id for t in stuck if t.invoice_id}),
        },
    )
    for other in LOCKS:
        if other != code:
            await exceptions.clear(unit, version.id, other, "Another lock took its place.")
    await exceptions.open_(unit, finding)


def _amount(some: Sequence[Transaction]) -> Decimal:
    return sum((t.amount for t in some), ZERO)


def _hours(some: Sequence[Transaction]) -> Decimal:
    return sum((t.hours for t in some), ZERO)
