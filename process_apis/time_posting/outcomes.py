"""What became of lines offered to the ERP: queued, refused, or taken back because the hub thought again meanwhile."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from contracts.canon.ledger import LineOutcome
from contracts.process.exception_objects import BusinessException
from contracts.process.time_posting import Transaction
from process_apis.registers import exceptions, transactions
from process_apis.registers.exceptions import Finding
from process_apis.registers.transactions import Acknowledged
from process_apis.registers.unit import Unit
from process_apis.time_posting import reversal
from process_apis.time_posting.keys import posting_key, refusal_key

POSTABLE = ("rated", "excluded")
# Refusals that have an owner of their own; every other one is a billing analyst's.
_OWN_CODES = frozenset({"XREF_MISSING", "PERIOD_CLOSED", "COST_CENTER_UNMAPPED"})
_REFS = """
update billable_transaction t set erp_ref = r.ref, posting_key = r.key, updated_at = $2
from unnest($3::text[], $4::text[], $5::text[]) as r (id, ref, key) where t.tenant = $1 and t.id = r.id
"""
_UNCLAIM = "update billable_transaction set posting_run_id = null where tenant = $1 and id = any($2::text[])"
_TOUCH = "update billable_transaction set updated_at = $3 where tenant = $1 and id = $2"

Pair = tuple[Transaction, LineOutcome]


class Posted(Struct, frozen=True, kw_only=True):
    """How a batch ended: what the ERP said of its lines, the same however often it is recorded."""

    posted: int
    refused: int


async def record(unit: Unit, transaction_ids: Iterable[str], outcomes: Mapping[str, LineOutcome]) -> Posted:
    """Each line alone: acknowledged, refused, or free for the next batch where nothing was asked about it."""
    found = [t for t in await transactions.locked(unit, transaction_ids) if t.erp_ref is None]
    told = [(t, outcome) for t in found if (outcome := outcomes.get(posting_key(t)))]
    posted = [(t, outcome) for t, outcome in told if outcome.posted]
    refused = [(t, outcome) for t, outcome in told if not outcome.posted and t.state in POSTABLE]
    settled = {t.id for t, _ in (*posted, *refused)}
    await unit.connection.execute(_UNCLAIM, unit.tenant, [t.id for t in found if t.id not in settled])
    await _acknowledge(unit, posted)
    standing = await _refusals(unit, [t for t, _ in (*posted, *refused)])
    for transaction, outcome in refused:
        await _refuse(unit, transaction, outcome, standing)
    await _accepted(unit, [t for t, _ in posted], standing)
    taken = sum(outcome.posted for outcome in outcomes.values())
    return Posted(posted=taken, refused=len(outcomes) - taken)


async def _acknowledge(unit: Unit, posted: Sequence[Pair]) -> None:
    """Rated ones are queued. Others get their reference: excluded ones for their cost, held ones until they are released,
    reversed ones to be taken back."""
    rated = [Acknowledged(transaction=t, ref=o.ref, key=o.key) for t, o in posted if t.state == "rated"]
    if rated:
        await transactions.post_all(unit, rated)
    others = [(t, o) for t, o in posted if t.state != "rated"]
    if others:
        columns = [[t.id for t, _ in others], [o.ref for _, o in others], [o.key for _, o in others]]
        await unit.connection.execute(_REFS, unit.tenant, unit.now, *columns)
    for transaction, _ in others:
        if transaction.state == "reversed":
            await reversal.open_run(unit, transaction)


async def _refusals(unit: Unit, some: Sequence[Transaction]) -> dict[tuple[str, str], list[BusinessException]]:
    """Refusals that are open, by entry and part."""
    found: dict[tuple[str, str], list[BusinessException]] = {}
    for exception in await exceptions.open_among(unit, {t.source_id for t in some}):
        found.setdefault((exception.object_id, exception.rule_key), []).append(exception)
    return found


async def _accepted(
    unit: Unit, posted: Sequence[Transaction], standing: Mapping[tuple[str, str], list[BusinessException]]
) -> None:
    for transaction in posted:
        for exception in standing.get((transaction.source_id, refusal_key(transaction)), ()):
            await exceptions.change(unit, exception.id, "auto_resolve", "The ERP took it.")


async def _refuse(
    unit: Unit,
    transaction: Transaction,
    outcome: LineOutcome,
    standing: Mapping[tuple[str, str], list[BusinessException]],
) -> None:
    code, key = outcome.code if outcome.code in _OWN_CODES else "ERP_REJECTED", refusal_key(transaction)
    for exception in standing.get((transaction.source_id, key), ()):
        if exception.code != code:
            await exceptions.change(unit, exception.id, "auto_resolve", "The ERP gives another reason now.")
    billable = transaction.state == "rated"
    finding = Finding(
        code=code or "ERP_REJECTED",
        object_id=transaction.source_id,
        rule_key=key,
        contract_id=transaction.contract_id,
        amount_at_risk=transaction.amount if billable else None,
        currency=transaction.currency if billable else None,
        facts={
            "detail": outcome.reason or "",
            "erp_code": outcome.code or "",
            "transaction_id": transaction.id,
            "entry_ref": transaction.source_ref,
            "worked_on": str(transaction.service_date),
            "hours": str(transaction.hours),
            "worker": transaction.worker_name or transaction.worker_number,
        },
    )
    await exceptions.open_(unit.under(transaction.correlation_id), finding)
    if billable:
        codes = list(dict.fromkeys((*transaction.codes, finding.code)))
        await transactions.change(unit, transaction, "fail", reason=outcome.reason, values={"codes": codes})
    else:
        # Its cost waits; the state table knows no failure of what is not billable.
        await unit.connection.execute(_TOUCH, unit.tenant, transaction.id, unit.now)
