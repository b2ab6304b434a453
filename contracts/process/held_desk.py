"""Held work: runs, events and deliveries that Ledgerway gave up on until a person decides."""

from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec import Struct

from contracts.call import Call
from contracts.canon.ref import Code, CurrencyCode, Cursor, Limit, Page
from contracts.money import Exact
from contracts.operation import operation
from contracts.problems import Conflict, NotFound, RuleViolated
from contracts.process.orders import HeldSort
from contracts.process.run_desk import Steering

HeldKind = Literal["run", "event", "delivery"]


class HeldWork(Struct, frozen=True, kw_only=True):
    """One thing that is held.

    `what` is the workflow, the type of event or the kind of delivery; `where` the step or the reader that gave up; `subject`
    what it is about. `problem` is the slug of what it met, `code` names it more closely. `alike` is equal for work that the
    same thing holds in the same place. The exception, with its deadline, is the one that was opened about it.
    """

    id: Code
    kind: HeldKind
    what: str
    where: str
    subject: str
    problem: str
    code: str
    detail: str
    attempts: int
    since: datetime
    alike: str
    exception_id: Code | None = None
    assignee: str | None = None
    due_at: datetime | None = None
    amount_at_risk: Exact | None = None
    currency: CurrencyCode | None = None
    correlation_id: str


class HeldPage(Page[HeldWork], frozen=True, kw_only=True):
    """A page of held work."""


class HeldCount(Struct, frozen=True, kw_only=True):
    """How much of a kind is held."""

    kind: HeldKind
    count: int


class HeldCounts(Struct, frozen=True, kw_only=True):
    """The kinds of which something is held."""

    items: tuple[HeldCount, ...]
    as_of: datetime


class HeldStep(Struct, frozen=True, kw_only=True):
    """A step of a held run that is done, and what it left in another system."""

    name: str
    external_ref: str | None = None


class Effect(Struct, frozen=True, kw_only=True):
    """What a decision would do. `discard` is null for what can no more be undone; `done` is not done again by a replay."""

    replay: str
    discard: str | None
    done: tuple[HeldStep, ...] = ()


class HeldDetail(HeldWork, frozen=True, kw_only=True):
    """Held work with its payload, secrets and personal data struck out, and the effect of either decision."""

    payload: Any
    effect: Effect


class HeldDecision(Struct, frozen=True, kw_only=True):
    """What was decided about held work."""

    id: Code
    decision: Literal["replayed", "discarded"]
    decided_by: str
    decided_at: datetime


class HeldDesk(Protocol):
    """Held work: look at it, replay it, discard it."""

    @operation("GET", "/held", scope="runs:read")
    async def list_held(
        self,
        call: Call,
        kind: HeldKind | None = None,
        alike: Code | None = None,
        sort: HeldSort = "since",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> HeldPage:
        """List held work, the longest held first unless `sort` says otherwise."""
        ...

    @operation("GET", "/held-counts", scope="runs:read")
    async def held_counts(self, call: Call) -> HeldCounts:
        """Read how much is held, by kind."""
        ...

    @operation("GET", "/held/{held_id}", scope="runs:read", problems=(NotFound,))
    async def get_held(self, call: Call, held_id: Code) -> HeldDetail:
        """Read held work with its payload and what a replay or a discard would do."""
        ...

    @operation("POST", "/held/{held_id}/replay", scope="runs:operate", status=202, problems=(NotFound, Conflict))
    async def replay_held(self, call: Call, held_id: Code, body: Steering) -> HeldDecision:
        """Try it again: what was done already is found and not done twice."""
        ...

    @operation(
        "POST", "/held/{held_id}/discard", scope="runs:operate", status=202, problems=(NotFound, Conflict, RuleViolated)
    )
    async def discard_held(self, call: Call, held_id: Code, body: Steering) -> HeldDecision:
        """Give it up for good: a run undoes what it did, an event or delivery is not read again."""
        ...
