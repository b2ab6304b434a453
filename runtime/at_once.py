"""Work that begins where it arises: what never waits needs neither a task nor a timer.

Until it first waits, work that was begun with `begin` runs outside of any task, in the context of whoever began it. So it says
`await in_task()` before it calls what may wait, and before it binds a context variable that a wait must not end.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from types import coroutine
from typing import Any


class Late(Exception):
    """Work took longer than it may."""


def begin(work: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None] | None:
    """Run work up to its first wait. Returns the task that does the rest, or None when nothing is left to do."""
    try:
        waits_for = work.send(None)
    except StopIteration:
        return None
    return loop.create_task(work if waits_for is None else _resumed(work, waits_for))


@coroutine
def in_task() -> Generator[None, None, None]:
    """From here on a task does the work: where none does yet, one is made."""
    if asyncio.current_task() is None:
        yield


async def within(seconds: float | None, work: Awaitable[Any]) -> Any:  # house: float seconds
    """What the work comes to. Its first stretch runs at once: work that never waits needs no timer. Raises Late."""
    stretch = work.__await__()
    try:
        waits_for = next(stretch)
    except StopIteration as done:
        return done.value
    try:
        async with asyncio.timeout(seconds) as limit:
            return await _Rest(stretch, waits_for)
    except TimeoutError as error:
        if limit.expired():
            raise Late from error
        raise


async def _resumed(work: Coroutine[Any, Any, None], waits_for: Any) -> None:
    await _Rest(work.__await__(), waits_for)


class _Rest(Generator[Any, Any, Any]):
    """The work from its first wait on, for whoever awaits it: what is sent or thrown after that wait is for the work."""

    def __init__(self, stretch: Generator[Any, Any, Any], waits_for: Any) -> None:
        self._stretch, self._first = stretch, [waits_for]

    def __await__(self) -> Generator[Any, Any, Any]:
        return self

    def send(self, value: Any) -> Any:
        return self._first.pop() if self._first else self._stretch.send(value)

    def throw(self, *raised: Any) -> Any:
        return self._stretch.throw(*raised)
