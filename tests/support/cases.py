"""What generated requests need to reach beyond the front door, and which refusals of good-looking ones are right.

Schemathesis makes requests that fit the description; it cannot know which ids exist, that a key is used once per effect, nor
which rules hold between fields and objects. What is drawn here depends on the generated case alone, so a seed repeats a run.
"""

import json
import secrets
import zlib
from collections.abc import Mapping
from typing import Any

from schemathesis.core.parameters import ParameterLocation

Pools = Mapping[str, tuple[str, ...]]

# Rules, states and connected systems that no schema can express; `refusal` looks at what they say.
ACCEPTED = ["2xx", "3xx", "400", "401", "403", "404", "409", "412", "422", "501", "502"]
_RULES = ("rule-violated", "key-reused")
_JSON_BOUNDS = ("contains a NUL character", "whole numbers have 64 bits")
_VENDOR = ("vendor-refused", "unsupported")


def prepare(case: Any, pools: Pools) -> None:
    """Give the case a fresh key and, where its values are meant to be good, three times in four ids that exist."""
    if case.meta is None:
        return
    whole, parts = case.meta.generation.mode, {place: part.mode for place, part in case.meta.components.items()}
    _improve(case, pools, {place for place, mode in parts.items() if mode.is_positive})
    # Looking again, Schemathesis would take percent-encoded parameters for bad ones.
    case.meta.generation.mode = whole
    for place, mode in parts.items():
        case.meta.components[place].mode = mode


def _improve(case: Any, pools: Pools, good: set[ParameterLocation]) -> None:
    if ParameterLocation.HEADER in good and "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = f'"{secrets.token_hex(12)}"'
    containers = {
        ParameterLocation.PATH: case.path_parameters,
        ParameterLocation.QUERY: case.query,
        ParameterLocation.BODY: case.body,
    }
    for place, container in containers.items():
        if place in good:
            _fill(container, pools)


def _fill(values: Any, pools: Pools) -> None:
    if isinstance(values, list):
        for item in values:
            _fill(item, pools)
    elif isinstance(values, dict):
        for name, value in values.items():
            if isinstance(value, dict | list):
                _fill(value, pools)
            elif isinstance(value, str) and pools.get(name) and (draw := _draw(name, value)) % 4:
                values[name] = pools[name][draw // 4 % len(pools[name])]


def _draw(name: str, value: str) -> int:
    return zlib.crc32(f"{name}={value}".encode("utf-8", "surrogatepass"))


def refusal(case: Any, status: int, body: bytes) -> str | None:
    """Why a refusal is wrong, or None: what fits the description is refused only by a rule, a state, a cursor or a vendor."""
    problem = json.loads(body) if status >= 400 and body else {}
    if status >= 500 and problem.get("code") not in _VENDOR:
        return f"{status}: {problem.get('detail')}"
    if case.meta is None or not case.meta.generation.mode.is_positive or status not in (400, 422):
        return None
    if problem["code"] in _RULES or all(_beyond_a_schema(error) for error in problem.get("errors") or [{}]):
        return None
    return f"fits the description, yet: {problem['detail']}"


def _beyond_a_schema(error: Mapping[str, str]) -> bool:
    """Cursors, rules between the members of a body, and the bounds of JSON itself where a body may hold any."""
    bounds = error.get("detail", "").startswith(_JSON_BOUNDS)
    return bounds or error.get("parameter") == "cursor" or error.get("code") in ("one-of", "rule")
