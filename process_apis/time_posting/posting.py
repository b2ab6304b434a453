"""The posting run: rated and excluded transactions of one entity, at most 200, into the ERP and acknowledged (4c.6)."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from contracts.call import Call
from contracts.canon.ledger import LineOutcome, LineOutcomes, PostingKeys, PostingLine, PostingLines
from contracts.canon.ref import ref_id
from contracts.canon.timesheet import PostedTime, PostedTimes
from contracts.process.time_posting import Transaction
from process_apis.registers import exceptions, transactions
from process_apis.registers.exceptions import Finding
from process_apis.registers.unit import Unit
from process_apis.time_posting import reversal
from process_apis.time_posting.keys import posting_key
from runtime.data.ids import new_id
from runtime.data.links import of_system, refs_of
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.run import Run
from runtime.work.runs import start_run
from runtime.work.unit import unit_of_work

WORKFLOW = "post_time"
MOST_LINES = 200
# Let a burst of approvals gather into full batches (SCL-3: 200 lines per call).
GATHER_S = 2
_POSTABLE = ("rated", "excluded")
_WAITING = """
select tenant, legal_entity_id from billable_transaction
where tenant = $1 and posting_run_id is null and erp_ref is null and state in ('rated', 'excluded')
  and legal_entity_id is not null and posting_date is not null and created_at <= $2
group by tenant, legal_entity_id
"""
_TAKE = """
select id from billable_transaction
where tenant = $1 and legal_entity_id = $2 and posting_run_id is null and erp_ref is null
  and state in ('rated', 'excluded') and posting_date is not null
order by id limit $3 for update skip locked
"""
_CLAIM = "update billable_transaction set posting_run_id = $3 where tenant = $1 and id = any($2::text[])"
_UNCLAIM = "update billable_transaction set posting_run_id = null where tenant = $1 and id = $2"
_REF = "update billable_transaction set erp_ref = $3, updated_at = $4 where tenant = $1 and id = $2"
_TOUCH = "update billable_transaction set updated_at = $3 where tenant = $1 and id = $2"


class Batch(Struct, frozen=True, kw_only=True):
    """What one run posts."""

    entity: str
    transaction_ids: tuple[str, ...]


class Posted(Struct, frozen=True, kw_only=True):
    """How a batch ended."""

    posted: int
    refused: int


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
        ids = [r["id"] for r in await connection.fetch(_TAKE, tenant, entity, MOST_LINES)]
        if not ids:
            return False
        batch = Batch(entity=entity, transaction_ids=tuple(ids))
        # The rows are locked, so nobody else takes them; what was refused is offered again and needs a run of its own.
        key = f"{WORKFLOW}:{new_id('batch', services.clock.now())}"
        run = await start_run(connection, call, WORKFLOW, key, batch, clock=services.clock)
        await connection.execute(_CLAIM, tenant, ids, run.id)
    return len(ids) == MOST_LINES


def line(transaction: Transaction, shell_ref: str) -> PostingLine:
    """A transaction as the ERP takes it; an excluded one carries its cost only."""
    rating = transaction.rating
    return PostingLine(
        key=posting_key(transaction),
        transaction_id=transaction.id,
        entity_code=transaction.legal_entity_id or "",
        project_shell_ref=shell_ref,
        worker_number=transaction.worker_number,
        service_date=transaction.service_date,
        posting_date=transaction.posting_date or transaction.service_date,
        quantity=transaction.quantity,
        unit="day" if transaction.unit == "day" else "hour",
        hours=transaction.hours,
        bill_rate=rating.bill_rate or transaction.amount * 0,
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
        # A cancelled batch would keep its transactions claimed and unposted: a person resumes it instead.
        await run.irreversible()

        async def ensure(call: Call) -> LineOutcomes:
            return await self._ensure(call, input)

        outcomes = await run.step("ensure posting", ensure, request=input)

        async def record(call: Call) -> Posted:
            return await self._record(call, input, outcomes)

        posted = await run.step("record outcomes", record)

        async def mark(call: Call) -> int:
            return await self._mark(call, input, outcomes)

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
        postable = {posting_key(t) for t in found if t.state in _POSTABLE}
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

    async def _record(self, call: Call, batch: Batch, outcomes: LineOutcomes) -> Posted:
        by_key = {outcome.key: outcome for outcome in outcomes.items}
        async with unit_of_work(self._services.database) as connection:
            unit = Unit(connection, call, self._services.clock.now())
            done = [
                await _settle(unit, transaction, by_key.get(posting_key(transaction)))
                for transaction in await transactions.many(unit, batch.transaction_ids)
            ]
        return Posted(posted=done.count(True), refused=done.count(False))

    async def _mark(self, call: Call, batch: Batch, outcomes: LineOutcomes) -> int:
        """Note on the entries that they are posted, in the tool they came from."""
        refs = {outcome.key: outcome.ref for outcome in outcomes.items if outcome.posted and outcome.ref}
        async with unit_of_work(self._services.database) as connection:
            unit = Unit(connection, call, self._services.clock.now())
            found = await transactions.many(unit, batch.transaction_ids)
        marks = [(t.source_ref, refs[posting_key(t)]) for t in found if posting_key(t) in refs]
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


async def _settle(unit: Unit, transaction: Transaction, outcome: LineOutcome | None) -> bool | None:
    """Acknowledged: `queued`, else just its reference. Refused: an exception. Left out: free for the next run. None: nothing to do."""
    if transaction.erp_ref is not None:
        return None
    if outcome is None:
        await unit.connection.execute(_UNCLAIM, unit.tenant, transaction.id)
        return None
    if not outcome.posted:
        await _refuse(unit, transaction, outcome)
        return False
    if transaction.state == "rated":
        values = {"erp_ref": outcome.ref, "posting_key": outcome.key, "queued_at": unit.now}
        await transactions.change(unit, transaction, "post", values=values)
    else:
        await unit.connection.execute(_REF, unit.tenant, transaction.id, outcome.ref, unit.now)
        if transaction.state == "reversed":
            # Corrected while the line was on its way: what arrived is taken back.
            await reversal.open_run(unit, transaction)
    await exceptions.clear(unit, transaction.id, note="The ERP took it.")
    return True


async def _refuse(unit: Unit, transaction: Transaction, outcome: LineOutcome) -> None:
    if transaction.state not in _POSTABLE:
        await unit.connection.execute(_UNCLAIM, unit.tenant, transaction.id)
        return
    code = outcome.code if outcome.code in ("XREF_MISSING", "PERIOD_CLOSED", "COST_CENTER_UNMAPPED") else "ERP_REJECTED"
    finding = Finding(
        code=code,
        object_id=transaction.source_id,
        rule_key=transaction.id,
        contract_id=transaction.contract_id,
        amount_at_risk=transaction.amount,
        currency=transaction.currency,
        facts={"detail": outcome.reason or "", "erp_code": outcome.code or "", "transaction_id": transaction.id},
    )
    await exceptions.open_(unit, finding)
    if transaction.state == "rated":
        await transactions.change(unit, transaction, "fail", reason=outcome.reason)
    elif transaction.state == "excluded":
        await unit.connection.execute(_TOUCH, unit.tenant, transaction.id, unit.now)
