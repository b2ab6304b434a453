"""Calculators are called as the API calls them: JSON in, JSON out."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from contracts import wire
from domain.calculators import CALCULATORS

Calculate = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def calculate() -> Calculate:
    """`calculate("fx.rate", **{"from": "USD", ...})` -> the answer as decoded JSON."""

    def run(name: str, **question: Any) -> dict[str, Any]:
        calculator = CALCULATORS[name]
        asked = wire.decode(msgspec.json.encode(question), calculator.input)
        answer: dict[str, Any] = msgspec.json.decode(wire.encode(calculator.function(asked)))
        return answer

    return run
