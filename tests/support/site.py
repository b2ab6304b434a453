"""An installation whose state can be put back: server roles as processes of ours, a database of its own, simulated systems.

`ledgerway demo` fills it once. `keep` copies database and journals under a name, `restore` makes them the state again, so
that many tests begin at the same place without waiting for it, and their ends can be compared.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from contracts.periods import SystemClock
from tests.support import servers as machinery
from tests.support.demo import ROOT, Demo, demo, free_port, request, until
from tests.support.servers import Servers

ROLES = ("sandbox", "serve", "worker")
_COMMANDS = {"sandbox": ("sandbox", "start"), "serve": ("serve",), "worker": ("worker",)}
BUSY = """
select (select count(*) from inbox where processed_at is null)
     + (select count(*) from outbox where relayed_at is null)
     + (select count(*) from run where state in ('running', 'waiting', 'compensating')
        and waiting_for->>'kind' is distinct from 'person')
     + (select count(*) from billable_transaction where state in ('rated', 'excluded') and erp_ref is null
        and posting_run_id is null and posting_date is not null and legal_entity_id is not null)
"""
_READING = ("/token", "/suiteql", "/query", "/introspect")
_FROM_NOW_ON = """
insert into cursor (tenant, feed, position, swept_at) values ('demo', 'time:certinia', %s, now()) returning feed
"""
_READ_ALL = "select count(*) > 3 from feed where feed <> 'time' and exists (select from feed where feed = 'time')"
_UNEVALUATED = "select count(*) from bill_group where dirty_since is not null"


class Site(Demo):
    """`process` of the base class is the API's; `children` are the roles by name, `worker-2` and so on included."""

    def __init__(self, servers: Servers, folder: Path, redis_url: str, **environment: str) -> None:
        self.servers, self.folder = servers, folder
        self.database_url = machinery.clone(servers)
        self.port = free_port()
        self._environment = {
            "LEDGERWAY_DATABASE_URL": self.database_url,
            "LEDGERWAY_REDIS_URL": redis_url,
            "LEDGERWAY_STATE_DIR": str(folder / "state"),
            "LEDGERWAY_PORT": str(self.port),
            **environment,
        }
        self.roles: dict[str, subprocess.Popen[bytes]] = {}
        self.marked: dict[str, int] = {}
        super().__init__(folder / "state", None, f"http://127.0.0.1:{self.port}", folder / "said")  # type: ignore[arg-type]

    def fill(self) -> None:
        """The demo's data, but for the time that its people worked before: what is taken in comes from a test."""
        self.rows(_FROM_NOW_ON, json.dumps({"since": SystemClock().now().isoformat()}))
        given = {k: v for k, v in self._environment.items() if k not in ("LEDGERWAY_STATE_DIR", "LEDGERWAY_PORT")}
        with demo(self.state_dir, self.port, **given):
            until(lambda: self.one(_READ_ALL), "the reference data", 60)
            self.until_quiet(evaluated=True)

    def keep(self, name: str) -> None:
        """Remember the state under a name. Nothing may be running."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.state_dir / "sandbox", self.folder / name)
        self._copy(self._database, f"{self._database}_{name}")

    def restore(self, name: str) -> None:
        """Go back to what was kept. Nothing may be running."""
        shutil.rmtree(self.state_dir / "sandbox")
        shutil.copytree(self.folder / name, self.state_dir / "sandbox")
        self._copy(f"{self._database}_{name}", self._database)

    @contextmanager
    def running(self, *roles: str) -> Iterator["Site"]:
        """The roles (all of them unless named) as processes, stopped at the end."""
        try:
            for role in roles or ROLES:
                self.launch(role)
            for role in roles or ROLES:
                self.await_work(role)
            yield self
        finally:
            self.stop_all()

    def start(self, name: str, **environment: str) -> None:
        """Start a role (`worker-2` is one more worker) and wait until it works."""
        self.launch(name, **environment)
        self.await_work(name)

    def launch(self, name: str, **environment: str) -> None:
        """Start a role."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("LEDGERWAY_")}
        log = self._log(name)
        log.parent.mkdir(exist_ok=True)
        log.unlink(missing_ok=True)
        with log.open("ab") as output:
            self.roles[name] = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli.main", *_COMMANDS[name.partition("-")[0]]],
                cwd=ROOT, env=clean | self._environment | environment, stdout=output, stderr=output,
            )  # fmt: skip

    def await_work(self, name: str) -> None:
        """Until a launched role works."""
        log = self._log(name)
        ready = {
            "sandbox": lambda: all(answers(f"{url}/_sandbox/health") for url in self.systems.values()),
            "serve": lambda: answers(f"{self.url}/health/ready"),
            "worker": lambda: b"worker.started" in log.read_bytes(),
        }[name.partition("-")[0]]
        until(lambda: ready() or self.roles[name].poll() is not None, f"{name} to work", 240, every=0.05)
        assert self.roles[name].poll() is None, f"{name} ended: {log.read_text()[-2000:]}"

    def _log(self, name: str) -> Path:
        return self.state_dir / "log" / f"{name}.log"

    def kill(self, name: str) -> None:
        """SIGKILL."""
        gone = self.roles.pop(name)
        gone.send_signal(signal.SIGKILL)
        gone.wait()

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """A role stands still (SIGSTOP) until the block ends."""
        self.roles[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.roles[name].send_signal(signal.SIGCONT)

    def writes(self, system: str) -> list[tuple[str, str]]:
        """(method, path) of what was written into a simulated system since its process began."""
        seen = request("GET", f"{self.systems[system]}/_sandbox/requests").body
        return [(r["method"], r["path"]) for r in seen if r["method"] != "GET" and not r["path"].endswith(_READING)]

    def mark(self) -> None:
        """What is written from now on is the product's work."""
        self.marked = {system: len(self.writes(system)) for system in self.systems}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the product, on this installation."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("LEDGERWAY_")}
        argv = [sys.executable, "-m", "gateway.cli.main", *words]
        return subprocess.run(
            argv, cwd=ROOT, env=clean | self._environment, capture_output=True, text=True, timeout=120
        )

    def stop_all(self) -> None:
        """SIGTERM, workers first."""
        for name in sorted(self.roles, key=lambda n: not n.startswith("worker")):
            process = self.roles.pop(name)
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def children(self) -> dict[str, int]:
        return {name: process.pid for name, process in self.roles.items()}

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query on the product's database."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Any:
        """The only value of a query."""
        return self.rows(sql, *values)[0][0]

    def quiet(self) -> bool:
        """True when nothing moves any more by itself."""
        return bool(self.one(BUSY) == 0)

    def until_quiet(self, seconds: float = 120, *, evaluated: bool = False) -> None:
        """Twice in a row: between two tables something may be on its way."""
        until(
            lambda: self.quiet() and not (evaluated and self.one(_UNEVALUATED)), "everything to come to rest", seconds
        )
        if not self.quiet():
            self.until_quiet(seconds, evaluated=evaluated)

    def remove(self) -> None:
        """Drop the databases."""
        for (name,) in self.rows("select datname from pg_database where starts_with(datname, %s)", self._database)[
            ::-1
        ]:
            machinery.drop(self.servers, name)

    @property
    def _database(self) -> str:
        return urlsplit(self.database_url).path.lstrip("/")

    def _copy(self, source: str, target: str) -> None:
        machinery.drop(self.servers, target)
        with psycopg.connect(self.servers.database_url, autocommit=True) as admin:
            admin.execute(f'create database "{target}" template "{source}"')


def answers(url: str) -> bool:
    """True when it says 2xx."""
    try:
        return request("GET", url).status < 300
    except OSError:
        return False
