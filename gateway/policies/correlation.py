"""Names the exchange: the business correlation, this request, and its place in a trace (W3C Trace Context)."""

import re
import secrets
from collections.abc import Iterator
from itertools import count

from msgspec import Struct

from gateway.exchange import Exchange
from runtime import tracing

WHEN_STORE_IS_AWAY = "open"  # keeps nothing

_VISIBLE = re.compile(r"[\x21-\x7e]{1,128}\Z")
_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")
_PROCESS = secrets.token_hex(6)
_requests = count(1)
_ROOM = 2 * (16 + 16 + 8)  # for the ids of correlation, trace and span


def _draw() -> Iterator[str]:
    """Random hexadecimal digits for one request after the other; the machine is asked once for many."""
    while True:
        digits = secrets.token_hex(_ROOM * 32)
        yield from (digits[at : at + _ROOM] for at in range(0, len(digits), _ROOM))


_fresh = _draw()


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to set: every answer carries the same three headers."""


def on_request(x: Exchange, config: Config) -> None:
    """Echo the caller's correlation id if it is fit to be a header, else make one; the request id is always ours."""
    fields, fresh = x.request_headers, next(_fresh)
    given = x.header(b"x-correlation-id") if b"x-correlation-id" in fields else None
    x.correlation_id = given if given and _VISIBLE.match(given) else fresh[:32]
    x.request_id = f"req_{_PROCESS}{next(_requests):08x}"
    parent = x.header(b"traceparent") if b"traceparent" in fields and b"traceparent" not in x.repeated else None
    x.traceparent = child_of(parent, fresh[32:64], fresh[64:])
    if tracing.on():
        parent_id = parent[36:52] if parent and x.traceparent[3:35] == parent[3:35] else None
        x.root = tracing.Root(x.traceparent, f"{x.method} {x.place()}", "server", parent_id)
    x.headers += (
        ("x-correlation-id", x.correlation_id),
        ("ledgerway-request-id", x.request_id),
        ("ledgerway-mode", x.services.mode),
    )


def child_of(parent: str | None, trace: str, span: str) -> str:
    """A `traceparent` with our span: in the caller's trace when that can be read, else in the new `trace`."""
    match = _PARENT.match(parent) if parent else None
    if match is None or not _valid(match):
        return f"00-{trace}-{span}-{tracing.chosen(trace):02x}"
    return f"00-{match[2]}-{span}-{int(match[4], 16) & 1:02x}"


def _valid(match: re.Match[str]) -> bool:
    version, trace, span, _, rest = match.groups()
    return version != "ff" and int(trace, 16) != 0 and int(span, 16) != 0 and not (version == "00" and rest)
