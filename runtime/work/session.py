"""The worker's one session of its own: locks that live as long as the worker does, and the channels it listens on.

When the session ends (a restarted server), its locks are gone at once. `keep` opens it again, takes the worker's own locks
back and wakes every listener, since notices sent meanwhile are lost. A lock somebody else took in between ends the worker.
"""

import asyncio
import itertools
from collections.abc import Callable, Mapping

import asyncpg

from contracts.problems import StoreAway
from runtime.data.database import Connection, Database
from runtime.telemetry import log

Key = tuple[int, int]
Heard = Callable[[str], None]

_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_REFUSALS = 4
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class LockLost(Exception):
    """Another worker holds a lock that was ours: whoever has it does our work now."""


class Session:
    """`heard` maps a channel to what is called with each payload, and with "" after a reconnection."""

    def __init__(self, database: Database, heard: Mapping[str, Heard]) -> None:
        self._database, self._heard = database, heard
        self._session: Connection | None = None
        self._held: set[Key] = set()
        self._own: set[Key] = set()
        self._one_at_a_time = asyncio.Lock()
        self._lost = asyncio.Event()

    async def open(self) -> None:
        """Raises what connecting raises."""
        self._lost.clear()
        session = await self._database.dedicated()
        session.add_termination_listener(self._ended)
        for channel, heard in self._heard.items():
            await session.add_listener(channel, _listener(heard))
        self._session = session

    async def take(self, space: int, number: int, *, own: bool = False) -> bool:
        """True when this session holds the lock. An `own` lock is the worker's identity and is taken back after a loss."""
        key = (space, number)
        async with self._one_at_a_time:
            if key not in self._held and await self._live().fetchval("select pg_try_advisory_lock($1, $2)", *key):
                self._held.add(key)
        if own and key in self._held:
            self._own.add(key)
        return key in self._held

    async def give(self, space: int, number: int) -> None:
        """Lets a lock go."""
        async with self._one_at_a_time:
            await self._live().execute("select pg_advisory_unlock($1, $2)", space, number)
            self._held.discard((space, number))

    async def keep(self) -> None:
        """Runs until cancelled. Raises LockLost when an own lock cannot be taken back."""
        while True:
            await self._lost.wait()
            log.warning("worker.session_lost")
            await self._mend()
            for heard in self._heard.values():
                heard("")

    async def close(self) -> None:
        """Ends the session and with it every lock."""
        session, self._session = self._session, None
        if session is not None and not session.is_closed():
            await session.close(timeout=2)

    def _live(self) -> Connection:
        if self._session is None or self._session.is_closed():
            raise StoreAway("The worker's session is being opened again.")
        return self._session

    def _ended(self, session: object) -> None:
        if session is self._session:
            self._held.clear()
            self._lost.set()

    async def _mend(self) -> None:
        refusals = 0
        for pause_s in itertools.chain(_PAUSES_S, itertools.repeat(_PAUSES_S[-1])):
            await asyncio.sleep(pause_s)
            try:
                if self._session is None or self._session.is_closed():
                    await self.open()
                if all([await self.take(*key) for key in self._own]):
                    return
            except _AWAY as away:
                log.debug("worker.session_away", error=str(away))
                continue
            refusals += 1
            if refusals == _REFUSALS:
                raise LockLost("Another worker took this one's lock while the database was away.")


def _listener(heard: Heard) -> Callable[[object, int, str, str], None]:
    return lambda _session, _pid, _channel, payload: heard(payload)
