"""The worker process: engine, relay, inbox, sweeps and slot, and the one guard through which all their work runs.

Whatever a handler, step or sweep raises is turned into a Failure here; what to do about it is decided where it happened.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import TypeVar

from contracts.call import Call
from contracts.events import EVENTS, Event
from contracts.periods import Clock, SystemClock
from contracts.problems import Internal, Overloaded, Problem, StoreAway
from runtime.data.database import Connection, Database
from runtime.data.outages import AWAY, CLASHED
from runtime.telemetry import log
from runtime.work import slots
from runtime.work.calls import worker_call
from runtime.work.engine import Engine
from runtime.work.hooks import Hooks
from runtime.work.inbox import Inbox
from runtime.work.journal import Journal
from runtime.work.process import Batched, Handler, InboxHandler, Process, Subscriber
from runtime.work.relay import Relay
from runtime.work.retries import Failure, failure_of
from runtime.work.run import Machinery
from runtime.work.session import Session
from runtime.work.signals import WISHES, RunNudged, RunRequested, RunRevived
from runtime.work.steps import Steps, Tuning
from runtime.work.sweeps import Sweep, Sweeper
from runtime.work.wakes import Wakes

T = TypeVar("T")
Drain = Callable[[], Awaitable[float | None]]  # house: float seconds

_MONTHS_EVERY_S = 6 * 3600.0
_AFTER_FAILURE_S = 1.0


async def attempt(
    work: Callable[[], Awaitable[T]], *, passing: tuple[type[Exception], ...] = (), quiet: bool = False
) -> T | Failure:
    """See `retries.Attempt`."""
    try:
        return await work()
    except passing:
        raise
    except Problem as problem:
        return failure_of(problem)
    except AWAY as away:
        log.warning("work.store_away", error=type(away).__name__, detail=str(away))
        return failure_of(StoreAway("A store or a system does not answer."))
    except CLASHED as clash:
        log.info("work.clashed", error=type(clash).__name__)
        return failure_of(Overloaded("Others were changing the same things."))
    except Exception as unknown:
        if not quiet:
            log.exception("work.failed", error=type(unknown).__name__)
        return Failure(Internal(f"Ledgerway failed: {type(unknown).__name__}."), "unexpected")


class Worker:
    """One worker process. `scopes` are those of every port its steps and handlers may call; `sweeps` are what belongs to
    no process (the audit sealer); `subscribers` what is no process (views)."""

    def __init__(
        self,
        database: Database,
        database_url: str,
        processes: Sequence[Process],
        *,
        hooks: Hooks,
        scopes: frozenset[str],
        subscribers: Sequence[Subscriber] = (),
        sweeps: Sequence[Sweep] = (),
        clock: Clock | None = None,
        tuning: Tuning | None = None,
    ) -> None:
        self._database, self._database_url, self._scopes = database, database_url, scopes
        self._clock, self._tuning = clock or SystemClock(), tuning or Tuning()
        self._outbox_woken, self._inbox_woken, self._ending = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._wakes = Wakes()
        self._session = Session(database, self._channels())
        journal = Journal(database, self._clock)
        steps = Steps(database, journal, self._wakes, attempt=attempt, hooks=hooks, tuning=self._tuning)
        machinery = Machinery(database=database, clock=self._clock, journal=journal, steps=steps)
        workflows = [workflow for process in processes for workflow in process.workflows]
        self._engine = Engine(workflows, machinery, self._wakes, attempt=attempt, scopes=scopes)
        self._relay = self._relay_for([p.subscriber for p in processes if p.subscriptions] + list(subscribers), hooks)
        self._inbox = self._inbox_for(processes, hooks)
        self._sweeps = [*sweeps, *(s for process in processes for s in process.sweeps), self._months()]
        self.slot: str | None = None

    async def run(self) -> None:
        """Works until `stop` or SIGTERM, which may come while it starts. Raises what starting raises, and LockLost when another
        worker took its slot."""
        with _terminated_by(self.stop):
            await self._work()

    async def _work(self) -> None:
        await self._session.open()
        self.slot = await slots.claim(self._session, self._database, self._tuning.slots)
        await self._engine.open(self._database_url, self.slot)
        log.info("worker.started", slot=self.slot)
        loops = [asyncio.create_task(loop) for loop in self._loops()]
        ending = asyncio.create_task(self._ending.wait())
        try:
            done, _ = await asyncio.wait([*loops, ending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._shut([*loops, ending])
        for task in done - {ending}:
            task.result()

    def stop(self) -> None:
        """Ends `run` in order: steps that are running end first."""
        self._ending.set()

    async def _shut(self, tasks: list[asyncio.Task[object]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._engine.stop(self._tuning.grace_s)
        with contextlib.suppress(OSError):
            await slots.leave(self._database, self.slot or "")
        await self._session.close()
        log.info("worker.stopped", slot=self.slot)

    def _loops(self) -> list[Coroutine[object, object, None]]:
        takeover = slots.Takeover(self._session, self._database, self._engine.adopt, self._tuning.dead_slot_after_s)
        return [
            self._session.keep(),
            self._drained(self._outbox_woken, self._relay.drain),
            self._drained(self._inbox_woken, self._inbox.drain),
            self._repeated(lambda: self._engine.rest(self._tuning.rest_after_s), self._tuning.rest_after_s / 2),
            self._repeated(takeover.look, self._tuning.takeover_every_s),
            *(Sweeper(sweep, self._session, attempt).run() for sweep in self._sweeps),
        ]

    async def _drained(self, woken: asyncio.Event, drain: Drain) -> None:
        """Drains when woken, when a retry is due, and now and then in case a notice was lost."""
        while True:
            woken.clear()
            outcome = await attempt(drain)
            pause_s = _AFTER_FAILURE_S if isinstance(outcome, Failure) else outcome
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(pause_s or self._tuning.safety_poll_s, self._tuning.safety_poll_s)):
                    await woken.wait()

    async def _repeated(self, work: Callable[[], Awaitable[None]], every_s: float) -> None:  # house: float seconds
        while True:
            await asyncio.sleep(every_s)
            await attempt(work)

    def _channels(self) -> dict[str, Callable[[str], None]]:
        return {
            "outbox": lambda _: self._outbox_woken.set(),
            "inbox": lambda _: self._inbox_woken.set(),
            "run": lambda run_id: self._engine.wake(run_id),
        }

    def _relay_for(self, subscribers: Sequence[Subscriber], hooks: Hooks) -> Relay:
        types: dict[str, type[Event]] = {**EVENTS, **WISHES}
        everyone = [Subscriber(name="engine", handlers=self._wishes()), *subscribers]
        return Relay(
            self._database,
            everyone,
            types,
            call_for=self._call_for,
            attempt=attempt,
            hooks=hooks,
            delays_s=self._tuning.delays_s,
            clock=self._clock,
        )

    def _inbox_for(self, processes: Sequence[Process], hooks: Hooks) -> Inbox:
        handlers: dict[str, InboxHandler | Batched] = {
            kind: h for process in processes for kind, h in process.inbox.items()
        }
        delays_s = self._tuning.delays_s
        return Inbox(self._database, handlers, call_for=self._call_for, attempt=attempt, hooks=hooks, delays_s=delays_s)

    def _wishes(self) -> dict[type[Event], Handler]:
        async def requested(_: Connection, call: Call, event: RunRequested) -> None:
            await self._engine.start(call.tenant, event.object_id)

        async def revived(_: Connection, _call: Call, event: RunRevived) -> None:
            await self._engine.revive(event.object_id)

        async def nudged(connection: Connection, _call: Call, event: RunNudged) -> None:
            await connection.execute("select pg_notify('run', $1)", event.object_id)

        return {RunRequested: requested, RunRevived: revived, RunNudged: nudged}

    def _call_for(self, tenant: str, correlation_id: str, key: str) -> Call:
        return worker_call(
            tenant,
            principal="system:worker",
            scopes=self._scopes,
            correlation_id=correlation_id,
            request_id=key,
            idempotency_key=key,
        )

    def _months(self) -> Sweep:
        async def months() -> None:
            await self._database.execute("select outbox_months(now())")

        return Sweep("outbox months", _MONTHS_EVERY_S, months)


@contextlib.contextmanager
def _terminated_by(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    try:
        yield
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
