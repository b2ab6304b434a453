"""What a workflow's `perform` is handed: the words it acts with. Everything it does passes through here and is recorded.

Names of steps are unique within a run: `run id/step name` is the key external writes carry (WF-3). Between steps the code
is deterministic, as it is run again from the top after a crash, with recorded steps skipped. Steps that are single calls of
`run.step` may be gathered; branches of several steps each are child runs.
"""

import hashlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, get_type_hints

from msgspec import Raw, Struct

from contracts.call import Call
from contracts.periods import Clock
from contracts.problems import RuleViolated
from contracts.wire import decode, encode
from runtime.data.database import Database
from runtime.work.journal import Journal, Kind, StepKey
from runtime.work.runs import start_run
from runtime.work.steps import Outcome, Steps
from runtime.work.unit import unit_of_work

T = TypeVar("T")
Record = Callable[[str, Callable[[], Awaitable[Outcome]]], Awaitable[Outcome]]
Step = Callable[[Call], Awaitable[T]]


class Cancelled(Exception):
    """The run is being cancelled. Workflows let it rise: what they planned with `undo` is done next."""


class Compensate(Exception):
    """Raised by a workflow that has to undo what it did; the message is the reason people see."""


class ChildRun(Struct, frozen=True):
    """A started child and, once it is over, how it ended."""

    run_id: str
    status: str = "running"


class Machinery(Struct, frozen=True, kw_only=True):
    """What all runs of a worker share."""

    database: Database
    clock: Clock
    journal: Journal
    steps: Steps


class Run:
    """One run. `call` is the call of whoever started it, under the worker's scopes and without a deadline."""

    def __init__(self, run_id: str, key: str, call: Call, record: Record, machinery: Machinery) -> None:
        self.id, self.key, self.call = run_id, key, call
        self._record, self._machinery = record, machinery
        self._names: set[str] = set()
        self._counts: dict[str, int] = {}
        self._undo: list[tuple[str, Step[Any]]] = []
        self._about: Mapping[str, Any] = {}

    @property
    def tenant(self) -> str:
        return self.call.tenant

    async def step(
        self, name: str, work: Step[T], *, undo: Step[Any] | None = None, request: object | None = None
    ) -> T:
        """Runs `work` until it succeeds and returns its result, which is recorded: it is not run again, whatever happens.

        `work` looks, decides and acts as one, as it may run more than once; its return annotation says how the record is
        read. Retryable problems are retried (EVT-6), then held while looking on; others are held for a person at once.
        `undo` is planned before the first try, for the case that nobody learns whether it succeeded: it looks first, too.
        `request`, when given, is what the step was asked, for its hash in the step's row (WF-2).
        """
        if undo is not None:
            self.compensation(f"undo {name}", undo)
        return await self._step("step", name, work, request)

    def compensation(self, name: str, work: Step[Any]) -> None:
        """Plans how to undo what was done so far; done in reverse order when the run is cancelled or compensates (WF-4)."""
        self._undo.append((self._unique(name), work))

    def about(self, **facts: Any) -> None:
        """What exceptions of the steps from here on say where their problem does not: `amount_at_risk` and `currency`. Not
        recorded: the code says it again on every repeat."""
        self._about = facts

    async def sleep(self, seconds: float) -> None:  # house: float seconds
        """Sleeps durably; a person may see it but not cut it short."""
        step = self._key("sleep", self._numbered("sleep"))
        await self._recorded(step, partial(self._machinery.steps.pause, step, seconds))

    async def wait_for(
        self,
        signal: str,
        timeout_s: float | None = None,
        *,
        type: Any = Any,  # house: float seconds
    ) -> Any:
        """The payload of the next signal of that name, read as `type`; None when the time is up first."""
        step = self._key("wait", self._numbered(f"wait for {signal}"))
        outcome = await self._recorded(step, partial(self._machinery.steps.signal, step, signal, timeout_s))
        return None if outcome.kind == "timed_out" else decode(bytes(outcome.value), type)

    async def hold(self, code: str, detail: str, **facts: Any) -> None:
        """Waits for a person: opens an exception of the catalogue's code and goes on when the run is resumed."""
        step = self._key("hold", self._numbered(f"hold {code}"))
        problem = RuleViolated(detail, code=code, **{**self._about, **facts})
        await self._recorded(step, partial(self._machinery.steps.hold, step, self.call, code, problem))

    async def start(self, workflow: str, key: str, input: Struct) -> ChildRun:
        """Starts a child run, or finds it (WF-1). It goes its own way: `join` waits for it."""

        async def begin(call: Call) -> ChildRun:
            async with unit_of_work(self._machinery.database) as connection:
                clock = self._machinery.clock
                view = await start_run(connection, call, workflow, key, input, clock=clock, parent_id=self.id)
                return ChildRun(view.id)

        return await self._step("child", f"start {workflow} {key}", begin, input)

    async def join(self, child: ChildRun, timeout_s: float | None = None) -> ChildRun:  # house: float seconds
        """Waits for a child started by this run; its status is `running` when the time is up first."""
        ended = await self.wait_for(f"run:{child.run_id}", timeout_s, type=ChildRun)
        return ended or child

    async def now(self) -> datetime:
        """The time, the same on every repeat."""

        async def read() -> Outcome:
            return Outcome("done", _raw(self._machinery.clock.now()))

        return decode(bytes((await self._record(self._numbered("now"), read)).value), datetime)

    async def irreversible(self) -> None:
        """From here on nobody may cancel the run."""
        name = self._numbered("irreversible")

        async def commit() -> Outcome:
            await self._machinery.steps.surely(lambda: self._machinery.journal.commit(self.tenant, self.id))
            return Outcome("done")

        await self._record(name, commit)

    async def compensate(self) -> None:
        """Everything planned with `undo`, in reverse order. Each is a step that nobody can cancel."""
        for name, work in reversed(self._undo):
            step = self._key("undo", name)
            await self._recorded(step, partial(self._machinery.steps.perform, step, self.call, work, self._about))

    async def _step(self, kind: Kind, name: str, work: Step[T], request: object | None) -> T:
        returns = _returned(work)
        step = self._key(kind, self._unique(name), request)
        perform = partial(self._machinery.steps.perform, step, self.call, work, self._about)
        outcome = await self._recorded(step, perform)
        return decode(bytes(outcome.value), returns)  # type: ignore[no-any-return]

    async def _recorded(self, step: StepKey, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
        outcome = await self._record(step.name, work)
        if outcome.kind == "cancelled":
            raise Cancelled(f"cancelled before {step.name}")
        return outcome

    def _key(self, kind: Kind, name: str, request: object | None = None) -> StepKey:
        digest = None if request is None else hashlib.sha256(encode(request)).hexdigest()
        return StepKey(self.tenant, self.id, name, kind, digest)

    def _unique(self, name: str) -> str:
        if name in self._names:
            raise ValueError(f"two steps of one run are named {name!r}")
        self._names.add(name)
        return name

    def _numbered(self, name: str) -> str:
        self._counts[name] = self._counts.get(name, 0) + 1
        return self._unique(f"{name} {self._counts[name]}")


def _raw(value: Any) -> Raw:
    return Raw(encode(value))


def _returned(work: Callable[..., Any]) -> Any:
    hints = get_type_hints(inspect.unwrap(work.func if isinstance(work, partial) else work))
    if "return" not in hints:
        raise TypeError(f"step {work!r} does not say what it returns")
    return hints["return"]
