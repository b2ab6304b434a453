"""The operations that are measured: what they do costs next to nothing, so what is measured is what carries them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from contracts.call import Call
from contracts.money import Money
from contracts.operation import operation
from domain.alerts import PriorityAnswer, PriorityQuestion, alert_priority
from runtime.data.database import Database
from runtime.data.ids import new_id
from runtime.work.unit import unit_of_work

TABLE = "create table if not exists bench_priority (tenant text, id text, priority text, primary key (tenant, id))"
ADD = "insert into bench_priority (tenant, id, priority) values ($1, $2, $3)"


class Line(Struct, frozen=True, kw_only=True):
    """One line of a summary."""

    project: str
    worker: str
    hours: str
    value: str


class Summary(Struct, frozen=True, kw_only=True):
    """About a kilobyte."""

    id: str
    name: str
    as_of: datetime
    total: Money
    lines: tuple[Line, ...]


SUMMARY = Summary(
    id="sum_1",
    name="Approved time of the week",
    as_of=datetime(2026, 11, 20, 12, tzinfo=UTC),
    total=Money(Decimal("48250.00"), "EUR"),
    lines=tuple(Line(project=f"PRJ-21{n:02}", worker=f"E10{n:02}", hours="7.5000", value="1387.50") for n in range(11)),
)


class Desk(Protocol):
    """What is asked for in a benchmark."""

    @operation("GET", "/bench/summary", scope="bench:read")
    async def get_summary(self, call: Call) -> Summary:
        """Read a kilobyte."""
        ...

    @operation("POST", "/bench/kept-priorities", scope="bench:write")
    async def keep(self, call: Call, body: PriorityQuestion) -> PriorityAnswer:
        """How urgent something is, as the calculator `alert.priority` says it, and the answer is kept."""
        ...


class Clerk:
    """Answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_summary(self, call: Call) -> Summary:
        return SUMMARY

    async def keep(self, call: Call, body: PriorityQuestion) -> PriorityAnswer:
        answer = alert_priority(body)
        async with unit_of_work(self._database) as connection:
            await connection.execute(ADD, call.tenant, new_id("prt", SUMMARY.as_of), answer.priority)
        return answer
