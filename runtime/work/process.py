"""What a process or view declares to the worker: workflows, subscriptions, inbox handlers and sweeps. Data, no behaviour."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from contracts.call import Call
from contracts.events import Event
from runtime.data.database import Connection
from runtime.work.run import Run
from runtime.work.sweeps import Sweep


class Delivery(Struct, frozen=True, kw_only=True):
    """One row of the inbox: a push or a swept change, as it came. `connection` is the instance it came from."""

    tenant: str
    connection: str
    delivery_id: str
    kind: str
    payload: Any
    received_at: datetime


# Handlers work inside the transaction of the connection they are handed, together with the mark that they did:
# they never open or commit one, and call nobody over a network.
Handler = Callable[[Connection, Call, Any], Awaitable[None]]
InboxHandler = Callable[[Connection, Call, Delivery], Awaitable[None]]


class Batched(Struct, frozen=True):
    """A handler that is given many events, or deliveries, of one kind and tenant at once: each with its call, in order."""

    handle: Callable[[Connection, Sequence[tuple[Call, Any]]], Awaitable[None]]


class Subscriber(Struct, frozen=True, kw_only=True):
    """Who gets which events. `name` is the mark of exactly-once effect: renaming it delivers the log's tail again."""

    name: str
    handlers: Mapping[type[Event], Handler | Batched]


class Workflow(Protocol):
    """A durable process. `version` changes whenever the order or names of steps change: runs keep the one they began with."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def input(self) -> type[Struct]: ...

    async def perform(self, run: Run, input: Any) -> Struct | None:
        """Steps in order. Code between steps is deterministic: time and randomness come from steps."""
        ...


class Process(Struct, frozen=True, kw_only=True):
    """What a process folder exports. `contract` is the Protocol its `implementation` serves; a view has no workflows."""

    name: str
    contract: type | None = None
    implementation: object | None = None
    workflows: tuple[Workflow, ...] = ()
    subscriptions: Mapping[type[Event], Handler | Batched] = {}
    inbox: Mapping[str, InboxHandler | Batched] = {}
    sweeps: tuple[Sweep, ...] = ()

    @property
    def subscriber(self) -> Subscriber:
        """The process under its own name."""
        return Subscriber(name=self.name, handlers=self.subscriptions)
