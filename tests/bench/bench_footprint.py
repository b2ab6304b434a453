"""The whole product as `make run` starts it: memory of all its processes, processor time when nobody asks anything, the second start.

The reference of the start is a process that only imports what the API process imports.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from runtime.data.embedded import erase
from tests.bench.figures import Figure
from tests.bench.processes import cpu_s
from tests.support.demo import ROOT, Demo, demo

IDLE_S, SETTLE_S = 60, 20


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
    time.sleep(SETTLE_S)
    product = psutil.Process(running.process.pid)
    memory = {one.pid: (_name(one), _pss(one)) for one in (product, *product.children(recursive=True))}
    before, began = cpu_s(product), time.perf_counter()
    time.sleep(IDLE_S)
    share = (cpu_s(product) - before) / (time.perf_counter() - began) * 100
    by_name: dict[str, float] = {}
    for name, size in memory.values():
        by_name[name] = by_name.get(name, 0.0) + size
    return [
        Figure(
            name="footprint: memory of the whole product",
            value=sum(by_name.values()),
            unit="MiB (PSS)",
            at_most=700,
            facts={name: f"{size:.0f}" for name, size in sorted(by_name.items())},
        ),
        Figure(name="footprint: idle", value=share, unit="% of a core", at_most=3.0, facts={"seconds": IDLE_S}),
    ]


def _pss(process: psutil.Process) -> float:
    try:
        return process.memory_full_info().pss / 2**20
    except psutil.Error:
        return 0.0


def _name(process: psutil.Process) -> str:
    line = process.cmdline()
    return next((role for role in ("serve", "worker", "sandbox", "demo") if role in line), process.name())


def _seconds(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began
