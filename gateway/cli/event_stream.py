"""The log of events followed as it grows: shown, and sent on to a receiver."""

import asyncio
import difflib
import sys
import time
from fnmatch import fnmatchcase

from contracts.events import EVENTS
from contracts.process.trail import CloudEvent, EventFeed, Trail
from contracts.wire import encode
from gateway.cli.client import Client
from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.forwarding import Receiver
from gateway.cli.session import Session

LOOK_EVERY_S = 1
_ASKING = "integration-developer"
_PAGE = 200
_FOR_EVER_S = 10**9


async def run(session: Session, *, forward_to: str | None, events: str | None, after: str, count: int | None) -> Exit:
    """Follow until `count` events were seen, patience ends or Ctrl-C; 8 when a receiver did not take all."""
    wanted = _wanted(events)
    receiver = None if forward_to is None else Receiver(forward_to, session)
    stream = _Stream(session, wanted, after, receiver, count)
    try:
        await stream.follow(time.monotonic() + (session.wait_s or _FOR_EVER_S))
    except asyncio.CancelledError:
        session.talk(f"Stopped after {stream.seen} events. Go on from there: ledgerway listen --after {stream.after}")
        raise
    finally:
        if receiver is not None:
            await receiver.close()
    return Exit.DONE if receiver is None or not receiver.refused else Exit.PARTLY


class _Stream:
    """`after` is where it stands, `seen` how many events it showed."""

    def __init__(
        self, session: Session, wanted: tuple[str, ...], after: str, receiver: Receiver | None, count: int | None
    ) -> None:
        self._session, self._wanted, self._receiver, self._count = session, wanted, receiver, count
        self.after, self.seen, self._heard = after, 0, False

    async def follow(self, ends: float) -> None:  # house: float seconds
        """Page after page, and on when the product is away for a while."""
        while time.monotonic() < ends and self.seen != self._count:
            try:
                async with self._session.product(_ASKING) as api:
                    await self._pages(api, ends)
            except Complaint as complaint:
                passing = complaint.exit_code == Exit.UNAVAILABLE or complaint.slug == "unauthenticated"
                if not (self._heard and passing):
                    raise
                self._session.detail(f"{complaint.detail} Trying on.")
                await asyncio.sleep(LOOK_EVERY_S)

    async def _pages(self, api: Client, ends: float) -> None:  # house: float seconds
        only = self._wanted[0] if len(self._wanted) == 1 else None
        while time.monotonic() < ends and self.seen != self._count:
            feed = (await api.call(Trail.list_events, after=self.after, type=only, limit=_PAGE)).value
            if not self._heard:
                self._session.suggest("Listening. Ctrl-C ends it.")
                self._heard = True
            await self._take(feed)
            if len(feed.items) < _PAGE and self.seen != self._count:
                await asyncio.sleep(LOOK_EVERY_S)

    async def _take(self, feed: EventFeed) -> None:
        for event in feed.items:
            if not self._wanted or any(fnmatchcase(event.type, kind) for kind in self._wanted):
                _show(self._session, event)
                self.seen += 1
                if self._receiver is not None:
                    await self._receiver.deliver(event)
            self.after = event.sequence
            if self.seen == self._count:
                return
        self.after = feed.last_sequence


def _show(session: Session, event: CloudEvent) -> None:
    """An event as one line, at once: JSON for programs, the essentials for people."""
    text = f"{event.time:%H:%M:%S}  {event.type:<24}  {event.subject}  {event.correlationid}"
    sys.stdout.write((encode(event).decode() if session.as_json else text) + "\n")
    sys.stdout.flush()


def _wanted(events: str | None) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(kind.strip() for kind in (events or "").split(",") if kind.strip()))
    for kind in kinds:
        if not any(fnmatchcase(name, kind) for name in EVENTS):
            near = difflib.get_close_matches(kind, EVENTS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ": `ledgerway docs` and the API description list them."
            raise Complaint(Exit.MISUSE, f"There is no event {kind}{hint}")
    return kinds
