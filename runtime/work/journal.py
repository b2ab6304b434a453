"""The rows a run leaves in our tables, as its steps go: state for people and queries. What a step returned is recorded
by the engine, not here. Every change of a run's state follows the workflow machine (domain rules 3) in its `where`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from msgspec import Struct

from contracts.call import Call
from contracts.events import RunCompensated, RunCompleted, RunEvent, RunFailed
from contracts.periods import Clock
from contracts.process.runs import WaitingFor
from contracts.wire import to_builtins
from runtime.data.database import Connection, Database
from runtime.work.outbox import publish
from runtime.work.signals import insert_signal
from runtime.work.unit import open_unit, unit_of_work

Kind = Literal["step", "wait", "hold", "sleep", "child", "undo"]
Ending = Literal["completed", "failed", "compensated"]

_EVENTS: dict[Ending, type[RunEvent]] = {
    "completed": RunCompleted,
    "failed": RunFailed,
    "compensated": RunCompensated,
}

_LOAD = """
select id, workflow, workflow_version, key, state, input, principal, correlation_id, parent_id, created_at, traceparent
from run where tenant = $1 and id = $2
"""
# house: tenant whether anything is left to do, for anybody
_ANY_OPEN = "select exists (select from run where state in ('running', 'waiting', 'compensating'))"
_PIN = "update run set workflow_version = $3 where tenant = $1 and id = $2 and workflow_version is null"
_ENTER = """
with fresh as (
    insert into step (tenant, run_id, name, kind, state, request_hash) values ($1, $2, $3, $4, 'running', $5)
    on conflict (tenant, run_id, name) do nothing)
select r.state as run_state, coalesce(s.state, 'running') as state, coalesce(s.attempt, 1) as attempt,
       coalesce(s.resumed, false) as resumed, s.exception_id, s.waiting_for,
       extract(epoch from s.retry_at - now())::float8 as left_s
from run r left join step s on s.tenant = r.tenant and s.run_id = r.id and s.name = $3
where r.tenant = $1 and r.id = $2
"""
_GO = """
update step set state = 'running', waiting_for = null, retry_at = null, resumed = false,
       attempt = case when resumed then 1 else attempt + 1 end
where tenant = $1 and run_id = $2 and name = $3 returning attempt
"""
_WAIT = """
update step set state = 'waiting', waiting_for = $4::jsonb, retry_at = now() + make_interval(secs => $5), resumed = false,
       error = coalesce($6::jsonb, error), exception_id = coalesce($7, exception_id)
where tenant = $1 and run_id = $2 and name = $3 returning retry_at
"""
_SHOW_RETRY = "update step set waiting_for = $4::jsonb where tenant = $1 and run_id = $2 and name = $3"
_DONE = """
update step set state = 'done', ended_at = now(), waiting_for = null, retry_at = null, external_ref = $4
where tenant = $1 and run_id = $2 and name = $3 and (exception_id is null or $5) returning true
"""
_END = """
update step set state = $4, ended_at = now(), waiting_for = null, retry_at = null, external_ref = null
where tenant = $1 and run_id = $2 and name = $3
"""
_LOCK = "select state from run where tenant = $1 and id = $2 for update"
_SUM_UP = """
update run set waiting_for = w.waiting_for, version = version + 1, updated_at = now(),
       state = case when state not in ('running', 'waiting') then state
                    when w.waiting_for is null then 'running' else 'waiting' end
from (select (select waiting_for from step where tenant = $1 and run_id = $2 and state = 'waiting'
              order by waiting_for ->> 'kind' <> 'person', position limit 1) as waiting_for) w
where tenant = $1 and id = $2
"""
_TAKE_SIGNAL = """
update signal set taken_by = $4 where (tenant, run_id, name, key) = (
    select tenant, run_id, name, key from signal
    where tenant = $1 and run_id = $2 and name = $3 and (taken_by is null or taken_by = $4)
    order by taken_by nulls last, position limit 1)
returning payload
"""
_COMPENSATE = """
update run set state = 'compensating', cancel_reason = $3, version = version + 1, updated_at = now()
where tenant = $1 and id = $2 and state in ('running', 'waiting')
"""
_COMMITTED = "update run set cancellable = false, updated_at = now() where tenant = $1 and id = $2"
_CLOSE = """
update run set state = $3, waiting_for = null, result = $4, error = $5, version = version + 1, updated_at = now()
where tenant = $1 and id = $2 and state = any($6::text[]) returning version, parent_id, workflow
"""


class StepKey(Struct, frozen=True):
    """Which step of which run. `id` is the key external writes carry (WF-3)."""

    tenant: str
    run_id: str
    name: str
    kind: Kind = "step"
    request_hash: str | None = None

    @property
    def id(self) -> str:
        return f"{self.run_id}/{self.name}"


class Entered(Struct, frozen=True):
    """A step as its row stands. `left_s`: seconds until it goes on by itself, None when nothing but others can move it."""

    run_state: str
    state: str
    attempt: int
    resumed: bool
    exception_id: str | None
    waiting_for: dict[str, Any] | None
    left_s: float | None  # house: float seconds


class Journal:
    """Each method is one transaction, or joins the one that is open."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def load(self, tenant: str, run_id: str) -> Any:
        """The run's row, or None."""
        return await self._database.fetchrow(_LOAD, tenant, run_id)

    async def any_open(self) -> bool:
        """True when any tenant has a run that is not over."""
        return bool(await self._database.fetchval(_ANY_OPEN))

    async def pin(self, tenant: str, run_id: str, version: int) -> None:
        """Fixes the workflow version a run keeps for life."""
        await self._on().execute(_PIN, tenant, run_id, version)

    async def enter(self, step: StepKey) -> Entered:
        """Writes the step's row on first sight and reads it after that."""
        row = await self._on().fetchrow(_ENTER, *_id(step), step.kind, step.request_hash)
        assert row is not None, "a step of a run that is no more"
        return Entered(**dict(row))

    async def go(self, step: StepKey) -> int:
        """`waiting -resume-> running`. Returns the number of the attempt that begins: 1 again after a person resumed."""
        async with self._changing(step) as connection:
            return await connection.fetchval(_GO, *_id(step))  # type: ignore[no-any-return]

    async def wait(
        self,
        connection: Connection,
        step: StepKey,
        waiting: WaitingFor,
        after_s: float | None,  # house: float seconds
        *,
        error: dict[str, Any] | None = None,
        exception_id: str | None = None,
    ) -> None:
        """`running -wait-> waiting`, inside the caller's unit; the time of the next try is the database's."""
        await connection.fetchval(_LOCK, step.tenant, step.run_id)
        retry_at = await connection.fetchval(_WAIT, *_id(step), to_builtins(waiting), after_s, error, exception_id)
        if retry_at is not None:
            shown = to_builtins(waiting) | {"retry_at": to_builtins(retry_at)}
            await connection.execute(_SHOW_RETRY, *_id(step), shown)
        await connection.execute(_SUM_UP, step.tenant, step.run_id)

    async def done(self, step: StepKey, external_ref: str | None, *, cleared: bool = False) -> bool:
        """A step that was running is done. False, and nothing is written, when it was held under an exception that is not yet
        cleared."""
        return bool(await self._on().fetchval(_DONE, *_id(step), external_ref, cleared))

    async def leave(self, step: StepKey, state: Literal["done", "skipped"]) -> None:
        """A wait is over. What is skipped was never done: the run was cancelled first."""
        async with self._changing(step) as connection:
            await connection.execute(_END, *_id(step), state)

    async def take_signal(self, step: StepKey, signal: str) -> list[Any]:
        """The oldest signal of that name nobody took, for good; the same one again when the wait is repeated."""
        rows = await self._on().fetch(_TAKE_SIGNAL, step.tenant, step.run_id, signal, step.name)
        return [row["payload"] for row in rows]

    async def compensate(self, tenant: str, run_id: str, reason: str) -> None:
        """`running | waiting -cancel-> compensating`, asked for by the workflow itself."""
        await self._on().execute(_COMPENSATE, tenant, run_id, reason)

    async def commit(self, tenant: str, run_id: str) -> None:
        """Something irreversible was done: the guard of cancel is false from here on."""
        await self._on().execute(_COMMITTED, tenant, run_id)

    async def close(self, call: Call, run_id: str, ending: Ending, *, result: Any = None, error: Any = None) -> bool:
        """The run's end, its event and its parent's signal, as one; a repeat changes nothing.

        False when the run is being cancelled instead.
        """
        before = ["compensating"] if ending == "compensated" else ["running", "waiting"]
        async with unit_of_work(self._database) as connection:
            values = (to_builtins(result), error)
            row = await connection.fetchrow(_CLOSE, call.tenant, run_id, ending, *values, before)
            if row is None:
                return bool(await connection.fetchval(_LOCK, call.tenant, run_id) == ending)
            await self._tell(connection, call, run_id, ending, row, error)
            return True

    def _on(self) -> Connection | Database:
        return open_unit(self._database) or self._database

    @asynccontextmanager
    async def _changing(self, step: StepKey) -> AsyncIterator[Connection]:
        async with unit_of_work(self._database) as connection:
            await connection.fetchval(_LOCK, step.tenant, step.run_id)
            yield connection
            await connection.execute(_SUM_UP, step.tenant, step.run_id)

    async def _tell(
        self, connection: Connection, call: Call, run_id: str, ending: Ending, row: Any, error: Any
    ) -> None:
        event = _EVENTS[ending](
            object_id=run_id, version=row["version"], occurred_at=self._clock.now(), actor=call.principal,
            workflow=row["workflow"], error=error,
        )  # fmt: skip
        await publish(connection, call, event)
        if row["parent_id"] is not None:
            payload = {"run_id": run_id, "status": ending}
            key = f"{ending}:{row['version']}"
            await insert_signal(connection, call, row["parent_id"], f"run:{run_id}", key, payload, self._clock)


def _id(step: StepKey) -> tuple[str, str, str]:
    return step.tenant, step.run_id, step.name
