"""PostgreSQL through one asyncpg pool: plain SQL in, records out; jsonb is Python builtins, numeric is Decimal.

Sessions of the pool are handed back without a reset query, so nothing may `SET` or take session locks on them;
what needs a session of its own (LISTEN, an executor's lock) asks for `dedicated()`. A few sessions stay at hand when they come back:
handing one to the pool and taking it again costs as much as a statement.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
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

    def transaction(self) -> "_Transaction":
        """A session inside a READ COMMITTED transaction: committed at the end, rolled back when the block raises."""
        return _Transaction(self)

    def _session(self) -> "_Lent":
        return _Lent(self)

    async def take(self) -> Connection:
        """One of those at hand or of the pool."""
        while self._at_hand:
            session = self._at_hand.pop()
            if _lives(session):
                return session
            await self._pool.release(session)
        self._waiting += 1
        try:
            return await self._pool.acquire()
        finally:
            self._waiting -= 1

    async def give_back(self, session: Connection, *, failed: bool) -> None:
        """It stays at hand, unless its work failed or somebody waits for the pool: the pool makes it fit again, whatever ended the work."""
        if failed or self._waiting or self._closed or len(self._at_hand) >= _MOST_AT_HAND:
            await self._pool.release(session)
        else:
            self._at_hand.append(session)

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


def _lives(session: Connection) -> bool:
    """The pool takes a session back by itself when it sees it end; what held it then answers nothing any more."""
    with contextlib.suppress(asyncpg.InterfaceError):
        return not session.is_closed()
    return False


class _Lent:
    """A session while a block runs. A class and no generator: every statement passes here."""

    __slots__ = ("_database", "_session")

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __aenter__(self) -> Connection:
        self._session = await self._database.take()
        return self._session

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        await self._database.give_back(self._session, failed=kind is not None)


class _Transaction(_Lent):
    """The same inside a transaction."""

    __slots__ = ("_transaction",)

    async def __aenter__(self) -> Connection:
        session = await super().__aenter__()
        self._transaction, failed = session.transaction(), True
        try:
            await self._transaction.start()
            failed = False
        finally:
            if failed:
                await self._database.give_back(session, failed=True)
        return session

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        failed = True
        try:
            await self._transaction.__aexit__(kind, error, trace)
            failed = kind is not None
        finally:
            await self._database.give_back(self._session, failed=failed)


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
