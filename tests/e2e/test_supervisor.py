"""The supervisor as a user meets it: real processes, real servers, kill -9."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from runtime.data.embedded import EmbeddedServers, erase, running
from runtime.data.statedir import EmbeddedServerError
from runtime.work.child import Child, ChildFailed, Keeper

ROOT = Path(__file__).parents[2]
Start = Callable[..., "Run"]


class Run:
    """A supervisor process and what it says."""

    def __init__(self, state_dir: Path, port: int, *mode: str) -> None:
        self.port = port
        self.said = state_dir.with_name(f"said-{time.monotonic_ns()}")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWAY_")}
        command = [sys.executable, "-m", "tests.support.supervised", "supervise", str(state_dir), str(port), *mode]
        with self.said.open("w") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=clean, stderr=output, stdout=output)

    def text(self) -> str:
        return self.said.read_text()

    def wait_for(self, line: str) -> str:
        until(lambda: line in self.text() or self.process.poll() is not None, line)
        assert line in self.text(), self.text()
        return self.text()

    def child(self) -> tuple[int, int]:
        """Process id of the child, and how often children were started on this state."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=5) as answer:
            pid, starts = answer.read().split()
        return int(pid), int(starts)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def until(met: Callable[[], bool], what: str, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < ends, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Ended, reaped or not."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "state"
    yield path
    if path.exists():
        erase(path)


@pytest.fixture
def start(state_dir: Path) -> Iterator[Start]:
    runs: list[Run] = []
    port = free_port()

    def begin(*mode: str) -> Run:
        runs.append(Run(state_dir, port, *mode))
        return runs[-1]

    yield begin
    for run in runs:
        run.process.kill()
        run.process.wait()


def modes(path: Path) -> list[tuple[str, int]]:
    return [(str(folder), folder.stat().st_mode) for folder in (path, *path.parents)]


def test_a_stop_ends_all_and_a_start_finds_the_data_again(start: Start, state_dir: Path) -> None:
    before = modes(state_dir.parent)
    first = start()
    first.wait_for("all ready")
    assert first.child()[1] == 1
    addresses = running(state_dir)
    assert addresses is not None
    assert redis.Redis.from_url(addresses.redis_url, protocol=2).ping()
    assert first.end(signal.SIGINT) == 0
    assert first.text().endswith("stopped\n")
    assert running(state_dir) is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(addresses.database_url)
    second = start()
    assert "schema up to date" in second.wait_for("all ready")
    assert second.child()[1] == 2
    assert modes(state_dir.parent) == before


def test_a_job_in_the_background_of_a_script_stops_as_well(start: Start) -> None:
    as_it_was = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run = start()
    finally:
        signal.signal(signal.SIGINT, as_it_was)
    run.wait_for("all ready")
    assert run.end(signal.SIGINT) == 0


def test_servers_of_a_killed_supervisor_are_adopted_and_its_children_end(start: Start) -> None:
    first = start()
    first.wait_for("all ready")
    orphan, _ = first.child()
    first.end(signal.SIGKILL)
    second = start()
    said = second.wait_for("all ready")
    assert "PostgreSQL adopted" in said
    assert "Valkey adopted" in said
    assert gone(orphan)
    assert second.child()[1] == 2
    assert second.end() == 0


def test_a_second_supervisor_is_refused_and_told_whom_to_stop(start: Start) -> None:
    first = start()
    first.wait_for("all ready")
    second = start()
    assert second.process.wait(20) == 6
    assert f"kill {first.process.pid}" in second.text()
    assert first.child()[1] == 1


def test_a_dead_child_is_started_again(start: Start) -> None:
    run = start()
    run.wait_for("all ready")
    pid, _ = run.child()
    os.kill(pid, signal.SIGKILL)
    run.wait_for("api ended (signal SIGKILL)")
    until(lambda: run.text().count("api ready") == 2, "second life")
    assert run.child()[1] == 2


def test_a_child_that_cannot_start_ends_the_run_with_its_words(start: Start) -> None:
    run = start("crash")
    assert run.process.wait(30) == 1
    assert "no such table" in run.text()


def test_the_last_child_starts_when_the_data_is_there(start: Start) -> None:
    said = start("last").wait_for("all ready")
    assert said.index("data loaded") < said.index("api ready") < said.index("all ready")


def test_a_database_that_is_away_is_named(state_dir: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWAY_")}
    away = {"LEDGERWAY_DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/x", "LEDGERWAY_REDIS_URL": "redis://127.0.0.1:1"}
    command = [sys.executable, "-m", "tests.support.supervised", "supervise", str(state_dir), str(free_port())]
    done = subprocess.run(command, cwd=ROOT, env=clean | away, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (7, "stopped")
    assert "The database does not answer" in done.stderr
    assert "hush" not in done.stderr


def test_a_file_is_no_state_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        EmbeddedServerError, match=r"cannot be a state directory: Not a directory. Choose another with --state-dir"
    ):
        EmbeddedServers(tmp_path / "file").start()


def test_a_taken_port_is_named(state_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = Run(state_dir, port)
        assert run.process.wait(30) == 6
    assert f"Port {port} (api) is taken by another program. Stop it, or use another port: --port 9000." in run.text()
    assert "schema" not in run.text()


def test_a_server_role_names_a_taken_port_too(state_dir: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWAY_")}
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "gateway.cli.main",
            "serve",
            "--port",
            str(port),
            "--state-dir",
            str(state_dir),
        ]
        done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=60)
    assert done.returncode == 6
    assert f"Port {port} (api) is taken" in done.stderr


def test_what_a_role_says_when_it_refuses_is_told_without_what_it_said_before(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "api.log").write_text("an earlier life\n")
    refusal = '{"event": "role.refused", "detail": "The door is too small."}'
    ready_url = f"http://127.0.0.1:{free_port()}/"
    child = Child(name="api", argv=("sh", "-c", f"echo first; echo '{refusal}'; exit 2"), ready_url=ready_url)
    with pytest.raises(ChildFailed, match=r"ends: The door is too small\.$") as failed:
        asyncio.run(Keeper(child, dict(os.environ), tmp_path / "api.log", said.append).keep())
    assert failed.value.exit_code == 2
    child = Child(name="api", argv=("sh", "-c", "echo first; echo last; exit 2"), ready_url=ready_url)
    with pytest.raises(ChildFailed, match=r"ends: \n  first\n  last$"):
        asyncio.run(Keeper(child, dict(os.environ), tmp_path / "api.log", said.append).keep())


def test_ctrl_c_while_the_servers_are_made_ends_in_order(start: Start) -> None:
    run = start()
    supervisor = psutil.Process(run.process.pid)
    until(lambda: any(child.name() == "initdb" for child in supervisor.children()), "initdb")
    for process in (*supervisor.children(recursive=True), supervisor):
        if os.getpgid(process.pid) == os.getpgid(supervisor.pid):  # a terminal signals its foreground group
            process.send_signal(signal.SIGINT)
    assert run.process.wait(60) == 0
    assert run.text().endswith("stopped\n")
    assert "initdb" not in run.text()
    assert start().wait_for("all ready")


def test_a_dead_server_is_mended(state_dir: Path) -> None:
    servers = EmbeddedServers(state_dir, durable=False)
    with servers as addresses:
        redis.Redis.from_url(addresses.redis_url, protocol=2).shutdown(nosave=True)
        with psycopg.connect(addresses.database_url) as session:
            pid = _postmaster(session)
        os.kill(pid, signal.SIGKILL)
        until(lambda: gone(pid), "postmaster gone")
        assert servers.mend() == ["PostgreSQL", "Valkey"]
        with psycopg.connect(addresses.database_url) as session:
            assert session.execute("select 1").fetchone() == (1,)


def test_a_process_number_used_again_is_not_taken_for_the_server(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with EmbeddedServers(state, durable=False) as addresses, psycopg.connect(addresses.database_url) as session:
        row = session.execute("show data_directory").fetchone()
    assert row is not None
    Path(row[0], "postmaster.pid").write_text(f"{os.getpid()}\n{row[0]}\n")
    with EmbeddedServers(state, durable=False) as addresses, psycopg.connect(addresses.database_url) as session:
        assert addresses.adopted == ()
        assert session.execute("select 1").fetchone() == (1,)
    erase(state)


def _postmaster(session: psycopg.Connection) -> int:
    row = session.execute("select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int").fetchone()
    assert row is not None
    return int(row[0])


def test_a_private_home_stays_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with (
        EmbeddedServers(home / "state", durable=False) as addresses,
        psycopg.connect(addresses.database_url) as session,
    ):
        assert session.execute("select current_database()").fetchone() == ("ledgerway",)
    assert home.stat().st_mode & 0o777 == 0o700
    erase(home / "state")
    assert sorted(path.name for path in (home / "state").iterdir()) == ["lock", "state"]


def test_a_state_directory_may_be_moved(tmp_path: Path) -> None:
    with (
        EmbeddedServers(tmp_path / "old", durable=False) as addresses,
        psycopg.connect(addresses.database_url) as session,
    ):
        session.execute("create table kept (n int)")
    (tmp_path / "old").rename(tmp_path / "new")
    with (
        EmbeddedServers(tmp_path / "new", durable=False) as addresses,
        psycopg.connect(addresses.database_url) as session,
    ):
        assert session.execute("select count(*) from kept").fetchone() == (0,)
    erase(tmp_path / "new")


def test_a_folder_with_foreign_files_is_never_erased(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("irreplaceable")
    with pytest.raises(EmbeddedServerError, match="not made by ledgerway"):
        erase(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_addresses_of_external_servers_are_handed_on_untouched(state_dir: Path) -> None:
    given = {"database_url": "postgresql://a:b@db/x", "redis_url": "redis://cache/0"}
    servers = EmbeddedServers(state_dir, **given)
    with servers as addresses:
        assert (addresses.database_url, addresses.redis_url, servers.names) == (*given.values(), ())
    assert not (state_dir / "postgres").exists()


def test_a_path_too_long_for_sockets_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    with EmbeddedServers(deep, durable=False) as addresses, psycopg.connect(addresses.database_url) as session:
        assert session.execute("select 1").fetchone() == (1,)
    erase(deep)
