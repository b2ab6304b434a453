"""Every figure of a rating with its rules."""

from typing import Any

import pytest

from contracts.process.figures import Figure
from contracts.wire import convert
from domain.calculator_examples import EXAMPLES
from domain.rate_explanation import explain_time
from domain.rating import RateTime

QUESTION = EXAMPLES["rate.time"].question


def figures(**change: Any) -> dict[str, Figure]:
    question = {name: QUESTION[name] | change.get(name, {}) for name in ("entry", "contract_line")}
    asked = convert(QUESTION | question, RateTime)
    return {one.name: one for one in explain_time(asked).figures}


def test_every_figure_of_the_answer_is_explained() -> None:
    found = figures()
    assert [(name, one.value) for name, one in found.items()] == [
        ("recorded_hours", "6.7500"),
        ("quantity", "6.7500"),
        ("rate_line_id", "rtl_1"),
        ("base_rate", "195.0000"),
        ("fx_rate", "0.9217000000"),
        ("multiplier", "1.0000"),
        ("discount_pct", "0.00"),
        ("bill_rate", "179.7315"),
        ("amount", "1213.19"),
        ("non_billable_quantity", "0.0000"),
    ]
    assert all(one.rules and one.how for one in found.values())
    assert found["bill_rate"].rules == ("CHAIN-1", "RP-2")


def test_terms_are_told_in_words() -> None:
    found = figures(
        entry={"quantity": "10", "billable_quantity": "7.4", "time_types": ["overtime", "weekend"]},
        contract_line={"increment_minutes": 30, "multipliers": {"overtime": "1.5", "weekend": "2"}},
    )
    assert found["billable_hours"].value == "7.4000"
    assert found["quantity"].how == "steps of 30 minutes, up"
    assert (found["multiplier"].value, found["multiplier"].how) == ("2.0000", "time type weekend governs")
    assert found["non_billable_quantity"].value == "2.6000"


@pytest.mark.parametrize(
    ("change", "value", "rules"),
    [
        ({"entry": {"role_code": "MGR"}}, "RATE_MISSING", ("RATE-6",)),
        ({"entry": {"quantity": "25"}}, "TIME_QTY_INVALID", ("TME-1", "BILL-3")),
        ({"contract_line": {"billing_method": "fixed_price"}}, "cost_only", ("BILL-1",)),
    ],
)
def test_what_is_not_priced_says_why(change: dict[str, Any], value: str, rules: tuple[str, ...]) -> None:
    found = figures(**change)
    assert (found["status"].value, found["status"].rules) == (value, rules)
    assert "amount" not in found
