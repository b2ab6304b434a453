"""A store that does not answer is one problem, whatever its client library raises."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from redis.exceptions import RedisError

from contracts.problems import Overloaded, StoreAway

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

CLASHED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)


@contextmanager
def guarded(store: str) -> Iterator[None]:
    """Raises StoreAway for connection errors and time-outs inside, Overloaded where two units stood in each other's way.

    Statements that are wrong stay what they are.
    """
    try:
        yield
    except CLASHED as error:
        raise Overloaded(
            "Others are changing the same things. Nothing was done; try again.", retry_after_s=1
        ) from error
    except AWAY as error:
        raise StoreAway(f"The {store} does not answer. Nothing was done; try again.", retry_after_s=2) from error
