"""The cost of work, and its division."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.costs import cost_of_hours, share_cost


@pytest.mark.parametrize(
    ("hours", "rate", "currency", "mode", "cost"),
    [
        ("8", "71.35", "EUR", None, "570.80"),
        ("0.5", "100.25", "EUR", None, "50.13"),
        ("0.5", "100.25", "EUR", "HALF_EVEN", "50.12"),
        ("-0.5", "100.25", "EUR", None, "-50.13"),
        ("7.5", "4100.3", "JPY", None, "30752"),
    ],
)
def test_cost_is_hours_at_the_cost_rate(hours: str, rate: str, currency: str, mode: None, cost: str) -> None:
    assert str(cost_of_hours(Decimal(hours), Decimal(rate), currency, mode)) == cost


@pytest.mark.parametrize(
    ("hours", "mode", "shares"),
    [
        (("4", "4"), None, ["50.03", "50.02"]),
        (("4", "4"), "HALF_EVEN", ["50.02", "50.03"]),
        (("2", "6"), None, ["25.01", "75.04"]),
        (("8",), None, ["100.05"]),
        (("0", "8"), None, ["0.00", "100.05"]),
        (("8", "0"), None, ["100.05", "0.00"]),
        (("0", "0"), None, ["0.00", "100.05"]),
    ],
)
def test_the_last_part_has_the_rest(hours: tuple[str, ...], mode: None, shares: list[str]) -> None:
    found = share_cost(Decimal("100.05"), "EUR", [Decimal(one) for one in hours], mode)
    assert [str(one) for one in found] == shares


@given(
    st.integers(-1_000_000, 1_000_000),
    st.lists(st.integers(0, 240_000).map(lambda n: Decimal(n).scaleb(-4)), min_size=1, max_size=6),
)
def test_the_parts_cost_what_the_whole_does(cents: int, hours: list[Decimal]) -> None:
    cost = Decimal(cents).scaleb(-2)
    found = share_cost(cost, "EUR", hours)
    assert (len(found), sum(found)) == (len(hours), cost)
