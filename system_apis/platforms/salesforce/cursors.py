"""Keyset paging by (SystemModstamp, Id): nothing is missed or doubled when ties occur or rows change while we read.

A cursor is opaque to callers; `list_of` names the listing it belongs to.
"""

import base64
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from contracts.problems import InvalidRequest, Violation
from system_apis.platforms.salesforce.statements import Condition, Every, Is, Some


class Stamped(Protocol):
    """A row that can be paged: SystemModstamp and Id."""

    @property
    def id(self) -> str: ...
    @property
    def changed_at(self) -> datetime: ...


S = TypeVar("S", bound=Stamped)

LARGEST_PAGE = 200
ORDER = ("SystemModstamp", "Id")


class Mark(Struct, frozen=True, array_like=True):
    """The last item that was handed out. `part` counts inside a row that makes several items (days of a week)."""

    list_of: str
    at: datetime
    id: str
    part: str = ""


class Changes(Struct, Generic[S], frozen=True, kw_only=True):
    """Rows in order of change; `more` says that the vendor has further ones; `read_at` is when we asked (UTC)."""

    rows: tuple[S, ...]
    more: bool
    read_at: datetime

    def cursor(self, list_of: str) -> str | None:
        """Where the next page of the listing begins, None on the last one."""
        last = self.rows[-1] if self.more else None
        return None if last is None else cursor_of(Mark(list_of, last.changed_at, last.id))


def cursor_of(mark: Mark) -> str:
    """The opaque form."""
    return base64.urlsafe_b64encode(msgspec.json.encode(mark)).rstrip(b"=").decode()


def mark_of(cursor: str | None, list_of: str) -> Mark | None:
    """The mark inside a cursor. Raises InvalidRequest when the cursor is not one of this listing."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        mark = msgspec.json.decode(raw, type=Mark)
    except (ValueError, msgspec.DecodeError) as error:
        raise _foreign() from error
    if mark.list_of != list_of or mark.at.tzinfo is None:
        raise _foreign()
    return mark


def beyond(mark: Mark | None, since: datetime | None) -> tuple[Condition, ...]:
    """Rows after the mark; without a mark, rows changed at or after an instant. With `part`, the mark's own row again."""
    if mark is None:
        return () if since is None else (Is("SystemModstamp", ">=", since),)
    same_moment = Every((Is("SystemModstamp", "=", mark.at), Is("Id", ">=" if mark.part else ">", mark.id)))
    return (Some((Is("SystemModstamp", ">", mark.at), same_moment)),)


def _foreign() -> InvalidRequest:
    violation = Violation("CURSOR", "Not a cursor of this listing.", parameter="cursor", in_="query")
    return InvalidRequest("The cursor is not one of this listing; start without one.", errors=(violation,))
