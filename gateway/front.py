"""The ASGI edge: a request read whole and bounded, one answer sent. Knows the protocol, not the business."""

import re
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from typing import Any

from contracts.problems import HeadersTooLarge, InvalidRequest, TargetTooLong, TooLarge
from runtime.http.arguments import BODY_LIMIT
from runtime.http.replies import Headers, Reply

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Fields = list[tuple[bytes, bytes]]

TARGET_LIMIT = 8 * 1024
HEADER_LIMIT = 32 * 1024
BODY_S = 30
_BODILESS = (204, 304)
_UNSAFE = re.compile(r"[^\x20-\x7e\x80-\xff]")


def headers_of(scope: Scope) -> tuple[dict[bytes, bytes], frozenset[bytes]]:
    """Fields by lower-case name, the first value of each, and the names that came again. Raises HeadersTooLarge."""
    found: dict[bytes, bytes] = {}
    repeated, size = set(), 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if found.setdefault(name, value) is not value:
            repeated.add(name)
    if size > HEADER_LIMIT:
        raise HeadersTooLarge(f"The header fields may have {HEADER_LIMIT} bytes together.", limit_bytes=HEADER_LIMIT)
    return found, frozenset(repeated)


def check_message(scope: Scope, headers: dict[bytes, bytes], repeated: frozenset[bytes]) -> None:
    """What two readers could read differently (RFC 9112 sections 3.2, 6.1). Raises InvalidRequest."""
    version = scope.get("http_version", "1.1")
    if b"host" in repeated or (version == "1.1" and b"host" not in headers):
        raise InvalidRequest("An HTTP/1.1 request has exactly one Host.")
    if version == "1.0" and b"transfer-encoding" in headers:
        raise InvalidRequest("HTTP/1.0 knows no Transfer-Encoding.")


def raw_path(scope: Scope) -> bytes:
    """The path as it came. Raises TargetTooLong."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    path = path.partition(b"?")[0]
    if len(path) + len(scope["query_string"]) > TARGET_LIMIT:
        raise TargetTooLong(f"Path and query may have {TARGET_LIMIT} bytes together.", limit_bytes=TARGET_LIMIT)
    return path


def address_of(scope: Scope, headers: dict[bytes, bytes], trusted: tuple[str, ...]) -> str:
    """Who is asking: the peer, or what trusted peers say about theirs, the nearest one that is not trusted itself."""
    client = scope.get("client")
    peer = str(client[0]) if client else ""
    if peer not in trusted:
        return peer
    forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
    return next((name.strip() for name in reversed(forwarded) if name.strip() not in ("", *trusted)), peer)


async def read_body(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    """The whole body. Raises TooLarge as soon as it is known to be, InvalidRequest when the caller went away."""
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > BODY_LIMIT:
        raise _too_large()
    if declared == b"0" and b"transfer-encoding" not in headers:
        return b""
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidRequest("The request ended before its body did.")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
        if size > BODY_LIMIT:
            raise _too_large()
    return b"".join(chunks)


def _too_large() -> TooLarge:
    return TooLarge(f"The body may have {BODY_LIMIT} bytes.", limit_bytes=BODY_LIMIT)


def encoded(headers: Iterable[tuple[str, str]]) -> Fields:
    """As ASGI wants them; a character that is none of a field value becomes `?`."""
    return [
        (_name(name), value.encode() if value.isascii() and value.isprintable() else _safe(value))
        for name, value in headers
    ]


def _safe(value: str) -> bytes:
    return _UNSAFE.sub("?", value).encode("latin-1")


@cache
def _name(name: str) -> bytes:
    return name.encode("ascii")


async def send_reply(send: Send, reply: Reply, headers: Headers, fixed: Fields, *, head: bool) -> None:
    """Send an answer: its own headers, those of the exchange, `fixed` ones, and the length; to HEAD without the body."""
    fields = [*encoded(reply.headers), *encoded(headers), *fixed]
    if reply.status not in _BODILESS:
        fields.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": fields})
    await send({"type": "http.response.body", "body": b"" if head or reply.status in _BODILESS else reply.body})
