"""The unit of work: one transaction per step, inbox row, relay batch or command move; whoever is called joins it."""

import asyncio
from collections.abc import Awaitable, Callable
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


class unit_of_work:  # noqa: N801
    """Joins the unit open in this context, or opens one and commits it at the end; an exception rolls all of it back.

    A task started inside joins too, but asyncpg allows one statement at a time: gathering inside a unit raises.
    """

    __slots__ = ("_database", "_token", "_transaction", "_unit")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unit: _Unit | None = None

    async def __aenter__(self) -> Connection:
        joined = open_unit(self._database)
        if joined is not None:
            return joined
        self._transaction = self._database.transaction()
        connection = await self._transaction.__aenter__()
        self._unit = _Unit(self._database, connection)
        self._token = _units.set((*_units.get(), self._unit))
        return connection

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        if self._unit is None:
            return
        self._unit.live = False
        _units.reset(self._token)
        await self._transaction.__aexit__(kind, error, trace)


async def apart(database: Database, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Work in a unit of its own: it is kept although the caller's unit, which is about to be refused, is rolled back."""

    async def alone() -> T:
        async with unit_of_work(database) as connection:
            return await work(connection)

    return await asyncio.create_task(alone(), context=Context())


def open_unit(database: Database) -> Connection | None:
    """The connection of the unit open in this context, or None."""
    for unit in _units.get():
        if unit.live and unit.database is database:
            return unit.connection
    return None


def read_in_unit(connection: Connection) -> dict[Any, Any]:
    """What was read over the connection of the open unit, by keys of the readers' own choice: terms that a batch of work
    needs again and again are read once. Forgotten with the unit; empty and forgotten at once where there is none."""
    return next((u.read for u in _units.get() if u.live and u.connection is connection), {})
