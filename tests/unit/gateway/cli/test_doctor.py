"""`ledgerway doctor`: each thing that can be wrong is made wrong for real and has to be found, named and told how to mend."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import uvicorn

from contracts.periods import SystemClock
from gateway.cli.root import parse
from gateway.doctor import machine
from gateway.doctor.examination import examine
from gateway.doctor.finding import Finding
from runtime.connections import Connection, put
from runtime.data.database import Database
from runtime.settings import Settings
from runtime.work import slots
from runtime.work.session import Session
from tests.contract.vendors import workday
from tests.support.clock import FixedClock
from tests.unit.gateway.cli.conftest import Run

Examined = Callable[..., Any]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """This test's own: what is made wrong here must not meet another test."""
    opened = await Database.connect(database_url, max_size=4)
    yield opened
    await opened.close()


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir(mode=0o700)
    (made / "api-key-pepper").write_text("x")
    (made / "api-key-pepper").chmod(0o600)
    return made


@pytest.fixture
def examined(database_url: str, state_dir: Path) -> Examined:
    """What is found in this test's database, by check; keywords replace settings."""

    async def ask(*, offline: bool = True, clock: Any = None, **settings: Any) -> dict[str, Finding]:
        given = Settings(**{"database_url": database_url, "state_dir": state_dir} | settings)
        found = await examine(given, offline=offline, clock=clock)
        commands = [f.fix.partition("   (")[0] for f in found if f.fix and f.fix.startswith("ledgerway ")]
        for command in commands:
            parse([word for word in command.split()[1:] if word != "--version"] or ["--version"])
        assert all(f.fix for f in found if f.state == "ill"), "whatever is ill names what mends it"
        return {f.check: f for f in found}

    return ask


def is_ill(finding: Finding, *words: str) -> None:
    assert finding.state == "ill", finding
    for word in words:
        assert word in f"{finding.detail} {finding.fix}", finding


async def test_a_fresh_installation_lacks_only_a_worker(examined: Examined) -> None:
    found = await examined()
    assert [f.check for f in found.values() if f.state == "ill"] == ["worker"]
    assert found["database"].state == found["schema"].state == found["audit trail"].state == "well"


async def test_a_database_of_something_else(examined: Examined, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as session:
        session.execute("drop schema public cascade; create schema public; create table orders (id int)")
    is_ill((await examined())["database"], "Wrong database", "1 tables", "LEDGERWAY_DATABASE_URL")


async def test_a_database_that_is_not_there(examined: Examined, database_url: str) -> None:
    parts = urlsplit(database_url)
    url = urlunsplit(parts._replace(netloc=parts.netloc or "@", path="/nowhere"))
    is_ill((await examined(database_url=url))["database"], "none named nowhere", "createdb nowhere")


async def test_another_server_and_no_server(examined: Examined) -> None:
    with talking(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        is_ill((await examined(database_url=f"postgresql://me@127.0.0.1:{port}/x"))["database"], "no PostgreSQL")
    found = await examined(database_url=f"postgresql://me:hush@127.0.0.1:{port}/x")
    is_ill(found["database"], "does not answer", "ledgerway demo")
    assert "hush" not in found["database"].detail
    is_ill((await examined(database_url=None))["database"], "LEDGERWAY_DATABASE_URL is not set")


async def test_a_read_only_database(examined: Examined, database_url: str) -> None:
    name = urlsplit(database_url).path[1:]
    with psycopg.connect(database_url, autocommit=True) as session:
        session.execute(f'alter database "{name}" set default_transaction_read_only = on')
    is_ill((await examined())["database"], "read-only", "reset default_transaction_read_only")


async def test_the_database_of_another_installation(examined: Examined, state_dir: Path) -> None:
    (state_dir / "installation").write_text("another-one\n")
    is_ill((await examined())["database"], "Wrong database", "another-one")


async def test_missing_and_unknown_migrations(examined: Examined, database: Database) -> None:
    gone = await database.fetchval("delete from _yoyo_migration where migration_id like '0005%' returning migration_id")
    is_ill((await examined())["schema"], gone, "ledgerway db migrate")
    await database.execute(
        "insert into _yoyo_migration (migration_hash, migration_id, applied_at_utc) values "
        "('a', $1, now()), ('b', '9999_future', now())",
        gone,
    )
    is_ill((await examined())["schema"], "newer", "9999_future")


@pytest.mark.parametrize(("ahead", "state"), [(0, "well"), (10, "warning"), (-600, "ill")])
async def test_clocks_that_differ(examined: Examined, ahead: int, state: str) -> None:
    clock = FixedClock(SystemClock().now() + timedelta(seconds=ahead))
    found = (await examined(clock=clock))["clock"]
    assert found.state == state
    if state == "ill":
        is_ill(found, "Clock skew", "600 s ahead", "timedatectl")


async def test_a_dead_slot_with_and_without_somebody_to_take_over(examined: Examined, database: Database) -> None:
    worker = Session(database, {})
    await worker.open()
    assert await slots.claim(worker, database, 4) == "slot-0"
    assert (await examined())["worker"].state == "well"
    await worker.close()
    found = await examined()
    is_ill(found["slot"], "slot-0 is dead", "ledgerway worker")
    is_ill(found["worker"], "No worker")
    other = Session(database, {})
    await other.open()
    await database.execute("insert into slot (name) values ('slot-3')")
    await slots.claim(other, database, 4)
    found = await examined()
    assert (found["slot"].state, found["worker"].state) == ("warning", "well")
    await other.close()


async def test_stuck_events_and_given_up_ones(examined: Examined, database: Database) -> None:
    await database.execute(
        "insert into dead_letter (tenant, subscriber, event_id, attempts, error) values ('demo', 's', 'e', 6, '{}')"
    )
    is_ill((await examined())["outbox"], "1 events were given up")
    await database.execute(
        "insert into outbox (tenant, id, type, source, subject, partitionkey, correlation_id, occurred_at, data) "
        "values ('demo', 'e1', 't', 's', 'x', 'x', 'c', now() - interval '20 minutes', '{}')"
    )
    is_ill((await examined())["outbox"], "Stuck", "20 min", "ledgerway worker")


async def test_an_unsealed_tail(examined: Examined, database: Database) -> None:
    await database.execute("insert into audit (tenant, id, at) values ('demo', 'a1', now() - interval '5 minutes')")
    is_ill((await examined())["audit trail"], "Unsealed tail: 1 rows", "5 min", "ledgerway worker")


async def test_redis_away(examined: Examined) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    is_ill((await examined(redis_url=f"redis://127.0.0.1:{port}/0"))["redis"], "does not answer", "redis")


async def test_a_state_directory_others_can_read_or_that_is_not_ours(examined: Examined, state_dir: Path) -> None:
    (state_dir / "api-key-pepper").chmod(0o644)
    is_ill((await examined())["state directory"], "api-key-pepper", "chmod go-rw")
    (state_dir / "api-key-pepper").unlink()
    (state_dir / "holiday.jpg").touch()
    assert (await examined())["state directory"].state == "warning"
    assert (await examined(state_dir=state_dir / "none"))["state directory"].fix == "ledgerway demo"


def test_a_full_disk(tmp_path: Path) -> None:
    is_ill(machine.room(tmp_path, 50 * 1024**2), "Full", "50 MB")
    assert machine.room(tmp_path, 500 * 1024**2).state == "warning"
    assert machine.room(tmp_path, 50 * 1024**3).state == "well"
    assert machine.disk(tmp_path / "not" / "there").detail.endswith(f"at {tmp_path}.")


async def connected(database: Database, url: str, folder: Path, **secret: str) -> Connection:
    place = folder / "workday.json"
    place.write_text(json.dumps(workday.SECRET | secret))
    known = workday.connection(f"file:{place}")
    made = Connection(
        tenant="demo", instance="hr", vendor="workday", ports=("hcm",), base_url=url, secret=known.secret,
        settings=known.settings,
    )  # fmt: skip
    await put(database, made)
    return made


async def test_a_stale_feed(examined: Examined, database: Database, tmp_path: Path) -> None:
    await connected(database, "http://127.0.0.1:9", tmp_path)
    is_ill((await examined())["feed"], "hcm of hr was last read never", "ledgerway worker")
    await database.execute(
        "insert into feed (tenant, instance, feed, read_at) values ('demo', 'hr', 'hcm', now() - interval '3 hours')"
    )
    is_ill((await examined())["feed"], "3 h ago", "limit is 60 min", "connection test hr")
    await database.execute("update feed set read_at = now()")
    assert (await examined())["feeds"].state == "well"


@pytest.fixture
def vendor() -> Iterator[str]:
    """The simulated Workday on a socket."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(workday.simulator(), log_level="error", lifespan="off", loop="asyncio"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


async def test_an_expired_credential(examined: Examined, database: Database, vendor: str, tmp_path: Path) -> None:
    made = await connected(database, vendor, tmp_path)
    found = await examined(offline=False)
    assert (found["system hr"].state, found["clock of hr"].state) == ("well", "well")
    await connected(database, vendor, tmp_path, refresh_token="expired")
    is_ill((await examined(offline=False))["system hr"], "credential", made.secret, "ledgerway connection test hr")
    (tmp_path / "workday.json").unlink()
    is_ill((await examined(offline=False))["system hr"], "credential", made.secret)


async def test_a_vendor_whose_clock_differs(examined: Examined, database: Database, tmp_path: Path) -> None:
    with dated(timedelta(hours=2)) as url:
        await connected(database, url, tmp_path)
        found = await examined(offline=False)
    is_ill(found["clock of hr"], "Clock skew", "ahead of", "timedatectl")
    assert 7190 <= int(found["clock of hr"].detail.split()[4]) <= 7210


def test_what_a_command_line_sees(
    ledgerway: Run, database_url: str, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGERWAY_DATABASE_URL", database_url)
    said = ledgerway("doctor", "--offline", "--state-dir", str(state_dir))
    assert said.code == 1
    assert "To do\n  worker: ledgerway worker" in said.out
    shown = json.loads(ledgerway("doctor", "--offline", "--json", "--state-dir", str(state_dir)).out)
    assert shown["well"] is False
    assert {"check": "worker", "state": "ill", "fix": "ledgerway worker"}.items() <= next(
        item for item in shown["items"] if item["check"] == "worker"
    ).items()
    monkeypatch.setenv("LEDGERWAY_DATABASE_URL", "postgresql://127.0.0.1:9/x")
    assert ledgerway("doctor", "--offline", "--state-dir", str(state_dir)).code == 7


class talking:  # noqa: N801 - used as a context
    """A server that says one thing to everybody."""

    def __init__(self, words: bytes) -> None:
        self._words, self._socket = words, socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> int:
        threading.Thread(target=self._serve, daemon=True).start()
        port: int = self._socket.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            peer.recv(1024)
            peer.sendall(self._words)
            peer.close()


class dated:  # noqa: N801 - used as a context
    """A web server that refuses everything and whose clock is ahead."""

    def __init__(self, ahead: timedelta) -> None:
        class Handler(BaseHTTPRequestHandler):
            def date_time_string(self, timestamp: float | None = None) -> str:
                return format_datetime(SystemClock().now() + ahead, usegmt=True)

            def do_POST(self) -> None:
                self.send_response(400)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
