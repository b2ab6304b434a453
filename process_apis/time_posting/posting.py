"""The posting run: rated and excluded transactions of one entity, at most 200, into the ERP and acknowledged (4c.6)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from contracts.call import Call
from contracts.canon.ledger import LineOutcome, LineOutcomes, PostingKeys, PostingLine, PostingLines
from contracts.canon.ref import ref_id
from contracts.canon.timesheet import PostedTime, PostedTimes
from contracts.money import ZERO, Exact
from contracts.process.time_posting import Transaction
from process_apis.registers import exceptions, transactions
from process_apis.registers.unit import Unit
from process_apis.time_posting import outcomes
from process_apis.time_posting.keys import posting_key
from process_apis.time_posting.outcomes import Posted
from runtime.data.ids import new_id
from runtime.data.links import of_system, refs_of
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.run import Run
from runtime.work.runs import start_run
from runtime.work.unit import unit_of_work

WORKFLOW = "post_time"
LATE = "TIME_POSTING_LATE"
MOST_LINES = 200
# Let a burst of approvals gather into full batches (SCL-3: 200 lines per call).
GATHER_S = 2
_UNITS: Mapping[str, Literal["hour", "day", "unit"]] = {"hour": "hour", "day": "day", "unit": "unit"}
_WAITING = """
select tenant, legal_entity_id from billable_transaction
where tenant = $1 and posting_run_id is null and erp_ref is null and state in ('rated', 'excluded')
  and legal_entity_id is not null and posting_date is not null and created_at <= $2
group by tenant, legal_entity_id
"""
_TAKE = """
select id, part, amount, currency from billable_transaction
where tenant = $1 and legal_entity_id = $2 and posting_run_id is null and erp_ref is null
  and state in ('rated', 'excluded') and posting_date is not null
order by id limit $3 for update skip locked
"""
_CLAIM = "update billable_transaction set posting_run_id = $3 where tenant = $1 and id = any($2::text[])"


class Batch(Struct, frozen=True, kw_only=True):
    """What one run posts, and what it is worth where it is in one currency."""

    entity: str
    transaction_ids: tuple[str, ...]
    amount: Exact | None = None
    currency: str | None = None


async def gather(services: Services) -> None:
    """Open posting runs for what waits, a batch per entity."""
    now = services.clock.now()
    for tenant in services.ports.connections.tenants():
        waiting = await services.database.fetch(_WAITING, tenant, now)
        for row in waiting:
            while await _open_run(services, tenant, row["legal_entity_id"]):
                pass


async def _open_run(services: Services, tenant: str, entity: str) -> bool:
    """One run for at most a batch; True when a full batch was taken, so that more may wait."""
    call = system_call(tenant, "system:time-posting")
    async with unit_of_work(services.database) as connection:
        taken = await connection.fetch(_TAKE, tenant, entity, MOST_LINES)
        if not taken:
            return False
        batch = _batch(entity, taken)
        # The rows are locked, so nobody else takes them; what was refused is offered again and needs a run of its own.
        key = f"{WORKFLOW}:{new_id('batch', services.clock.now())}"
        run = await start_run(connection, call, WORKFLOW, key, batch, clock=services.clock)
        await connection.execute(_CLAIM, tenant, list(batch.transaction_ids), run.id)
    return len(taken) == MOST_LINES


def _batch(entity: str, rows: Sequence[Any]) -> Batch:
    ids = tuple(r["id"] for r in rows)
    billable = [r for r in rows if r["part"] == "billable"]
    currencies = {r["currency"] for r in billable}
    if len(currencies) > 1:
        return Batch(entity=entity, transaction_ids=ids)
    amount = sum((r["amount"] for r in billable), ZERO)
    return Batch(entity=entity, transaction_ids=ids, amount=amount, currency=next(iter(currencies), None))


def line(transaction: Transaction, shell_ref: str) -> PostingLine:
    """A transaction as the ERP takes it; an excluded one carries its cost only."""
    return PostingLine(
        key=posting_key(transaction),
        transaction_id=transaction.id,
        entity_code=transaction.legal_entity_id or "",
        project_shell_ref=shell_ref,
        worker_number=transaction.worker_number,
        service_date=transaction.service_date,
        posting_date=transaction.posting_date or transaction.service_date,
        quantity=transaction.quantity,
        unit=_UNITS.get(transaction.unit, "hour"),
        hours=transaction.hours,
        bill_rate=(transaction.rating.bill_rate if transaction.part != "non_billable" else None) or ZERO,
        amount=transaction.amount,
        currency=transaction.currency or "",
        billable=transaction.part == "billable",
        cost_center_code=transaction.cost_center_id or "",
        memo=transaction.description[:200],
        correlation_id=transaction.correlation_id,
    )


class PostTime:
    """The workflow `post_time`."""

    name = WORKFLOW
    version = 1
    input: type[Struct] = Batch

    def __init__(self, services: Services) -> None:
        self._services = services

    async def perform(self, run: Run, input: Batch) -> Posted:
        """Ensure the lines stand in the ERP, record what became of each, tell the time tools."""
        run.about(amount_at_risk=input.amount, currency=input.currency)
        # A cancelled batch would keep its transactions claimed and unposted: a person resumes it instead.
        await run.irreversible()

        async def ensure(call: Call) -> LineOutcomes:
            return await self._ensure(call, input)

        told = await run.step("ensure posting", ensure, request=input)

        async def record(call: Call) -> Posted:
            return await self._record(call, run.id, input, told)

        posted = await run.step("record outcomes", record)

        async def mark(call: Call) -> int:
            return await self._mark(call, input, told)

        await run.step("mark time as posted", mark)
        return posted

    async def _load(self, call: Call, batch: Batch) -> tuple[tuple[Transaction, ...], Mapping[str, str | None]]:
        async with unit_of_work(self._services.database) as connection:
            unit = Unit(connection, call, self._services.clock.now())
            found = await transactions.many(unit, batch.transaction_ids)
            erp = self._services.ports.connections.choose(call.tenant, "erp", batch.entity).instance
            shells = {
                project: of_system(await refs_of(connection, call.tenant, project), erp)
                for project in {t.project_id for t in found if t.project_id}
            }
        return found, shells

    async def _ensure(self, call: Call, batch: Batch) -> LineOutcomes:
        """Look which lines stand there already, post the others (WF-3): one step, so a repeat looks again.

        What was held or reversed since a try whose answer was lost is looked for too, and not posted any more.
        """
        found, shells = await self._load(call, batch)
        lines = {posting_key(t): line(t, shell) for t in found if (shell := shells.get(t.project_id or ""))}
        postable = {posting_key(t) for t in found if t.state in outcomes.POSTABLE}
        missing = [
            LineOutcome(key=key, posted=False, code="XREF_MISSING", reason="The project has no ERP shell.")
            for key in sorted(postable - lines.keys())
        ]
        if not lines:
            return LineOutcomes(items=tuple(missing))
        erp = self._services.ports.erp(call, batch.entity)
        there = {p.key: p.ref for p in (await erp.find_postings(call, _keys(batch, lines))).items}
        known = [LineOutcome(key=k, posted=True, ref=r) for k, r in there.items()]
        new = tuple(one for key, one in lines.items() if key in postable and key not in there)
        answer = await erp.post_lines(call, PostingLines(items=new)) if new else LineOutcomes(items=())
        return LineOutcomes(items=(*known, *answer.items, *missing))

    async def _record(self, call: Call, run_id: str, batch: Batch, told: LineOutcomes) -> Posted:
        by_key = {outcome.key: outcome for outcome in told.items}
        async with unit_of_work(self._services.database) as connection:
            unit = Unit(connection, call, self._services.clock.now())
            posted = await outcomes.record(unit, batch.transaction_ids, by_key)
            await exceptions.clear(unit, run_id, LATE, "The ERP answered.")
        return posted

    async def _mark(self, call: Call, batch: Batch, told: LineOutcomes) -> int:
        """Note on the entries that they are posted, in the tool they came from."""
        refs = {outcome.key: outcome.ref for outcome in told.items if outcome.posted and outcome.ref}
        async with unit_of_work(self._services.database) as connection:
            unit = Unit(connection, call, self._services.clock.now())
            found = await transactions.many(unit, batch.transaction_ids)
        standing = [t for t in found if t.state != "reversed" and t.kind == "time"]
        marks = [(t.source_ref, ref) for t in standing if (ref := refs.get(posting_key(t)))]
        for instance, items in _by_instance(marks).items():
            await self._services.ports.time(call, instance).mark_posted(call, PostedTimes(items=items))
        return len(marks)


def _keys(batch: Batch, keys: Iterable[str]) -> PostingKeys:
    return PostingKeys(entity_code=batch.entity, keys=tuple(keys))


def _by_instance(marks: Iterable[tuple[str, str]]) -> dict[str, tuple[PostedTime, ...]]:
    found: dict[str, dict[str, PostedTime]] = {}
    for ref, posting_ref in marks:
        entry = PostedTime(ref=ref, posting_ref=ref_id(posting_ref))
        found.setdefault(ref.split(":", 1)[0], {})[ref] = entry
    return {instance: tuple(items.values()) for instance, items in found.items()}
