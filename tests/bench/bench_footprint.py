"""The whole product as `make run` starts it: memory of all its processes, processor time when nobody asks anything, the second start.

The reference of the start is a process that only imports what the API process imports.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
import redis

from runtime.data.embedded import erase
from tests.bench.figures import Figure
from tests.bench.processes import postmaster
from tests.support.demo import ROOT, Demo, demo, until

IDLE_S, SETTLE_S = 60, 45
_LEFT = "select (select count(*) from inbox where processed_at is null) + (select count(*) from outbox where relayed_at is null)"
_EVENTS = "select count(*) from outbox"


def measure() -> list[Figure]:
    """The figures of this file."""
    folder = Path(tempfile.mkdtemp(prefix="ledgerway-bench-"))
    state = folder / "state"
    with demo(state):
        pass
    imports = _seconds(
        lambda: subprocess.run([sys.executable, "-c", "import gateway.roles, gateway.apis"], cwd=ROOT, check=True)
    )
    began = time.perf_counter()
    with demo(state) as running:
        start = time.perf_counter() - began
        figures = [
            Figure(
                name="footprint: second start to ready",
                value=start,
                unit="s",
                at_most=5.0,
                facts={"imports_s": round(imports, 2), "ratio": round(start / imports, 2)},
            ),
            *_resting(running),
        ]
    erase(state)
    return figures


def _resting(running: Demo) -> list[Figure]:
    product = _processes(running)
    until(lambda: _settled(product[0]), "the seeded work is done and nothing followed from it", 600)
    before, began = _by_name(product, _cpu), time.perf_counter()
    time.sleep(IDLE_S)
    took = time.perf_counter() - began
    used = {name: (now - before[name]) / took * 100 for name, now in _by_name(product, _cpu).items()}
    memory = _by_name(product, _pss)
    return [
        Figure(
            name="footprint: memory of the whole product",
            value=sum(memory.values()),
            unit="MiB (PSS)",
            at_most=700,
            facts={name: f"{size:.0f}" for name, size in memory.items()},
        ),
        Figure(
            name="footprint: idle",
            value=sum(used.values()),
            unit="% of a core",
            at_most=3.0,
            facts={"seconds": IDLE_S} | {name: f"{share:.1f}" for name, share in used.items()},
        ),
    ]


def _settled(supervisor: psutil.Process) -> bool:
    """True when no delivery or event waits and no event came for a while: sweeps and timers still follow the last delivery."""
    before = _count(supervisor, _EVENTS)
    time.sleep(SETTLE_S)
    return not _count(supervisor, _LEFT) and _count(supervisor, _EVENTS) == before


def _count(supervisor: psutil.Process, query: LiteralString) -> int:
    url = next(found for child in supervisor.children() if (found := child.environ().get("LEDGERWAY_DATABASE_URL")))
    with psycopg.connect(url) as session:
        row = session.execute(query).fetchone()
    return 0 if row is None else int(row[0])


def _processes(running: Demo) -> list[psutil.Process]:
    """The supervisor, its children, and the servers it started, which are nobody's children."""
    product = psutil.Process(running.process.pid)
    known = psutil.Process(running.children()["serve"]).environ()
    database = postmaster(known["LEDGERWAY_DATABASE_URL"], pinned=False)
    with redis.Redis.from_url(known["LEDGERWAY_REDIS_URL"], protocol=2) as client:
        counters = psutil.Process(client.info("server")["process_id"])
    return [product, *product.children(recursive=True), database, *database.children(), counters]


def _by_name(product: list[psutil.Process], read: Callable[[psutil.Process], float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in product:
        with suppress(psutil.Error):  # a session of the database that ended
            name = _name(one)
            found[name] = found.get(name, 0.0) + read(one)
    return dict(sorted(found.items()))


def _cpu(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


def _pss(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss) / 2**20


def _name(process: psutil.Process) -> str:
    line = process.cmdline()
    return next((role for role in ("serve", "worker", "sandbox", "demo") if role in line), process.name())


def _seconds(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began
