"""Cases worked out by hand from the rules alone, with whole answers: `held_out/*.jsonl`, a case a line."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.calculators import CALCULATORS

from .conftest import Calculate

_LINES = [line for file in sorted(Path(__file__).with_name("held_out").glob("*.jsonl")) for line in file.open("rb")]
_CASES: list[dict[str, Any]] = [msgspec.json.decode(line) for line in _LINES]


@pytest.mark.parametrize("case", _CASES, ids=[case["case"] for case in _CASES])
def test_answers_worked_out_by_hand(calculate: Calculate, case: dict[str, Any]) -> None:
    assert calculate(case["calculator"], **case["input"]) == case["output"]


def test_every_calculator_has_a_case() -> None:
    assert {case["calculator"] for case in _CASES} == CALCULATORS.keys()
