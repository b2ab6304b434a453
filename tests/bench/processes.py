"""Server processes that are measured: started on one core, loaded from the other, their processor time read from outside."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
import psutil
import psycopg
from msgspec import Struct

from tests.bench.load import Order, Outcome
from tests.support.demo import ROOT, free_port, request, until

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]


class Round(Struct, frozen=True, kw_only=True):
    """One round of load: what came back, and the processor time of server and database in that time."""

    outcome: Outcome
    server_s: float
    database_s: float = 0.0

    @property
    def cpu_us(self) -> float:
        """Of the server for each answer."""
        return self.server_s * 1e6 / max(1, self.outcome.good)

    @property
    def database_us(self) -> float:
        """Of the database for each answer."""
        return self.database_s * 1e6 / max(1, self.outcome.good)

    @property
    def per_s(self) -> float:
        return self.outcome.good * 1e9 / self.outcome.took_ns


class Server(Struct, frozen=True, kw_only=True):
    """A running server."""

    port: int
    process: psutil.Process
    database: psutil.Process | None = None

    def loaded(self, request: bytes, *, seconds: int, rate: int | None = None, connections: int = 32) -> Round:
        """One round of load. Raises AssertionError when an answer was not 2xx."""
        order = Order(port=self.port, request=request, seconds=seconds, rate=rate, connections=connections)
        before = cpu_s(self.process), cpu_s(self.database)
        run = subprocess.run(
            [sys.executable, "-m", "tests.bench.load"],
            input=msgspec.json.encode(order),
            stdout=subprocess.PIPE,
            cwd=ROOT,
            check=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CORE}),
        )
        outcome = msgspec.json.decode(run.stdout, type=Outcome)
        assert outcome.good and not outcome.bad, outcome
        after = cpu_s(self.process), cpu_s(self.database)
        return Round(outcome=outcome, server_s=after[0] - before[0], database_s=after[1] - before[1])


def cpu_s(process: psutil.Process | None) -> float:
    """User and system time of a process and its children, those that ended included."""
    if process is None:
        return 0.0
    found = [process, *process.children(recursive=True)]
    own = sum(sum(one.cpu_times()[:2]) for one in found)
    return own + sum(process.cpu_times()[2:4])


@contextmanager
def serving(kind: str, *arguments: str, database: psutil.Process | None = None, **environment: str) -> Iterator[Server]:
    """A server of `tests.bench.server` on its core until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.server", kind, str(port), *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWAY_")} | environment
    process = subprocess.Popen(command, cwd=ROOT, env=clean, preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}))
    try:
        until(lambda: process.poll() is not None or _answers(port), f"{kind} serves", 60)
        assert process.poll() is None, f"{kind} ended"
        yield Server(port=port, process=psutil.Process(process.pid), database=database)
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        return request("GET", f"http://127.0.0.1:{port}/").status > 0
    except OSError:
        return False


def http_request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as bytes."""
    fields = {"host": "127.0.0.1", **headers}
    if body:
        fields |= {"content-type": "application/json", "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def postmaster(database_url: str, *, pinned: bool = True) -> psutil.Process:
    """The first process of a PostgreSQL server on this machine; `pinned` keeps it to the core of the load, children included."""
    with psycopg.connect(database_url) as session:
        found = psutil.Process(session.info.backend_pid).parent()
    assert found is not None
    for one in (found, *found.children()) if pinned else ():
        with suppress(ProcessLookupError):  # a session that has just ended
            os.sched_setaffinity(one.pid, {LOAD_CORE})
    return found
