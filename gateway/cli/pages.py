"""Lists longer than a page: asks on until there are as many items as wanted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from gateway.cli.client import Answered
from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Session

LARGEST = 200
Ask = Callable[[str | None, int], Awaitable[Answered[Any]]]


@dataclass(frozen=True)
class Collected:
    """The items; the last page as value, and as JSON with the items of all. `more`: there are others."""

    items: tuple[Any, ...]
    page: Any
    raw: bytes
    more: bool

    def hint(self, session: Session) -> None:
        """Say that there are others."""
        if self.more:
            session.suggest(f"{len(self.items)} shown, there are more: --limit {len(self.items) * 4}")

    def only(self, keep: Callable[[Any], bool]) -> "Collected":
        """The items that pass, in the JSON as well."""
        document = msgspec.json.decode(self.raw, type=dict[str, msgspec.Raw])
        raws = msgspec.json.decode(document["items"], type=list[msgspec.Raw])
        kept = [(item, raw) for item, raw in zip(self.items, raws, strict=True) if keep(item)]
        document["items"] = msgspec.Raw(msgspec.json.encode([raw for _, raw in kept]))
        return replace(self, items=tuple(item for item, _ in kept), raw=msgspec.json.encode(document))


async def collect(ask: Ask, limit: int, *then: Ask) -> Collected:
    """Ask with cursor and page size, one listing after the other, until `limit` items are there. Complains of a limit below 1."""
    if limit < 1:
        raise Complaint(Exit.MISUSE, f"`--limit` is {limit}; use 1 or more.")
    items: list[Any] = []
    raws: list[msgspec.Raw] = []
    waiting, cursor = [ask, *then], None
    while True:
        answer = await waiting[0](cursor, min(limit - len(items), LARGEST))
        items += answer.value.items
        raws += _members(answer.raw, "items", list[msgspec.Raw])
        cursor = answer.value.next_cursor
        if cursor is None:
            waiting.pop(0)
        if not waiting or len(items) >= limit:
            break
    document = msgspec.json.decode(answer.raw, type=dict[str, msgspec.Raw])
    document["items"] = msgspec.Raw(msgspec.json.encode(raws))
    return Collected(tuple(items), answer.value, msgspec.json.encode(document), bool(waiting))


def _members(raw: bytes, name: str, kind: Any) -> Any:
    return msgspec.json.decode(msgspec.json.decode(raw, type=dict[str, msgspec.Raw])[name], type=kind)
