"""fx.rate (FX-1..FX-5) and tax.determine (TAX-1..TAX-8, WE-37 to WE-41)."""

from decimal import Decimal
from typing import Any

import pytest

from domain.fx import exchanged

DAY = "2026-03-15"


def quote(source: str, target: str, rate: str, day: str = DAY) -> dict[str, str]:
    return {"from": source, "to": target, "date": day, "rate": rate}


@pytest.fixture
def fx(calculate: Any) -> Any:
    def run(source: str, target: str, **more: Any) -> Any:
        return calculate("fx.rate", **({"from": source, "to": target, "date": DAY} | more))

    return run


def test_lookup_order(fx: Any) -> None:  # FX-2
    direct, inverse = quote("USD", "EUR", "0.90", "2026-03-08"), quote("EUR", "USD", "1.25")
    agreed = {"from": "EUR", "to": "USD", "rate": "1.60"}
    assert fx("EUR", "EUR") == {"rate": "1.0000000000", "path": "identity", "as_of": DAY}
    fixed = fx("USD", "EUR", quotes=[direct, inverse], fixed=[agreed])
    assert fixed == {"rate": "0.6250000000", "path": "fixed", "as_of": None}
    old = fx("USD", "EUR", quotes=[direct, inverse])
    assert (old["path"], old["as_of"]) == ("direct", "2026-03-08")
    assert fx("USD", "EUR", quotes=[inverse])["rate"] == "0.8000000000"


def test_the_latest_quote_counts_and_its_age(fx: Any) -> None:  # FX-2
    quotes = [quote("USD", "EUR", "0.80", "2026-03-01"), quote("USD", "EUR", "0.90", "2026-03-10")]
    later = quote("USD", "EUR", "0.99", "2026-03-16")
    assert fx("USD", "EUR", quotes=[*quotes, later]) == {
        "rate": "0.9000000000",
        "path": "direct",
        "as_of": "2026-03-10",
    }
    assert fx("EUR", "USD", quotes=quotes)["path"] == "inverse"


def test_both_legs_are_needed(fx: Any) -> None:
    there, back = quote("GBP", "EUR", "1.2"), quote("EUR", "CHF", "0.9")
    assert fx("GBP", "CHF", pivot="EUR", quotes=[there]) == {"code": "FX_MISSING"}
    assert fx("GBP", "CHF", pivot="EUR", quotes=[back]) == {"code": "FX_MISSING"}


def test_an_amount_at_a_rate() -> None:  # FX-5, RP-6
    assert str(exchanged(Decimal("100.25"), Decimal("0.5"), "EUR")) == "50.13"
    assert str(exchanged(Decimal("100.25"), Decimal("0.5"), "EUR", "HALF_EVEN")) == "50.12"
    assert str(exchanged(Decimal("12.34"), Decimal("161.7"), "JPY")) == "1995"


def test_triangulation_takes_the_older_date(fx: Any) -> None:  # FX-3
    quotes = [quote("EUR", "GBP", "0.8550"), quote("EUR", "CHF", "0.9420", "2026-03-13")]
    crossed = fx("GBP", "CHF", pivot="EUR", quotes=quotes)
    assert crossed == {"rate": "1.1017543860", "path": "triangulated", "as_of": "2026-03-13"}
    assert fx("GBP", "CHF", quotes=quotes) == {"code": "FX_MISSING"}


@pytest.mark.parametrize("day", ["2026-03-07", "2026-03-16"])
def test_too_old_or_future_quotes_do_not_count(fx: Any, day: str) -> None:
    assert fx("USD", "EUR", quotes=[quote("USD", "EUR", "0.90", day)]) == {"code": "FX_MISSING"}


def test_the_most_recent_quote_counts(fx: Any) -> None:
    quotes = [quote("USD", "EUR", "0.90", "2026-03-14"), quote("USD", "EUR", "0.91", "2026-03-13")]
    assert fx("USD", "EUR", quotes=quotes)["rate"] == "0.9000000000"


RATES = [
    {"country": "DE", "rate_pct": "16", "tax_code": "S16", "valid_from": "2020-07-01", "valid_to": "2020-12-31"},
    {"country": "DE", "rate_pct": "19", "tax_code": "S19", "valid_from": "2021-01-01"},
    {"country": "FR", "rate_pct": "20", "tax_code": "F20", "valid_from": "2014-01-01"},
]


@pytest.fixture
def tax(calculate: Any) -> Any:
    def run(customer: dict[str, Any], **more: Any) -> Any:
        question = {
            "supplier": {"country": "DE", "registrations": []},
            "customer": {"status": "business", "tax_id_valid": True} | customer,
            "supply": {"rule": "general"},
            "line_kind": "time",
            "tax_date": "2026-05-31",
            "tax_rates": RATES,
            "zones": {"DE": "EU", "FR": "EU", "IT": "EU"},
        }
        return calculate("tax.determine", **(question | more))

    return run


def answer(treatment: str, country: str, rate: str, legend: str) -> dict[str, Any]:
    return {"code": None, "treatment": treatment, "country": country, "rate_pct": rate, "legend": legend}


def test_domestic(tax: Any) -> None:  # WE-37
    assert tax({"country": "DE"}) == answer("standard", "DE", "19.00", "S19")


def test_reverse_charge(tax: Any) -> None:  # WE-38, WE-41
    assert tax({"country": "FR"}) == answer("reverse_charge", "FR", "0.00", "REVERSE_CHARGE")
    assert tax({"country": "FR", "tax_id_valid": False}) == {"code": "TAX_ID_MISSING"}


def test_export(tax: Any) -> None:  # WE-39
    assert tax({"country": "US"}) == answer("out_of_scope", "US", "0.00", "EXPORT_OF_SERVICE")


def test_performed_where_registered(tax: Any) -> None:  # WE-40
    supplier = {"country": "DE", "registrations": ["FR"]}
    found = tax({"country": "IT"}, supplier=supplier, supply={"rule": "performed", "country": "FR"})
    assert found == answer("standard", "FR", "20.00", "F20")


def test_a_consumer_is_taxed_at_home(tax: Any) -> None:  # TAX-3
    assert tax({"country": "US", "status": "consumer"}) == answer("standard", "DE", "19.00", "S19")


def test_disbursement_comes_before_everything(tax: Any) -> None:  # TAX-1
    expired = {"certificate": "C-1", "valid_to": "2025-12-31"}
    found = tax({"country": "DE", "exemption": expired}, line_kind="disbursement")
    assert found == answer("out_of_scope", "DE", "0.00", "DISBURSEMENT")


def test_exemption(tax: Any) -> None:  # TAX-2
    certificate = {"certificate": "C-1", "valid_from": "2026-01-01", "valid_to": "2026-05-31"}
    assert tax({"country": "DE", "exemption": certificate}) == answer("exempt", "DE", "0.00", "C-1")
    late = tax({"country": "DE", "exemption": certificate}, tax_date="2026-06-01")
    assert late == {"code": "TAX_CERT_EXPIRED"}


def test_no_rate_is_not_zero(tax: Any) -> None:  # TAX-4
    assert tax({"country": "DE"}, tax_date="2019-01-01") == {"code": "TAX_RATE_MISSING"}
    assert tax({"country": "DE"}, supply={"rule": "property"}) == {"code": "TAX_NOT_DETERMINED"}
