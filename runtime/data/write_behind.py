"""Writes a moment later, again and again: what may not hold up a request, and is kept in memory until then."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from contracts.problems import StoreAway


class WriteBehind:
    """Calls `flush` every `every_s` seconds. While the store is away it calls `away` and goes on."""

    def __init__(
        self,
        flush: Callable[[], Awaitable[None]],
        every_s: float,  # house: float seconds
        away: Callable[[], None],
    ) -> None:
        self._flush, self._every_s, self._away = flush, every_s, away
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._ended.clear()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Let a flush that runs end (cut off, it would lose what it took), then flush what is left. Raises StoreAway."""
        self._ended.set()
        if self._task is not None:
            await self._task
            self._task = None
        await self._flush()

    async def _run(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._ended.wait()
            try:
                await self._flush()
            except StoreAway:
                self._away()
