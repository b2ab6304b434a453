"""A worker on a test's own database, with a register of exceptions that is a list and workflows made of plain functions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from msgspec import Struct

from contracts.call import Call
from contracts.problems import Problem
from contracts.process.runs import RunView
from runtime.data.database import Connection, Database
from runtime.work import runs
from runtime.work.hooks import DeadLetter
from runtime.work.process import Process
from runtime.work.run import Run
from runtime.work.steps import Tuning
from runtime.work.unit import unit_of_work
from runtime.work.worker import Worker

T = TypeVar("T")
FAST = Tuning(delays_s=(0.05, 0.1), held_retry_s=0.3, safety_poll_s=2.0, takeover_every_s=0.3, dead_slot_after_s=0.5)
CALL = Call(tenant="acme", principal="ada", client="tests", correlation_id="corr-1", request_id="req-1")


async def eventually(reached: Callable[[], Awaitable[T | None]], within_s: float = 30.0) -> T:
    """Asks until the answer is something. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not (found := await reached()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


class Order(Struct, frozen=True, kw_only=True):
    """Input of the workflows here."""

    number: int = 1


class Receipt(Struct, frozen=True, kw_only=True):
    """What their steps return."""

    id: str


class Told:
    """A workflow around a function."""

    input: type[Struct] = Order

    def __init__(
        self, perform: Callable[[Run, Any], Awaitable[Struct | None]], name: str = "told", version: int = 1
    ) -> None:
        self.name, self.version, self._perform = name, version, perform

    async def perform(self, run: Run, input: Any) -> Struct | None:
        return await self._perform(run, input)


class Register:
    """The exceptions and dead letters the worker told of."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, str]] = []
        self.problems: list[Problem] = []
        self.cleared: list[str] = []
        self.letters: list[DeadLetter] = []

    async def open_exception(
        self, connection: Connection, call: Call, *, run_id: str, step: str, code: str, problem: Problem
    ) -> str:
        self.opened.append((step, code))
        self.problems.append(problem)
        return f"exc_{step}"

    async def clear_exception(self, connection: Connection, call: Call, exception_id: str) -> None:
        self.cleared.append(exception_id)

    async def on_dead_letter(self, connection: Connection, call: Call, letter: DeadLetter) -> None:
        self.letters.append(letter)


class Stage:
    """A running worker and the callers' side of it."""

    def __init__(self, database: Database, register: Register) -> None:
        self.database, self.register = database, register

    async def start(self, key: str = "k1", workflow: str = "told", number: int = 1) -> RunView:
        async with unit_of_work(self.database) as connection:
            return await runs.start_run(connection, CALL, workflow, key, Order(number=number))

    async def view(self, run_id: str) -> RunView:
        return await runs.get_run(self.database, CALL, run_id)

    async def command(
        self, command: Callable[..., Awaitable[RunView]], run_id: str, *values: Any, **named: Any
    ) -> RunView:
        async with unit_of_work(self.database) as connection:
            return await command(connection, CALL, run_id, *values, **named)

    async def until(self, run_id: str, *statuses: str, within_s: float = 8.0) -> RunView:
        async def reached() -> RunView | None:
            view = await self.view(run_id)
            return view if view.status in statuses else None

        return await eventually(reached, within_s)

    async def until_waiting_for(self, run_id: str, kind: str) -> RunView:
        async def reached() -> RunView | None:
            view = await self.view(run_id)
            return view if view.waiting_for is not None and view.waiting_for.kind == kind else None

        return await eventually(reached, 8.0)

    async def events(self, prefix: str) -> list[tuple[str, str]]:
        rows = await self.database.fetch(
            "select type, subject from outbox where tenant = 'acme' and starts_with(type, $1) order by position", prefix
        )
        return [(row["type"], row["subject"]) for row in rows]


@asynccontextmanager
async def staged(
    database: Database, url: str, *workflows: Told, process: Process | None = None, tuning: Tuning = FAST
) -> AsyncIterator[Stage]:
    register = Register()
    processes = [Process(name="tests", workflows=workflows), *([process] if process else [])]
    worker = Worker(database, url, processes, hooks=register, scopes=frozenset(), tuning=tuning)
    running = asyncio.create_task(worker.run())
    try:
        while worker.slot is None:
            await asyncio.sleep(0.01)
            if running.done():
                running.result()
        yield Stage(database, register)
    finally:
        worker.stop()
        await running
