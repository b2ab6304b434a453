"""Applications behind the gateway that are no contract operations: portal, reference pages, webhooks. Answers stream through."""

from collections.abc import Sequence

from msgspec import Struct

from gateway.exchange import Exchange
from gateway.front import ASGIApp, Message, Receive, Scope, Send, encoded
from gateway.routes import segments
from runtime.http.replies import Headers


class Mount(Struct, frozen=True):
    """An application below `prefix`, whose segments may be parameters: `/system/v1/{instance}/webhooks`.

    `group` names the throttle that counts by address what comes without a token.
    """

    prefix: str
    app: ASGIApp
    group: str | None = None


def mounted_at(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """The mount with the longest prefix that covers a path."""
    found = [mount for mount in mounts if _covers(segments(mount.prefix), segments(path))]
    return max(found, key=lambda mount: len(segments(mount.prefix)), default=None)


def _covers(prefix: list[str], path: list[str]) -> bool:
    if prefix == [""]:
        return True
    pairs = zip(prefix, path, strict=False)
    return len(path) >= len(prefix) and all(p.startswith("{") or p == q for p, q in pairs)


async def forward(x: Exchange, mount: Mount, scope: Scope, receive: Receive, send: Send, headers: Headers) -> int:
    """Hand the request over with its normalised path; our headers are added where the application sets none of that name.

    Returns the status it answered with; 500 when it never began to.
    """
    ours, status = encoded(headers), 500

    async def send_ours(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            theirs = list(message.get("headers", ()))
            taken = {name.lower() for name, _ in theirs}
            status = message["status"]
            message = {**message, "headers": [*theirs, *(h for h in ours if h[0] not in taken)]}
        await send(message)

    inner = {
        **scope,
        "state": {**scope.get("state", {}), "correlation_id": x.correlation_id, "request_id": x.request_id},
    }
    await mount.app(inner, receive, send_ours)
    return status
