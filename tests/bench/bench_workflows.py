"""Five-step workflows a second on one worker, steps that do nothing, against the bare workflow library on the same server (fsync on)."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contracts.call import Call
from runtime.data.database import Database
from runtime.data.embedded import EmbeddedServers, erase
from runtime.data.migrate import migrate
from runtime.work.run import Run
from tests.bench.figures import Figure
from tests.support.demo import ROOT
from tests.workflow.stage import Order, Receipt, Told, eventually, staged

RUNS, STEPS = 200, 5


def measure() -> list[Figure]:
    """The figures of this file."""
    folder = Path(tempfile.mkdtemp(prefix="ledgerway-bench-"))
    with EmbeddedServers(folder / "state") as addresses:
        migrate(addresses.database_url)
        rate, cpu = asyncio.run(_ours(addresses.database_url))
        command = [sys.executable, "-m", "tests.bench.bare_workflows", addresses.database_url, str(RUNS)]
        bare = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    erase(folder / "state")
    shutil.rmtree(folder)
    bare_rate, bare_cpu = map(float, bare.stdout.split())
    return [
        Figure(
            name="workflows: five steps",
            value=rate,
            unit="/s",
            at_least=40,
            facts={
                "runs": RUNS,
                "cpu_ms": round(cpu * 1000, 1),
                "one_idle_core_per_s": round(1 / cpu, 1),
                "library_per_s": round(bare_rate, 1),
                "library_cpu_ms": round(bare_cpu * 1000, 1),
                "ratio": round(rate / bare_rate, 2),
            },
        )
    ]


async def _perform(run: Run, order: Order) -> Receipt:
    async def nothing(call: Call) -> Receipt:
        return Receipt(id="r")

    for number in range(STEPS):
        await run.step(f"step {number}", nothing)
    return Receipt(id="done")


async def _ours(url: str) -> tuple[float, float]:
    """Runs a second from the first start to the last end, and processor seconds for each."""
    database = await Database.connect(url)
    async with staged(database, url, Told(_perform)) as stage:
        await stage.until((await stage.start("warm")).id, "completed")
        began, used = time.perf_counter(), time.process_time()
        for number in range(RUNS):
            await stage.start(f"k{number}")

        async def ended() -> bool:
            sql = "select count(*) from run where state = 'completed'"
            return bool(await database.fetchval(sql) == RUNS + 1)

        await eventually(ended, 300)
        took = time.perf_counter() - began, time.process_time() - used
    await database.close()
    return RUNS / took[0], took[1] / RUNS
