"""Members that a JSON text gives more than once: two readers would take different ones (RFC 8259 section 4), so none is taken."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from contracts.problems import InvalidContent, InvalidRequest, Violation
from contracts.violations import child_pointer

_NAME = re.compile(rb'"([^"\\]*)"[ \t\r\n]*:')
_MOST_TOLD = 100


class _Object(dict[str, Any]):
    """A JSON object that remembers which names came again."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = Counter(name for name, _ in pairs) if len(self) < len(pairs) else Counter[str]()
        self.again = sorted(name for name, times in names.items() if times > 1)


def refuse_repeats(body: bytes) -> None:
    """Look at a body that is known to be JSON. Raises InvalidContent. Most bodies name nothing twice and are not read again."""
    names = _NAME.findall(body)
    if len(set(names)) == len(names) and b"\\" not in body:
        return
    try:
        found = list(_repeats(json.loads(body, object_pairs_hook=_Object), "#")) if _any_repeated(body) else []
    except RecursionError as error:
        raise InvalidRequest("The body is nested too deeply.") from error
    if found:
        more = "" if len(found) == 1 else f" {len(found) - 1} more in `errors`."
        raise InvalidContent(f"{found[0].pointer}: {found[0].detail}.{more}", errors=found[:_MOST_TOLD])


def _any_repeated(body: bytes) -> bool:
    """Whether the reading that tells where is worth its time."""
    repeated = False

    def note(pairs: list[tuple[str, Any]]) -> None:
        nonlocal repeated
        repeated = repeated or len(dict(pairs)) < len(pairs)

    json.loads(body, object_pairs_hook=note)
    return repeated


def _repeats(value: Any, pointer: str) -> Iterator[Violation]:
    if isinstance(value, _Object):
        for name in value.again:
            detail = "is given more than once; give it once"
            yield Violation(code="repeated", detail=detail, pointer=child_pointer(pointer, name))
        for name, item in value.items():
            yield from _repeats(item, child_pointer(pointer, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _repeats(item, child_pointer(pointer, index))
