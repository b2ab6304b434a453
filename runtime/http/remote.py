"""Operations -> an HTTP client that *is* the port: same arguments, same result, same problem as the implementation."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any, TypeVar, cast
from urllib.parse import quote

from msgspec import DecodeError, Struct, ValidationError

from contracts.call import Call
from contracts.operation import Operation, operations
from contracts.problems import PROBLEMS, Internal, Problem, Violation
from contracts.wire import decode, encode
from runtime.http.hop import HopTokens
from runtime.http.outbound import Answer, Outbound, TransportFactory, VendorBudget, direct_transport

P = TypeVar("P")
HOP_HEADER = "ledgerway-call"


class _Wire(Struct, frozen=True):
    """The members of a problem that a client needs to raise it again."""

    detail: str = ""
    code: str = "internal"
    errors: tuple[dict[str, str], ...] = ()
    facts: dict[str, Any] = {}
    type: str = ""


def problem_from(answer: Answer) -> Problem:
    """The problem an answer stands for. Anything that is no problem of ours is Internal."""
    try:
        wire = decode(answer.body, _Wire)
    except (DecodeError, ValidationError):
        return Internal(f"A layer answered {answer.status} without a problem.")
    kind = PROBLEMS.get(wire.code, Internal)
    errors = [Violation(**{("in_" if k == "in" else k): v for k, v in e.items()}) for e in wire.errors]
    return kind(wire.detail, errors=errors, **wire.facts)


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _request(operation: Operation, prefix: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    path, query, body = prefix + operation.path, {}, None
    for parameter in operation.parameters:
        value = arguments.get(parameter.name)
        if parameter.source == "path":
            path = path.replace(f"{{{parameter.name}}}", quote(_text(value), safe=":"))
        elif parameter.source == "body":
            body = encode(value)
        elif value is not None:
            query[parameter.name] = _text(value)
    headers = {"content-type": "application/json"} if body is not None else {}
    return path, {"params": query, "content": body, "headers": headers}


class Remote:
    """Another process of this installation at `base_url`."""

    def __init__(self, base_url: str, tokens: HopTokens, transport: TransportFactory = direct_transport) -> None:
        self._tokens = tokens
        self._outbound = Outbound(
            "ledgerway", base_url, VendorBudget(concurrency=100), transport=transport, judges_status=False
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._outbound.close()

    def port(self, port: type[P], instance: str) -> P:
        """A port of a connection, served by the system layer over there."""
        return self.client(port, f"/system/v1/{quote(instance)}")

    def client(self, contract: type[P], prefix: str) -> P:
        """Any contract, served at `prefix` over there."""
        members = {o.name: self._method(o, prefix) for o in operations(contract)}
        return cast(P, type(f"Remote{contract.__name__}", (), {k: staticmethod(v) for k, v in members.items()})())

    def _method(self, operation: Operation, prefix: str) -> Callable[..., Awaitable[Any]]:
        names = [p.name for p in operation.parameters]

        async def method(call: Call, *args: Any, **kwargs: Any) -> Any:
            path, request = _request(operation, prefix, dict(zip(names, args, strict=False)) | kwargs)
            answer = await self._send(operation, call, path, request)
            if answer.status >= 400:
                raise problem_from(answer)
            return decode(answer.body, operation.result)

        return method

    async def _send(self, operation: Operation, call: Call, path: str, request: dict[str, Any]) -> Answer:
        token = self._tokens.sign(call, f"{operation.method} {path}")
        request["headers"] |= {HOP_HEADER: token}
        if call.idempotency_key:
            request["headers"]["idempotency-key"] = f'"{call.idempotency_key}"'
        return await self._outbound.send(
            operation.method, path, operation=operation.id, writes=operation.effects, **request
        )
