"""Readiness: the 32 checks with their evidence over 1 000 bill groups, and the same with gathering and storing (fsync on).

The reference of the first figure is the bare rule table over the same snapshots, without sentences and evidence.
"""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

from domain.readiness import evaluate as by_the_table
from process_apis.invoice_readiness import evaluation
from process_apis.invoice_readiness.findings import judge
from process_apis.registers.unit import Unit
from runtime.data.database import Database
from runtime.data.embedded import EmbeddedServers, erase
from runtime.data.migrate import migrate
from runtime.services import Services
from runtime.settings import Settings
from runtime.work.calls import system_call
from runtime.work.unit import unit_of_work
from tests.bench.figures import Figure
from tests.support.clock import FixedClock
from tests.support.installation import connected
from tests.support.seed import TENANT, Seed
from tests.unit.process_apis.invoice_readiness.billing_facts import facts, transaction

GROUPS, LINES, STORED = 1000, 20, 200


def measure() -> list[Figure]:
    """The figures of this file."""
    found = facts(transactions=tuple(transaction(id=f"txn_{n}", source_id=f"tme_{n}") for n in range(LINES)))
    began = time.process_time()
    for _ in range(GROUPS):
        judged = judge(found)
    took = time.process_time() - began
    began = time.process_time()
    for _ in range(GROUPS):
        by_the_table(judged.snapshot)
    bare = time.process_time() - began
    return [
        Figure(
            name="bill groups: 1 000 groups judged",
            value=took,
            unit="s of one core",
            at_most=1.0,
            facts={
                "transactions": LINES,
                "checks": len(judged.checks),
                "rule_table_s": round(bare, 3),
                "ratio": round(took / bare, 2),
            },
        ),
        _stored(took),
    ]


def _stored(judged_s: float) -> Figure:
    folder = Path(tempfile.mkdtemp(prefix="ledgerway-bench-"))
    with EmbeddedServers(folder / "state") as addresses:
        migrate(addresses.database_url)
        wall, cpu = asyncio.run(_evaluated(addresses.database_url, folder))
    erase(folder / "state")
    shutil.rmtree(folder)
    return Figure(
        name="bill groups: 1 000 groups gathered, judged, stored",
        value=wall * GROUPS / STORED,
        unit="s",
        facts={
            "measured": STORED,
            "process_cpu_us": round(cpu / STORED * 1e6),
            "ratio": round(wall * GROUPS / STORED / judged_s, 1),
        },
    )


async def _evaluated(url: str, folder: Path) -> tuple[float, float]:
    """Seconds, and those of this process's processor time, for STORED evaluations of the seeded firm's groups."""
    database, clock = await Database.connect(url), FixedClock()
    services = Services(
        database=database, ports=await connected(database, folder, clock), settings=Settings(), clock=clock
    )
    await Seed(services).plant()
    groups = [
        row["id"] for row in await database.fetch("select id from bill_group where state <> 'billed' order by id")
    ]
    began, used = time.perf_counter(), time.process_time()
    for number in range(STORED):
        async with unit_of_work(database) as connection:
            unit = Unit(connection, system_call(TENANT, "system:bench"), clock.now())
            await evaluation.evaluate(services, unit, groups[number % len(groups)])
    took = time.perf_counter() - began, time.process_time() - used
    await services.close()
    return took
