"""Every figure of a rating with its rules."""

from typing import Any

import pytest

from contracts.process.figures import Figure
from contracts.wire import convert
from domain.calculator_examples import EXAMPLES
from domain.rate_explanation import explain_time, refusal
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


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        ("RATE_EXPIRED", ("RATE-6",)),
        ("RATE_OVERLAP", ("RATE-4",)),
        ("COST_RATE_MISSING", ("RATE-7",)),
        ("FX_MISSING", ("FX-4",)),
        ("BILLABLE_QTY_INVALID", ("BILL-4",)),
        ("PERIOD_CLOSED", ("POST-1",)),
        ("TIME_RETRO_LIMIT", ("TIME-R2",)),
        ("CONTRACT_LINE_UNRESOLVED", ("CTL-5",)),
        ("COST_CENTER_UNMAPPED", ("CCM-1",)),
        ("cost_only", ("BILL-1",)),
        ("non_billable", ("BILL-2", "BILL-4")),
        ("NOT_ASSIGNED", ("4c",)),
    ],
)
def test_each_reason_cites_its_rules(code: str, rules: tuple[str, ...]) -> None:
    told = refusal(code)
    assert (told.name, told.value, told.rules, told.how) == ("status", code, rules, "the entry is not priced")


@pytest.mark.parametrize(
    ("entry", "how"),
    [
        ({"quantity": "6.75"}, "6.75 hour recorded on 2026-03-16"),
        ({"quantity": "6.75", "unit": None}, "6.75 hour recorded on 2026-03-16"),
        ({"quantity": "90", "unit": "minute"}, "90 minute recorded on 2026-03-16"),
        ({"quantity": "0.5", "unit": "day"}, "0.5 day recorded on 2026-03-16, 8 hours a day"),
    ],
)
def test_how_the_hours_were_recorded(entry: dict[str, Any], how: str) -> None:
    assert figures(entry=entry | {"service_date": "2026-03-16"})["recorded_hours"].how == how


@pytest.mark.parametrize(
    ("terms", "how"),
    [
        ({"day_rounding": "exact"}, "as recorded"),
        ({"day_rounding": "half_day"}, "by half day"),
        ({"increment_minutes": 15, "increment_mode": "down"}, "steps of 15 minutes, down"),
        (
            {"minimum_minutes": 30, "rounding_scope": "day"},
            "at least 30 minutes; together with what the day has before it",
        ),
    ],
)
def test_how_the_quantity_was_made(terms: dict[str, Any], how: str) -> None:
    assert figures(contract_line=terms)["quantity"].how == how


def test_the_level_the_rounding_and_the_premium_rate_are_told() -> None:
    told = figures()
    assert (told["rate_line_id"].how, told["amount"].how) == (
        "found at level standard",
        "quantity x bill rate, rounded HALF_UP",
    )
    premium = QUESTION["rate_lines"][0] | {"time_type": "overtime"}
    entity = QUESTION["legal_entity"] | {"rounding_mode": "HALF_EVEN"}
    entry = QUESTION["entry"] | {"time_types": ["overtime"]}
    line = QUESTION["contract_line"] | {"multipliers": {"overtime": "1.5"}}
    changed = {"rate_lines": [premium], "legal_entity": entity, "entry": entry, "contract_line": line}
    found = {one.name: one for one in explain_time(convert(QUESTION | changed, RateTime)).figures}
    assert found["multiplier"].how == "the rate line is for overtime already"
    assert found["amount"].how == "quantity x bill rate, rounded HALF_EVEN"
    agreed = premium | {"scope": "contract_line", "scope_ref": {"contract_line_id": QUESTION["contract_line"]["id"]}}
    by_line = explain_time(convert(QUESTION | changed | {"rate_lines": [agreed]}, RateTime)).figures
    assert "found at level contract line" in {one.how for one in by_line}
