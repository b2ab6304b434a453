"""A store that does not answer is one problem, whatever its client library raises."""

from types import TracebackType

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


class guarded:  # noqa: N801
    """Raises StoreAway for connection errors and time-outs inside, Overloaded where two units stood in each other's way.

    Statements that are wrong stay what they are.
    """

    __slots__ = ("_store",)

    def __init__(self, store: str) -> None:
        self._store = store

    def __enter__(self) -> None:
        """Nothing is to be done yet."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, CLASHED):
            raise Overloaded(
                "Others are changing the same things. Nothing was done; try again.", retry_after_s=1
            ) from error
        if isinstance(error, AWAY):
            raise StoreAway(
                f"The {self._store} does not answer. Nothing was done; try again.", retry_after_s=2
            ) from error
