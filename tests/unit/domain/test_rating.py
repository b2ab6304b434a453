"""rate.time against the worked examples WE-01 to WE-21 and the traps around them."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from domain.quantities import LineTerms, prior_day

DAY = "2026-03-16"


@pytest.fixture
def rate(calculate: Any) -> Any:
    """`rate(lines, quantity="8", ...)`: names of entry, line, contract and entity fields are told apart here."""

    def run(lines: list[dict[str, Any]], quantity: str = "8", **given: Any) -> dict[str, Any]:
        entry = {
            "resource_id": "res_1",
            "project_id": "prj_1",
            "service_date": DAY,
            "quantity": quantity,
            "unit": "hour",
            "time_types": ["standard"],
            "role_code": "CON",
            "seniority_code": "SR",
            "location_code": "DE",
            "billable": True,
        }
        return calculate(
            "rate.time",
            entry=entry | given.get("entry", {}),
            contract={"currency": "EUR"} | given.get("contract", {}),
            contract_line={"id": "ctl_1", "billing_method": "time_and_materials"} | given.get("line", {}),
            legal_entity={"id": "ent_1", "functional_currency": "EUR"} | given.get("entity", {}),
            customer_path=given.get("customer_path", ["cus_1"]),
            rate_lines=lines,
            **{key: given[key] for key in ("fx_quotes", "cost_rate", "prior_day") if key in given},
        )

    return run


def line(id: str, rate: str | None, scope: str = "standard", **more: Any) -> dict[str, Any]:
    refs = {
        "project_person": {"project_id": "prj_1", "resource_id": "res_1"},
        "project_role": {"project_id": "prj_1"},
        "contract_line": {"contract_line_id": "ctl_1"},
        "client": {"customer_id": "cus_1"},
        "standard": {},
    }
    price = {} if rate is None else {"rate": rate, "currency": "EUR"}
    return {"id": id, "scope": scope, "scope_ref": refs[scope], "effective_from": "2026-01-01"} | price | more


def test_level_beats_specificity(rate: Any) -> None:  # WE-01
    lines = [
        line("std", "250"),
        line("client", "180", "client"),
        line("line", "188", "contract_line"),
        line("role", "195", "project_role", role_code="CON", seniority_code="SR"),
        line("person", "210", "project_person"),
    ]
    rated = rate(lines, "7.5")
    assert rated == {
        "status": "rated",
        "code": None,
        "rate_line_id": "person",
        "level": "project_person",
        "unit": "hour",
        "quantity": "7.5000",
        "base_rate": "210.0000",
        "base_currency": "EUR",
        "fx_rate": "1.0000000000",
        "multiplier": "1.0000",
        "discount_pct": "0.00",
        "bill_rate": "210.0000",
        "currency": "EUR",
        "amount": "1575.00",
        "non_billable_quantity": "0.0000",
    }


def test_specificity_inside_a_level(rate: Any) -> None:  # WE-02
    lines = [
        line("role", "180", "contract_line", role_code="CON"),
        line("place", "190", "contract_line", seniority_code="SR", location_code="DE"),
        line("both", "198", "contract_line", role_code="CON", location_code="DE"),
    ]
    assert rate(lines, "6")["amount"] == "1188.00"


@pytest.mark.parametrize(("day", "amount"), [("2026-03-31", "1280.00"), ("2026-04-01", "1380.00")])
def test_later_start_wins(rate: Any, day: str, amount: str) -> None:  # WE-03
    lines = [line("a", "160"), line("b", "172.50", effective_from="2026-04-01")]
    assert rate(lines, "8", entry={"service_date": day})["amount"] == amount


def test_parent_customer_before_standard(rate: Any) -> None:  # WE-04
    lines = [line("std", "165"), line("up", "141.50", "client", scope_ref={"customer_id": "cus_parent"})]
    rated = rate(lines, "5.25", customer_path=["cus_child", "cus_parent"])
    assert (rated["level"], rated["amount"]) == ("client", "742.88")


def test_nearest_customer_and_own_entity_first(rate: Any) -> None:
    own = line("own", "150", scope_ref={"legal_entity_id": "ent_1"})
    parent = line("parent", "170", "client", scope_ref={"customer_id": "cus_parent"}, role_code="CON")
    assert rate([own], contract={"legal_entity_id": "ent_1"}, entity={"id": None})["rate_line_id"] == "own"
    assert rate([own], contract={"legal_entity_id": "ent_1"}, entity={"id": "ent_2"})["code"] == "RATE_MISSING"
    assert rate([line("global", "165", role_code="CON"), own])["rate_line_id"] == "own"
    lines = [parent, line("self", "180", "client", scope_ref={"customer_id": "cus_child"})]
    assert rate(lines, customer_path=["cus_child", "cus_parent"])["rate_line_id"] == "self"


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([line("old", "165", effective_to="2026-02-28")], "RATE_EXPIRED"),  # WE-05
        ([line("new", "165", effective_from="2026-04-01")], "RATE_MISSING"),
        (
            [line("near", "165", "contract_line", effective_to="2026-02-28"), line("far", "9", role_code="X")],
            "RATE_EXPIRED",
        ),
        ([line("next", "165", effective_from="2026-04-01", effective_to="2026-06-30")], "RATE_MISSING"),
        ([], "RATE_MISSING"),
        ([line("a", "165", status="withdrawn")], "RATE_MISSING"),
        ([line("a", "165"), line("b", "170")], "RATE_OVERLAP"),
        ([line("a", "165", "project_role")], "RATE_MISSING"),
        ([line("a", "165", unit="month")], "RATE_MISSING"),
        ([line("a", None, method="cost_plus", markup_pct="10")], "COST_RATE_MISSING"),
        ([line("a", "165", currency="USD")], "FX_MISSING"),
    ],
)
def test_a_missing_price_is_never_guessed(rate: Any, lines: list[dict[str, Any]], code: str) -> None:
    assert rate(lines) == {"status": "exception", "code": code}


@pytest.mark.parametrize(("fallback", "status"), [("contract", "exception"), ("client", "rated")])
def test_fallback_stops_the_search(rate: Any, fallback: str, status: str) -> None:
    lines = [line("client", "180", "client"), line("std", "165", effective_to="2026-02-01")]
    assert rate(lines, contract={"rate_fallback": fallback})["status"] == status
    assert rate([line("std", "165")], contract={"rate_fallback": fallback})["code"] == "RATE_MISSING"


def test_highest_multiplier_governs(rate: Any) -> None:  # WE-06
    rated = rate(
        [line("a", "175")],
        "4",
        entry={"time_types": ["overtime", "weekend"]},
        line={"multipliers": {"overtime": "1.5"}},
        entity={"multipliers": {"weekend": "2", "overtime": "9"}},
    )
    assert (rated["bill_rate"], rated["multiplier"], rated["amount"]) == ("350.0000", "2.0000", "1400.00")


def test_premium_rate_takes_no_multiplier(rate: Any) -> None:  # WE-07
    lines = [line("generic", "175", role_code="CON"), line("premium", "240", role_code="CON", time_type="overtime")]
    rated = rate(lines, "3.5", entry={"time_types": ["overtime"]}, line={"multipliers": {"overtime": "1.5"}})
    assert (rated["rate_line_id"], rated["multiplier"], rated["amount"]) == ("premium", "1.0000", "840.00")


def test_increment_rounds_up(rate: Any) -> None:  # WE-08
    rated = rate([line("a", "180")], "1.10", line={"increment_minutes": 15})
    assert (rated["quantity"], rated["amount"]) == ("1.2500", "225.00")


@pytest.mark.parametrize(("mode", "quantity"), [("down", "1.0000"), ("nearest", "1.0000"), ("up", "1.2500")])
def test_increment_modes(rate: Any, mode: str, quantity: str) -> None:
    rated = rate([line("a", "180")], "1.10", line={"increment_minutes": 15, "increment_mode": mode})
    assert rated["quantity"] == quantity


def test_minimum_after_increment(rate: Any) -> None:  # WE-09
    terms = {"increment_minutes": 15, "minimum_minutes": 60}
    rated = rate([line("a", "195")], "20", entry={"unit": "minute"}, line=terms)
    assert (rated["quantity"], rated["amount"]) == ("1.0000", "195.00")


def test_day_scope_never_changes_earlier_entries(rate: Any) -> None:  # WE-10
    terms = {"increment_minutes": 15, "rounding_scope": "day"}
    amounts, recorded, billed = [], ["0", "0.1667", "0.3334"], ["0", "0.25", "0.50"]
    for before, paid in zip(recorded, billed, strict=True):
        prior = {"recorded_hours": before, "billed_hours": paid}
        rated = rate([line("a", "188.40")], "10", entry={"unit": "minute"}, line=terms, prior_day=prior)
        amounts.append((rated["quantity"], rated["amount"]))
    assert amounts == [("0.2500", "47.10"), ("0.2500", "47.10"), ("0.0000", "0.00")]


def test_exact_day(rate: Any) -> None:  # WE-11
    rated = rate([line("a", "1200", unit="day")], "6.5")
    assert (rated["unit"], rated["quantity"], rated["amount"]) == ("day", "0.8125", "975.00")


def test_half_days_of_one_date(rate: Any) -> None:  # WE-12
    terms = {"day_rounding": "half_day"}
    first = rate([line("a", "1200", unit="day")], "3", line=terms)
    prior = {"recorded_hours": "3", "billed_hours": "3", "billed_days": "0.5"}
    second = rate([line("a", "1200", unit="day")], "2", line=terms, prior_day=prior)
    assert (first["amount"], second["amount"]) == ("600.00", "600.00")


def test_full_day(rate: Any) -> None:
    assert rate([line("a", "1200", unit="day")], "8.5", line={"day_rounding": "full_day"})["quantity"] == "2.0000"


def test_day_rate_billed_by_the_hour(rate: Any) -> None:  # WE-13
    terms = {"billing_unit": "hour", "hours_per_day": "7.5"}
    rated = rate([line("a", "1150", unit="day")], "7.25", line=terms)
    assert (rated["base_rate"], rated["bill_rate"], rated["amount"]) == ("1150.0000", "153.3333", "1111.67")


@pytest.mark.parametrize(
    ("currency", "quote", "quantity", "expected"),
    [
        (  # WE-14
            "EUR",
            [{"from": "USD", "to": "EUR", "date": "2026-03-16", "rate": "0.9217"}],
            "6.75",
            ("0.9217000000", "179.7315", "1213.19"),
        ),
        (  # WE-15
            "EUR",
            [{"from": "EUR", "to": "USD", "date": "2026-03-13", "rate": "1.0850"}],
            "8",
            ("0.9216589862", "179.7235", "1437.79"),
        ),
    ],
)
def test_foreign_rate(rate: Any, currency: str, quote: Any, quantity: str, expected: tuple[str, ...]) -> None:
    day = "2026-03-15" if quote[0]["date"] == "2026-03-13" else "2026-03-16"
    entry = {"service_date": day}
    rated = rate([line("a", "195", currency="USD")], quantity, fx_quotes=quote, entry=entry)
    assert (rated["fx_rate"], rated["bill_rate"], rated["amount"]) == expected


def test_triangulated_rate(rate: Any) -> None:  # WE-16
    quotes = [
        {"from": "EUR", "to": "GBP", "date": DAY, "rate": "0.8550"},
        {"from": "EUR", "to": "CHF", "date": DAY, "rate": "0.9420"},
    ]
    rated = rate([line("a", "130", currency="GBP")], "7.5", contract={"currency": "CHF"}, fx_quotes=quotes)
    assert (rated["fx_rate"], rated["bill_rate"], rated["amount"]) == ("1.1017543860", "143.2281", "1074.21")


WE_17 = {
    "entry": {"time_types": ["overtime"]},
    "line": {"billing_unit": "hour", "discount_pct": "7.5", "multipliers": {"overtime": "1.25"}},
    "fx_quotes": [{"from": "USD", "to": "EUR", "date": DAY, "rate": "0.92345"}],
}


def test_the_chain_rounds_once(rate: Any, calculate: Any) -> None:  # WE-17; no day has 37.25 hours, a cap's item may
    rated = rate([line("a", "1480", currency="USD", unit="day")], "7.25", **WE_17)
    figures = ("base_rate", "fx_rate", "multiplier", "discount_pct", "bill_rate", "amount")
    assert [rated[name] for name in figures] == ["1480.0000", "0.9234500000", "1.2500", "7.50", "197.5317", "1432.10"]
    asked = {"id": "t", "kind": "time", "service_date": DAY, "hours": "74.5", "quantity": "74.5", "amount": "14716.11"}
    capped = calculate(
        "cap.apply",
        currency="EUR",
        policy="split",
        limits={"line_hours": "37.25"},
        items=[asked | {"bill_rate": rated["bill_rate"]}],
    )
    assert capped["items"][0]["billable_quantity"] == "37.2500"
    assert capped["items"][0]["billable_amount"] == "7358.06"
    assert rate([line("a", "1480", currency="USD", unit="day")], "37.25", **WE_17)["code"] == "TIME_QTY_INVALID"


def test_cost_plus(rate: Any) -> None:  # WE-18
    rated = rate(
        [line("a", None, method="cost_plus", markup_pct="62.5", unit="day")],
        "7.75",
        cost_rate={"rate": "71.35", "currency": "EUR", "unit": "hour"},
    )
    assert (rated["unit"], rated["bill_rate"], rated["amount"]) == ("hour", "115.9438", "898.56")


def test_billable_quantity_replaces_the_base(rate: Any) -> None:  # WE-19
    rated = rate([line("a", "155")], "10", entry={"billable_quantity": "7.4"}, line={"increment_minutes": 30})
    assert (rated["quantity"], rated["non_billable_quantity"], rated["amount"]) == ("7.5000", "2.6000", "1162.50")


@pytest.mark.parametrize(("mode", "amount"), [("HALF_UP", "50.13"), ("HALF_EVEN", "50.12")])
def test_entity_rounding_mode(rate: Any, mode: str, amount: str) -> None:  # WE-20
    assert rate([line("a", "100.25")], "0.5", entity={"rounding_mode": mode})["amount"] == amount


@pytest.mark.parametrize(
    ("currency", "price", "hours", "amount"),
    [("JPY", "18333.3333", "7.25", "132917"), ("KWD", "41.1275", "6.5", "267.329")],
)
def test_minor_units(rate: Any, currency: str, price: str, hours: str, amount: str) -> None:  # WE-21
    rated = rate([line("a", price, currency=currency)], hours, contract={"currency": currency})
    assert rated["amount"] == amount


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"quantity": "0"}, "exception", "TIME_QTY_INVALID"),
        ({"quantity": "24.01"}, "exception", "TIME_QTY_INVALID"),
        ({"quantity": "-1"}, "exception", "TIME_QTY_INVALID"),
        ({"quantity": "0", "line": {"billing_method": "milestone"}}, "exception", "TIME_QTY_INVALID"),
        ({"line": {"billing_method": "fixed_price"}, "entry": {"billable": False}}, "cost_only", None),
        ({"line": {"billing_method": "retainer"}, "entry": {"billable": False}}, "non_billable", None),
        ({"entry": {"billable_quantity": "0"}}, "non_billable", None),
        ({"entry": {"billable_quantity": "-1"}}, "exception", "BILLABLE_QTY_INVALID"),
        ({"entry": {"billable_quantity": "9"}}, "exception", "BILLABLE_QTY_INVALID"),
    ],
)
def test_order_of_checks(rate: Any, given: dict[str, Any], status: str, code: str | None) -> None:  # BILL-3
    quantity = given.pop("quantity", "8")
    assert rate([], quantity, **given) == {"status": status, "code": code}


def test_more_than_recorded_needs_a_reason(rate: Any) -> None:
    entry = {"billable_quantity": "9", "billable_override_reason": "agreed"}
    rated = rate([line("a", "100")], "8", entry=entry)
    assert (rated["quantity"], rated["non_billable_quantity"]) == ("9.0000", "0.0000")


def test_zero_rate_is_rated_with_a_warning(rate: Any) -> None:  # RATE-8
    rated = rate([line("a", "100")], line={"discount_pct": "100"})
    assert (rated["status"], rated["code"], rated["amount"]) == ("rated", "ZERO_RATE", "0.00")


def test_the_service_date_decides_not_the_approval(rate: Any) -> None:  # TIME-1
    lines = [line("a", "160"), line("b", "172.50", effective_from="2026-03-17")]
    assert rate(lines, entry={"approved_at": "2026-04-02T09:00:00Z"})["rate_line_id"] == "a"


def hours_billed(rate: Any, quantity: str, unit: str = "hour", **given: Any) -> str:
    """The quantity of an entry at a price per hour."""
    rated: dict[str, str] = rate([line("a", "100")], quantity, entry={"unit": unit}, **given)
    return rated["quantity"]


@pytest.mark.parametrize(
    ("quantity", "unit", "terms", "hours"),
    [
        ("1", "day", {}, "8.0000"),
        ("1", "day", {"hours_per_day": "7.5"}, "7.5000"),
        ("20", "minute", {"minimum_minutes": 60}, "1.0000"),
        ("90", "minute", {"minimum_minutes": 60}, "1.5000"),
        ("20", "minute", {}, "0.3333"),
        ("1.1017", "hour", {"increment_minutes": 6}, "1.1000"),
        ("3", "hour", {"day_rounding": "half_day", "billing_unit": "hour"}, "3.0000"),
        ("3", "hour", {"day_rounding": "full_day", "billing_unit": "day"}, "1.0000"),
    ],
)
def test_hours_that_are_billed(rate: Any, quantity: str, unit: str, terms: dict[str, Any], hours: str) -> None:
    assert hours_billed(rate, quantity, unit, line=terms) == hours


def test_the_day_of_the_line_comes_before_the_entitys(rate: Any) -> None:  # QTY-1
    assert hours_billed(rate, "1", "day", entity={"hours_per_day": "7"}) == "7.0000"
    assert hours_billed(rate, "1", "day", entity={"hours_per_day": "7"}, line={"hours_per_day": "6"}) == "6.0000"


@pytest.mark.parametrize(
    ("name", "value"),
    [("hours_per_day", "0"), ("hours_per_day", "24.01"), ("discount_pct", "100.01"), ("discount_pct", "-0.01")],
)
def test_terms_no_line_can_have(rate: Any, name: str, value: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"`{name}`"):
        rate([line("a", "100")], line={name: value})


def test_a_discount_may_be_all_and_a_day_all_day(rate: Any) -> None:
    rated = rate([line("a", "100")], line={"discount_pct": "100", "hours_per_day": "24"})
    assert (rated["amount"], rated["code"]) == ("0.00", "ZERO_RATE")


def test_what_a_day_has_before_an_entry() -> None:  # QTY-4
    found = prior_day(Decimal("1"), Decimal("2"), Decimal("0.5"), Decimal("8"))
    assert (found.recorded_hours, found.billed_hours, found.billed_days) == (1, 6, Decimal("0.5"))
    assert LineTerms().billing_method == "time_and_materials"
