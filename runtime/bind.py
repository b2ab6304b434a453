"""Wraps an implementation of a contract: scope, deadline, and everything unknown becomes a Problem.

Every operation passes here once, whether the gateway, a workflow or another layer calls it. One that only computes may be
implemented by a plain function: it never waits, so nothing is made ready for waiting.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast

from msgspec import Struct

from contracts.call import Call
from contracts.operation import Operation, operations
from contracts.periods import Clock, SystemClock
from contracts.problems import DeadlineExceeded, Forbidden, Internal, Problem
from runtime import tracing
from runtime.at_once import Late, within
from runtime.data import outages
from runtime.telemetry import log

P = TypeVar("P")
Invoke = Callable[[Call, dict[str, Any]], Awaitable[Any]]
Compute = Callable[[Call, dict[str, Any]], Any]


class Served(Struct, frozen=True, kw_only=True):
    """An operation at its address. `invoke(call, arguments)` takes the decoded arguments by name, path parameters included.

    `unit` says that business rows are written here, so that reply, audit row and effect share one transaction. `compute` is
    there where nothing waits: the same as `invoke`, answered at once.
    """

    operation: Operation
    path: str
    invoke: Invoke
    unit: bool = True
    compute: Compute | None = None


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
            raise _failed(operation, call) from unknown

    return traced


def _failed(operation: Operation, call: Call) -> Internal:
    told = {"correlation_id": call.correlation_id, "request_id": call.request_id, "tenant": call.tenant}
    log.exception("operation.failed", operation=operation.id, **told)
    detail = f"Ledgerway failed; the request was fine. Quote {call.correlation_id}."
    return Internal(detail, correlation_id=call.correlation_id)


def _computed(operation: Operation, function: Callable[..., Any], clock: Clock) -> Compute:
    def compute(call: Call, arguments: dict[str, Any]) -> Any:
        _check(operation, call, clock)
        try:
            return function(call, **arguments)
        except Problem:
            raise
        except Exception as unknown:
            raise _failed(operation, call) from unknown

    def traced(call: Call, arguments: dict[str, Any]) -> Any:
        if not tracing.on():
            return compute(call, arguments)
        with tracing.called(operation.id, call.traceparent) as span:
            if span is not None:
                span.attributes["ledgerway.tenant"] = call.tenant
            return compute(call, arguments)

    return traced


class _Bound:
    """An object with the operations of one contract, each guarded. `computed` has those that never wait, by name."""

    def __init__(self) -> None:
        self.computed: dict[str, Compute] = {}

    def add(self, operation: Operation, method: Callable[..., Any], clock: Clock) -> None:
        """One more operation."""
        if iscoroutinefunction(method):
            setattr(self, operation.name, _guarded(operation, method, clock))
            return
        compute = self.computed[operation.name] = _computed(operation, method, clock)
        names = [parameter.name for parameter in operation.parameters]

        @wraps(method)
        async def answer(call: Call, *args: Any, **kwargs: Any) -> Any:
            return compute(call, dict(zip(names, args, strict=False)) | kwargs)

        setattr(self, operation.name, answer)


def bind(port: type[P], implementation: object, clock: Clock | None = None) -> P:
    """The implementation behind the guards of its contract. Every operation the contract declares must be there."""
    bound = _Bound()
    for operation in operations(port):
        bound.add(operation, getattr(implementation, operation.name), clock or SystemClock())
    return cast(P, bound)


def _invoker(method: Callable[..., Awaitable[Any]]) -> Invoke:
    def invoke(call: Call, arguments: dict[str, Any]) -> Awaitable[Any]:
        return method(call, **arguments)

    return invoke


def serve_in_process(port: type, bound: object, prefix: str) -> tuple[Served, ...]:
    """The operations of a bound implementation at `prefix`, for callers in this process."""
    computed = bound.computed if isinstance(bound, _Bound) else {}
    return tuple(
        Served(operation=o, path=prefix + o.path, invoke=_invoker(getattr(bound, o.name)), compute=computed.get(o.name))
        for o in operations(port)
    )
