"""rate.expense: WE-26 to WE-28 and the order of EXP-1."""

from typing import Any

import pytest


@pytest.fixture
def rate(calculate: Any) -> Any:
    def run(rule: dict[str, Any] | None, **given: Any) -> dict[str, Any]:
        expense = {
            "category": "travel",
            "expense_date": "2026-03-12",
            "amount_gross": "100.00",
            "currency": "EUR",
            "receipt_attached": True,
            "billable": True,
        }
        return calculate(
            "rate.expense",
            expense=expense | given.get("expense", {}),
            rule=rule,
            contract={"currency": "EUR"} | given.get("contract", {}),
            legal_entity={"functional_currency": "EUR"} | given.get("entity", {}),
            fx_quotes=given.get("fx_quotes", []),
        )

    return run


def test_markup_on_the_rounded_cost(rate: Any) -> None:  # WE-26
    quotes = [{"from": "GBP", "to": "EUR", "date": "2026-03-12", "rate": "1.1693"}]
    expense = {"amount_gross": "318.40", "currency": "GBP"}
    assert rate({"method": "markup_pct", "markup_pct": "8.5"}, expense=expense, fx_quotes=quotes) == {
        "status": "rated",
        "code": None,
        "fx_rate": "1.1693000000",
        "cost_amount": "372.31",
        "bill_amount": "403.96",
        "non_billable_amount": "0.00",
        "currency": "EUR",
    }


def test_limit_per_unit(rate: Any) -> None:  # WE-27
    expense = {"amount_gross": "642.00", "tax_recoverable": "42.00", "units": "2"}
    rated = rate({"method": "at_cost", "limit_per_unit": "250"}, expense=expense)
    assert (rated["bill_amount"], rated["non_billable_amount"]) == ("500.00", "100.00")
    assert rated["code"] == "EXP_OVER_LIMIT"


def test_mileage(rate: Any) -> None:  # WE-28
    expense = {"amount_gross": "97.24", "units": "187", "receipt_attached": False}
    assert rate({"method": "fixed_unit", "unit_rate": "0.52"}, expense=expense)["bill_amount"] == "97.24"


@pytest.mark.parametrize(
    ("rule", "expense"),
    [({"method": "non_billable"}, {"currency": "USD"}), (None, {"billable": False})],
)
def test_not_billable_comes_first(rate: Any, rule: Any, expense: Any) -> None:
    assert rate(rule, expense=expense) == {"status": "non_billable", "code": None, "bill_amount": "0.00"}


@pytest.mark.parametrize(
    ("rule", "given", "code"),
    [
        (None, {"expense": {"currency": "USD"}}, "EXP_CATEGORY_UNMAPPED"),
        ({"method": "per_diem", "unit_rate": "9"}, {"expense": {"currency": "USD"}}, "FX_MISSING"),
        ({"method": "at_cost"}, {"entity": {"functional_currency": "USD"}}, "FX_MISSING"),
        ({"method": "at_cost"}, {"expense": {"receipt_attached": False}}, "EXP_RECEIPT_MISSING"),
        ({"method": "markup_pct", "markup_pct": "5"}, {"expense": {"disbursement": True}}, "EXP_DISBURSEMENT_MARKUP"),
    ],
)
def test_refusals_in_order(rate: Any, rule: Any, given: Any, code: str) -> None:
    assert rate(rule, **given) == {"status": "exception", "code": code}


def test_receipts(rate: Any) -> None:  # EXP-2
    small = {"amount_gross": "24.99", "receipt_attached": False}
    assert rate({"method": "at_cost"}, expense=small)["status"] == "rated"
    always = rate({"method": "at_cost"}, expense=small, entity={"receipt_always_categories": ["travel"]})
    assert always["code"] == "EXP_RECEIPT_MISSING"


def test_a_receipt_is_needed_from_the_threshold_on(rate: Any, calculate: Any) -> None:  # EXP-2
    whole = {"amount_gross": "25.00", "receipt_attached": False}
    assert rate({"method": "at_cost"}, expense=whole)["code"] == "EXP_RECEIPT_MISSING"
    assert rate({"method": "at_cost"}, expense=whole, entity={"receipt_threshold": "25.01"})["status"] == "rated"


def test_without_a_functional_currency_that_of_the_contract_counts(rate: Any) -> None:
    given = {"expense": {"amount_gross": "24.60", "currency": "KWD", "receipt_attached": False}, "fx_quotes": None}
    rated = rate({"method": "at_cost"}, entity={"functional_currency": None}, contract={"currency": "KWD"}, **given)
    assert (rated["status"], rated["bill_amount"], rated["fx_rate"]) == ("rated", "24.600", "1.0000000000")
    far = {"expense": {"currency": "USD"}, "fx_quotes": None}
    assert rate({"method": "at_cost"}, **far)["code"] == "FX_MISSING"


def test_receipt_threshold_ignores_the_agreed_rate(rate: Any) -> None:  # EXP-2: 20 USD are 26 EUR at market
    given = {
        "expense": {"amount_gross": "20.00", "currency": "USD", "receipt_attached": False},
        "contract": {"fx_fixed": [{"from": "USD", "to": "EUR", "rate": "1.0"}]},
        "fx_quotes": [{"from": "USD", "to": "EUR", "date": "2026-03-12", "rate": "1.30"}],
    }
    assert rate({"method": "at_cost"}, **given)["code"] == "EXP_RECEIPT_MISSING"
    given["expense"]["receipt_attached"] = True
    assert rate({"method": "at_cost"}, **given)["bill_amount"] == "20.00"


def test_disbursement_is_gross(rate: Any) -> None:  # EXP-3
    rated = rate({"method": "at_cost"}, expense={"disbursement": True, "tax_recoverable": "16.00"})
    assert rated["bill_amount"] == "100.00"
