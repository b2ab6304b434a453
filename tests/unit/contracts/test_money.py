"""Scales, rounding and sums of money (DEC-1 to DEC-6)."""

from decimal import Decimal

import pytest

from contracts.money import (
    CurrencyMismatch,
    Money,
    RoundingMode,
    allocate,
    minor_units,
    negate,
    parse_exact,
    plain,
    precise,
    round_money,
    round_places,
)


@pytest.mark.parametrize(("currency", "places"), [("JPY", 0), ("ISK", 0), ("TND", 3), ("EUR", 2), ("USD", 2)])
def test_minor_units(currency: str, places: int) -> None:
    assert minor_units(currency) == places


@pytest.mark.parametrize(
    ("value", "mode", "rounded"),
    [
        ("-0.125", "HALF_UP", "-0.13"),
        ("-0.125", "HALF_EVEN", "-0.12"),
        ("0.135", "HALF_EVEN", "0.14"),
        ("-0.004", "HALF_UP", "0.00"),
        ("7", "HALF_UP", "7.00"),
    ],
)
def test_money_rounding(value: str, mode: RoundingMode, rounded: str) -> None:
    assert str(round_money(Decimal(value), "EUR", mode)) == rounded


def test_rounding_survives_the_longest_decimals() -> None:
    assert plain(round_places(Decimal("9" * 40), 10)).startswith("9" * 40)


@pytest.mark.parametrize("text", ["1e3", "1,000.00", "+1", " 1", "1\n", ".5", "5.", "NaN", "١", "", "1" * 41])
def test_only_plain_decimals_are_read(text: str) -> None:
    with pytest.raises(ValueError, match="decimal string"):
        parse_exact(text)


@pytest.mark.parametrize(
    ("value", "text"), [("1E+5", "100000"), ("-0.00", "0.00"), ("0E-10", "0.0000000000"), ("-1.50", "-1.50")]
)
def test_plain(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_what_is_not_finite_has_no_plain_form() -> None:
    with pytest.raises(ValueError, match="no plain form"):
        plain(Decimal("NaN"))


def test_money_adds_within_one_currency() -> None:
    one = Money(Decimal("1.10"), "EUR")
    assert one + one - Money(Decimal("0.20"), "EUR") == Money(Decimal("2.00"), "EUR")
    assert str((-Money(Decimal("0.00"), "EUR")).amount) == "0.00"
    with pytest.raises(CurrencyMismatch):
        one + Money(Decimal("1.10"), "USD")


def test_negation_keeps_the_scale() -> None:
    assert str(negate(Decimal("50.1300"))) == "-50.1300"


def test_precise_keeps_what_28_digits_would_lose() -> None:
    tiny = Decimal("0.0000000001")
    assert precise(lambda: Decimal(10) ** 25 + tiny - Decimal(10) ** 25)() == tiny


def test_allocation_needs_a_rounded_amount() -> None:
    with pytest.raises(ValueError, match="rounded amount"):
        allocate(Decimal("0.001"), [("a", Decimal(1))], 2)
    assert allocate(Decimal("1.0001"), [("a", Decimal(1)), ("b", Decimal(1))], 4) == [
        ("a", Decimal("0.5001")),
        ("b", Decimal("0.5000")),
    ]
