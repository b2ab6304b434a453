"""What the worker asks of the exception register; the composition root hands an implementation in."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from contracts.call import Call
from contracts.problems import Problem
from runtime.data.database import Connection


class DeadLetter(Struct, frozen=True, kw_only=True):
    """Work given up after the attempts of EVT-6. `event_id` of an inbox row is `connection/delivery_id`.

    `what` is the type of event or the kind of delivery; `occurred_at` says where an event stands in the log.
    """

    subscriber: str
    event_id: str
    what: str
    occurred_at: datetime | None = None
    attempts: int
    problem: Problem


class Hooks(Protocol):
    """What the worker asks of the exception register. Each call joins the transaction of its connection."""

    async def open_exception(
        self, connection: Connection, call: Call, *, run_id: str, step: str, code: str, problem: Problem
    ) -> str:
        """Opens an exception, or finds the open one of this run and step; returns its id."""
        ...

    async def clear_exception(self, connection: Connection, call: Call, exception_id: str) -> None:
        """The step went through by itself: auto-resolves its exception, if that is still open."""
        ...

    async def on_dead_letter(self, connection: Connection, call: Call, letter: DeadLetter) -> None:
        """Opens EVENT_DEAD_LETTERED, owned by IS (EVT-6)."""
        ...
