"""Mutated JSON: one to four small damages to an input that was whole."""

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.fuzz.generate import odd

Place = tuple[dict[str, Any] | list[Any], Any]


def mutated(value: Any, rng: random.Random) -> Any:
    """The value, damaged in place."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = list(_places(value))
        if not places:
            return odd(rng)
        _damage(*rng.choice(places), rng)
    return value


def _places(value: Any) -> Iterator[Place]:
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in found:
        yield value, key
        yield from _places(item)


def _damage(holder: Any, key: Any, rng: random.Random) -> None:
    way = rng.randrange(6)
    if way == 0:
        del holder[key]
    elif way == 1:
        holder[key] = odd(rng)
    elif way == 2 and isinstance(holder, dict):
        holder[rng.choice(("unknown", "$", key + "~/", key.upper()))] = deepcopy(holder[key])
    elif way == 3 and isinstance(holder, list):
        holder.append(deepcopy(holder[key]))
        rng.shuffle(holder)
    elif way == 4 and isinstance(holder[key], str):
        holder[key] = _bent(holder[key], rng)
    else:
        holder[key] = {"it": holder[key]} if rng.random() < 0.5 else [holder[key]]


def _bent(text: str, rng: random.Random) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + rng.choice(("", "-", ".", "0", "9" * 30, "E5", " ", "\n", "é")) + text[at + rng.randrange(2) :]
