"""Record ids: 15 case-sensitive characters, or 18 with a suffix that makes them safe in any case."""

from __future__ import annotations

import string

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SUFFIX = string.ascii_uppercase + "012345"
_POD = "5e0"
_FIRST = 62**5
_STRIDE = 62**3 + 7


def record_id(prefix: str, number: int) -> str:
    """The 18-character id of the `number`-th record (from 1) with this three-character key prefix."""
    rest, digits = _FIRST + number * _STRIDE, ""
    for _ in range(9):
        rest, digit = divmod(rest, 62)
        digits = _BASE62[digit] + digits
    return with_suffix(f"{prefix}{_POD}{digits}")


def with_suffix(short: str) -> str:
    """15 characters -> 18: per five characters one letter whose bit i says whether character i is upper case."""
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(_SUFFIX[sum(1 << i for i, c in enumerate(chunk) if c.isupper())] for chunk in chunks)


def normal_id(text: str) -> str | None:
    """The 18-character form of an id written with 15 or 18 characters; None when it is not one."""
    if len(text) not in (15, 18) or not (text.isascii() and text.isalnum()):
        return None
    if len(text) == 15:
        return with_suffix(text)
    cased = _recased(text)
    return with_suffix(cased) if cased is not None else None


def _recased(text: str) -> str | None:
    """The first 15 characters in the case the suffix tells."""
    out = []
    for index, char in enumerate(text[:15]):
        bits = _SUFFIX.find(text[15 + index // 5].upper())
        if bits < 0:
            return None
        out.append(char.upper() if bits >> (index % 5) & 1 else char.lower())
    return "".join(out)
