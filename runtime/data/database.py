"""PostgreSQL through one asyncpg pool: plain SQL in, records out; jsonb is Python builtins, numeric is Decimal.

Sessions of the pool are handed back without a reset query, so nothing may `SET` or take session locks on them;
what needs a session of its own (LISTEN, an executor's lock) asks for `dedicated()`. A few sessions stay at hand when they come back:
handing one to the pool and taking it again costs as much as a statement.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self, TypeAlias

import asyncpg

from contracts import wire
from runtime.data.listening import Listener

Connection: TypeAlias = asyncpg.Connection
Heard = Callable[[str], Awaitable[None] | None]


class _Session(asyncpg.Connection):  # type: ignore[misc]
    """Rolls back on release as asyncpg does, without the round trip of `RESET ALL` (see the module's rule)."""

    def get_reset_query(self) -> str:
        return ""


_MOST_AT_HAND = 4


class Database:
    """A pool of at most `max_size` sessions; every statement ends after `statement_timeout_s` seconds at the server."""

    def __init__(self, pool: asyncpg.Pool, open_session: Callable[[], Awaitable[Connection]]) -> None:
        self._pool = pool
        self._open_session = open_session
        self._listeners: list[Listener] = []
        self._at_hand: list[Connection] = []
        self._waiting = 0
        self._closed = False

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        application_name: str = "ledgerway",
        min_size: int = 1,
        max_size: int = 10,
        statement_timeout_s: int = 30,
    ) -> Self:
        """Opens the pool. Raises OSError or asyncpg.PostgresError when the server cannot be reached or refuses."""
        options = _session_options(application_name, statement_timeout_s)
        pool = await asyncpg.create_pool(
            url, min_size=min_size, max_size=max_size, init=_prepare, max_inactive_connection_lifetime=300.0, **options
        )

        async def open_session() -> Connection:
            session = await asyncpg.connect(url, **options)
            await _prepare(session)
            return session

        return cls(pool, open_session)

    async def close(self) -> None:
        """Ends listeners, waits at most 5 seconds for sessions in use, then ends them."""
        for listener in self._listeners:
            await listener.close()
        self._closed = True
        try:
            async with asyncio.timeout(5):
                while self._at_hand:
                    await self._pool.release(self._at_hand.pop())
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """All rows."""
        async with self._session() as session:
            return await session.fetch(sql, *args)  # type: ignore[no-any-return]

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        async with self._session() as session:
            return await session.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None."""
        async with self._session() as session:
            return await session.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        """Runs a statement; returns PostgreSQL's command tag, such as `UPDATE 3`."""
        async with self._session() as session:
            return await session.execute(sql, *args)  # type: ignore[no-any-return]

    async def executemany(self, sql: str, rows: Iterable[Iterable[Any]]) -> None:
        """Runs a statement for each row, all in one transaction."""
        async with self._session() as session:
            await session.executemany(sql, rows)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A session inside a READ COMMITTED transaction: committed at the end, rolled back when the block raises."""
        async with self._session() as session, session.transaction():
            yield session

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Connection]:
        """One of those at hand or of the pool. It stays at hand unless its work failed or somebody waits for the pool."""
        session = await self._taken()
        stays = False
        try:
            yield session
            stays = not self._waiting and not self._closed and len(self._at_hand) < _MOST_AT_HAND
        finally:
            if stays:
                self._at_hand.append(session)
            else:  # the pool makes it fit again, whatever ended the work
                await self._pool.release(session)

    async def _taken(self) -> Connection:
        while self._at_hand:
            session = self._at_hand.pop()
            if not session.is_closed():
                return session
            await self._pool.release(session)
        self._waiting += 1
        try:
            return await self._pool.acquire()
        finally:
            self._waiting -= 1

    async def dedicated(self) -> Connection:
        """A session outside the pool, the caller's to close: for session locks, which last as long as it does."""
        return await self._open_session()

    async def listen(self, channel: str, heard: Heard) -> Listener:
        """Calls `heard(payload)` for every NOTIFY on the channel, on a session of its own that reconnects.

        Notices sent while disconnected are lost, so after every reconnection `heard("")` is called: look for yourself.
        """
        listener = Listener(self._open_session, channel, heard)
        await listener.start()
        self._listeners.append(listener)
        return listener

    async def notify(self, channel: str, payload: str = "") -> None:
        """Sends a NOTIFY now; inside a transaction use `select pg_notify(...)`, which is sent at commit."""
        await self.execute("select pg_notify($1, $2)", channel, payload)


def _session_options(application_name: str, statement_timeout_s: int) -> dict[str, Any]:
    return {
        "connection_class": _Session,
        "timeout": 10,
        "command_timeout": statement_timeout_s + 5,
        "server_settings": {
            "application_name": application_name,
            "timezone": "UTC",
            "jit": "off",
            "statement_timeout": str(statement_timeout_s * 1000),
            "idle_in_transaction_session_timeout": "60000",
        },
    }


async def _prepare(session: Connection) -> None:
    for name, head in (("jsonb", b"\x01"), ("json", b"")):
        await session.set_type_codec(
            name, schema="pg_catalog", format="binary", encoder=_encoder(head), decoder=_decoder(len(head))
        )


def _encoder(head: bytes) -> Callable[[Any], bytes]:
    return lambda value: head + wire.encode(value)


def _decoder(skip: int) -> Callable[[bytes], Any]:
    return lambda raw: wire.decode(raw[skip:], Any)


async def reachable(url: str) -> bool:
    """True when the server answers a query within 5 seconds."""
    with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError):
        session = await asyncpg.connect(url, timeout=5)
        try:
            return await session.fetchval("select true", timeout=5) is True
        finally:
            await session.close(timeout=5)
    return False
