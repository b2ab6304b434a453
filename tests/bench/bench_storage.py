"""What the embedded PostgreSQL gives on this machine, fsync on: reads, committed events, events per second."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

import pytest

from runtime.data.database import Database
from runtime.data.embedded import EmbeddedServers, erase
from runtime.data.migrate import migrate
from runtime.work.unit import unit_of_work

EVENT = """insert into outbox (tenant, id, type, source, subject, partitionkey, correlation_id, occurred_at, data)
           values ('bench', $1, 'TimeApproved', 'psa', 'tme_1', 'prj_1', 'cor_1', $2, '{}')"""
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def durable_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state = tmp_path_factory.mktemp("bench") / "state"
    with EmbeddedServers(state) as addresses:
        migrate(addresses.database_url)
        yield addresses.database_url
    erase(state)


async def timed(name: str, times: int, work: Callable[[int], Awaitable[object]], *, at_once: int = 1) -> None:
    """Runs `work(0..times)` and prints p50, p99 and rate."""
    took: list[int] = []
    numbers = iter(range(times))

    async def one_after_the_other() -> None:
        for number in numbers:
            began = time.perf_counter_ns()
            await work(number)
            took.append(time.perf_counter_ns() - began)

    began = time.perf_counter_ns()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    rate = times * 1_000_000_000 // (time.perf_counter_ns() - began)
    took.sort()
    p50, p99 = (took[len(took) * share // 100] // 1000 for share in (50, 99))
    print(f"\n{name:<28} c={at_once:<3} p50 {p50:>6} us   p99 {p99:>6} us   {rate:>6}/s")


async def test_storage(durable_url: str) -> None:
    database = await Database.connect(durable_url)

    async def publish(_: int) -> None:
        async with unit_of_work(database) as session:
            await session.execute(EVENT, f"evt_{time.perf_counter_ns()}", NOW)

    read = "select data from outbox where tenant = $1 order by position limit 1"
    for at_once in (1, 10):
        await timed("event committed", 500, publish, at_once=at_once)
        await timed("row read", 2000, lambda _: database.fetchval(read, "bench"), at_once=at_once)
    await database.close()
