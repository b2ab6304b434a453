"""Periodic work: each sweep is run by one worker at a time, the one that holds its lock, with a pause after each round."""

import asyncio
import random
import zlib
from collections.abc import Awaitable, Callable

from msgspec import Struct

from runtime import metrics, tracing
from runtime.telemetry import log
from runtime.work.retries import Attempt, Failure
from runtime.work.session import Session

LOCK_SPACE = 0x4C57_02
_FIRST_PAUSE_S = 0.5


class Sweep(Struct, frozen=True):
    """`work` opens its own units of work. Rounds begin at least `every_s` (1 or more) seconds apart, a little jittered."""

    name: str
    every_s: float  # house: float seconds
    work: Callable[[], Awaitable[None]]

    def __post_init__(self) -> None:
        if self.every_s < 1:
            raise ValueError(f"sweep {self.name} runs more than once a second")


class Sweeper:
    """Runs one sweep for as long as it is awaited. A round that fails is logged and counted; the next one goes on."""

    def __init__(self, sweep: Sweep, session: Session, attempt: Attempt) -> None:
        self._sweep, self._session, self._attempt = sweep, session, attempt
        self._lock = zlib.crc32(sweep.name.encode()) & 0x7FFF_FFFF
        self.failures = 0

    async def run(self) -> None:
        """The holder keeps the lock while its session lives; the others look again every round."""
        await asyncio.sleep(random.uniform(0, _FIRST_PAUSE_S))  # noqa: S311 - jitter
        while True:
            if await self._attempt(self._take) is True:
                await self._round()
            await asyncio.sleep(self._sweep.every_s * random.uniform(1.0, 1.1))  # noqa: S311 - jitter

    async def _take(self) -> bool:
        return await self._session.take(LOCK_SPACE, self._lock)

    async def _round(self) -> None:
        with tracing.work(f"sweep {self._sweep.name}", None, alone=False) as span:
            outcome = await self._attempt(self._sweep.work)
            if span is not None and isinstance(outcome, Failure):
                span.error = outcome.problem.slug
        metrics.SWEEPS.add((self._sweep.name, "failed" if isinstance(outcome, Failure) else "done"))
        if isinstance(outcome, Failure):
            self.failures += 1
            log.warning(
                "sweep.failed", sweep=self._sweep.name, failures=self.failures, problem=outcome.problem.slug,
                detail=outcome.problem.detail,
            )  # fmt: skip
