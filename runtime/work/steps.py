"""How one step is carried through: tried, tried again, held for a person, or left undone because the run is cancelled.

Theory of operation. All of it happens inside one recorded operation of the engine, so an interrupted step is entered again
from the top after a crash; its row tells where it stood (`running`: try now; `waiting`: wait on, with what is left of the
delay), so pauses and holds survive too. Row states: running -> waiting -> running -> done | skipped.
What can race: a person's resume or cancel against our own timer. Both only change rows; the step reads its row again after
every wake and before every try, and the run's row is locked while states are summed up.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from contracts.call import Call
from contracts.problems import Problem
from contracts.process.runs import WaitingFor
from contracts.wire import encode
from runtime import metrics, tracing
from runtime.data.database import Connection, Database
from runtime.telemetry import log
from runtime.work.hooks import Hooks
from runtime.work.journal import Entered, Journal, StepKey
from runtime.work.retries import EVT6_DELAYS_S, Attempt, Failure, Hold, Retry, body_of, next_move
from runtime.work.unit import unit_of_work
from runtime.work.wakes import Wakes

T = TypeVar("T")
Work = Callable[[Call], Awaitable[Any]]
Ending = Literal["done", "cancelled", "timed_out"]

_REFERENCES = ("ref", "erp_ref", "id")
_STORE_PAUSES_S = (0.2, 1.0, 5.0, 15.0)


class Tuning(Struct, frozen=True, kw_only=True):
    """Times and sizes of the work machinery; the defaults are the product's, tests shorten them."""

    delays_s: tuple[float, ...] = EVT6_DELAYS_S  # house: float seconds
    held_retry_s: float = 60.0  # house: float seconds
    safety_poll_s: float = 10.0  # house: float seconds
    takeover_every_s: float = 15.0  # house: float seconds
    dead_slot_after_s: float = 60.0  # house: float seconds
    grace_s: float = 10.0  # house: float seconds
    rest_after_s: float = 20.0  # house: float seconds
    concurrent_steps: int = 32
    slots: int = 16


class Outcome(Struct, frozen=True):
    """What the engine records of an operation; `value` is JSON."""

    kind: Ending
    value: msgspec.Raw = msgspec.Raw(b"null")


class Result(Struct, frozen=True):
    """What a step's work returned, as JSON, and the external reference it names."""

    value: msgspec.Raw
    reference: str | None


class Steps:
    """Carries steps through, for all runs of this worker."""

    def __init__(
        self, database: Database, journal: Journal, wakes: Wakes, *, attempt: Attempt, hooks: Hooks, tuning: Tuning
    ) -> None:
        self._database, self._journal, self._wakes = database, journal, wakes
        self._attempt, self._hooks, self._tuning = attempt, hooks, tuning
        self._gate = asyncio.Semaphore(tuning.concurrent_steps)
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False
        self._due: dict[StepKey, float] = {}  # house: float seconds
        self.moved_at = time.monotonic()

    async def perform(self, step: StepKey, call: Call, work: Work, about: Mapping[str, Any]) -> Outcome:
        """Until the work is done, or the run is cancelled. An `undo` step is never cancelled.

        `about` are facts of the run, for what its problems do not say themselves.
        """
        while await self._cleared(step):
            outcome = await self._try(step, call, work)
            if not isinstance(outcome, Failure):
                await self.surely(partial(self._finished, step, call, outcome.reference))
                return Outcome("done", outcome.value)
            outcome.problem.facts = {**about, **outcome.problem.facts}
            await self.surely(partial(self._failed, step, call, outcome))
        return await self._left(step, "cancelled")

    async def pause(self, step: StepKey, seconds: float) -> Outcome:  # house: float seconds
        """Sleeps; the end is fixed when the sleep begins."""
        if (await self._enter(step)).state == "running":
            await self._begin_waiting(step, WaitingFor(kind="retry", step=step.name), seconds)
        return await self._left(step, "done" if await self._waited(step) else "cancelled")

    async def hold(self, step: StepKey, call: Call, code: str, problem: Problem) -> Outcome:
        """Waits for a person under an exception; done when it is resolved and the run resumed."""
        entered = await self._enter(step)
        if entered.state == "running" and not entered.resumed:
            await self.surely(lambda: self._held(step, call, Hold(code), problem))
        return await self._left(step, "done" if await self._waited(step) else "cancelled")

    async def signal(self, step: StepKey, name: str, timeout_s: float | None) -> Outcome:  # house: float seconds
        """Waits for a signal; done with its payload, or timed out."""
        if (await self._enter(step)).state == "running":
            await self._begin_waiting(step, WaitingFor(kind="signal", step=step.name, signal=name), timeout_s)
        with self._wakes.listening(step.run_id) as event:
            while True:
                event.clear()
                entered = await self._enter(step)
                taken = await self.surely(lambda: self._journal.take_signal(step, name))
                if taken:
                    return await self._left(step, "done", taken[0])
                if entered.run_state == "compensating":
                    return await self._left(step, "cancelled")
                if _time_is_up(entered):
                    return await self._left(step, "timed_out")
                await self._sleep(step, event, entered.left_s)

    @property
    def due_at(self) -> float:  # house: float seconds
        """The monotonic time at which the next waiting step goes on by itself; now while a step is running."""
        return time.monotonic() if self._busy else min(self._due.values(), default=math.inf)

    def sleeping(self, run_id: str) -> int:
        """How many steps of a run wait: for time, a signal or a person."""
        return sum(step.run_id == run_id for step in self._due)

    async def quiesce(self, grace_s: float) -> None:  # house: float seconds
        """No step begins any more; returns when none is running, or when the grace is over."""
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._idle.wait()

    async def surely(self, work: Callable[[], Awaitable[T]]) -> T:
        """Bookkeeping that must not be lost: repeated for as long as the database is away."""
        tries = 0
        while True:
            self.moved_at = time.monotonic()
            outcome = await self._attempt(work)
            if not isinstance(outcome, Failure):
                return outcome
            pause_s = _STORE_PAUSES_S[min(tries, len(_STORE_PAUSES_S) - 1)]
            log.warning("run.bookkeeping_retry", detail=outcome.problem.detail, pause_s=pause_s)
            await asyncio.sleep(pause_s)
            tries += 1

    async def _enter(self, step: StepKey) -> Entered:
        return await self.surely(lambda: self._journal.enter(step))

    async def _cleared(self, step: StepKey) -> bool:
        """True when the step may be tried now; waits out what its row waits for. False when the run is being cancelled."""
        entered = await self._enter(step)
        if entered.state == "waiting" or entered.resumed:
            if not await self._waited(step):
                return False
            await self.surely(lambda: self._journal.go(step))
            return True
        return step.kind == "undo" or entered.run_state != "compensating"

    async def _waited(self, step: StepKey) -> bool:
        """Until the row's time is up or a person resumed it; False when the run is cancelled first."""
        with self._wakes.listening(step.run_id) as event:
            while True:
                event.clear()
                entered = await self._enter(step)
                if step.kind != "undo" and entered.run_state == "compensating":
                    return False
                if entered.resumed or _time_is_up(entered):
                    return True
                await self._sleep(step, event, entered.left_s)

    async def _left(self, step: StepKey, kind: Ending, value: Any = None) -> Outcome:
        await self.surely(lambda: self._journal.leave(step, "skipped" if kind == "cancelled" else "done"))
        return Outcome(kind, msgspec.Raw(encode(value)))

    async def _sleep(self, step: StepKey, event: asyncio.Event, seconds: float | None) -> None:  # house: float seconds
        self._due[step] = math.inf if seconds is None else time.monotonic() + seconds
        try:
            async with asyncio.timeout(None if seconds is None else max(seconds, 0.0)):
                await event.wait()
        except TimeoutError:
            return
        finally:
            del self._due[step]

    async def _begin_waiting(
        self,
        step: StepKey,
        waiting: WaitingFor,
        after_s: float | None,  # house: float seconds
    ) -> None:
        async def write() -> None:
            async with unit_of_work(self._database) as connection:
                await self._journal.wait(connection, step, waiting, after_s)

        await self.surely(write)

    async def _try(self, step: StepKey, call: Call, work: Work) -> Result | Failure:
        keyed = replace(call, idempotency_key=step.id, request_id=step.id)

        async def encoded() -> Result:
            result = await work(keyed)
            return Result(msgspec.Raw(encode(result)), reference_in(result))

        async with self._gate:
            if self._stopping:
                await _parked()
            self._began(1)
            started = time.perf_counter()
            try:
                with tracing.work(f"step {step.name}", call.traceparent) as span:
                    outcome = await self._attempt(encoded)
                    if span is not None:
                        span.attributes |= {"ledgerway.run": step.run_id, "ledgerway.tenant": step.tenant}
                        span.error = outcome.problem.slug if isinstance(outcome, Failure) else None
                return outcome
            finally:
                metrics.STEP_SECONDS.observe((_label(step),), time.perf_counter() - started)
                self._began(-1)

    def _began(self, more: int) -> None:
        self._busy += more
        self.moved_at = time.monotonic()
        (self._idle.clear if self._busy else self._idle.set)()

    async def _finished(self, step: StepKey, call: Call, reference: str | None) -> None:
        if not await self._journal.done(step, reference):
            async with unit_of_work(self._database) as connection:
                exception_id = (await self._journal.enter(step)).exception_id
                if exception_id is not None:
                    await self._cleared_exception(connection, step, call, exception_id)
                await self._journal.done(step, reference, cleared=True)
        metrics.STEPS.add((_label(step), "done"))
        log.info("step.done", tenant=step.tenant, run=step.run_id, step=step.name)

    async def _failed(self, step: StepKey, call: Call, failure: Failure) -> None:
        entered = await self._journal.enter(step)
        move = next_move(failure, entered.attempt, self._tuning.delays_s, self._tuning.held_retry_s)
        fields = {"tenant": step.tenant, "run": step.run_id, "step": step.name, "problem": failure.problem.slug}
        log.warning("step.failed", attempt=entered.attempt, detail=failure.problem.detail, **fields)
        metrics.STEPS.add((_label(step), "held" if isinstance(move, Hold) else "retried"))
        if isinstance(move, Hold):
            await self._held(step, call, move, failure.problem)
        else:
            await self._retried(step, move, failure.problem)

    async def _retried(self, step: StepKey, move: Retry, problem: Problem) -> None:
        waiting = WaitingFor(kind="retry", step=step.name, code=problem.slug, detail=problem.detail)
        async with unit_of_work(self._database) as connection:
            await self._journal.wait(connection, step, waiting, move.after_s, error=body_of(problem))

    async def _held(self, step: StepKey, call: Call, move: Hold, problem: Problem) -> None:
        code = "COMPENSATION_FAILED" if step.kind == "undo" else move.code
        async with unit_of_work(self._database) as connection:
            exception_id = await self._exception(connection, step, call, code, problem)
            waiting = WaitingFor(
                kind="person", step=step.name, code=code, detail=problem.detail, exception_id=exception_id
            )
            error = body_of(problem)
            await self._journal.wait(connection, step, waiting, move.after_s, error=error, exception_id=exception_id)

    async def _exception(
        self, connection: Connection, step: StepKey, call: Call, code: str, problem: Problem
    ) -> str | None:
        """The id of the exception; a register that refuses must not keep the run from waiting."""

        async def open_it() -> str:
            async with connection.transaction():
                return await self._hooks.open_exception(
                    connection, call, run_id=step.run_id, step=step.name, code=code, problem=problem
                )

        opened = await self._attempt(open_it)
        if not isinstance(opened, Failure):
            return opened
        log.error("run.exception_unopened", run=step.run_id, step=step.name, code=code, detail=opened.problem.detail)
        return None

    async def _cleared_exception(self, connection: Connection, step: StepKey, call: Call, exception_id: str) -> None:
        async def clear_it() -> None:
            async with connection.transaction():
                await self._hooks.clear_exception(connection, call, exception_id)

        cleared = await self._attempt(clear_it)
        if isinstance(cleared, Failure):
            log.error("run.exception_uncleared", run=step.run_id, step=step.name, detail=cleared.problem.detail)


def _label(step: StepKey) -> str:
    """Steps by name; what names hold keys of objects is counted by its kind."""
    return step.name if step.kind in ("step", "undo") else step.kind


def reference_in(result: Any) -> str | None:
    """The external reference a step's result names, for the step's row (WF-2)."""
    named = (getattr(result, name, None) for name in _REFERENCES)
    return next((found for found in named if isinstance(found, str)), None)


def _time_is_up(entered: Entered) -> bool:
    """True when the row's time has come, and for a wait that was over before a crash."""
    return entered.state in ("done", "skipped") or (entered.left_s is not None and entered.left_s <= 0)


async def _parked() -> None:
    """The worker is going: wait to be cancelled, so that nothing is recorded and the next worker enters the step again."""
    await asyncio.get_running_loop().create_future()
