"""The change feed of time: every time tool is swept, and each changed entry is one row of the inbox.

Theory of operation. A sweep reads from the newest change stamp known, less an overlap: a row may become visible after rows
with later stamps. Only the vendor's stamps are compared with each other, never its clock with ours. Once the newest stamp
has been known for longer than the overlap, nothing before it is still to come, and an idle tool is read from there on:
nothing is read again. Pages come oldest change first, so each page is kept together with how far it brought us: a sweep
that breaks off goes on where it was. What is read twice is a duplicate in the inbox.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from contracts.call import Call
from contracts.canon.timesheet import TimeEntry
from contracts.wire import convert, to_builtins
from process_apis.registers import replicas, time_entries
from process_apis.registers.time_entries import Statement
from process_apis.registers.unit import Unit
from runtime.connections import Connection as Connected
from runtime.data.database import Connection
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.inbox import receive_all
from runtime.work.process import Delivery
from runtime.work.unit import unit_of_work

KIND = "time.changed"
OVERLAP = timedelta(minutes=2)
# Vendors stamp in whole seconds or finer.
_NEXT = timedelta(seconds=1)
_PAGE = 200
_NEEDED = ("erp/legal_entity", "erp/fiscal_period", "hcm/worker", "psa/task")
_KINDS_READ = "select distinct feed from feed where tenant = $1 and feed = any($2::text[])"
_READ = "select position from cursor where tenant = $1 and feed = $2"
_WRITE = """
insert into cursor (tenant, feed, position, swept_at) values ($1, $2, $3, $4)
on conflict (tenant, feed) do update set position = excluded.position, swept_at = excluded.swept_at
"""


class Position(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`since`: the newest change stamp that was read (the vendor's clock). `known_at`: when the first sweep began (our clock)
    that read everything up to there; null while none has. `complete_at`: when the last sweep began that came to its end."""

    since: datetime | None = None
    known_at: datetime | None = None
    complete_at: datetime | None = None

    def start(self, now: datetime) -> datetime | None:
        """Where a sweep that begins now reads from. A stamp beyond our now may be followed by earlier ones (the tool's clock
        was ahead and is set back): then everything since the last complete sweep."""
        if self.since is None:
            return None
        if self.since > now:
            return self.complete_at and self.complete_at - OVERLAP
        settled = self.known_at is not None and now - self.known_at > OVERLAP
        return self.since + _NEXT if settled else self.since - OVERLAP

    def reached(self, stamps: Iterable[datetime]) -> "Position":
        """After a page with these stamps: more of the newest one may follow."""
        newest = max((s for s in (self.since, *stamps) if s is not None), default=None)
        return self if newest == self.since else Position(since=newest, complete_at=self.complete_at)

    def completed(self, began_at: datetime) -> "Position":
        """After the last page."""
        return Position(since=self.since, known_at=self.known_at or began_at, complete_at=began_at)


def delivery_id(entry: TimeEntry) -> str:
    """One state of one entry; seen twice it is a duplicate, come back to an earlier content it is not."""
    return f"{entry.ref}@{entry.changed_at.astimezone(UTC).isoformat()}#{time_entries.fingerprint(entry)}"


async def sweep(services: Services) -> None:
    """Read what changed in every time tool since the last sweep, once what time is rated by has been read."""
    for connected in services.ports.connections.of_port("time"):
        if await _prepared(services, connected.tenant):
            await _Sweep(services, connected).run()


async def _prepared(services: Services, tenant: str) -> bool:
    """Whether ledger, people and tasks of the tenant were ever read: without them every entry would be an exception, or
    billed where its task is not."""
    ports = {port for connected in services.ports.connections.of_tenant(tenant) for port in connected.ports}
    needed = {kind for kind in _NEEDED if kind.partition("/")[0] in ports}
    return needed <= {row["feed"] for row in await services.database.fetch(_KINDS_READ, tenant, sorted(needed))}


class _Sweep:
    """One sweep of one time tool."""

    def __init__(self, services: Services, connected: Connected) -> None:
        self._services, self._instance = services, connected.instance
        self._call, self._feed = system_call(connected.tenant, "system:time-sweep"), f"time:{connected.instance}"
        self._started = services.clock.now()

    async def run(self) -> None:
        position = await self._position()
        since, cursor = position.start(self._started), None
        port = self._services.ports.time(self._call, self._instance)
        while True:
            page = await port.list_time(self._call, changed_since=since, cursor=cursor, limit=_PAGE)
            position, cursor = position.reached(e.changed_at for e in page.items), page.next_cursor
            if cursor is None:
                await self._keep(page.items, position.completed(self._started), last=True)
                return
            await self._keep(page.items, position, last=False)

    async def _position(self) -> Position:
        stored = await self._services.database.fetchval(_READ, self._call.tenant, self._feed)
        return convert(stored or {}, Position)

    async def _keep(self, entries: Iterable[TimeEntry], position: Position, *, last: bool) -> None:
        async with unit_of_work(self._services.database) as connection:
            await take(connection, self._call, self._instance, entries)
            await connection.execute(_WRITE, self._call.tenant, self._feed, to_builtins(position), self._started)
            if last:
                await replicas.mark_read(Unit(connection, self._call, self._started), self._instance, "time")


async def take(connection: Connection, call: Call, instance: str, entries: Iterable[TimeEntry]) -> None:
    """Into the inbox; what is there already stays as it is."""
    stated = [(delivery_id(entry), to_builtins(entry)) for entry in entries]
    await receive_all(connection, tenant=call.tenant, instance=instance, kind=KIND, deliveries=stated)


async def accept(connection: Connection, told: Sequence[tuple[Call, Delivery]], now: datetime) -> None:
    """Rows of the inbox: new states of entries into the register, and what they mean into the outbox."""
    stated = [
        Statement(
            unit=Unit(connection, call, now),
            connection=delivery.connection,
            entry=convert(delivery.payload, TimeEntry),
        )
        for call, delivery in told
    ]
    await time_entries.accept(stated[0].unit, stated)
