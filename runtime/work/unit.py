"""The unit of work: one transaction per step, inbox row, relay batch or command move; whoever is called joins it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import Context, ContextVar
from typing import Any, TypeVar

from runtime.data.database import Connection, Database

T = TypeVar("T")
_units: ContextVar[tuple["_Unit", ...]] = ContextVar("units", default=())


class _Unit:
    """An open transaction of one database; `live` turns false at its end, since tasks started inside may outlast it."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.database = database
        self.connection = connection
        self.live = True
        self.read: dict[Any, Any] = {}


@asynccontextmanager
async def unit_of_work(database: Database) -> AsyncIterator[Connection]:
    """Joins the unit open in this context, or opens one and commits it at the end; an exception rolls all of it back.

    A task started inside joins too, but asyncpg allows one statement at a time: gathering inside a unit raises.
    """
    joined = open_unit(database)
    if joined is not None:
        yield joined
        return
    async with database.transaction() as connection:
        unit = _Unit(database, connection)
        token = _units.set((*_units.get(), unit))
        try:
            yield connection
        finally:
            unit.live = False
            _units.reset(token)


async def apart(database: Database, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Work in a unit of its own: it is kept although the caller's unit, which is about to be refused, is rolled back."""

    async def alone() -> T:
        async with unit_of_work(database) as connection:
            return await work(connection)

    return await asyncio.create_task(alone(), context=Context())


def open_unit(database: Database) -> Connection | None:
    """The connection of the unit open in this context, or None."""
    return next((u.connection for u in _units.get() if u.live and u.database is database), None)


def read_in_unit(connection: Connection) -> dict[Any, Any]:
    """What was read over the connection of the open unit, by keys of the readers' own choice: terms that a batch of work
    needs again and again are read once. Forgotten with the unit; empty and forgotten at once where there is none."""
    return next((u.read for u in _units.get() if u.live and u.connection is connection), {})
