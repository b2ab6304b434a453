"""Approved time on its way into the ledger: every hour in one live transaction, every line in the ledger once, whatever comes between."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.call import Call
from contracts.canon.ledger import (
    LineOutcome,
    LineOutcomes,
    Posting,
    PostingKeys,
    PostingLine,
    PostingLines,
    PostingPage,
    Reversals,
)
from contracts.canon.timesheet import PostedTimes
from contracts.problems import OutcomeUnknown
from contracts.process.time_posting import Hold
from process_apis.registers import transactions
from process_apis.registers.hooks import ExceptionHooks
from process_apis.time_posting import outcomes, posting, reversal
from process_apis.time_posting.commands import TransactionCommands
from runtime.data.database import Database
from runtime.work.calls import PORT_SCOPES
from runtime.work.process import Process
from runtime.work.worker import Worker
from tests.workflow.invoice_stage import ANALYST, Office, Ports
from tests.workflow.stage import FAST, eventually

RATED = ("validate", "rate")
EXCLUDED = {"commands": ("validate", "exclude"), "part": "non_billable", "state": "excluded", "rate": Decimal(0)}


class Workbench:
    """An ERP in memory. `refusing` are transactions it takes no line of; `losing` answers are lost after the effect."""

    def __init__(self) -> None:
        self.lines: dict[str, PostingLine] = {}
        self.reversed: list[str] = []
        self.refusing: set[str] = set()
        self.losing = 0
        self.reached, self.answering = asyncio.Event(), asyncio.Event()
        self.answering.set()

    async def find_postings(self, call: Call, body: PostingKeys) -> PostingPage:
        await self.answering.wait()
        found = [self.lines[key] for key in body.keys if key in self.lines]
        return PostingPage(items=tuple(_posting(line) for line in found))

    async def post_lines(self, call: Call, body: PostingLines) -> LineOutcomes:
        outcomes = [self._taken(line) for line in body.items]
        self.reached.set()
        if self.losing:
            self.losing -= 1
            raise OutcomeUnknown("No answer came.")
        return LineOutcomes(items=tuple(outcomes))

    def _taken(self, line: PostingLine) -> LineOutcome:
        if line.transaction_id in self.refusing:
            return LineOutcome(key=line.key, posted=False, code="INVALID", reason="No.")
        self.lines[line.key] = line
        return LineOutcome(key=line.key, posted=True, ref=_posting(line).ref)

    async def reverse_lines(self, call: Call, body: Reversals) -> LineOutcomes:
        self.reversed += [one.original_key for one in body.items]
        return LineOutcomes(
            items=tuple(LineOutcome(key=one.key, posted=True, ref="netsuite:timebill:r") for one in body.items)
        )

    async def mark_posted(self, call: Call, body: PostedTimes) -> None: ...


def _posting(line: PostingLine) -> Posting:
    return Posting(
        ref=f"netsuite:timebill:{line.key}",
        key=line.key,
        amount=line.amount,
        hours=line.hours,
        currency=line.currency,
        posting_date=line.posting_date,
    )


class Systems(Ports):
    """The firm's systems with that ERP, which is its time tool as well."""

    def __init__(self, office: Office, bench: Workbench) -> None:
        super().__init__(office.ledger)
        self.bench = bench

    def erp(self, call: Call, entity: str | None = None) -> Workbench:
        return self.bench

    def time(self, call: Call, instance: str) -> Workbench:
        return self.bench


class Desk:
    """The office, its ERP and what people and the worker do about time."""

    def __init__(self, database: Database, url: str) -> None:
        self.office, self.bench, self._url = Office(database), Workbench(), url
        ports: Any = Systems(self.office, self.bench)
        self.services = dataclasses.replace(self.office.services, ports=ports)
        self.commands = TransactionCommands(self.services)

    async def work(self, **more: Any) -> str:
        named = {"state": "rated", "commands": RATED, **more}
        return await self.office.work("ctr_1", "8", date(2026, 10, 14), **named)

    @asynccontextmanager
    async def posting(self) -> AsyncIterator[None]:
        """Gather what waits, and perform the runs."""
        await posting.gather(self.services)
        runs = Process(name="time", workflows=(posting.PostTime(self.services), reversal.ReverseTime(self.services)))
        worker = Worker(
            self.office.database, self._url, [runs], hooks=ExceptionHooks(self.office.clock), scopes=PORT_SCOPES,
            clock=self.office.clock, tuning=replace(FAST, grace_s=0.1),
        )  # fmt: skip
        running = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stop()
            await running

    async def until_over(self, runs: int) -> None:
        async def over() -> bool:
            done = "select count(*) from run where state = 'completed'"
            return bool(await self.office.database.fetchval(done) == runs)

        await eventually(over)

    async def post(self, runs: int) -> None:
        async with self.posting():
            await self.until_over(runs)

    async def offer_again(self) -> None:
        await self.office.database.execute(
            "update billable_transaction set posting_run_id = null where erp_ref is null"
        )


@pytest.fixture
async def desk(database: Database, database_url: str) -> Desk:
    made = Desk(database, database_url)
    await made.office.open()
    await made.office.contract()
    return made


async def test_what_is_offered_again_takes_nothing_else_down_with_it(desk: Desk) -> None:
    refused = await desk.work(**EXCLUDED)
    desk.bench.refusing.add(refused)
    await desk.post(runs=1)
    await desk.offer_again()
    desk.bench.refusing.clear()
    desk.office.clock.advance()
    later = await desk.work()
    await desk.post(runs=2)
    assert (await desk.office.states())[later] == "queued"
    assert {line.transaction_id for line in desk.bench.lines.values()} == {refused, later}


async def test_time_reversed_while_its_answer_was_lost_is_taken_back_in_the_ledger(desk: Desk) -> None:
    gone = await desk.work()
    desk.bench.losing = 1
    async with desk.posting():
        await desk.bench.reached.wait()
        async with desk.office.unit() as unit:
            await transactions.change(unit, await transactions.get(unit, gone), "reverse")
        await desk.until_over(runs=2)
    assert desk.bench.reversed == [key for key, line in desk.bench.lines.items() if line.transaction_id == gone]


async def test_time_held_while_its_batch_waits_is_posted_after_its_release(desk: Desk) -> None:
    held = await desk.work()
    desk.bench.answering.clear()
    async with desk.posting():
        await desk.commands.hold_transaction(ANALYST, held, Hold(reason="Asked back."))
        desk.bench.answering.set()
        await desk.until_over(runs=1)
    await desk.commands.release_transaction(ANALYST, held, Hold(reason="Clear."))
    await desk.post(runs=2)
    assert (await desk.office.states())[held] == "queued"
    assert len(desk.bench.lines) == 1


async def test_time_held_after_the_ledger_took_it_is_queued_by_its_release(desk: Desk) -> None:
    held = await desk.work()
    desk.bench.losing = 1
    async with desk.posting():
        await desk.bench.reached.wait()
        await desk.commands.hold_transaction(ANALYST, held, Hold(reason="Asked back."))
        await desk.until_over(runs=1)
    assert (await desk.office.states())[held] == "held"
    released = await desk.commands.release_transaction(ANALYST, held, Hold(reason="Clear."))
    assert (released.state, len(desk.bench.lines)) == ("queued", 1)
    assert released.erp_ref is not None


async def test_a_batch_that_is_recorded_again_ends_as_it_did(desk: Desk) -> None:
    """A worker died between the record of its outcomes and the record of the step: the run must not say `posted: 0`."""
    posted = await desk.work()
    await desk.post(runs=1)
    (key,) = desk.bench.lines
    told = {key: LineOutcome(key=key, posted=True, ref=f"netsuite:timebill:{key}")}
    async with desk.office.unit() as unit:
        again = await outcomes.record(unit, [posted], told)
    assert (again.posted, again.refused) == (1, 0)
    assert (await desk.office.states())[posted] == "queued"
