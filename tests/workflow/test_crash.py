"""Workers that are killed, and what is true afterwards: real processes, real signals."""

import asyncio
import sys
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from runtime.data.database import Database
from runtime.work import runs
from runtime.work.unit import unit_of_work
from tests.workflow.stage import CALL, Order, eventually

ONCE = ["tried one", "wrote one", "tried two", "wrote two"]


async def worker(url: str, effects: Path, *mode: str) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.workflow.mortal", url, str(effects), *mode)


async def start(database: Database) -> str:
    async with unit_of_work(database) as connection:
        return (await runs.start_run(connection, CALL, "mortal", "m1", Order())).id


async def until(database: Database, run_id: str, status: str) -> None:
    async def reached() -> bool:
        return (await runs.get_run(database, CALL, run_id)).status == status

    await eventually(reached)


async def until_written(effects: Path, line: str) -> None:
    async def reached() -> bool:
        return line in effects.read_text()

    await eventually(reached)


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    path = tmp_path / "effects"
    path.touch()
    return path


async def end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0


async def test_a_worker_killed_inside_a_step_resumes_there_and_repeats_nothing_recorded(
    database: Database, database_url: str, effects: Path
) -> None:
    run_id = await start(database)
    first = await worker(database_url, effects, "stuck")
    await until_written(effects, "wrote two")
    first.kill()
    await first.wait()
    second = await worker(database_url, effects)
    await until_written(effects, "tried three")
    await until(database, run_id, "completed")
    await end(second)
    assert effects.read_text().splitlines() == [*ONCE, "tried two", "tried three", "wrote three"]
    ends = await database.fetchval("select count(*) from outbox where tenant = 'acme' and type = 'workflow.completed'")
    assert ends == 1


async def test_another_worker_takes_over_what_a_dead_one_left(
    database: Database, database_url: str, effects: Path
) -> None:
    run_id = await start(database)
    dead = await worker(database_url, effects, "stuck")
    await until_written(effects, "wrote two")
    alive = await worker(database_url, effects)
    await eventually(lambda: database.fetchval("select count(*) = 2 from slot"))
    dead.kill()
    await dead.wait()
    await until(database, run_id, "completed")
    await end(alive)
    assert effects.read_text().splitlines() == [*ONCE, "tried two", "tried three", "wrote three"]


async def test_a_worker_told_to_stop_leaves_in_order_and_its_run_goes_on_elsewhere(
    database: Database, database_url: str, effects: Path
) -> None:
    run_id = await start(database)
    effects.write_text("wrote one\nwrote two\n")
    first = await worker(database_url, effects)
    await until_written(effects, "tried one")
    await end(first)
    assert await database.fetchval("select left_at is not null from slot where name = 'slot-0'")
    second = await worker(database_url, effects)
    await until(database, run_id, "completed")
    await end(second)
    assert effects.read_text().splitlines().count("tried three") == 1


async def test_a_worker_told_to_stop_while_it_starts_leaves_in_order(
    database: Database, database_url: str, effects: Path
) -> None:
    dismissed = await worker(database_url, effects, "dismissed")
    assert await asyncio.wait_for(dismissed.wait(), 15) == 0
    assert await database.fetchval("select left_at is not null from slot where name = 'slot-0'")
