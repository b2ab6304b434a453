"""What generated requests need to reach beyond the front door, and which refusals of good-looking ones are right.

Schemathesis makes requests that fit the description; it cannot know which ids exist, that a key is used once per effect, nor
which rules hold between objects. Everything here is a function of the generated case, so a seed repeats a run exactly.
"""

import json
import secrets
import zlib
from collections.abc import Mapping
from typing import Any

from schemathesis.core.parameters import ParameterLocation

Pools = Mapping[str, tuple[str, ...]]

# 409, 412, 422 and 501: rules, states and vendors that a schema cannot express; `refusal` looks at what they say.
ACCEPTED = ["2xx", "400", "401", "403", "404", "409", "412", "422", "501", "502"]
_RULES = {"rule-violated", "key-reused"}


def prepare(case: Any, pools: Pools) -> None:
    """Give the case a fresh key and, where its values are meant to be good, three times in four ids that exist."""
    if _good(case, ParameterLocation.HEADER) and "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = f'"{secrets.token_hex(12)}"'
    if _good(case, ParameterLocation.PATH):
        _fill(case.path_parameters, pools)
    if _good(case, ParameterLocation.QUERY):
        _fill(case.query, pools)
    if _good(case, ParameterLocation.BODY) and isinstance(case.body, dict | list):
        _fill(case.body, pools)


def _good(case: Any, place: ParameterLocation) -> bool:
    part = None if case.meta is None else case.meta.components.get(place)
    return part is not None and bool(part.mode.is_positive)


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
    """Why a refusal of a request that fits the description is wrong, or None."""
    if case.meta is None or not case.meta.generation.mode.is_positive or status not in (400, 422):
        return None
    problem = json.loads(body)
    if status == 422:
        return None if problem["code"] in _RULES else f"fits the schema, yet: {problem['detail']}"
    wrong = {error.get("parameter") for error in problem.get("errors", ())}
    return None if wrong == {"cursor"} else f"fits the description, yet: {problem['detail']}"
