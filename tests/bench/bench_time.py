"""Approved time from delivery to posting run: registered, validated, rated, capped, stored and queued for the ERP, fsync on.

The seeded firm's own time (its caps, gaps and faults included) lies in the inbox; two worker processes take it. The reference is the
same number of rows committed one by one over two sessions: what the disk and the server allow a design without batches.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from process_apis.time_posting import intake, posting
from runtime.data.database import Database
from runtime.data.embedded import EmbeddedServers, erase
from runtime.data.migrate import migrate
from runtime.work.unit import unit_of_work
from tests.bench.figures import Figure
from tests.bench.processes import cpu_s, postmaster
from tests.support.demo import ROOT
from tests.workflow.time_stage import TimeFirm

WORKERS = 2
_EVENT = """insert into outbox (tenant, id, type, source, subject, partitionkey, correlation_id, occurred_at, data, relayed_at)
    values ('bench', $1, 'bench', 'psa', 'tme_1', 'prj_1', 'cor_1', $2, '{}', now())"""
_STATES = "select state, count(*) from billable_transaction group by 1 order by 1"


def measure() -> list[Figure]:
    """The figures of this file."""
    folder = Path(tempfile.mkdtemp(prefix="ledgerway-bench-"))
    with EmbeddedServers(folder / "state") as addresses:
        migrate(addresses.database_url)
        figures = asyncio.run(_measure(addresses.database_url, folder))
    erase(folder / "state")
    shutil.rmtree(folder)
    return figures


async def _measure(url: str, folder: Path) -> list[Figure]:
    database = await Database.connect(url)
    office = TimeFirm(database, folder)
    await office.load()
    await database.execute("update outbox set relayed_at = now()")
    began = time.perf_counter()
    await intake.sweep(office.services)
    swept = time.perf_counter() - began
    await database.execute("analyze")
    entries = await database.fetchval("select count(*) from inbox")
    server = postmaster(url, pinned=False)
    cpu_before = cpu_s(server)
    took, cpu = await _worked(url, folder)
    began = time.perf_counter()
    await posting.gather(office.services)
    took += time.perf_counter() - began
    states = {row["state"]: row["count"] for row in await database.fetch(_STATES)}
    queued = await database.fetchval("select count(*) from billable_transaction where posting_run_id is not null")
    left = await database.fetchval("select count(*) from dead_letter")
    assert not left and queued, (left, queued)
    database_cpu = cpu_s(server) - cpu_before
    committed = await _committed(database, 1000)
    await office.services.close()
    return [
        Figure(
            name="time: entries a second, to the posting run",
            value=entries / took,
            unit="/s",
            at_least=1000,
            facts={
                "entries": entries,
                "queued": queued,
                **states,
                "worker_cpu_us": round(cpu / entries * 1e6),
                "postgres_cpu_us": round(database_cpu / entries * 1e6),
                "two_idle_cores_per_s": round(2 * entries / (cpu + database_cpu)),
                "rows_committed_per_s": round(committed),
                "ratio": round(entries / took / committed, 2),
                "swept_per_s": round(entries / swept),
            },
        )
    ]


async def _worked(url: str, folder: Path) -> tuple[float, float]:
    """Seconds of wall time, and of processor time of the workers."""
    command = [sys.executable, "-m", "tests.bench.time_worker", url, str(folder)]
    workers = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
        for _ in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
    used = [psutil.Process(worker.pid) for worker in workers]
    before, began = sum(map(cpu_s, used)), time.perf_counter()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    spent = before
    while any(worker.poll() is None for worker in workers):
        await asyncio.sleep(0.05)
        spent = max(spent, sum(_still(one) for one in used))
    assert not any(worker.returncode for worker in workers)
    return time.perf_counter() - began, spent - before


def _still(process: psutil.Process) -> float:
    try:
        return cpu_s(process)
    except psutil.Error:
        return 0.0


async def _committed(database: Database, rows: int) -> float:
    """Rows a second, each in a transaction of its own."""
    numbers, began = iter(range(rows)), time.perf_counter()

    async def one_after_the_other() -> None:
        for number in numbers:
            async with unit_of_work(database) as connection:
                await connection.execute(_EVENT, f"evt_{began}_{number}", datetime(2026, 11, 20, tzinfo=UTC))

    await asyncio.gather(*(one_after_the_other() for _ in range(WORKERS)))
    return rows / (time.perf_counter() - began)
