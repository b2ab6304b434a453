"""Operations -> an HTTP client that *is* the port: same arguments, same result, same problem as the implementation."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast
from urllib.parse import quote

from msgspec import DecodeError, Struct, ValidationError
from msgspec.structs import replace

from contracts.call import Call
from contracts.operation import Operation, operations
from contracts.periods import Clock
from contracts.problems import PROBLEMS, Internal, Problem, Unauthenticated, Violation
from contracts.wire import decode
from runtime import tracing
from runtime.bind import bind
from runtime.http.hop import HEADER, NOT_SERVED, HopTokens, fingerprint
from runtime.http.outbound import Answer, Outbound, TransportFactory, VendorBudget, direct_transport
from runtime.http.replies import PROBLEM
from runtime.http.requests import Requests, address
from runtime.telemetry import log

P = TypeVar("P")
_CONCURRENCY = 100
# As long as a vendor may take with all retries; the call's deadline is shorter.
_LONGEST_S = 300.0


class _Wire(Struct, frozen=True):
    """The members of a problem that a client needs to raise it again."""

    code: str
    detail: str = ""
    errors: tuple[dict[str, str], ...] = ()
    facts: dict[str, Any] = {}


def problem_from(answer: Answer) -> Problem | None:
    """The problem an answer stands for; None when it is none of ours."""
    if not answer.headers.get("content-type", "").startswith(PROBLEM):
        return None
    try:
        wire = decode(answer.body, _Wire)
        errors = [Violation(**{("in_" if k == "in" else k): v for k, v in e.items()}) for e in wire.errors]
    except (DecodeError, ValidationError, TypeError):
        return None
    problem = PROBLEMS.get(wire.code, Internal)(wire.detail, errors=errors)
    problem.facts = wire.facts
    return problem


class Remote:
    """Another process of this installation at `base_url`."""

    def __init__(
        self,
        base_url: str,
        tokens: HopTokens,
        transport: TransportFactory = direct_transport,
        clock: Clock | None = None,
    ) -> None:
        self._tokens, self._clock = tokens, clock
        budget = VendorBudget(concurrency=_CONCURRENCY, timeout_s=_LONGEST_S)
        self._outbound = Outbound("ledgerway", base_url, budget, transport=transport, judges_status=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._outbound.close()

    def port(self, port: type[P], instance: str) -> P:
        """A port of a connection, served by the system layer over there."""
        return self.client(port, f"/system/v1/{quote(instance, safe='')}")

    def client(self, contract: type[P], prefix: str) -> P:
        """Any contract, served at `prefix` over there, behind the same guards as an implementation here."""
        members = {o.name: staticmethod(self._method(o, prefix)) for o in operations(contract)}
        return bind(contract, cast(P, type(f"Remote{contract.__name__}", (), members)()), self._clock)

    def _method(self, operation: Operation, prefix: str) -> Callable[..., Awaitable[Any]]:
        requests, template = Requests(operation), prefix + operation.path

        async def method(call: Call, *args: Any, **kwargs: Any) -> Any:
            request = requests.of(requests.named(args, kwargs))
            answer = await self._send(
                operation, call, address(template, request.path), request.query_string, request.body
            )
            if answer.status >= 400:
                raise self._problem(operation, answer)
            return None if answer.status == 204 else decode(answer.body, operation.result)

        return method

    async def _send(self, operation: Operation, call: Call, path: str, query: str, body: bytes | None) -> Answer:
        traced = replace(call, traceparent=tracing.here() or call.traceparent)
        token = self._tokens.sign(traced, fingerprint(operation.method, path, query, body or b""))
        headers = {HEADER: token} | ({} if body is None else {"content-type": "application/json"})
        return await self._outbound.send(
            operation.method,
            f"{path}?{query}" if query else path,
            operation=operation.id,
            writes=operation.effects,
            headers=headers,
            content=body,
        )

    def _problem(self, operation: Operation, answer: Answer) -> Problem:
        """What the layer says; a refusal of ourselves, or of somebody in between, is no answer to the caller's question."""
        problem = problem_from(answer)
        if problem is None:
            self._outbound.judged(answer, operation.id, operation.effects)
        elif not isinstance(problem, Unauthenticated) and problem.code != NOT_SERVED:
            return problem
        log.error("layer.refused", operation=operation.id, status=answer.status)
        return Internal(f"Another layer of Ledgerway does not serve {operation.id}; the request was fine.")
