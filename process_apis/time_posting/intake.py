"""The change feed of time: every time tool is swept with an overlap, and each changed entry is one row of the inbox."""

from datetime import UTC, datetime, timedelta

from contracts.call import Call
from contracts.canon.timesheet import TimeEntry
from contracts.wire import convert, to_builtins
from process_apis.registers import replicas, time_entries
from process_apis.registers.unit import Unit
from runtime.connections import Connection as Connected
from runtime.data.database import Connection
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.inbox import receive
from runtime.work.process import Delivery
from runtime.work.unit import unit_of_work

KIND = "time.changed"
# A vendor's clock and the commit order of its rows may differ from the order of change stamps by this much.
OVERLAP = timedelta(minutes=2)
_NEEDED = {"erp": ("legal_entity", "fiscal_period"), "hcm": ("worker",)}
_COPIES = "select distinct kind from replica where tenant = $1 and kind = any($2::text[])"
_READ = "select instance, feed from feed where tenant = $1"
_READ = "select position->>'since' from cursor where tenant = $1 and feed = $2"
_WRITE = """
insert into cursor (tenant, feed, position, swept_at) values ($1, $2, $3, $4)
on conflict (tenant, feed) do update set position = excluded.position, swept_at = excluded.swept_at
"""


def delivery_id(entry: TimeEntry) -> str:
    """One state of one entry; seen twice it is a duplicate, come back to an earlier content it is not."""
    return f"{entry.ref}@{entry.changed_at.astimezone(UTC).isoformat()}#{time_entries.fingerprint(entry)}"


async def sweep(services: Services) -> None:
    """Read what changed in every time tool since the last sweep, once what time is rated by has been read."""
    for connected in services.ports.connections.of_port("time"):
        if await _prepared(services, connected.tenant):
            await _sweep_one(services, connected)


async def _prepared(services: Services, tenant: str) -> bool:
    """Whether ledger and people of the tenant were ever read: without them every entry would be an exception."""
    ports = {port for connected in services.ports.connections.of_tenant(tenant) for port in connected.ports}
    needed = {kind for port, kinds in _NEEDED.items() if port in ports for kind in kinds}
    return needed <= {row["kind"] for row in await services.database.fetch(_COPIES, tenant, sorted(needed))}


async def _sweep_one(services: Services, connected: Connected) -> None:
    call = system_call(connected.tenant, "system:time-sweep")
    feed, started = f"time:{connected.instance}", services.clock.now()
    stored = await services.database.fetchval(_READ, connected.tenant, feed)
    newest = datetime.fromisoformat(stored) if stored else None
    since, cursor = (newest - OVERLAP if newest else None), None
    port = services.ports.time(call, connected.instance)
    while True:
        page = await port.list_time(call, changed_since=since, cursor=cursor, limit=200)
        await _receive(services, call, connected.instance, page.items)
        newest = max((newest, *(e.changed_at for e in page.items)), key=_moment)
        cursor = page.next_cursor
        if cursor is None:
            break
    await _finish(services, call, connected.instance, feed, newest, started)


def _moment(instant: datetime | None) -> datetime:
    return instant or datetime.min.replace(tzinfo=UTC)


async def _receive(services: Services, call: Call, instance: str, entries: tuple[TimeEntry, ...]) -> None:
    async with unit_of_work(services.database) as connection:
        for entry in entries:
            await receive(
                connection,
                tenant=call.tenant,
                instance=instance,
                delivery_id=delivery_id(entry),
                kind=KIND,
                payload=to_builtins(entry),
            )


async def _finish(
    services: Services, call: Call, instance: str, feed: str, newest: datetime | None, started: datetime
) -> None:
    async with unit_of_work(services.database) as connection:
        position = {"since": newest.isoformat() if newest else None}
        await connection.execute(_WRITE, call.tenant, feed, position, started)
        await replicas.mark_read(Unit(connection, call, started), instance, "time")


async def accept(connection: Connection, call: Call, delivery: Delivery, now: datetime) -> None:
    """A row of the inbox: the entry's new state into the register, and what it means into the outbox."""
    entry: TimeEntry = convert(delivery.payload, TimeEntry)
    await time_entries.accept(Unit(connection, call, now), delivery.connection, entry)
