"""Which tax an invoice line carries (TAX-1..TAX-8). A tax engine's answer, where there is one, prevails."""

import datetime as dt
from typing import Literal

from contracts.iso import Country
from contracts.money import PERCENT_PLACES, ZERO, Exact, round_places
from domain.periods import within
from domain.terms import Input, Result

Treatment = Literal["standard", "exempt", "reverse_charge", "out_of_scope"]


class Supplier(Input, frozen=True, kw_only=True):
    """The legal entity that bills; countries are ISO 3166-1 alpha-2."""

    country: Country
    registrations: tuple[Country, ...] | None = None


class Exemption(Input, frozen=True, kw_only=True):
    """A certificate that frees a customer from tax in a range."""

    certificate: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class TaxCustomer(Input, frozen=True, kw_only=True):
    """Who is billed, as far as tax law cares."""

    country: Country
    status: Literal["business", "consumer"]
    tax_id_valid: bool | None = None
    exemption: Exemption | None = None


class Supply(Input, frozen=True, kw_only=True):
    """Where the service is supplied: `country` counts for the rules performed and property."""

    rule: Literal["general", "performed", "property"] | None = None
    country: Country | None = None


class TaxRate(Input, frozen=True, kw_only=True):
    """A standard rate of a country in a range."""

    country: Country
    rate_pct: Exact
    tax_code: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class TaxQuestion(Input, frozen=True, kw_only=True):
    """One line's tax question; `line_kind` is a transaction kind or disbursement, `zones` maps country to tax zone."""

    supplier: Supplier
    customer: TaxCustomer
    supply: Supply | None = None
    line_kind: str | None = None
    tax_date: dt.date
    tax_rates: tuple[TaxRate, ...] | None = None
    zones: dict[Country, str | None] | None = None


class TaxAnswer(Result, frozen=True, kw_only=True):
    """Treatment, country, percent (2 decimals) and what the invoice prints, or a code."""

    code: str | None
    treatment: Treatment | None = None
    country: str | None = None
    rate_pct: Exact | None = None
    legend: str | None = None


def determine_tax(question: TaxQuestion) -> TaxAnswer:
    """The tax of a line, in the order TAX-1..TAX-6."""
    home = question.supplier.country
    if question.line_kind == "disbursement":
        return _untaxed("out_of_scope", home, "DISBURSEMENT")
    if question.customer.exemption is not None:
        return _exempt(question.customer.exemption, question.tax_date, home)
    place = _place_of_supply(question)
    if place is None:
        return TaxAnswer(code="TAX_NOT_DETERMINED")
    if place == home or place in (question.supplier.registrations or ()):
        return _standard(question, place)
    zones = question.zones or {}
    if zones.get(place) is None or zones[place] != zones.get(home):
        return _untaxed("out_of_scope", place, "EXPORT_OF_SERVICE")
    if question.customer.status == "business" and question.customer.tax_id_valid:
        return _untaxed("reverse_charge", place, "REVERSE_CHARGE")
    return TaxAnswer(code="TAX_ID_MISSING")


def _untaxed(treatment: Treatment, country: str, legend: str) -> TaxAnswer:
    rate = round_places(ZERO, PERCENT_PLACES)
    return TaxAnswer(code=None, treatment=treatment, country=country, rate_pct=rate, legend=legend)


def _exempt(exemption: Exemption, tax_date: dt.date, home: str) -> TaxAnswer:
    if within(tax_date, exemption.valid_from, exemption.valid_to):
        return _untaxed("exempt", home, exemption.certificate)
    return TaxAnswer(code="TAX_CERT_EXPIRED")


def _place_of_supply(question: TaxQuestion) -> str | None:
    supply = question.supply
    if supply is not None and supply.rule in ("performed", "property"):
        return supply.country
    return question.customer.country if question.customer.status == "business" else question.supplier.country


def _standard(question: TaxQuestion, place: str) -> TaxAnswer:
    valid = [
        rate
        for rate in question.tax_rates or ()
        if rate.country == place and within(question.tax_date, rate.valid_from, rate.valid_to)
    ]
    if not valid:
        return TaxAnswer(code="TAX_RATE_MISSING")
    rate = max(valid, key=lambda one: one.valid_from or dt.date.min)
    percent = round_places(rate.rate_pct, PERCENT_PLACES)
    return TaxAnswer(code=None, treatment="standard", country=place, rate_pct=percent, legend=rate.tax_code)
