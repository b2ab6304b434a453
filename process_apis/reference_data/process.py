"""What reference data exports: the sweep that refreshes the copies, some often, the rest seldom, new connections at once; and the
sweep that brings the register's projects to what the PSA says of them."""

from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct

from contracts.problems import Problem
from process_apis.reference_data import following
from process_apis.reference_data.feeds import FEEDS, Asked, Feed, Reading, contracts_touched, kinds_of, read
from process_apis.registers import bill_groups, replicas
from process_apis.registers.unit import Unit
from runtime.connections import Connection as Connected
from runtime.services import Services
from runtime.telemetry import log
from runtime.work.calls import system_call
from runtime.work.process import Process
from runtime.work.sweeps import Sweep
from runtime.work.unit import unit_of_work

# What people correct while they wait for a blocked item: looked at often, as is what lists its changes. The rest changes at
# most daily.
_OFTEN = frozenset({"fiscal_period", "billing_customer"})
OFTEN = timedelta(seconds=60)
SELDOM = timedelta(seconds=900)
# A row may become visible after rows with later stamps.
_OVERLAP = timedelta(minutes=2)
AFTER_FAILURE = timedelta(seconds=15)
ROUND_S = 3
FOLLOW_S = 15
_MOST_DOUBLINGS = 6
# The ledger answers one customer a request: a round of a thousand must not spend its budget (SCL-3).
_CUSTOMERS_A_TURN = 50
_SUSPICIOUS = 10
_CUSTOMER_REFS = """
select system || ':' || object || ':' || external_id as ref from link
where tenant = $1 and system = $2 and valid_to is null and canonical_id like 'cus_%' order by external_id
"""

Place = tuple[str, str, str]


def build(services: Services) -> Process:
    """The process `reference_data`."""
    return Process(
        name="reference_data",
        sweeps=(
            Sweep("reference data", ROUND_S, Refresher(services).refresh_what_is_due),
            Sweep("projects follow the PSA", FOLLOW_S, partial(following.follow, services)),
        ),
    )


class _Progress(Struct):
    """How far a feed of a connection is, since this process started. `newest`: the newest change stamp it stated, `whole_at`: when
    all of it was read."""

    due_at: datetime | None = None
    failures: int = 0
    turns: int = 0
    newest: datetime | None = None
    whole_at: datetime | None = None


class Refresher:
    """Knows when each feed of each connection is due; after a start, and for a new connection, all of them are."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._progress: dict[Place, _Progress] = {}

    async def refresh_what_is_due(self) -> None:
        """Refresh each feed that is due; one that fails leaves its old copies, and the others go on."""
        for connected in self._services.ports.connections.all():
            for feed in FEEDS:
                if feed.port in connected.ports:
                    progress = self._progress.setdefault(_place(connected, feed), _Progress())
                    if progress.due_at is None or self._services.clock.now() >= progress.due_at:
                        await self._try(connected, feed, progress)

    async def _try(self, connected: Connected, feed: Feed, progress: _Progress) -> None:
        again = OFTEN if feed.changes or feed.kind in _OFTEN else SELDOM
        try:
            await self._refresh(connected, feed, progress)
        except Problem as problem:
            again = min(again, AFTER_FAILURE * 2**progress.failures)
            progress.failures = min(progress.failures + 1, _MOST_DOUBLINGS)
            log.warning("feed.failed", feed=feed.kind, instance=connected.instance, problem=problem.slug)
        progress.due_at = self._services.clock.now() + again

    async def _refresh(self, connected: Connected, feed: Feed, progress: _Progress) -> None:
        began_at, since = self._services.clock.now(), self._since(feed, progress)
        stamps = await refresh(self._services, feed, connected, turn=progress.turns, since=since)
        progress.turns, progress.failures = progress.turns + 1, 0
        progress.newest = max((s for s in (progress.newest, *stamps) if s is not None), default=None)
        if since is None:
            progress.whole_at = began_at

    def _since(self, feed: Feed, progress: _Progress) -> datetime | None:
        """From where on changes are read; null when all of it is due again: what is gone shows by its absence only."""
        fresh = progress.whole_at is not None and self._services.clock.now() - progress.whole_at < SELDOM
        return progress.newest - _OVERLAP if feed.changes and fresh and progress.newest is not None else None


def _place(connected: Connected, feed: Feed) -> Place:
    return connected.tenant, connected.instance, feed.kind


async def refresh(
    services: Services, feed: Feed, connected: Connected, turn: int | None = None, since: datetime | None = None
) -> tuple[datetime, ...]:
    """Read a feed, all of it or what changed `since`; store what changed and forget what is gone; groups whose readiness may depend
    on it are marked. Answers the change stamps the source stated.

    Customers are read one by one: with a `turn`, only some of them in each.
    """
    call = system_call(connected.tenant, "system:reference-data")
    refs = await _customers(services, connected) if feed.kind == "billing_customer" else ()
    asked = Asked(connected.instance, services.clock.now().date(), in_turn(refs, turn), since)
    reading = await read(feed, services.ports, call, asked)
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, call, services.clock.now())
        changed = await _keep(unit, feed, connected.instance, reading)
        if asked.customer_refs[-1:] == refs[-1:]:
            await replicas.mark_kind_read(unit, connected.instance, feed.port, feed.kind, kinds_of(feed.port))
        for contract_id in await contracts_touched(unit, feed.kind, changed) if changed else ():
            await bill_groups.touch_contract(unit, contract_id)
    return tuple(row.changed_at for row in reading.rows.values()) if feed.changes else ()


async def _keep(unit: Unit, feed: Feed, instance: str, reading: Reading) -> tuple[str, ...]:
    """Keys of copies that are new, other or gone."""
    changed = await replicas.put(unit, feed.kind, instance, reading.rows)
    if feed.lasting or not reading.whole:
        return changed
    gone = await replicas.absent(unit, feed.kind, instance, reading.rows, reading.scope)
    held = await replicas.count(unit, feed.kind, instance) if gone else 0
    if len(gone) > _SUSPICIOUS and len(gone) * 2 > held:
        # A source that suddenly shows little (a lost permission, a restore under way) is not believed.
        log.warning("feed.shrunk", tenant=unit.tenant, feed=feed.kind, instance=instance, gone=len(gone), held=held)
        return changed
    await replicas.drop(unit, feed.kind, instance, gone)
    return (*changed, *gone)


def in_turn(refs: tuple[str, ...], turn: int | None) -> tuple[str, ...]:
    """The refs of a turn: all when there are few, else the next ones, the last ones of a round to the end of the list."""
    if turn is None or len(refs) <= _CUSTOMERS_A_TURN:
        return refs
    turns = -(-len(refs) // _CUSTOMERS_A_TURN)
    start = turn % turns * _CUSTOMERS_A_TURN
    return refs[start : start + _CUSTOMERS_A_TURN]


async def _customers(services: Services, connected: Connected) -> tuple[str, ...]:
    rows = await services.database.fetch(_CUSTOMER_REFS, connected.tenant, connected.instance)
    return tuple(row["ref"] for row in rows if row["ref"].split(":")[1] == "customer")
