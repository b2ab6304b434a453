"""One statement for many callers: grouped, in order, and nobody fails for another."""

import asyncio
from collections.abc import Sequence

import pytest

from contracts.problems import StoreAway
from runtime.data.batches import Batches


class Store:
    """Doubles numbers, one batch at a time."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.away = False

    async def double(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await asyncio.sleep(0.001)
        if self.away:
            raise StoreAway("The store does not answer.")
        if 13 in numbers:
            raise ValueError("13 is refused")
        return [2 * number for number in numbers]


@pytest.fixture
def store() -> Store:
    return Store()


async def test_what_is_asked_meanwhile_goes_into_the_next_batch(store: Store):
    batches = Batches(store.double, most=4)
    first = asyncio.create_task(batches.ask(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = await asyncio.gather(*(batches.ask(n) for n in range(1, 8)))
    assert (await first, rest) == (0, [2, 4, 6, 8, 10, 12, 14])
    assert store.batches == [[0], [1, 2, 3, 4], [5, 6, 7]]
    assert await batches.ask(9) == 18


async def test_nobody_fails_for_another(store: Store):
    batches = Batches(store.double)
    answers = await asyncio.gather(*(batches.ask(n) for n in (12, 13, 14)), return_exceptions=True)
    assert (answers[0], answers[2]) == (24, 28)
    assert isinstance(answers[1], ValueError)
    assert store.batches == [[12, 13, 14], [12], [13], [14]]


async def test_a_store_that_is_away_is_so_for_all_and_asked_once(store: Store):
    store.away = True
    batches = Batches(store.double)
    answers = await asyncio.gather(batches.ask(1), batches.ask(2), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreAway, StoreAway]
    assert store.batches == [[1, 2]]
    store.away = False
    assert await batches.ask(3) == 6


async def test_who_gives_up_does_not_hold_the_others_up(store: Store):
    batches = Batches(store.double)
    gone, here = asyncio.create_task(batches.ask(1)), asyncio.create_task(batches.ask(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await here == 4
