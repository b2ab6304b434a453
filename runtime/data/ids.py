"""Canonical ids: a type prefix and a 26-character id that sorts by the time it was made (ID-1)."""

import base64
import secrets
from datetime import datetime

_CROCKFORD = bytes.maketrans(b"0123456789ABCDEFGHIJKLMNOPQRSTUV", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_LENGTH = 26
_RANDOM_BITS = 80
_STEP_BITS = 48

_last = 0


def new_id(prefix: str, now: datetime) -> str:
    """`new_id("prj", now)` -> `prj_01J...`: 48 bits of milliseconds, 80 random bits, in Crockford's base 32. What one process
    makes in a millisecond sorts in the order it was made."""
    global _last
    milliseconds, random = int(now.timestamp() * 1000), secrets.randbits(_RANDOM_BITS)
    if milliseconds == _last >> _RANDOM_BITS:
        _last += 1 + (random >> _RANDOM_BITS - _STEP_BITS)
    else:
        _last = milliseconds << _RANDOM_BITS | random
    return f"{prefix}_{base64.b32hexencode(_last.to_bytes(20)).translate(_CROCKFORD)[-_LENGTH:].decode()}"
