"""PostgreSQL and Valkey for an installation without servers of its own: started, adopted and stopped by one supervisor."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

from runtime.data.postgres_server import PostgresServer
from runtime.data.statedir import StateDirectory
from runtime.data.valkey_server import ValkeyServer

Server: TypeAlias = PostgresServer | ValkeyServer
POSTGRES, VALKEY = "PostgreSQL", "Valkey"
RECORD = "addresses.json"


class Addresses(Struct, frozen=True, kw_only=True):
    """Where the servers answer; `adopted` names those found running, left by a supervisor that was killed."""

    database_url: str
    redis_url: str
    adopted: tuple[str, ...] = ()


class EmbeddedServers:
    """The servers of one state directory; what is configured by address is not started.

    `start()` takes the directory's lock (StateDirectoryInUse when another process has it), `stop()` gives it back.
    Blocking calls: from a coroutine use `asyncio.to_thread`.
    """

    def __init__(
        self, state_dir: Path, *, database_url: str | None = None, redis_url: str | None = None, durable: bool = True
    ) -> None:
        self._state = StateDirectory(state_dir)
        given = {POSTGRES: database_url, VALKEY: redis_url}
        self._given = {name: url for name, url in given.items() if url is not None}
        self._servers: dict[str, Server] = {}
        self._durable = durable
        self._stack = ExitStack()

    def start(self) -> Addresses:
        """Locks the directory and has every server running that is not configured. Raises EmbeddedServerError."""
        with ExitStack() as stack:
            stack.enter_context(self._state)
            addresses = self._start(stack)
            self._stack = stack.pop_all()
        return addresses

    def stop(self) -> None:
        """Stops what this object started or adopted, then frees the directory; a second call does nothing."""
        self._stack.close()

    def __enter__(self) -> Addresses:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def names(self) -> tuple[str, ...]:
        """The servers this object runs; empty before `start` and when all are configured by address."""
        return tuple(self._servers)

    def mend(self) -> list[str]:
        """Starts again what has died since; the names of those servers. Raises EmbeddedServerError."""
        dead = [name for name, server in self._servers.items() if not server.alive()]
        for name in dead:
            self._servers[name].start()
        return dead

    def _start(self, stack: ExitStack) -> Addresses:
        self._servers = self._embedded()
        adopted = [name for name, server in self._servers.items() if self._started(server, stack)]
        urls = self._given | {name: server.url for name, server in self._servers.items()}
        addresses = Addresses(database_url=urls[POSTGRES], redis_url=urls[VALKEY], adopted=tuple(adopted))
        stack.callback(_record(self._state.path, addresses).unlink, missing_ok=True)
        return addresses

    def _embedded(self) -> dict[str, Server]:
        """The servers that are ours to run; nothing is touched when both are configured."""
        if len(self._given) == 2:
            return {}
        home = self._state.home()
        run_folder = self._state.run_folder(home)
        makers: dict[str, Callable[[], Server]] = {
            POSTGRES: lambda: PostgresServer(home, run_folder, durable=self._durable),
            VALKEY: lambda: ValkeyServer(home, run_folder),
        }
        return {name: make() for name, make in makers.items() if name not in self._given}

    @staticmethod
    def _started(server: Server, stack: ExitStack) -> bool:
        stack.callback(server.stop)
        return server.start()


def running(state_dir: Path) -> Addresses | None:
    """Addresses of the servers a supervisor keeps for this directory, for a command in another terminal; else None."""
    try:
        return msgspec.json.decode((state_dir / RECORD).read_bytes(), type=Addresses)
    except (OSError, msgspec.DecodeError):
        return None


def _record(folder: Path, addresses: Addresses) -> Path:
    record = folder / RECORD
    record.touch(mode=0o600)
    record.write_bytes(msgspec.json.encode(addresses))
    return record


def erase(state_dir: Path) -> None:
    """Stops servers left running there and deletes all state, the servers' data outside it included (`demo --reset`).

    Raises StateDirectoryInUse while a supervisor holds it, NotAStateDirectory when the directory is not one of ours.
    """
    StateDirectory(state_dir).check_ours()
    with StateDirectory(state_dir) as state:
        home = state.home()
        run_folder = state.run_folder(home)
        ValkeyServer(home, run_folder).stop()
        PostgresServer(home, run_folder).stop()
        state.erase()
