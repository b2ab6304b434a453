"""Questions of many callers in one statement: one is under way at a time, and what is asked meanwhile goes into the next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from contracts.problems import Problem

Q = TypeVar("Q")
A = TypeVar("A")


class Batches(Generic[Q, A]):
    """`answer` gets at most `most` questions at once and returns as many answers, in their order.

    Nobody fails for another: when a batch is refused, its questions are asked again one by one. A Problem, such as a store that is
    away, is everybody's.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], most: int = 200) -> None:
        self._answer, self._most = answer, most
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer to one question. Raises what `answer` raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, future))
        if self._asking is None:
            self._asking = loop.create_task(self._ask_all(), context=Context())
        return await future

    async def _ask_all(self) -> None:
        while self._waiting:
            await self._ask([self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))])
        self._asking = None

    async def _ask(self, batch: list[tuple[Q, asyncio.Future[A]]]) -> None:
        found = await asyncio.gather(self._answer([question for question, _ in batch]), return_exceptions=True)
        answers = found[0]
        if not isinstance(answers, BaseException):
            for (_, future), answer in zip(batch, answers, strict=True):
                _tell(future, answer)
        elif len(batch) == 1 or isinstance(answers, Problem):
            for _, future in batch:
                if not future.done():
                    future.set_exception(answers)
        else:
            for one in batch:
                await self._ask([one])


def _tell(future: asyncio.Future[A], answer: A) -> None:
    if not future.done():  # whoever asked may have gone away
        future.set_result(answer)
