"""What relay and inbox do alike with a handler: which rows it is given at once, and under which calls."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from contracts.call import Call
from runtime.data.database import Connection
from runtime.work.process import Batched, Handler, InboxHandler

AnyHandler = Handler | InboxHandler | Batched


def stretches(rows: Sequence[Any], kind: str, *, alone: bool) -> Iterator[list[Any]]:
    """Rows of one tenant and kind that follow each other; `alone`, one by one. `kind` is the column that says it."""
    if alone:
        yield from ([row] for row in rows)
        return
    for _, some in groupby(rows, lambda row: (row["tenant"], row[kind])):
        yield list(some)


def portions(handler: AnyHandler | None, rows: list[Any]) -> list[list[Any]]:
    """What the handler is given at once."""
    if not isinstance(handler, Batched):
        return [[row] for row in rows]
    return [rows] if rows else []


async def hand(handler: AnyHandler, connection: Connection, told: Sequence[tuple[Call, Any]]) -> None:
    """Give a portion to its handler."""
    if isinstance(handler, Batched):
        await handler.handle(connection, told)
        return
    for call, what in told:
        await handler(connection, call, what)


def guarded(
    handler: AnyHandler, connection: Connection, told: Sequence[tuple[Call, Any]], *, savepoint: bool
) -> Callable[[], Any]:
    """The work of handing a portion over, in a savepoint when its failure must not undo what others did."""

    async def work() -> None:
        if not savepoint:
            await hand(handler, connection, told)
            return
        async with connection.transaction():
            await hand(handler, connection, told)

    return work
