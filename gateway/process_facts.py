"""What the operating system says of this process, under the names every Prometheus client uses."""

import os
import resource
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from contracts.periods import SystemClock
from runtime import metrics

_STARTED = SystemClock().now().timestamp()
_SELF = Path("/proc/self")


def _started() -> Iterator[metrics.Sample]:
    yield (), _STARTED


def _cpu() -> Iterator[metrics.Sample]:
    times = os.times()
    yield (), times.user + times.system


def _resident() -> Iterator[metrics.Sample]:
    """Absent where there is no /proc."""
    statm = _SELF / "statm"
    if statm.exists():
        yield (), int(statm.read_text().split()[1]) * resource.getpagesize()


def _open_files() -> Iterator[metrics.Sample]:
    if (_SELF / "fd").exists():
        yield (), sum(1 for _ in (_SELF / "fd").iterdir())


def _most_files() -> Iterator[metrics.Sample]:
    yield (), resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _build() -> Iterator[metrics.Sample]:
    yield (version("ledgerway"),), 1


GAUGES = (
    metrics.Gauge("process_start_time_seconds", "When this process began (epoch).", (), _started),
    metrics.Gauge("process_cpu_seconds_total", "CPU time used.", (), _cpu, kind="counter"),
    metrics.Gauge("process_resident_memory_bytes", "Memory in use.", (), _resident),
    metrics.Gauge("process_open_fds", "Open files and sockets.", (), _open_files),
    metrics.Gauge("process_max_fds", "How many may be open.", (), _most_files),
    metrics.Gauge("ledgerway_build_info", "Always 1; the label says which version runs.", ("version",), _build),
)
