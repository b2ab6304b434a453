"""Wraps an implementation of a contract: scope, deadline, and everything unknown becomes a Problem.

Every operation passes here once, whether the gateway, a workflow or another layer calls it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from functools import wraps
from types import coroutine
from typing import Any, TypeVar, cast

from msgspec import Struct

from contracts.call import Call
from contracts.operation import Operation, operations
from contracts.periods import Clock, SystemClock
from contracts.problems import DeadlineExceeded, Forbidden, Internal, Problem
from runtime import tracing
from runtime.data import outages
from runtime.telemetry import log

P = TypeVar("P")
Invoke = Callable[[Call, dict[str, Any]], Awaitable[Any]]


class Served(Struct, frozen=True, kw_only=True):
    """An operation at its address. `invoke(call, arguments)` takes the decoded arguments by name, path parameters included.

    `unit` says that business rows are written here, so that reply, audit row and effect share one transaction.
    """

    operation: Operation
    path: str
    invoke: Invoke
    unit: bool = True


def _check(operation: Operation, call: Call, clock: Clock) -> float | None:  # house: float seconds
    if not call.allows(operation.scope):
        raise Forbidden(f"This needs the scope {operation.scope}.", scope=operation.scope)
    if call.deadline is None:
        return None
    left = (call.deadline - clock.now()).total_seconds()
    if left <= 0:
        raise DeadlineExceeded("The deadline of the call had passed before it began.")
    return left


def _guarded(
    operation: Operation, method: Callable[..., Awaitable[Any]], clock: Clock
) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def traced(call: Call, *args: Any, **kwargs: Any) -> Any:
        if not tracing.on():
            return await guarded(call, *args, **kwargs)
        with tracing.called(operation.id, call.traceparent) as span:
            if span is not None:
                span.attributes["ledgerway.tenant"] = call.tenant
            return await guarded(call, *args, **kwargs)

    async def guarded(call: Call, *args: Any, **kwargs: Any) -> Any:
        left = _check(operation, call, clock)
        try:
            with outages.guarded("database"):
                return await within(left, method(call, *args, **kwargs))
        except Problem:
            raise
        except Late as late:
            raise DeadlineExceeded("The deadline of the call passed.") from late
        except Exception as unknown:
            log.exception("operation.failed", operation=operation.id, correlation_id=call.correlation_id)
            detail = f"Ledgerway failed; the request was fine. Quote {call.correlation_id}."
            raise Internal(detail, correlation_id=call.correlation_id) from unknown

    return traced


class Late(Exception):
    """Work took longer than it may."""


async def within(seconds: float | None, work: Awaitable[Any]) -> Any:  # house: float seconds
    """What the work comes to. Its first stretch runs at once: work that never waits needs no timer. Raises Late."""
    stretch = work.__await__()
    try:
        waits_for = next(stretch)
    except StopIteration as done:
        return done.value
    try:
        async with asyncio.timeout(seconds) as limit:
            return await _rest(stretch, waits_for)
    except TimeoutError as error:
        if limit.expired():
            raise Late from error
        raise


@coroutine
def _rest(stretch: Generator[Any, Any, Any], waits_for: Any) -> Generator[Any, Any, Any]:
    """The work from its first wait on."""
    try:
        while True:
            try:
                answer = yield waits_for
            except BaseException as raised:
                waits_for = stretch.throw(raised)
            else:
                waits_for = stretch.send(answer)
    except StopIteration as done:
        return done.value


class _Bound:
    """An object with the operations of one contract, each guarded."""


def bind(port: type[P], implementation: object, clock: Clock | None = None) -> P:
    """The implementation behind the guards of its contract. Every operation the contract declares must be there."""
    bound = _Bound()
    for operation in operations(port):
        method = getattr(implementation, operation.name)
        setattr(bound, operation.name, _guarded(operation, method, clock or SystemClock()))
    return cast(P, bound)


def _invoker(method: Callable[..., Awaitable[Any]]) -> Invoke:
    def invoke(call: Call, arguments: dict[str, Any]) -> Awaitable[Any]:
        return method(call, **arguments)

    return invoke


def serve_in_process(port: type, bound: object, prefix: str) -> tuple[Served, ...]:
    """The operations of a bound implementation at `prefix`, for callers in this process."""
    return tuple(
        Served(operation=o, path=prefix + o.path, invoke=_invoker(getattr(bound, o.name))) for o in operations(port)
    )
