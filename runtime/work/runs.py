"""Runs for everybody but the worker: start, look, resume, cancel and signal are rows and outbox events in the caller's own
transaction, so that a caller that repeats itself changes nothing. The engine is never touched from here.

Changes of state follow the workflow machine of the domain rules: a command that is not listed for the state is refused.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from contracts.call import Call
from contracts.periods import Clock, SystemClock
from contracts.problems import Conflict, NotFound, RuleViolated
from contracts.process.runs import RunPage, RunView, StepView, WaitingFor
from contracts.wire import convert, to_builtins
from runtime import tracing
from runtime.data.database import Connection, Database
from runtime.data.ids import new_id
from runtime.data.listing import CHANGED, CHANGED_SINCE, Listing, Wanted, same
from runtime.work.signals import RunNudged, RunRequested, RunRevived, insert_signal, wish

_SYSTEM_CLOCK = SystemClock()
_COMPUTED = ("status", "waiting_for", "steps")

_START = """
insert into run (tenant, id, workflow, key, input, principal, correlation_id, parent_id, traceparent)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (tenant, workflow, key) do nothing returning *
"""
_BY_KEY = "select * from run where tenant = $1 and workflow = $2 and key = $3"
_BY_ID = "select * from run where tenant = $1 and id = $2"
LISTING = Listing(
    table="run",
    columns="*",
    filters={"status": "state = {}", **same("workflow"), "changed_since": CHANGED_SINCE},
    orders={"id": (), "updated_at": (CHANGED,)},
)
_STEPS = """
select name, kind, state, attempt, started_at, ended_at, external_ref, waiting_for, error from step
where tenant = $1 and run_id = $2 order by position
"""
_LOCK = "select state from run where tenant = $1 and id = $2 for update"
_RESUME_STEPS = """
update step set state = 'running', resumed = true, waiting_for = null, retry_at = null
where tenant = $1 and run_id = $2 and state = 'waiting' and kind not in ('sleep', 'wait')
and ($3::text is null or exception_id = $3)
"""
_RESUMED = """
update run set version = version + 1, updated_at = now(), error = null, waiting_for = w.waiting_for,
       state = case when state = 'compensating' then state when w.waiting_for is null then 'running' else 'waiting' end
from (select (select waiting_for from step where tenant = $1 and run_id = $2 and state = 'waiting'
              order by position limit 1) as waiting_for) w
where tenant = $1 and id = $2 returning version
"""
_CANCEL = """
update run set state = 'compensating', waiting_for = null, cancel_reason = $3, version = version + 1, updated_at = now()
where tenant = $1 and id = $2 and cancellable returning version
"""


async def start_run(
    connection: Connection,
    call: Call,
    workflow: str,
    key: str,
    input: Struct,
    *,
    clock: Clock = _SYSTEM_CLOCK,
    parent_id: str | None = None,
) -> RunView:
    """Opens a run, or finds the one with this key (WF-1). The newest version of the workflow performs it."""
    now = clock.now()
    trace = tracing.here() or call.traceparent
    values = (key, to_builtins(input), call.principal, call.correlation_id, parent_id, trace)
    row = await connection.fetchrow(_START, call.tenant, new_id("run", now), workflow, *values)
    if row is None:
        return _view(await connection.fetchrow(_BY_KEY, call.tenant, workflow, key))
    await wish(connection, call, RunRequested, row["id"], row["version"], now, "1")
    return _view(row)


async def get_run(connection: Connection | Database, call: Call, run_id: str) -> RunView:
    """A run with its steps, in the order they began. Raises NotFound, also for another tenant's."""
    row = await connection.fetchrow(_BY_ID, call.tenant, run_id)
    if row is None:
        raise NotFound(f"There is no run {run_id}.")
    return _view(row, await connection.fetch(_STEPS, call.tenant, run_id))


async def find_run(connection: Connection | Database, call: Call, workflow: str, key: str) -> RunView | None:
    """The run with this key, without its steps, or None."""
    row = await connection.fetchrow(_BY_KEY, call.tenant, workflow, key)
    return None if row is None else _view(row)


async def list_runs(connection: Connection | Database, call: Call, wanted: Wanted) -> RunPage:
    """Runs of the tenant, without steps. Raises InvalidRequest for a cursor of another list."""
    rows, more = await LISTING.page(connection, call.tenant, wanted)
    return RunPage(items=tuple(_view(row) for row in rows), next_cursor=more)


async def resume_run(
    connection: Connection,
    call: Call,
    run_id: str,
    *,
    exception_id: str | None = None,
    clock: Clock = _SYSTEM_CLOCK,
) -> RunView:
    """Goes on with what waits for a person or a retry, or with a failed run; with `exception_id` only the step it holds.

    Raises Conflict (ILLEGAL_TRANSITION) when nothing of the run can be resumed.
    """
    state = await _locked(connection, call, run_id)
    resumed = await connection.execute(_RESUME_STEPS, call.tenant, run_id, exception_id)
    if state != "failed" and resumed == "UPDATE 0":
        if exception_id is not None:
            return await get_run(connection, call, run_id)
        raise Conflict(f"A run that is {state} cannot be resumed.", code="ILLEGAL_TRANSITION", state=state)
    version = await connection.fetchval(_RESUMED, call.tenant, run_id)
    kind = RunRevived if state == "failed" else RunNudged
    await wish(connection, call, kind, run_id, version, clock.now(), str(version))
    return await get_run(connection, call, run_id)


async def cancel_run(
    connection: Connection, call: Call, run_id: str, reason: str, *, clock: Clock = _SYSTEM_CLOCK
) -> RunView:
    """`cancel`: the step that is running ends, then everything done is undone. A repeat changes nothing.

    Raises Conflict (ILLEGAL_TRANSITION) when the run is over, RuleViolated (GUARD_FAILED) after something irreversible.
    """
    state = await _locked(connection, call, run_id)
    if state in ("compensating", "compensated"):
        return await get_run(connection, call, run_id)
    if state == "completed":
        raise Conflict("A completed run cannot be cancelled.", code="ILLEGAL_TRANSITION", state=state)
    version = await connection.fetchval(_CANCEL, call.tenant, run_id, reason)
    if version is None:
        raise RuleViolated("The run did something that cannot be undone.", code="GUARD_FAILED")
    kind = RunRevived if state == "failed" else RunNudged
    await wish(connection, call, kind, run_id, version, clock.now(), str(version))
    return await get_run(connection, call, run_id)


async def signal_run(
    connection: Connection,
    call: Call,
    run_id: str,
    signal: str,
    payload: Any = None,
    *,
    key: str | None = None,
    clock: Clock = _SYSTEM_CLOCK,
) -> RunView:
    """Tells a run something, now or before it asks. `key` (default: the call's idempotency key) makes a repeat one signal.

    Raises Conflict (ILLEGAL_TRANSITION) when the run is over.
    """
    state = await _locked(connection, call, run_id)
    if state not in ("running", "waiting"):
        raise Conflict(f"A run that is {state} takes no signals.", code="ILLEGAL_TRANSITION", state=state)
    once = key or call.idempotency_key or call.request_id
    await insert_signal(connection, call, run_id, signal, once, to_builtins(payload), clock)
    return await get_run(connection, call, run_id)


async def _locked(connection: Connection, call: Call, run_id: str) -> str:
    state = await connection.fetchval(_LOCK, call.tenant, run_id)
    if state is None:
        raise NotFound(f"There is no run {run_id}.")
    return str(state)


def _view(row: Any, steps: Sequence[Any] = ()) -> RunView:
    fields = {name: row[name] for name in RunView.__struct_fields__ if name not in _COMPUTED}
    waiting_for = _waiting_for(row["waiting_for"])
    return RunView(status=row["state"], waiting_for=waiting_for, steps=tuple(map(_step, steps)), **fields)


def _step(row: Any) -> StepView:
    fields = {name: row[name] for name in StepView.__struct_fields__ if name not in _COMPUTED}
    return StepView(status=row["state"], waiting_for=_waiting_for(row["waiting_for"]), **fields)


def _waiting_for(stored: Any) -> WaitingFor | None:
    return None if stored is None else convert(stored, WaitingFor)
