"""The ASGI edge of a vendor simulator: one request read whole, one answer sent, or the connection dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import msgspec

from runtime.http.tables import from_json, to_json

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 8 * 1024 * 1024


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor request; header names are lower case.

    `path` is still percent-encoded, `target` is path plus `?query`; `params` are the decoded `{names}` of the route.
    """

    method: str
    path: str
    target: str
    base_url: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    params: dict[str, str] = {}

    def json(self) -> Any:
        """The body as builtins (fractions as Decimal). Raises ValueError when it is not JSON."""
        return from_json(self.body)

    def form(self) -> dict[str, str]:
        """The urlencoded body, last value of a repeated name."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def header(self, name: str) -> str | None:
        """A header by its name in any case."""
        return self.headers.get(name.lower())


class Response(msgspec.Struct, frozen=True):
    """One vendor answer; `headers` are (name, value) pairs, Content-Length is added when sent."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, status: int, value: object, *headers: tuple[str, str], media: str = "application/json") -> Response:
        """A JSON answer; Decimal is written as a JSON number."""
        return cls(status, to_json(value), (("Content-Type", media), *headers))

    def adding(self, *headers: tuple[str, str]) -> Response:
        """The same answer with more headers."""
        return Response(self.status, self.body, (*self.headers, *headers))


class Refused(Exception):
    """Raised anywhere in vendor code to answer `response`; the open transactions are undone."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


async def read(scope: Scope, receive: Receive) -> tuple[Request, bool]:
    """The request with its whole body; False (and no body) when the body is larger than 8 MiB."""
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        more = bool(message.get("more_body"))
        size += len(message.get("body", b""))
        if size <= LARGEST_BODY:
            chunks.append(message.get("body", b""))
    complete = size <= LARGEST_BODY
    return _request(scope, b"".join(chunks) if complete else b""), complete


def _request(scope: Scope, body: bytes) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    path, query = _raw_path(scope), scope["query_string"].decode("latin-1")
    return Request(
        method=scope["method"],
        path=path,
        target=f"{path}?{query}" if query else path,
        base_url=f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}",
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
    )


def _raw_path(scope: Scope) -> str:
    """The percent-encoded path below the mount point: servers give it whole, mounting frameworks cut only `path`."""
    raw: str = scope["raw_path"].decode("latin-1").partition("?")[0] if scope.get("raw_path") else quote(scope["path"])
    path: str = scope["path"]
    decoded = unquote(raw)
    below = raw[len(decoded) - len(path) :] if decoded.endswith(path) else quote(path)
    return below if below.startswith("/") else f"/{below}"


async def answer(send: Send, response: Response) -> None:
    """Send the whole answer."""
    pairs = (*response.headers, ("Content-Length", str(len(response.body))))
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def drop(receive: Receive, send: Send) -> None:
    """Close the connection without a byte of answer.

    On uvicorn the socket is closed; where there is none (in memory) the error a client library would see is raised.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        from runtime.http.failures import LOST

        raise LOST("Server disconnected without sending a response.")
    transport.abort()
    await hold(receive, 1)


async def hold(receive: Receive, seconds: float) -> None:  # house: float seconds
    """Wait this long, or until the client goes away."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def lifespan(receive: Receive, send: Send) -> None:
    """Agree to start-up and shut-down; there is nothing to do for either."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
