"""What reference data exports: the sweeps that refresh the copies, some often, the rest hourly."""

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
OFTEN_S = 60
SELDOM_S = 900
_CUSTOMER_REFS = """
select system || ':' || object || ':' || external_id as ref from link
where tenant = $1 and system = $2 and valid_to is null and canonical_id like 'cus_%' order by external_id
"""


def build(services: Services) -> Process:
    """The process `reference_data`."""

    async def often() -> None:
        await _refresh(services, tuple(f for f in FEEDS if f.kind in _OFTEN))

    async def seldom() -> None:
        await _refresh(services, tuple(f for f in FEEDS if f.kind not in _OFTEN))

    return Process(
        name="reference_data",
        sweeps=(Sweep("reference data", SELDOM_S, seldom), Sweep("changing reference data", OFTEN_S, often)),
    )


async def _refresh(services: Services, feeds: tuple[Feed, ...]) -> None:
    """Refresh each feed of each connection; one that fails leaves its old copies, and the others go on."""
    for feed in feeds:
        for connected in services.ports.connections.of_port(feed.port):
            try:
                await refresh(services, feed, connected)
            except Problem as problem:
                log.warning("feed.failed", feed=feed.kind, instance=connected.instance, problem=problem.slug)


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
