"""Canonical ids: a type prefix and a 26-character id that sorts by the time it was made (ID-1)."""

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26
_RANDOM_BITS = 80
_STEP_BITS = 48

_last = 0


def new_id(prefix: str, now: datetime) -> str:
    """`new_id("prj", now)` -> `prj_01J...`: 48 bits of milliseconds, 80 random bits, in Crockford's base 32. What one process
    makes in a millisecond sorts in the order it was made."""
    global _last
    number = int(now.timestamp() * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    if number >> _RANDOM_BITS == _last >> _RANDOM_BITS:
        number = _last + 1 + secrets.randbits(_STEP_BITS)
    _last = number
    digits = (_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
    return f"{prefix}_{''.join(digits)}"
