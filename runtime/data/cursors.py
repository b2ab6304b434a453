"""Cursors as layers make them: where a page ended, opaque and bound to what was asked. The gateway seals them once more."""

import base64
import binascii
import hashlib
from typing import Any

from contracts.problems import InvalidRequest, Violation
from contracts.wire import encode

_MARK_BYTES = 6


def cursor_at(place: bytes, *asked: Any) -> str:
    """The cursor that goes on after a place, for who asks the same: tenant, list, filters and order."""
    return base64.urlsafe_b64encode(_mark(place, asked) + place).decode()


def place_of(cursor: str, *asked: Any) -> bytes:
    """The place to go on after. Raises InvalidRequest for a cursor of another list, filter, order, tenant or making."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii"))
    except (binascii.Error, ValueError):
        raw = b""
    place = raw[_MARK_BYTES:]
    if not raw or raw[:_MARK_BYTES] != _mark(place, asked):
        violation = Violation(code="cursor", detail="Not a cursor of this list.", parameter="cursor", in_="query")
        raise InvalidRequest("`cursor` is not one this list gave out; start again without it.", errors=[violation])
    return place


def _mark(place: bytes, asked: tuple[Any, ...]) -> bytes:
    return hashlib.blake2b(encode(asked) + b"\0" + place, digest_size=_MARK_BYTES).digest()
