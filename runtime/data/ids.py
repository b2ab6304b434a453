"""Canonical ids: a type prefix and a 26-character id that sorts by the time it was made (ID-1)."""

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26


def new_id(prefix: str, now: datetime) -> str:
    """`new_id("prj", now)` -> `prj_01J...`: 48 bits of milliseconds, 80 random bits, in Crockford's base 32."""
    number = int(now.timestamp() * 1000) << 80 | secrets.randbits(80)
    digits = (_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
    return f"{prefix}_{''.join(digits)}"
