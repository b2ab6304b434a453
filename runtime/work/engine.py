"""Durable runs on the workflow library: the one file that imports it, loaded by the worker only.

Theory of operation. A run is one library workflow whose id is the run id; its only arguments are tenant and run id, all else
is read from our `run` row, so the library's tables hold no business input. `perform` is run from the top after a crash; each
word of `Run` is one library step, whose record (our `Outcome` as JSON) is returned instead of being made again. The library
finds a record by the number and the name of the step: a workflow whose steps change gets a new version, and a run keeps the
version pinned in its row. The sequence of records this file makes is part of that, and APPLICATION_VERSION never changes,
since the library strands runs of another version.
The library's pollers cost some 3 % of a core with nothing to do, so an engine whose runs all wait for somebody is shut down
(`rest`) and launched again when one of them is nudged or due: to the runs that is one more restart.
The library knows a run as PENDING (an executor has it), ENQUEUED (anybody may take it) or over. A restarted slot finds its
own PENDING runs at launch; another slot's are made ENQUEUED by `adopt`, once that slot's lock is taken. Failure is an ending
to the library and a state to us: `revive` rewinds such a run behind its last record and it goes on.
What can race: two executors of one run (a slot declared dead that was only slow). The library lets only the owner record;
the other's next record raises and it stops. Closing is a guarded update, so a cancel that came in between wins.
"""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Any, TypeVar

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from dbos import error as library
from msgspec import Struct

from contracts.call import Call
from contracts.problems import InProgress, Internal, NotFound
from contracts.wire import convert, decode, encode
from runtime import metrics, tracing
from runtime.telemetry import bound, log
from runtime.work.calls import worker_call
from runtime.work.journal import StepKey
from runtime.work.process import Workflow
from runtime.work.retries import Attempt, Failure, body_of
from runtime.work.run import Cancelled, Compensate, Machinery, Record, Run
from runtime.work.steps import Outcome
from runtime.work.wakes import Wakes

T = TypeVar("T")
Entry = Callable[[str, str], Coroutine[Any, Any, str]]

APPLICATION_VERSION = "1"
ENTRY = "ledgerway.run"
_SCHEMA = "dbos"
_SESSIONS, _THREADS = 5, 8
_MOST_ASLEEP = 100
_OVER = ("completed", "failed", "compensated")
_RISING = (Cancelled, Compensate, library.DBOSException)


class Engine:
    """`workflows` are all versions this worker can perform; `scopes` are what their steps may do."""

    def __init__(
        self,
        workflows: Sequence[Workflow],
        machinery: Machinery,
        wakes: Wakes,
        *,
        attempt: Attempt,
        scopes: frozenset[str],
    ) -> None:
        self._workflows = _newest_first(workflows)
        self._machinery, self._wakes, self._attempt, self._scopes = machinery, wakes, attempt, scopes
        self._tasks: dict[asyncio.Task[Any], str] = {}
        self._recording: Counter[str] = Counter()
        self._config: DBOSConfig | None = None
        self._entry: Entry | None = None
        self._switch = asyncio.Lock()
        self._launched, self._used_at = False, time.monotonic()
        self._asleep: set[str] = set()
        self._rousing: set[asyncio.Task[None]] = set()

    async def open(self, database_url: str, executor: str) -> None:
        """Migrates the library's schema and takes up what this executor left behind. Without open runs anywhere the library is not even started."""
        self._config = _config(database_url, executor)
        # Here and not at launch: it builds indexes concurrently, which waits for every transaction, the relay's included.
        await asyncio.to_thread(DBOS.migrate, database_url, schema=_SCHEMA)
        if await self._surely(self._machinery.journal.any_open):
            async with self._awake():
                log.info("engine.awake", executor=executor)

    async def stop(self, grace_s: float) -> None:  # house: float seconds
        """Lets steps that are running end, within the grace; what is cut off is entered again by the next worker."""
        await self._machinery.steps.quiesce(grace_s)
        async with self._switch:
            if self._launched:
                await self._shut_down()

    async def rest(self, after_s: float) -> None:  # house: float seconds
        """Shuts the library down when nothing has moved for a while and nothing is due: its pollers never sleep."""
        async with self._switch:
            steps, now = self._machinery.steps, time.monotonic()
            idle_s, due_s = now - max(steps.moved_at, self._used_at), steps.due_at - now
            if not self._launched or idle_s < after_s or due_s < after_s or len(self._tasks) > _MOST_ASLEEP:
                return
            asleep = set(self._tasks.values())
            if any(self._moves(run_id) for run_id in asleep) or not await self._all_entered(asleep):
                return
            self._asleep = asleep
            await self._shut_down()
            if due_s < math.inf:
                asyncio.get_running_loop().call_later(due_s, self.wake, "")

    async def start(self, tenant: str, run_id: str) -> None:
        """Begins a run; one that was begun, here or elsewhere, is left alone."""

        async def begin() -> None:
            assert self._entry is not None, "not launched"
            with SetWorkflowID(run_id):
                await DBOS.start_workflow_async(self._entry, tenant, run_id)

        async with self._awake():
            await _apart(begin)

    async def revive(self, run_id: str) -> None:
        """Goes on with a run that had failed, behind its last record. Raises InProgress while its ending is being recorded."""

        async def rewind() -> None:
            status = await DBOS.get_workflow_status_async(run_id)
            if status is None:
                raise NotFound(f"The engine has no run {run_id}.")
            if status.status in ("PENDING", "ENQUEUED"):
                raise InProgress(f"The ending of run {run_id} is still being recorded.")
            recorded = await DBOS.list_workflow_steps_async(run_id)
            following = max((step["function_id"] for step in recorded), default=0) + 1
            await DBOS.rewind_workflow_async(run_id, start_step=following)

        async with self._awake():
            await _apart(rewind)

    def wake(self, run_id: str) -> None:
        """Something about a run (all runs: an empty id) changed."""
        self._wakes.wake(run_id)
        if not self._launched and self._asleep and (not run_id or run_id in self._asleep):
            rousing = asyncio.create_task(self._rouse(), context=Context())
            self._rousing.add(rousing)
            rousing.add_done_callback(self._rousing.discard)

    async def adopt(self, executor: str) -> int:
        """Hands the unfinished runs of a dead executor to whoever is alive; its slot lock must be held. Returns how many."""

        async def hand_over() -> int:
            left = await DBOS.list_workflows_async(
                status="PENDING", executor_id=executor, name=ENTRY, load_input=False, load_output=False
            )
            for run in left:
                await DBOS.resume_workflow_async(run.workflow_id)
            return len(left)

        async with self._awake():
            return await _apart(hand_over)

    @asynccontextmanager
    async def _awake(self) -> AsyncIterator[None]:
        async with self._switch:
            if not self._launched:
                self._launch()
            self._used_at = time.monotonic()
            yield

    async def _all_entered(self, here: set[str]) -> bool:
        """False while the library still has runs to hand out, to anybody or to this executor."""
        active = await DBOS.list_workflows_async(
            status=["PENDING", "ENQUEUED"], name=ENTRY, load_input=False, load_output=False
        )
        ours = [run for run in active if run.status == "ENQUEUED" or run.executor_id == DBOS.executor_id]
        return all(run.workflow_id in here for run in ours)

    def _moves(self, run_id: str) -> bool:
        """True unless every record the run is making waits: a slow record is no rest, and nobody would wake the run again."""
        sleeping = self._machinery.steps.sleeping(run_id)
        return not sleeping or self._recording[run_id] > sleeping

    async def _rouse(self) -> None:
        async with self._awake():
            log.debug("engine.roused", runs=len(self._asleep))

    def _launch(self) -> None:
        assert self._config is not None, "not opened"
        logging.getLogger("dbos").addHandler(logging.NullHandler())
        # An interrupted run may be taken up again any number of times: a hold outlives many deployments.
        self._entry = DBOS.workflow(name=ENTRY, max_recovery_attempts=None)(self._perform_recorded())
        DBOS(config=self._config)
        DBOS.launch()
        self._launched, self._asleep = True, set()

    async def _shut_down(self) -> None:
        self._launched = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "engine-stop") as outside:
            await loop.run_in_executor(outside, lambda: DBOS.destroy(destroy_registry=True))
        # The library made its pool of threads the loop's and has just closed it.
        loop.set_default_executor(ThreadPoolExecutor(_THREADS))

    def _perform_recorded(self) -> Entry:
        async def perform(tenant: str, run_id: str) -> str:
            task = asyncio.current_task()
            assert task is not None
            self._tasks[task] = run_id
            try:
                self._unless_ending()
                with bound(tenant=tenant, run=run_id):
                    return await self._perform(tenant, run_id)
            except RuntimeError:
                self._unless_ending()
                raise
            finally:
                self._tasks.pop(task)

        return perform

    async def _perform(self, tenant: str, run_id: str) -> str:
        row = await self._machinery.steps.surely(lambda: self._machinery.journal.load(tenant, run_id))
        if row is None or row["state"] in _OVER:
            return "over" if row else "absent"
        workflow = await self._workflow(tenant, row)
        run = Run(run_id, row["key"], self._call(tenant, row), self._recorder(run_id), self._machinery)
        with bound(correlation_id=row["correlation_id"]):
            log.info("run.entered", workflow=workflow.name, version=workflow.version)
            ending = await self._performed(workflow, run, row["input"])
            log.info("run.ended", workflow=workflow.name, ending=ending)
        metrics.RUNS_ENDED.add((workflow.name, ending))
        tracing.tell_run(run_id, row["traceparent"], workflow.name, row["created_at"], ending)
        return ending

    def _recorder(self, run_id: str) -> Record:
        async def record(name: str, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
            self._recording[run_id] += 1
            try:
                return await _record(name, work)
            finally:
                self._recording[run_id] -= 1
                self._recording += Counter()  # keeps what is above zero

        return record

    def _unless_ending(self) -> None:
        """While the library shuts down it begins runs and fails at their steps: such a run is left as it was."""
        if not self._launched:
            raise asyncio.CancelledError

    async def _performed(self, workflow: Workflow, run: Run, stored: Any) -> str:
        async def perform() -> Struct | None:
            return await workflow.perform(run, convert(stored, workflow.input))

        try:
            outcome = await self._attempt(perform, passing=_RISING)
        except Cancelled:
            return await self._compensated(run)
        except Compensate as wish:
            reason = str(wish)
            await self._surely(lambda: self._machinery.journal.compensate(run.tenant, run.id, reason))
            return await self._compensated(run)
        except library.DBOSUnexpectedStepError as changed:
            outcome = Failure(Internal(f"The workflow changed under its run: {changed}."), "unexpected")
        self._unless_ending()
        return await self._closed(run, outcome)

    async def _closed(self, run: Run, outcome: Struct | Failure | None) -> str:
        close = self._machinery.journal.close
        if isinstance(outcome, Failure):
            error = body_of(outcome.problem)
            closed = await self._surely(lambda: close(run.call, run.id, "failed", error=error))
            return "failed" if closed else await self._compensated(run)
        closed = await self._surely(lambda: close(run.call, run.id, "completed", result=outcome))
        return "completed" if closed else await self._compensated(run)

    async def _compensated(self, run: Run) -> str:
        await run.compensate()
        await self._surely(lambda: self._machinery.journal.close(run.call, run.id, "compensated"))
        return "compensated"

    async def _workflow(self, tenant: str, row: Any) -> Workflow:
        """The version the run is pinned to. A run this deployment cannot perform is held, outside the record, and waits
        for a worker that can."""
        name, version = row["workflow"], row["workflow_version"]
        found = self._found(name, version)
        if found is None:
            log.error("run.workflow_missing", workflow=name, version=version)
            missing = Internal(f"This deployment has no workflow {name} of version {version or 'any'}.")
            step = StepKey(tenant, row["id"], "find workflow", "hold")
            await self._machinery.steps.hold(step, self._call(tenant, row), "EVENT_DEAD_LETTERED", missing)
            await asyncio.get_running_loop().create_future()
        assert found is not None
        if version is None:
            await self._surely(lambda: self._machinery.journal.pin(tenant, row["id"], found.version))
        return found

    def _found(self, name: str, version: int | None) -> Workflow | None:
        known = self._workflows.get(name, ())
        return next((w for w in known if version is None or w.version == version), None)

    async def _surely(self, work: Callable[[], Awaitable[T]]) -> T:
        return await self._machinery.steps.surely(work)

    def _call(self, tenant: str, row: Any) -> Call:
        return worker_call(
            tenant,
            principal=row["principal"],
            scopes=self._scopes,
            correlation_id=row["correlation_id"],
            request_id=row["id"],
            traceparent=tracing.of_run(row["id"], row["traceparent"]),
        )


async def _record(name: str, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """One recorded operation. Nothing is awaited before the library has numbered it, so gathered steps keep their order."""

    async def recorded() -> str:
        return encode(await work()).decode()

    return decode(await DBOS.run_step_async({"name": name}, recorded), Outcome)


async def _apart(work: Callable[[], Awaitable[T]]) -> T:
    """Runs work in a context of its own: a run begun by the relay must not join the relay's unit of work."""
    return await asyncio.create_task(_awaited(work), context=Context())


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


def _config(database_url: str, executor: str) -> DBOSConfig:
    return DBOSConfig(
        name="ledgerway",
        system_database_url=database_url,
        dbos_system_schema=_SCHEMA,
        run_migrations=False,
        executor_id=executor,
        application_version=APPLICATION_VERSION,
        sys_db_pool_size=_SESSIONS,
        db_engine_kwargs={"pool_pre_ping": False},
        max_executor_threads=_THREADS,
        serializer=DBOSPortableJSONSerializer(),
        use_listen_notify=False,
        log_level="ERROR",
    )


def _newest_first(workflows: Sequence[Workflow]) -> Mapping[str, tuple[Workflow, ...]]:
    ordered = sorted(workflows, key=lambda w: -w.version)
    return {name: tuple(w for w in ordered if w.name == name) for name in {w.name for w in ordered}}
