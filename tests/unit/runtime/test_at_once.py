"""What never waits is done where it arises; the rest of what waits is done by a task."""

import asyncio

from runtime.at_once import begin, in_task


async def test_work_that_never_waits_needs_no_task():
    done: list[asyncio.Task[None] | None] = []

    async def work() -> None:
        done.append(asyncio.current_task())

    asyncio.get_running_loop().call_soon(lambda: done.append(begin(work(), asyncio.get_running_loop())))
    await asyncio.sleep(0)
    assert done == [None, None]


async def _begun(work: asyncio.Future[None] | None, seen: list[bool]) -> None:
    """Begins work outside of any task and waits for its end."""
    tasks: list[asyncio.Task[None] | None] = []

    async def wait() -> None:
        if work is None:
            await in_task()
        else:
            await work
        seen.append(asyncio.current_task() is not None)
        async with asyncio.timeout(5):
            await asyncio.sleep(0.001)
        seen.append(True)

    asyncio.get_running_loop().call_soon(lambda: tasks.append(begin(wait(), asyncio.get_running_loop())))
    await asyncio.sleep(0)
    assert tasks[0] is not None
    await tasks[0]


async def test_what_may_wait_asks_for_a_task():
    seen: list[bool] = []
    await _begun(None, seen)
    assert seen == [True, True]


async def test_the_first_wait_makes_a_task():
    seen: list[bool] = []
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.01, future.set_result, None)
    await _begun(future, seen)
    assert seen == [True, True]


async def test_in_a_task_there_is_nothing_to_wait_for():
    here = asyncio.current_task()
    await in_task()
    assert asyncio.current_task() is here
