"""Numbers of contracts and rate cards that no calculator or column could carry are refused where they come in."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.process.register_objects import FixedFx, NewRateCard, NewRateLine, VolumeTier
from process_apis.registers import rates
from process_apis.registers.bounds import of_rate
from process_apis.registers.contracts import violations
from tests.workflow.invoice_books import new_contract

HUGE = Decimal("9" * 40)


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"nte_amount": HUGE}, "#/nte_amount"),
        ({"min_invoice_amount": Decimal(-1)}, "#/min_invoice_amount"),
        ({"margin_threshold_pct": Decimal(101)}, "#/margin_threshold_pct"),
        ({"fx_fixed": (FixedFx(from_="EUR", to="USD", rate=Decimal(0)),)}, "#/fx_fixed/0/rate"),
        ({"volume_tiers": (VolumeTier(from_=Decimal(1), pct=Decimal("100.01")),)}, "#/volume_tiers/0/pct"),
        ({"end": date(2025, 1, 1)}, "#/end"),
    ],
)
def test_terms(terms: dict[str, Any], pointer: str) -> None:
    assert [found.pointer for found in violations(new_contract(**terms))] == [pointer]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hours_per_day", Decimal(0)),
        ("hours_per_day", Decimal("24.01")),
        ("nte_hours", HUGE),
        ("value", Decimal("-0.01")),
        ("discount_pct", Decimal(101)),
    ],
)
def test_lines(field: str, value: Decimal) -> None:
    contract = new_contract()
    broken = replace(contract, lines=(replace(contract.lines[0], **{field: value}),))
    assert [found.pointer for found in violations(broken)] == [f"#/lines/0/{field}"]


def test_a_multiplier_has_a_sensible_size() -> None:
    contract = new_contract()
    broken = replace(contract, lines=(replace(contract.lines[0], multipliers={"overtime": HUGE}),))
    assert [found.pointer for found in violations(broken)] == ["#/lines/0/multipliers/overtime"]


def test_prices() -> None:
    assert not list(of_rate(NewRateLine(rate=Decimal("180.0000"))))
    assert [field for field, _ in of_rate(NewRateLine(rate=HUGE, markup_pct=Decimal(-101)))] == ["rate", "markup_pct"]


def card(*lines: NewRateLine) -> NewRateCard:
    return NewRateCard(name="Standard", scope="standard", currency="EUR", effective_from=date(2026, 1, 1), lines=lines)


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        (NewRateLine(), "#/lines/1/rate"),
        (NewRateLine(method="cost_plus"), "#/lines/1/markup_pct"),
        (NewRateLine(method="cost_plus", rate=Decimal(1), markup_pct=Decimal(0)), "#/lines/1/rate"),
        (NewRateLine(rate=Decimal(-1)), "#/lines/1/rate"),
    ],
)
def test_a_price_that_is_none_is_named(line: NewRateLine, pointer: str) -> None:
    good = NewRateLine(role_code="CON", method="cost_plus", markup_pct=Decimal(0))
    assert [found.pointer for found in rates.violations(card(good, line))] == [pointer]
