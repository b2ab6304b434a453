"""How many operations may hold a transaction at once: fewer than the pool has sessions, so what they read beside it finds one."""

import asyncio

from contracts.problems import Overloaded


class Turns:
    """`at_once` go in, `most_waiting` more may queue; whoever comes then is told to come back."""

    def __init__(self, at_once: int, most_waiting: int = 200) -> None:
        self._slots = asyncio.Semaphore(max(1, at_once))
        self._most_waiting = most_waiting
        self._waiting = 0

    async def __aenter__(self) -> None:
        """Wait for a slot and hold it. Raises Overloaded when too many wait."""
        if self._waiting >= self._most_waiting:
            raise Overloaded("More writes are waiting than can be done in time; nothing was begun.", retry_after_s=1)
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._slots.release()
