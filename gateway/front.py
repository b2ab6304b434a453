"""The ASGI edge: a request read whole and bounded, one answer sent. Knows the protocol, not the business."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from itertools import chain
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
Whole = Callable[[int, bytes, bytes], Awaitable[None]]

# What a server of ours adds to the scope: a function that takes head and body as one, and a body that is there already.
WHOLE, BODY = "ledgerway.whole", "ledgerway.body"

TARGET_LIMIT = 8 * 1024
HEADER_LIMIT = 32 * 1024
BODY_S = 30
_BODILESS = (204, 304)
_VERSIONS = ("1.0", "1.1")
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+;=%:\[\]-]*\Z")
_UNSAFE = re.compile(r"[^\x20-\x7e\x80-\xff]")


def headers_of(scope: Scope) -> tuple[dict[bytes, bytes], frozenset[bytes]]:
    """Fields by lower-case name, the first value of each, and the names that came again. Raises HeadersTooLarge."""
    fields = scope["headers"]
    found: dict[bytes, bytes] = dict(fields)
    repeated: frozenset[bytes] = frozenset()
    if len(found) < len(fields):
        found = dict(reversed(fields))
        repeated = frozenset(name for name, times in Counter(name for name, _ in fields).items() if times > 1)
    if sum(map(len, chain.from_iterable(fields))) > HEADER_LIMIT:
        raise HeadersTooLarge(f"The header fields may have {HEADER_LIMIT} bytes together.", limit_bytes=HEADER_LIMIT)
    return found, repeated


def check_message(scope: Scope, headers: dict[bytes, bytes], repeated: frozenset[bytes]) -> None:
    """What two readers could read differently (RFC 9112 sections 3.2, 6.1). Raises InvalidRequest."""
    version = scope.get("http_version", "1.1")
    if version not in _VERSIONS:
        raise InvalidRequest("This is not HTTP/1.1.")
    if b"host" in repeated or (version == "1.1" and b"host" not in headers):
        raise InvalidRequest("An HTTP/1.1 request has exactly one Host.")
    if not _HOST.match(headers.get(b"host", b"")):
        raise InvalidRequest("Host is no name or address of a server.")
    if b"transfer-encoding" in headers:
        _check_coding(headers[b"transfer-encoding"], version)


def _check_coding(coding: bytes, version: str) -> None:
    if version == "1.0":
        raise InvalidRequest("HTTP/1.0 knows no Transfer-Encoding.")
    if coding.lower() != b"chunked":
        raise InvalidRequest("Transfer-Encoding is chunked here, with no other coding before it.")


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


def has_body(headers: dict[bytes, bytes]) -> bool:
    """Whether a body follows (RFC 9112 section 6.3)."""
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def whole_body(scope: Scope) -> bytes | None:
    """The body, when it came together with its head. Raises TooLarge."""
    body: bytes | None = scope.get(BODY)
    if body is not None and len(body) > BODY_LIMIT:
        raise _too_large()
    return body


async def read_body(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    """The whole body. Raises TooLarge as soon as it is known to be, InvalidRequest when the caller went away."""
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > BODY_LIMIT:
        raise _too_large()
    if not has_body(headers):
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


def again(body: bytes, receive: Receive) -> Receive:
    """What gives out a body that was read, and after it what is still to come: that the caller goes away."""
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return whole.pop() if whole else await receive()

    return receive_again


def _too_large() -> TooLarge:
    return TooLarge(f"The body may have {BODY_LIMIT} bytes.", limit_bytes=BODY_LIMIT)


def encoded(headers: Iterable[tuple[str, str]]) -> Fields:
    """As ASGI wants them; a character that is none of a field value becomes `?`."""
    return [(_name(name), _value(value)) for name, value in headers]


def _value(value: str) -> bytes:
    return value.encode() if _plain(value) else _UNSAFE.sub("?", value).encode("latin-1")


def _plain(value: str) -> bool:
    return value.isascii() and value.isprintable()


@cache
def _name(name: str) -> bytes:
    return name.encode("ascii")


def block(headers: Iterable[tuple[str, str]]) -> bytes:
    """The fields as they stand on the wire, each line ended."""
    lines = [f"{name}: {value}" for name, value in headers]
    if _plain("".join(lines)):
        return "\r\n".join((*lines, "")).encode()
    return b"".join(b"%b: %b\r\n" % field for field in encoded(headers))


class Fixed:
    """Fields of every answer, encoded once."""

    def __init__(self, headers: Headers) -> None:
        self.fields, self.block = encoded(headers), block(headers)


async def send_reply(
    scope: Scope, send: Send, reply: Reply, headers: Iterable[tuple[str, str]], fixed: Fixed, *, head: bool
) -> None:
    """Send an answer with these fields, the `fixed` ones and the length; to HEAD without the body.

    A server of ours takes head and body as one; any other gets the two messages of ASGI.
    """
    body = b"" if head or reply.status in _BODILESS else reply.body
    length = () if reply.status in _BODILESS else (("content-length", str(len(reply.body))),)
    whole: Whole | None = scope.get(WHOLE)
    if whole is not None:
        return await whole(reply.status, block((*headers, *length)) + fixed.block, body)
    fields = [*encoded(headers), *fixed.fields, *encoded(length)]
    await send({"type": "http.response.start", "status": reply.status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
    return None
