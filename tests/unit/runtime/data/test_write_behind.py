"""Writing behind: nothing that was taken for writing is lost at the end, and a store that is away ends nothing."""

import asyncio

from contracts.problems import StoreAway
from runtime.data.write_behind import WriteBehind


def unexpected() -> None:
    raise AssertionError("the store is there")


async def test_the_end_waits_for_a_flush_that_runs() -> None:
    began, allowed, written = asyncio.Event(), asyncio.Event(), []

    async def flush() -> None:
        began.set()
        await allowed.wait()
        written.append("batch")

    behind = WriteBehind(flush, 0.001, unexpected)
    await behind.start()
    await began.wait()
    ending = asyncio.create_task(behind.close())
    await asyncio.sleep(0)
    allowed.set()
    await ending
    assert written == ["batch", "batch"]


async def test_a_store_that_is_away_is_asked_again() -> None:
    asked, told = asyncio.Event(), []

    async def flush() -> None:
        if len(told) < 2:
            raise StoreAway("It does not answer.")
        asked.set()

    behind = WriteBehind(flush, 0.001, lambda: told.append("away"))
    await behind.start()
    await asked.wait()
    await behind.close()
    assert told == ["away", "away"]
