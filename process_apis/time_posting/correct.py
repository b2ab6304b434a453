"""Brings the transactions of a time entry to its newest version, as far as their states allow (rule IMP, trigger correction).

One way in for everything: an approval, a correction, a void, a cause that may be gone, a lock that may be open. It looks at
the newest version and at what stands, so that events may come late, twice or in any order (EVT-2, EVT-5).
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from contracts.money import ZERO
from contracts.process.time_posting import Transaction
from process_apis.registers import contracts, exceptions, invoices, time_entries, transactions
from process_apis.registers.exceptions import Finding, Known
from process_apis.registers.time_entries import EntryVersion, Standing
from process_apis.registers.transactions import New
from process_apis.registers.unit import Unit
from process_apis.time_posting import accept, reversal, rules
from process_apis.time_posting import facts as gathering
from process_apis.time_posting.accept import Decided, Waiting
from process_apis.time_posting.verdict import Facts, Verdict

CORRECTED, WITHDRAWN = "A newer version takes its place.", "The entry was withdrawn."
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
    await bring_up_all([(unit, entry_id)])


async def bring_up_all(wanted: Sequence[tuple[Unit, str]]) -> None:
    """The same for entries of one tenant in their order. What is stated for the first time is stored together."""
    standings = await time_entries.standings(wanted[0][0], [entry_id for _, entry_id in wanted])
    first, *later = _portions([(unit, standings[one]) for unit, one in wanted if one in standings]) or [[]]
    if first and _is_new(first[0][1]):
        await _decide([_Case(unit.under(standing.correlation_id), standing) for unit, standing in first])
    elif first:
        await _bring_up_again(*first[0])
    # What is read about these depends on what is stored now.
    for portion in later:
        await bring_up_all([(unit, standing.version.id) for unit, standing in portion])


def _portions(wanted: Sequence[tuple[Unit, Standing]]) -> list[list[tuple[Unit, Standing]]]:
    """New entries that follow each other, as long as none may be the twin of another one; every other entry alone."""
    portions: list[list[tuple[Unit, Standing]]] = []
    likenesses: set[object] = set()
    for unit, standing in wanted:
        likeness = _likeness(standing)
        if not (likenesses and _is_new(standing)) or likeness in likenesses:
            portions.append([])
            likenesses = set()
        portions[-1].append((unit, standing))
        if _is_new(standing):
            likenesses.add(likeness)
    return portions


def _is_new(standing: Standing) -> bool:
    """Whether nothing was ever said about it here."""
    return standing.version.entry.status == "approved" and not standing.stated and not standing.excepted


def _likeness(standing: Standing) -> object:
    """The same for twins."""
    entry = standing.version.entry
    return entry.worker_number, entry.worked_on, entry.project_ref, entry.hours


async def _bring_up_again(unit: Unit, standing: Standing) -> None:
    entry_id = standing.version.id
    for number, on in await _one(unit, standing):
        for neighbour in await time_entries.neighbours_in_doubt(unit, number, on, entry_id):
            found = await time_entries.standings(unit, [neighbour])
            await _one(unit, found[neighbour])


async def _one(unit: Unit, standing: Standing) -> list[tuple[str, date]]:
    """Answers whose day may look different now."""
    live = await transactions.of_source(unit, standing.version.id) if standing.stated else ()
    own = unit.under(standing.correlation_id)
    if standing.version.entry.status != "approved":
        await _withdraw(own, standing.version, live)
    elif not _stands(standing.version, live) or await _waits(own, standing):
        await _state(own, standing, live, CORRECTED)
    else:
        return []
    return sorted({(t.worker_number or "", t.service_date) for t in live})


async def restate(unit: Unit, standing: Standing, why: str) -> None:
    """Decide about an entry anew that has its transactions: something that decided about it changed (trigger rerate)."""
    own = unit.under(standing.correlation_id)
    await _state(own, standing, await transactions.of_source(own, standing.version.id), why)


async def _waits(unit: Unit, standing: Standing) -> bool:
    """Whether it could not be decided about anew, because of a lock (IMP-6)."""
    if not standing.excepted:
        return False
    known = await exceptions.known(unit, standing.version.id)
    return any(code in LOCKS for code, _ in known.open)


class _Case(NamedTuple):
    """An entry to decide about, and why; with its live transactions and the exceptions there are about it."""

    unit: Unit
    standing: Standing
    why: str = CORRECTED
    live: Sequence[Transaction] = ()
    known: Known = exceptions.NONE_KNOWN


async def _decide(cases: Sequence[_Case]) -> None:
    """One after the other, and stored together."""
    unit, waiting = cases[0].unit, Waiting()
    known = await gathering.known(unit, [case.standing for case in cases])
    await waiting.take(unit, gathering.competing(known))
    for case, facts in zip(cases, known, strict=True):
        waiting.add(await _decided(case, facts, waiting))
    await waiting.store()


def _stands(version: EntryVersion, live: Sequence[Transaction]) -> bool:
    """Whether this version has its transactions and none of them waits in exception."""
    return any(t.source_version == version.version for t in live) and not any(t.state == "exception" for t in live)


async def _withdraw(unit: Unit, version: EntryVersion, live: Sequence[Transaction]) -> None:
    """The entry counts no longer. What is billed needs a credit first."""
    live, drafted = await _pulled(unit, live, WITHDRAWN)
    if drafted:
        await _locked(unit, version, drafted, "INVOICE_LOCKED")
        return
    billed = [t for t in live if t.state == "invoiced"]
    if any((_amount(billed), _hours(billed))):
        await _locked(unit, version, billed, "ALREADY_INVOICED")
        return
    await _take_back(unit, [t for t in live if t.state not in _FIXED], WITHDRAWN)
    await exceptions.clear(unit, version.id, note=WITHDRAWN)


async def _state(unit: Unit, standing: Standing, live: Sequence[Transaction], why: str) -> None:
    version = standing.version
    live, drafted = await _pulled(unit, live, why)
    if drafted:
        await _locked(unit, version, drafted, "INVOICE_LOCKED")
        return
    known = await exceptions.known(unit, version.id) if standing.excepted else exceptions.NONE_KNOWN
    await _decide([_Case(unit, standing, why, live, known)])


async def _decided(case: _Case, facts: Facts, waiting: Waiting) -> Decided:
    """The verdict on the newest version, and what it makes in place of what stands, which is taken back."""
    unit, known = case.unit, case.known
    found = await gathering.priced(unit, replace(facts, settled=known.settled), waiting)
    verdict = rules.decide(found)
    made = await _replaced(unit, found, verdict, case.live, case.why)
    return Decided(unit=unit, found=found, verdict=verdict, made=made, known=known)


async def _pulled(unit: Unit, live: Sequence[Transaction], why: str) -> tuple[list[Transaction], list[Transaction]]:
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
    pulled = {t.id: await transactions.change(unit, t, "undraft", reason=why) for t in drafted}
    return [pulled.get(t.id, t) for t in live], []


async def _replaced(
    unit: Unit, found: Facts, verdict: Verdict, live: Sequence[Transaction], why: str
) -> tuple[New, ...]:
    """IMP-1, IMP-3, IMP-4 and IMP-8: leave, replace, reverse and repost, or adjust the next invoice."""
    fixed, loose = [t for t in live if t.state in _FIXED], [t for t in live if t.state not in _FIXED]
    if loose and not fixed and _says_the_same(loose, accept.preview(unit, found, verdict)):
        if any(t.source_version != found.version for t in loose):
            await transactions.adopt(unit, [t.id for t in loose], found.version)
        return ()
    await _take_back(unit, loose, why)
    rating_version = max((t.rating_version for t in live if t.source_version == found.version), default=0) + 1
    if any(t.part == "billable" and t.state == "held" for t in loose):
        verdict = rules.held(verdict)
    if fixed:
        return accept.difference(unit, found, verdict, fixed, rating_version)
    pulled = next((t.id for t in loose if t.invoice_id is not None), None)
    return accept.parts_of(unit, found, verdict, rating_version, replaces=pulled)


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


async def _take_back(unit: Unit, loose: Sequence[Transaction], why: str) -> None:
    """Reverse in the hub; what the ERP has is reversed there, exactly (DEC-6)."""
    for transaction in loose:
        if transaction.state == "excluded":
            await transactions.supersede(unit, transaction, reason=why)
        else:
            await transactions.change(unit, transaction, "reverse", reason=why)
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
