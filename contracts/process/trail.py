"""What happened: the audit trail, the log of events, and everything that belongs to one id."""

from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from msgspec import Meta, Struct

from contracts.call import Call
from contracts.canon.ref import Code, Cursor, Limit, Page, Text
from contracts.events import EVENTS
from contracts.operation import operation
from contracts.problems import InvalidRequest, NotFound
from contracts.process.figures import Figure
from contracts.process.orders import AuditSort

Sequence = Annotated[
    str,
    Meta(
        pattern=r"^(now|[0-9]{1,20}\.[0-9]{1,19})$(?!\n)",
        max_length=40,
        description="`sequence` of an event or `last_sequence` of an answer: what came after it; `now`: what is yet to come",
    ),
]
EVENT_TYPES = sorted(EVENTS.keys() | {f"{name.partition('.')[0]}.*" for name in EVENTS})
EventType = Annotated[
    str,
    Meta(
        max_length=60,
        description="a type such as `time.approved`, or all of an object such as `invoice.*`",
        extra_json_schema={"enum": EVENT_TYPES},
    ),
]
SubjectId = Annotated[
    str, Meta(min_length=1, max_length=250, description="any id: request, run, event, object, correlation")
]


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One row of the audit trail: who asked for what, with which outcome. `facts` never hold a payload."""

    id: str
    at: datetime
    client: str | None
    principal: str | None
    operation: str | None
    method: str | None
    path: str | None
    status: int | None
    problem: str | None
    correlation_id: str | None
    request_id: str | None
    object: str | None
    facts: dict[str, Any] = {}


class AuditPage(Page[AuditEntry], frozen=True, kw_only=True):
    """A page of the audit trail."""


class CloudEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event of the log as CloudEvents 1.0; `source` and `id` identify it. `sequence` orders them and is where to go on from."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"]
    partitionkey: str
    sequence: str
    correlationid: str
    causationid: str | None = None
    legalentity: str | None = None
    data: dict[str, Any]


class EventFeed(Struct, frozen=True, kw_only=True):
    """Events in the order of the log. `last_sequence`: where to go on from, also when `items` is empty."""

    items: tuple[CloudEvent, ...]
    last_sequence: str
    as_of: datetime


class Happening(Struct, frozen=True, kw_only=True):
    """Something that happened: a `request`, a `run`, an `event`, or a `change` of an object of the registers."""

    at: datetime
    kind: Literal["request", "run", "event", "change"]
    id: str
    what: str
    outcome: str | None
    by: str | None
    correlation_id: str


class Trace(Struct, frozen=True, kw_only=True):
    """All that belongs to an id, oldest first. `more`: the oldest were left out. `figures` are those of a transaction, each with
    the rules it follows from."""

    subject_id: str
    correlation_ids: tuple[str, ...]
    items: tuple[Happening, ...]
    figures: tuple[Figure, ...] = ()
    more: bool
    as_of: datetime


class Trail(Protocol):
    """What happened."""

    @operation("GET", "/audit", scope="audit:read")
    async def list_audit(
        self,
        call: Call,
        client: Code | None = None,
        principal: Text | None = None,
        operation: Code | None = None,
        problem: Code | None = None,
        object: Text | None = None,
        correlation_id: Text | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        sort: AuditSort = "-at",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> AuditPage:
        """List the audit trail, newest first unless `sort` says otherwise; `since` is included, `until` is not."""
        ...

    @operation("GET", "/events", scope="events:read", problems=(InvalidRequest,))
    async def list_events(
        self,
        call: Call,
        after: Sequence | None = None,
        type: EventType | None = None,
        limit: Limit = 50,
    ) -> EventFeed:
        """List events of the log after a place in it, from its beginning unless given; asked again it is a stream without gaps."""
        ...

    @operation("GET", "/traces/{subject_id}", scope="audit:read", problems=(NotFound,))
    async def trace(self, call: Call, subject_id: SubjectId) -> Trace:
        """Tell everything that belongs to an id, of whatever kind it is."""
        ...
