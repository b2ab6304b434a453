"""What reference data exports: the sweep that refreshes the copies, some often, the rest seldom, new connections at once."""

from datetime import datetime, timedelta

from contracts.call import Call
from contracts.problems import Problem
from process_apis.reference_data.feeds import FEEDS, Asked, Feed, contracts_touched, read
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
_CUSTOMER_REFS = """
select system || ':' || object || ':' || external_id as ref from link
where tenant = $1 and system = $2 and valid_to is null and canonical_id like 'cus_%' order by external_id
"""


def build(services: Services) -> Process:
    """The process `reference_data`."""
    return Process(
        name="reference_data", sweeps=(Sweep("reference data", ROUND_S, Refresher(services).refresh_what_is_due),)
    )


class Refresher:
    """Knows when each feed of each connection is due; after a start, and for a new connection, all of them are."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._due_at: dict[tuple[str, str, str], datetime] = {}

    async def refresh_what_is_due(self) -> None:
        """Refresh each feed that is due; one that fails leaves its old copies, and the others go on."""
        for connected in self._services.ports.connections.all():
            for feed in FEEDS:
                if feed.port in connected.ports and self._due(connected, feed):
                    await self._try(connected, feed)

    def _due(self, connected: Connected, feed: Feed) -> bool:
        due_at = self._due_at.get((connected.tenant, connected.instance, feed.kind))
        return due_at is None or self._services.clock.now() >= due_at

    async def _try(self, connected: Connected, feed: Feed) -> None:
        again = OFTEN if feed.kind in _OFTEN else SELDOM
        try:
            await refresh(self._services, feed, connected)
        except Problem as problem:
            again = AFTER_FAILURE
            log.warning("feed.failed", feed=feed.kind, instance=connected.instance, problem=problem.slug)
        self._due_at[(connected.tenant, connected.instance, feed.kind)] = self._services.clock.now() + again


async def refresh(services: Services, feed: Feed, connected: Connected) -> None:
    """Read a feed and store what changed; groups whose readiness may depend on it are marked."""
    call: Call = system_call(connected.tenant, "system:reference-data")
    asked = Asked(connected.instance, services.clock.now().date(), await _customers(services, feed, connected))
    rows = await read(feed, services.ports, call, asked)
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, call, services.clock.now())
        changed = await replicas.put(unit, feed.kind, connected.instance, rows)
        await replicas.mark_read(unit, connected.instance, feed.port)
        if changed:
            for contract_id in await contracts_touched(unit, feed.kind, changed):
                await bill_groups.touch_contract(unit, contract_id)


async def _customers(services: Services, feed: Feed, connected: Connected) -> tuple[str, ...]:
    if feed.kind != "billing_customer":
        return ()
    rows = await services.database.fetch(_CUSTOMER_REFS, connected.tenant, connected.instance)
    return tuple(row["ref"] for row in rows if row["ref"].split(":")[1] == "customer")
