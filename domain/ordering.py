"""Order of events of one object (EVT-1..EVT-3): apply the next, park the early, drop the repeated and the stale."""

import heapq
from itertools import count
from typing import Literal

from msgspec import Struct

from domain.terms import Input

Outcome = Literal["applied", "duplicate", "stale", "parked"]


class ArrivedEvent(Input, frozen=True, kw_only=True):
    """An event as it arrived: business key and object version; `full_state` carries the whole state."""

    id: str
    key: str
    version: int
    full_state: bool | None = None


class EventBatch(Input, frozen=True, kw_only=True):
    """Events in order of arrival, after the version applied last and the keys seen before."""

    last_version: int
    seen: tuple[str, ...] | None = None
    events: tuple[ArrivedEvent, ...]


class EventLogRow(Struct, frozen=True, kw_only=True):
    """What became of an event; one that was parked and drained has two rows."""

    id: str
    result: Outcome


class EventOutcome(Struct, frozen=True, kw_only=True):
    """The log in order of processing, the version applied last, and what still waits, by version."""

    log: tuple[EventLogRow, ...]
    last_version: int
    parked: tuple[str, ...]


class _Stream:
    """The events of one object while a batch is applied."""

    def __init__(self, batch: EventBatch) -> None:
        self.last = batch.last_version
        self.seen = set(batch.seen or ())
        self.log: list[EventLogRow] = []
        self.arrivals = count()
        self.waiting: list[tuple[int, int, ArrivedEvent]] = []

    @property
    def parked(self) -> tuple[str, ...]:
        return tuple(event.id for _, _, event in sorted(self.waiting, key=lambda one: one[:2]))

    def take(self, event: ArrivedEvent) -> None:
        """Judge an arrival; its key counts as seen whatever becomes of it (EVT-1)."""
        if event.key in self.seen:
            self.note(event, "duplicate")
            return
        self.seen.add(event.key)
        if event.version <= self.last:
            self.note(event, "stale")
        elif event.full_state or event.version == self.last + 1:
            self.advance(event)
        else:
            self.note(event, "parked")
            heapq.heappush(self.waiting, (event.version, next(self.arrivals), event))

    def advance(self, event: ArrivedEvent) -> None:
        """Apply an event, then its parked successors; what they overtook becomes stale first (EVT-3)."""
        following: ArrivedEvent | None = event
        while following is not None:
            self.note(following, "applied")
            self.last = following.version
            self.drop_stale()
            following = self.successor()

    def drop_stale(self) -> None:
        """By version, then arrival."""
        while self.waiting and self.waiting[0][0] <= self.last:
            self.note(heapq.heappop(self.waiting)[2], "stale")

    def successor(self) -> ArrivedEvent | None:
        ready = self.waiting and self.waiting[0][0] == self.last + 1
        return heapq.heappop(self.waiting)[2] if ready else None

    def note(self, event: ArrivedEvent, result: Outcome) -> None:
        self.log.append(EventLogRow(id=event.id, result=result))


def apply_events(batch: EventBatch) -> EventOutcome:
    """Run a batch of arrivals through the ordering rules."""
    stream = _Stream(batch)
    for event in batch.events:
        stream.take(event)
    return EventOutcome(log=tuple(stream.log), last_version=stream.last, parked=stream.parked)
