"""Cursors of register lists: the key of the last row, opaque and bound to the tenant and the list it belongs to."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any, TypeVar

from contracts.problems import InvalidRequest, Violation
from process_apis.registers.unit import Unit

T = TypeVar("T")
_MARK_BYTES = 6
MAX_LIMIT = 200


def _mark(unit: Unit, listing: str, key: str) -> bytes:
    return hashlib.blake2b("\0".join((unit.tenant, listing, key)).encode(), digest_size=_MARK_BYTES).digest()


def after(unit: Unit, listing: str, cursor: str | None) -> str | None:
    """The key to go on after. Raises InvalidRequest for a cursor of another list, tenant or making."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii"))
        key = raw[_MARK_BYTES:].decode()
    except (binascii.Error, ValueError):
        key, raw = "", b""
    if not raw or raw[:_MARK_BYTES] != _mark(unit, listing, key):
        violation = Violation(code="cursor", detail="Not a cursor of this list.", parameter="cursor", in_="query")
        raise InvalidRequest("`cursor` is not one this list gave out; start again without it.", errors=[violation])
    return key


def following(unit: Unit, listing: str, key: str) -> str:
    """The cursor that goes on after a key."""
    return base64.urlsafe_b64encode(_mark(unit, listing, key) + key.encode()).decode()


def cut(unit: Unit, listing: str, rows: Sequence[Any], limit: int, key: str = "id") -> tuple[Sequence[Any], str | None]:
    """At most `limit` of the rows fetched with one too many, and the cursor of the next page."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], following(unit, listing, str(rows[limit - 1][key]))
