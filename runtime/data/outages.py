"""A store that does not answer is one problem, whatever its client library raises."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from redis.exceptions import RedisError

from contracts.problems import StoreAway

AWAY = (
    OSError,
    TimeoutError,
    RedisError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
)


@contextmanager
def guarded(store: str) -> Iterator[None]:
    """Raises StoreAway for connection errors and time-outs inside; statements that are wrong stay what they are."""
    try:
        yield
    except AWAY as error:
        raise StoreAway(f"The {store} does not answer. Nothing was done; try again.", retry_after_s=2) from error
