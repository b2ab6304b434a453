"""Every calculator answers or refuses, whatever it is asked; `make fuzz` tries many more inputs."""

import pytest

from domain.calculators import CALCULATORS
from tests.fuzz.run import fuzz

COUNT, SEED = 500, 20260316


@pytest.mark.parametrize("name", sorted(CALCULATORS))
def test_an_output_or_a_problem(name: str) -> None:
    tally = fuzz(CALCULATORS[name], COUNT, SEED)
    assert tally.faults == []
    assert tally.outputs + tally.problems == COUNT
    # A generator that only ever makes refused inputs, or only whole ones, would prove little.
    assert tally.outputs > COUNT // 10
    assert tally.problems > COUNT // 10
