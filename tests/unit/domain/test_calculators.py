"""What every calculator has in common: names, examples, and questions that are refused with the member at fault."""

from typing import Any

import msgspec
import pytest

from contracts.problems import InvalidContent, InvalidRequest, RuleViolated
from domain.calculators import CALCULATORS
from runtime.http.arguments import decode_body

NAMES = {
    *("rate.time", "cap.apply", "rate.expense", "fx.rate", "tax.determine", "invoice.group", "invoice.totals"),
    *("retainer.apply", "discount.volume", "alloc.split", "split.customers", "milestone.schedule"),
    *("readiness.evaluate", "recon.evaluate", "impact.plan", "revrec.compute", "booking.check"),
    *("period.posting_date", "ledger.route", "vendor.release", "adapter.map_time", "event.apply", "state.apply"),
    *("alert.priority", "sla.due", "metric.compute"),
}


def test_the_names_are_those_of_the_contract() -> None:
    assert CALCULATORS.keys() == NAMES


def pointers(name: str, question: Any) -> set[str]:
    """Where the question is at fault."""
    with pytest.raises(InvalidContent) as refused:
        decode_body(msgspec.json.encode(question), CALCULATORS[name].input)
    return {error.pointer or "" for error in refused.value.errors}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_examples_are_answered_and_strangers_refused(name: str) -> None:
    example = CALCULATORS[name].example.question
    decode_body(msgspec.json.encode(example), CALCULATORS[name].input)
    assert pointers(name, example | {"stranger": 1}) == {"#/stranger"}
    for member in example:
        tagged = {"recon.evaluate": "control", "metric.compute": "metric", "revrec.compute": "method"}.get(name)
        if member == tagged:
            assert pointers(name, {k: v for k, v in example.items() if k != member}) == {f"#/{member}"}


@pytest.mark.parametrize(
    "text", ["1e3", "1,000.00", "NaN", "Infinity", "+1", " 1", "1 ", "1.", ".5", "", "1\n", "٣", "0x1", "1" * 41]
)
def test_malformed_decimals(text: str) -> None:  # DEC-1
    question = CALCULATORS["rate.time"].example.question
    entry = question["entry"] | {"quantity": text}
    assert pointers("rate.time", question | {"entry": entry}) == {"#/entry/quantity"}
    assert pointers(
        "metric.compute", {"metric": "backlog", "values": dict.fromkeys(_BACKLOG, "1") | {"recognised": text}}
    ) == {"#/values/recognised"}


_BACKLOG = ("signed_value", "approved_changes", "recognised")


@pytest.mark.parametrize("value", [1, 1.5, True, None, [], {}])
def test_a_decimal_is_a_string(value: Any) -> None:
    question = CALCULATORS["alloc.split"].example.question
    assert pointers("alloc.split", question | {"amount": value}) == {"#/amount"}


@pytest.mark.parametrize(
    ("name", "change", "pointer"),
    [
        ("fx.rate", {"from": "EUX"}, "#/from"),
        ("fx.rate", {"to": "eur"}, "#/to"),
        ("fx.rate", {"date": "2026-02-30"}, "#/date"),
        ("fx.rate", {"date": "16.03.2026"}, "#/date"),
        ("fx.rate", {"quotes": [{"from": "EUR", "to": "USD", "date": "2026-01-01", "rate": "0"}]}, "#/quotes/0/rate"),
        ("tax.determine", {"supplier": {"country": "XX"}}, "#/supplier/country"),
        ("tax.determine", {"zones": {"DE": "EU", "QQ": "EU"}}, "#/zones/QQ"),
        ("rate.time", {"contract_line": {"billing_method": "barter"}}, "#/contract_line/billing_method"),
        ("rate.time", {"legal_entity": {"hours_per_day": "25"}}, "#/legal_entity/hours_per_day"),
        ("rate.expense", {"rule": {"method": "fixed_unit"}}, "#/rule/unit_rate"),
        ("sla.due", {"sla_hours": "4"}, "#/sla_hours"),
        ("sla.due", {"created_at": "2026-03-20T16:00:00Z"}, "#/created_at"),
        ("recon.evaluate", {"control": "REC-13"}, "#/control"),
        ("recon.evaluate", {"currency": None}, "#/currency"),
        ("state.apply", {"object": "unicorn"}, "#/object"),
    ],
)
def test_values_that_do_not_exist(name: str, change: dict[str, Any], pointer: str) -> None:
    assert pointers(name, CALCULATORS[name].example.question | change) == {pointer}


def test_a_sum_given_as_text_is_a_decimal() -> None:
    question = {"control": "REC-09", "currency": "EUR", "values": {"payroll_cost": "1", "allocated": "1e1"}}
    assert pointers("recon.evaluate", question) == {"#/values/allocated"}


def test_null_means_absent() -> None:
    question = {"from": "USD", "to": "USD", "date": "2026-01-01"}
    null = dict.fromkeys(("pivot", "quotes", "fixed", "max_age_days"))
    calculator = CALCULATORS["fx.rate"]
    assert decode_body(msgspec.json.encode(question | null), calculator.input) == decode_body(
        msgspec.json.encode(question), calculator.input
    )


def test_whole_objects_may_be_passed() -> None:
    question = CALCULATORS["rate.time"].example.question
    contract = {"id": "ctr_1", "currency": "EUR", "nte_amount": "5.00", "po": {"number": "1"}, "state": "active"}
    line = {"id": "ctl_1", "billing_method": "retainer", "project_id": "prj_1", "cost_center_id": "CC-1"}
    decode_body(
        msgspec.json.encode(question | {"contract": contract, "contract_line": line}), CALCULATORS["rate.time"].input
    )
    assert pointers("rate.time", question | {"contract": contract | {"colour": "red"}}) == {"#/contract/colour"}


def test_what_nests_too_deeply_is_refused() -> None:
    deep = b'{"record":' * 3000 + b"1" + b"}" * 3000
    with pytest.raises(InvalidRequest):
        decode_body(deep, CALCULATORS["adapter.map_time"].input)
    record: Any = {"a": 1}
    for _ in range(30):
        record = {"a": record}
    question = CALCULATORS["adapter.map_time"].example.question
    assert pointers("adapter.map_time", question | {"record": record}) == {"#/record"}


def test_figures_that_outgrow_amounts_are_refused() -> None:
    question = {
        "currency": "EUR",
        "lines": [{"id": "1", "amount": "9" * 30, "tax_code": "S", "tax_rate_pct": "9" * 30}],
    }
    calculator = CALCULATORS["invoice.totals"]
    with pytest.raises(RuleViolated, match="30 digits"):
        calculator.answer(decode_body(msgspec.json.encode(question), calculator.input))
