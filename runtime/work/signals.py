"""Facts about runs that only the engine needs, and the one way a signal is stored: row and outbox event together."""

from datetime import datetime
from typing import Any, ClassVar

from contracts.call import Call
from contracts.events import Event
from contracts.periods import Clock
from runtime.data.database import Connection
from runtime.work.outbox import publish

_INSERT = """
insert into signal (tenant, run_id, name, key, payload) values ($1, $2, $3, $4, $5)
on conflict (tenant, run_id, name, key) do nothing returning position
"""


class RunWish(Event, frozen=True, kw_only=True):
    """Something the engine is to do with a run; `version` is the run's."""

    source: ClassVar[str] = "/r2r/workflow"


class RunRequested(RunWish, frozen=True, kw_only=True):
    """Start it."""

    type: ClassVar[str] = "run.requested"


class RunRevived(RunWish, frozen=True, kw_only=True):
    """It had failed and goes on, or is undone."""

    type: ClassVar[str] = "run.revived"


class RunNudged(RunWish, frozen=True, kw_only=True):
    """Its row, a step's row or its signals changed: look."""

    type: ClassVar[str] = "run.nudged"


WISHES: dict[str, type[Event]] = {wish.type: wish for wish in (RunRequested, RunRevived, RunNudged)}


async def wish(
    connection: Connection, call: Call, kind: type[RunWish], run_id: str, version: int, at: datetime, key: str
) -> None:
    """Publishes what the engine is to do; `key` makes a repeat change nothing."""
    event = kind(object_id=run_id, version=version, occurred_at=at, actor=call.principal)
    await publish(connection, call, event, event_id=f"{kind.type}:{run_id}:{key}")


async def insert_signal(
    connection: Connection, call: Call, run_id: str, name: str, key: str, payload: Any, clock: Clock
) -> bool:
    """Stores a signal and wakes the run. False when that signal was there."""
    stored = await connection.fetchval(_INSERT, call.tenant, run_id, name, key, payload)
    if stored is None:
        return False
    await wish(connection, call, RunNudged, run_id, 0, clock.now(), f"{name}:{key}")
    return True
