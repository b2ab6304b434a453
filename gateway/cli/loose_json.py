"""NaN and the infinities, which JSON does not know but some of its writers write: where they stand."""

import json
import math
from collections.abc import Iterator
from typing import Any

from contracts.violations import child_pointer


def read_object(line: bytes) -> dict[str, Any] | None:
    """The members of an object that may hold such figures; None when it cannot be read all the same."""
    try:
        found = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def no_numbers(value: Any, pointer: str) -> Iterator[str]:
    """Pointers to the figures in a value that are no numbers of JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        yield pointer
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from no_numbers(child, child_pointer(pointer, key))
