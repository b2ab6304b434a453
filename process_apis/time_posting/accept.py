"""Turns an approved version of a time entry into transactions, in the unit of the event that told of it."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from contracts.events import TimeApproved
from contracts.money import ZERO
from contracts.process.time_posting import Rating, Transaction
from process_apis.registers import exceptions, time_entries, transactions
from process_apis.registers.exceptions import Finding
from process_apis.registers.time_entries import EntryVersion
from process_apis.registers.transactions import Cost
from process_apis.registers.unit import Unit
from process_apis.time_posting import facts as gathering
from process_apis.time_posting import rules
from process_apis.time_posting.rules import Facts, Failure, Part, Verdict
from runtime.data.ids import new_id

_CORRELATION = "select correlation_id from project where tenant = $1 and id = $2"


async def approved(unit: Unit, event: TimeApproved) -> None:
    """`time.approved`: validate, rate, cap, store. A version that is not the newest any more is left to the newer one."""
    version = await time_entries.get(unit, event.object_id)
    if version is None or version.version != event.version:
        return
    if not await transactions.of_source(unit, version.id):
        await state(unit, version, rating_version=1)


async def again(unit: Unit, entry_id: str) -> bool:
    """Decide again about an entry that is in exception; True when its verdict is another one now."""
    version = await time_entries.get(unit, entry_id)
    live = [t for t in await transactions.of_source(unit, entry_id) if t.state == "exception"]
    if version is None or not live or version.entry.status != "approved":
        return False
    found = await gathering.gather(unit, version)
    verdict = rules.decide(found)
    if verdict.parts[0].commands == ("fail",) and set(verdict.parts[0].codes) == set(live[0].codes):
        await _touch(unit, live)
        return False
    for transaction in live:
        await undo(unit, transaction)
    await _store(unit, found, verdict, rating_version=max(t.rating_version for t in live) + 1)
    return True


async def state(unit: Unit, version: EntryVersion, rating_version: int) -> None:
    """Gather, decide, store."""
    found = await gathering.gather(unit, version)
    await _store(unit, found, rules.decide(found), rating_version)


async def _touch(unit: Unit, live: Iterable[Transaction]) -> None:
    sql = "update billable_transaction set updated_at = $3 where tenant = $1 and id = any($2::text[])"
    await unit.connection.execute(sql, unit.tenant, [t.id for t in live], unit.now)


async def undo(unit: Unit, transaction: Transaction) -> None:
    """Reverse a transaction in the hub; what the ERP has of it is not touched here."""
    if transaction.state == "excluded":
        # The state table has no way out of `excluded`: nothing billable was stated, the row just no longer counts.
        sql = "update billable_transaction set state = 'reversed', updated_at = $3 where tenant = $1 and id = $2"
        await unit.connection.execute(sql, unit.tenant, transaction.id, unit.now)
        return
    await transactions.change(unit, transaction, "reverse", reason="replaced by a newer version")


async def _store(unit: Unit, found: Facts, verdict: Verdict, rating_version: int) -> None:
    correlation = await _correlation(unit, found)
    for part in verdict.parts:
        made = _transaction(unit, found, verdict, part, rating_version, correlation)
        cost = Cost(amount=rules.cost_amount(verdict, part), currency=verdict.cost_currency)
        await transactions.add(unit, made, cost, part.commands)
    await _open_and_clear(unit, found, verdict)


async def adjust(unit: Unit, found: Facts, verdict: Verdict, billed: Decimal, billed_hours: Decimal) -> None:
    """One adjustment of the difference between what an entry is worth now and what was billed for it (IMP-8)."""
    if verdict.parts[0].commands == ("fail",):
        await _open_and_clear(unit, found, verdict)
        return
    delta = sum((p.amount for p in verdict.parts), ZERO) - billed
    hours = sum((p.hours for p in verdict.parts), ZERO) - billed_hours
    if delta == 0 and hours == 0:
        return
    sign = Decimal(1) if delta >= 0 else Decimal(-1)
    part = Part(part="billable", hours=hours, quantity=sign, amount=delta, commands=("validate", "rate"))
    made = _transaction(unit, found, verdict, part, 1, await _correlation(unit, found))
    await transactions.add(unit, replace(made, kind="adjustment", unit="unit", rating=Rating()), Cost(), part.commands)


async def _correlation(unit: Unit, found: Facts) -> str:
    if found.project is None:
        return unit.call.correlation_id
    return await unit.connection.fetchval(_CORRELATION, unit.tenant, found.project.id) or unit.call.correlation_id


def _transaction(
    unit: Unit, found: Facts, verdict: Verdict, part: Part, rating_version: int, correlation: str
) -> Transaction:
    entry, contract, rated, worker = found.entry, verdict.contract, verdict.rated, found.worker
    return Transaction(
        id=new_id("txn", unit.now),
        kind="time",
        source_id=found.entry_id,
        source_version=found.version,
        source_ref=entry.ref,
        contract_id=contract.id if contract else None,
        contract_line_id=verdict.line.id if verdict.line else None,
        project_id=found.project.id if found.project else None,
        legal_entity_id=contract.legal_entity_id if contract else None,
        bill_to_id=(contract.bill_to_id or contract.customer_id) if contract else None,
        worker_number=entry.worker_number,
        worker_name=worker.name if worker else None,
        role_code=entry.role_code or (worker.role_code if worker else None),
        task_code=entry.task_code,
        description=entry.description,
        service_date=entry.worked_on,
        posting_date=verdict.posting_date,
        approved_at=entry.approved_at,
        hours=part.hours,
        quantity=part.quantity,
        unit=(rated.unit if rated else None) or "hour",
        rating=_snapshot(verdict),
        rating_version=rating_version,
        amount=part.amount,
        currency=contract.currency if contract else None,
        part=part.part,
        state=part.state,
        cost_center_id=verdict.cost_center,
        po_number=contract.po.number if contract and contract.po else None,
        codes=tuple(dict.fromkeys((*part.codes, *(f.code for f in verdict.failures if f.warning)))),
        correlation_id=correlation,
        version=1,
        updated_at=unit.now,
    )


def _snapshot(verdict: Verdict) -> Rating:
    rated = verdict.rated
    if rated is None or rated.status != "rated":
        return Rating()
    return Rating(
        rate_line_id=rated.rate_line_id,
        level=rated.level,
        base_rate=rated.base_rate,
        base_currency=rated.base_currency,
        fx_rate=rated.fx_rate,
        multiplier=rated.multiplier,
        discount_pct=rated.discount_pct,
        bill_rate=rated.bill_rate,
    )


_CAP_CODES = frozenset({"CAP_OVERAGE_HELD", "CAP_EXCEEDED", "CAP_SOFT_EXCEEDED", "ZERO_RATE"})


async def _open_and_clear(unit: Unit, found: Facts, verdict: Verdict) -> None:
    """Open what was found, auto-resolve what is not found any more."""
    for failure in (*verdict.failures, *_part_failures(verdict)):
        await exceptions.open_(unit, _finding(found, verdict, failure))
    now = {f.code for f in verdict.failures} | {c for p in verdict.parts for c in p.codes}
    for exception in await exceptions.open_of(unit, found.entry_id):
        if exception.code not in now:
            await exceptions.change(unit, exception.id, "auto_resolve", "The cause is gone.")


def _part_failures(verdict: Verdict) -> list[Failure]:
    codes = {code: part for part in verdict.parts for code in part.codes if code in _CAP_CODES}
    return [Failure(code=code, detail=f"{part.hours} h, {part.amount}", warning=True) for code, part in codes.items()]


def _finding(found: Facts, verdict: Verdict, failure: Failure) -> Finding:
    held = [p.amount for p in verdict.parts if p.part == "overage"]
    project = found.project
    return Finding(
        code=failure.code,
        object_id=found.entry_id,
        contract_id=verdict.contract.id if verdict.contract else None,
        amount_at_risk=sum(held, ZERO) if held else None,
        currency=verdict.contract.currency if verdict.contract else None,
        facts={
            "detail": failure.detail,
            "entry_ref": found.entry.ref,
            "worked_on": str(found.entry.worked_on),
            "hours": str(found.entry.hours),
            "worker": found.worker.name if found.worker else found.entry.worker_number,
            "project": f"{project.code} {project.name}" if project else found.entry.project_ref,
            **failure.facts,
        },
    )
