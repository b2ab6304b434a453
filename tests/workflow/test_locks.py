"""The worker's session: locks, slots, sweeps by one worker at a time, and what happens when the session is cut."""

import asyncio

import pytest

from runtime.data.database import Database
from runtime.work import slots
from runtime.work.session import LockLost, Session
from runtime.work.sweeps import Sweep, Sweeper
from runtime.work.worker import attempt
from tests.workflow.stage import eventually

CUT = """
select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = $1 and granted
    and database = (select oid from pg_database where datname = current_database())
"""


async def session(database: Database, heard: list[str]) -> Session:
    opened = Session(database, {"outbox": heard.append})
    await opened.open()
    return opened


async def test_slots_are_taken_from_the_lowest_and_one_that_is_free_is_taken_again(database: Database) -> None:
    one, two = await session(database, []), await session(database, [])
    assert await slots.claim(one, database, 2) == "slot-0"
    assert await slots.claim(two, database, 2) == "slot-1"
    three = await session(database, [])
    with pytest.raises(slots.NoFreeSlot):
        await slots.claim(three, database, 2)
    await one.close()
    assert await slots.claim(three, database, 2) == "slot-0"
    await two.close()
    await three.close()


async def test_a_dead_slot_is_taken_over_after_its_time_and_a_left_one_at_once(database: Database) -> None:
    dead, left, alive = [await session(database, []) for _ in range(3)]
    for each in (dead, left, alive):
        await slots.claim(each, database, 3)
    adopted: list[str] = []

    async def adopt(name: str) -> int:
        adopted.append(name)
        return 0

    takeover = slots.Takeover(alive, database, adopt, dead_after_s=0.2)
    await takeover.look()
    assert adopted == []
    await dead.close()
    await slots.leave(database, "slot-1")
    await left.close()
    await takeover.look()
    assert adopted == ["slot-1"]
    await asyncio.sleep(0.25)
    await takeover.look()
    await takeover.look()
    assert adopted == ["slot-1", "slot-0"]
    await alive.close()


async def test_a_cut_session_takes_its_slot_back_and_wakes_its_listeners(database: Database) -> None:
    heard: list[str] = []
    worker = await session(database, heard)
    await slots.claim(worker, database, 1)
    keeping = asyncio.create_task(worker.keep())
    await database.execute(CUT, slots.LOCK_SPACE)

    async def woken() -> bool:
        return heard == [""]

    await eventually(woken)
    other = await session(database, [])
    assert not await other.take(slots.LOCK_SPACE, 0)
    await database.notify("outbox", "after")

    async def told() -> bool:
        return heard == ["", "after"]

    await eventually(told)
    keeping.cancel()
    await worker.close()
    await other.close()


async def test_a_worker_whose_slot_was_taken_meanwhile_ends(database: Database) -> None:
    worker, thief = await session(database, []), await session(database, [])
    await slots.claim(worker, database, 1)
    keeping = asyncio.create_task(worker.keep())
    await database.execute(CUT, slots.LOCK_SPACE)

    async def stolen() -> bool:
        return await thief.take(slots.LOCK_SPACE, 0)

    await eventually(stolen)
    with pytest.raises(LockLost):
        await asyncio.wait_for(keeping, 15)
    await worker.close()
    await thief.close()


async def test_a_sweep_is_run_by_one_worker_and_survives_its_own_failure(database: Database) -> None:
    one, two = await session(database, []), await session(database, [])
    ran: list[str] = []

    def sweeper(name: str, opened: Session) -> Sweeper:
        async def work() -> None:
            ran.append(name)
            if len(ran) == 1:
                raise KeyError("bug")

        return Sweeper(Sweep("time feed", 1, work), opened, attempt)

    both = [sweeper("one", one), sweeper("two", two)]
    tasks = [asyncio.create_task(each.run()) for each in both]

    async def twice() -> bool:
        return len(ran) >= 2

    await eventually(twice)
    assert len(set(ran)) == 1
    assert sum(each.failures for each in both) == 1
    for task in tasks:
        task.cancel()
    await one.close()
    await two.close()


def test_no_sweep_runs_more_than_once_a_second() -> None:
    async def work() -> None: ...

    with pytest.raises(ValueError, match="more than once"):
        Sweep("hasty", 0.5, work)
