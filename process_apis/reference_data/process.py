"""What reference data exports: the sweep that refreshes the copies, some often, the rest seldom, new connections at once."""

from datetime import datetime, timedelta

from contracts.problems import Problem
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

# What people correct while they wait for a blocked item: looked at often. The rest changes at most daily.
_OFTEN = frozenset({"fiscal_period", "billing_customer", "milestone"})
OFTEN = timedelta(seconds=60)
SELDOM = timedelta(seconds=900)
AFTER_FAILURE = timedelta(seconds=15)
ROUND_S = 3
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
        name="reference_data", sweeps=(Sweep("reference data", ROUND_S, Refresher(services).refresh_what_is_due),)
    )


class Refresher:
    """Knows when each feed of each connection is due; after a start, and for a new connection, all of them are."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._due_at: dict[Place, datetime] = {}
        self._failures: dict[Place, int] = {}
        self._turns: dict[Place, int] = {}

    async def refresh_what_is_due(self) -> None:
        """Refresh each feed that is due; one that fails leaves its old copies, and the others go on."""
        for connected in self._services.ports.connections.all():
            for feed in FEEDS:
                if feed.port in connected.ports and self._due(connected, feed):
                    await self._try(connected, feed)

    def _due(self, connected: Connected, feed: Feed) -> bool:
        due_at = self._due_at.get(_place(connected, feed))
        return due_at is None or self._services.clock.now() >= due_at

    async def _try(self, connected: Connected, feed: Feed) -> None:
        place, again = _place(connected, feed), OFTEN if feed.kind in _OFTEN else SELDOM
        try:
            await refresh(self._services, feed, connected, turn=self._turns.get(place, 0))
            self._turns[place] = self._turns.get(place, 0) + 1
            self._failures.pop(place, None)
        except Problem as problem:
            again = min(again, AFTER_FAILURE * 2 ** self._failures.get(place, 0))
            self._failures[place] = min(self._failures.get(place, 0) + 1, _MOST_DOUBLINGS)
            log.warning("feed.failed", feed=feed.kind, instance=connected.instance, problem=problem.slug)
        self._due_at[place] = self._services.clock.now() + again


def _place(connected: Connected, feed: Feed) -> Place:
    return connected.tenant, connected.instance, feed.kind


async def refresh(services: Services, feed: Feed, connected: Connected, turn: int | None = None) -> None:
    """Read a feed, store what changed and forget what is gone; groups whose readiness may depend on it are marked.

    Customers are read one by one: with a `turn`, only some of them in each.
    """
    call = system_call(connected.tenant, "system:reference-data")
    refs = await _customers(services, connected) if feed.kind == "billing_customer" else ()
    asked = Asked(connected.instance, services.clock.now().date(), in_turn(refs, turn))
    reading = await read(feed, services.ports, call, asked)
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, call, services.clock.now())
        changed = await _keep(unit, feed, connected.instance, reading)
        if asked.customer_refs[-1:] == refs[-1:]:
            await replicas.mark_kind_read(unit, connected.instance, feed.port, feed.kind, kinds_of(feed.port))
        for contract_id in await contracts_touched(unit, feed.kind, changed) if changed else ():
            await bill_groups.touch_contract(unit, contract_id)


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
