"""Arguments of an operation -> texts of the path, pairs of the query, bytes of the body: the reverse of `arguments.py`.

`admitted` takes arguments there and back, so that a call in this process refuses what a call over HTTP would.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct

from contracts.money import plain
from contracts.operation import Operation
from contracts.problems import InvalidRequest, Violation
from contracts.wire import encode
from runtime.http.arguments import Arguments

_NO_NAMES = ("", ".", "..")  # RFC 3986 section 5.2.4: whoever carries the request may take them out of the path


class WireRequest(Struct, frozen=True):
    """One request, not yet addressed. `path` holds the plain texts of its parameters."""

    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: bytes | None = None

    @property
    def query_string(self) -> str:
        """Percent-encoded."""
        return urlencode(self.query, quote_via=quote)


class Requests:
    """The encoder of one operation's arguments."""

    def __init__(self, operation: Operation) -> None:
        self._id = operation.id
        self._names = [p.name for p in operation.parameters]
        self._required = {p.name for p in operation.parameters if p.required}
        self._path = [p.name for p in operation.parameters if p.source == "path"]
        self._query = [p.name for p in operation.parameters if p.source == "query"]
        self._has_body = operation.body is not None

    def named(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments by name, as Python would bind them. Raises TypeError."""
        given = dict(zip(self._names, args, strict=False))
        known = set(self._names) - given.keys()
        if len(args) > len(self._names) or not kwargs.keys() <= known or self._required - given.keys() - kwargs.keys():
            raise TypeError(f"{self._id} takes {', '.join(self._names) or 'no arguments'}")
        return {**given, **kwargs}

    def of(self, given: Mapping[str, Any]) -> WireRequest:
        """The request. Raises InvalidRequest for a text that cannot be a name in a path."""
        path = {name: _segment(name, _text(given[name])) for name in self._path}
        query = [(name, text) for name in self._query for text in _texts(given.get(name))]
        body = encode(given["body"]) if self._has_body and "body" in given else None
        return WireRequest(path, query, body)


def address(template: str, path: Mapping[str, str]) -> str:
    """`/deals/{deal_ref}` with its parameters, percent-encoded."""
    parts = (part if not part.startswith("{") else quote(path[part[1:-1]], safe="") for part in template.split("/"))
    return "/".join(parts)


def admitted(operation: Operation, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The method behind the check that its arguments pass over HTTP. Raises InvalidRequest, InvalidContent, TooLarge."""
    requests, arguments = Requests(operation), Arguments(operation)

    @wraps(method)
    async def checked(call: Any, *args: Any, **kwargs: Any) -> Any:
        request = requests.of(requests.named(args, kwargs))
        given = arguments.decode(request.path, request.query_string.encode(), "application/json", request.body or b"")
        return await method(call, **given)

    return checked


def _segment(name: str, text: str) -> str:
    if text in _NO_NAMES:
        found = Violation(code="pattern", detail=f"is {text!r}; that names nothing", parameter=name, in_="path")
        raise InvalidRequest(f"{name} is {text!r}; that names nothing.", errors=[found])
    return text


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [_text(item) for item in value] if isinstance(value, list | tuple) else [_text(value)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else str(value)
