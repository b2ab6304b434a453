"""Workers that are killed, and what is true afterwards: real processes, real signals."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from runtime.data.database import Database
from runtime.work import runs
from runtime.work.unit import unit_of_work
from tests.workflow.stage import CALL, Order, eventually

_END_SESSIONS = """
select pg_terminate_backend(pid, 30000) from pg_stat_activity where datname = current_database() and application_name <> 'tests'
"""
PATIENCE_S = 90.0  # starting a process takes seconds of processor time
ONCE = ["tried one", "wrote one", "tried two", "wrote two"]


async def worker(url: str, effects: Path, *mode: str) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.workflow.mortal", url, str(effects), *mode)


async def start(database: Database) -> str:
    async with unit_of_work(database) as connection:
        return (await runs.start_run(connection, CALL, "mortal", "m1", Order())).id


async def until(database: Database, run_id: str, status: str) -> None:
    async def reached() -> bool:
        return (await runs.get_run(database, CALL, run_id)).status == status

    await eventually(reached, PATIENCE_S)


async def until_written(effects: Path, line: str) -> None:
    async def reached() -> bool:
        return line in effects.read_text()

    await eventually(reached, PATIENCE_S)


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    path = tmp_path / "effects"
    path.touch()
    return path


async def end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0


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
    await eventually(lambda: database.fetchval("select count(*) = 2 from slot"), PATIENCE_S)
    dead.kill()
    await dead.wait()
    await until(database, run_id, "completed")
    await end(alive)
    assert effects.read_text().splitlines() == [*ONCE, "tried two", "tried three", "wrote three"]


@pytest.mark.parametrize("heir_has", ["its slot", "a slot of its own"])
async def test_a_worker_that_wakes_up_after_its_runs_were_taken_does_no_harm(
    heir_has: str, database: Database, database_url: str, effects: Path
) -> None:
    """It stands still in the middle of a step, its database sessions are ended as by a failover, another worker finishes
    its run; then it goes on as if nothing had been, with the answer of its step in hand."""
    run_id = await start(database)
    zombie = await worker(database_url, effects, "slow")
    await until_written(effects, "wrote two")
    zombie.send_signal(signal.SIGSTOP)
    if heir_has == "a slot of its own":
        heir = await worker(database_url, effects)
        await eventually(lambda: database.fetchval("select count(*) = 2 from slot"), PATIENCE_S)
        await database.execute(_END_SESSIONS)
    else:
        await database.execute(_END_SESSIONS)
        heir = await worker(database_url, effects)
    await until(database, run_id, "completed")
    with effects.open("a") as file:
        file.write("answered\n")
    zombie.send_signal(signal.SIGCONT)
    if heir_has == "its slot":  # nothing is left for it to do
        assert await asyncio.wait_for(zombie.wait(), 60) != 0
    else:
        await asyncio.sleep(3)
        await end(zombie)
    await end(heir)
    done = [line for line in effects.read_text().splitlines() if line != "answered"]
    assert done == [*ONCE, "tried two", "tried three", "wrote three"]
    ends = await database.fetchval("select count(*) from outbox where tenant = 'acme' and type = 'workflow.completed'")
    assert ends == 1
    states = await database.fetch("select name, state from step where tenant = 'acme' order by position")
    assert [tuple(row) for row in states] == [("one", "done"), ("two", "done"), ("three", "done")]


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
    assert await asyncio.wait_for(dismissed.wait(), 60) == 0
    assert await database.fetchval("select left_at is not null from slot where name = 'slot-0'")
