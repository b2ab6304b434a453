"""Pricing one time entry (BILL, QTY, RATE, CHAIN, MULT): quantity, resolution, rate chain, amount."""

import datetime as dt
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from contracts.iso import Currency
from contracts.money import (
    FX_PLACES,
    HOURS_PLACES,
    PERCENT_PLACES,
    RATE_PLACES,
    ZERO,
    Exact,
    RoundingMode,
    minor_units,
    precise,
    round_places,
)
from domain.fx import FxSearch, QuoteIndex, find_fx
from domain.objects import TimeEntryObject
from domain.quantities import BillingUnit, LineTerms, PriorDay, TimeUnit, billed_quantity, hours_per_day, in_hours
from domain.rate_search import RateIndex, RateLine, RateSearch, Scope
from domain.terms import FxQuote, Input, PricingContract, PricingEntity, Result

_COST_ONLY = frozenset({"fixed_price", "milestone", "recurring"})
_HUNDRED = Decimal(100)
_MOST_HOURS = 24
_ONE = Decimal(1)


class TimeWorked(TimeEntryObject, frozen=True, kw_only=True):
    """An approved time entry."""

    service_date: dt.date
    quantity: Exact
    unit: TimeUnit | None = None
    project_id: str | None = None
    resource_id: str | None = None
    time_types: tuple[str, ...] | None = None
    role_code: str | None = None
    seniority_code: str | None = None
    location_code: str | None = None
    billable: bool | None = None
    billable_quantity: Exact | None = None
    billable_override_reason: str | None = None


class CostRate(Input, frozen=True, kw_only=True):
    """Loaded cost per hour of the person who worked."""

    rate: Exact
    currency: Currency
    unit: Literal["hour"] | None = None


class PricingTerms(Input, frozen=True, kw_only=True):
    """Terms and prices all entries of a contract line share; `customer_path` is the customer, then its ancestors."""

    contract: PricingContract
    contract_line: LineTerms
    legal_entity: PricingEntity
    customer_path: tuple[str, ...] | None = None
    rate_lines: tuple[RateLine, ...] | None = None
    fx_quotes: tuple[FxQuote, ...] | None = None

    @property
    def day(self) -> Decimal:
        """Hours of a working day."""
        return hours_per_day(self.contract_line, self.legal_entity)


class RateTime(PricingTerms, frozen=True, kw_only=True):
    """A time entry with the terms and prices that may apply."""

    entry: TimeWorked
    cost_rate: CostRate | None = None
    prior_day: PriorDay | None = None


class RatedTime(Result, frozen=True, kw_only=True):
    """The rating snapshot; only status and code unless rated. `base_rate` is before unit conversion (RATE-9)."""

    status: Literal["rated", "cost_only", "non_billable", "exception"]
    code: str | None
    rate_line_id: str | None = None
    level: Scope | None = None
    unit: BillingUnit | None = None
    quantity: Exact | None = None
    base_rate: Exact | None = None
    base_currency: str | None = None
    fx_rate: Exact | None = None
    multiplier: Exact | None = None
    discount_pct: Exact | None = None
    bill_rate: Exact | None = None
    currency: str | None = None
    amount: Exact | None = None
    non_billable_quantity: Exact | None = None


class Hours(Struct, frozen=True):
    """Hours of an entry that are the base of what is billed, and those left over (BILL-4)."""

    billable: Decimal
    left: Decimal


class Resolved(Struct, frozen=True):
    """The rate line of an entry and the multiplier that goes with it (5.3, MULT)."""

    line: RateLine
    multiplier: Decimal


class BillRate(Struct, frozen=True, kw_only=True):
    """A resolved price after the rate chain: everything of a rating that the hours do not change."""

    rate_line_id: str
    level: Scope
    unit: BillingUnit
    base_rate: Decimal
    base_currency: str
    fx_rate: Decimal
    multiplier: Decimal
    discount_pct: Decimal
    bill_rate: Decimal
    currency: str
    places: int


class _Price(Struct, frozen=True, kw_only=True):
    """A resolved price before the rate chain."""

    line: RateLine
    base: Decimal
    currency: str
    unit: BillingUnit
    multiplier: Decimal


@precise
def rate_time(request: RateTime) -> RatedTime:
    """Price a time entry, in the order of checks of BILL-3."""
    hours = hours_of(request.entry, request)
    if isinstance(hours, RatedTime):
        return hours
    found = resolve(request.entry, request, RateIndex(request.rate_lines or ()))
    if isinstance(found, RatedTime):
        return found
    price = price_of(found, request.entry, request, QuoteIndex(request.fx_quotes or ()), request.cost_rate)
    if isinstance(price, RatedTime):
        return price
    prior = request.prior_day or PriorDay()
    quantity = billed_quantity(hours.billable, request.contract_line, price.unit, request.day, prior)
    return rated(price, quantity, hours.left, request.legal_entity.rounding_mode)


def hours_of(entry: TimeWorked, terms: PricingTerms) -> Hours | RatedTime:
    """The hours to bill for, or the answer when there is nothing to price (BILL-1 to BILL-4)."""
    recorded = in_hours(entry.quantity, entry.unit, terms.day)
    if not 0 < recorded <= _MOST_HOURS:
        return refused("TIME_QTY_INVALID")
    if terms.contract_line.billing_method in _COST_ONLY:
        return RatedTime(status="cost_only", code=None)
    if entry.billable is False:
        return RatedTime(status="non_billable", code=None)
    asked = entry.billable_quantity
    billable = recorded if asked is None else in_hours(asked, entry.unit, terms.day)
    if (asked is not None and asked < 0) or (billable > recorded and not entry.billable_override_reason):
        return refused("BILLABLE_QTY_INVALID")
    if billable == 0:
        return RatedTime(status="non_billable", code=None)
    return Hours(billable, round_places(max(ZERO, recorded - billable), HOURS_PLACES))


def refused(code: str | None) -> RatedTime:
    """An entry that waits in exception."""
    return RatedTime(status="exception", code=code)


def resolve(entry: TimeWorked, terms: PricingTerms, lines: RateIndex) -> Resolved | RatedTime:
    """The line that prices an entry, or the exception; a line for a time type is already the premium rate (MULT-3)."""
    governing, multiplier = governing_time_type(entry.time_types or (), terms.contract_line, terms.legal_entity)
    found = lines.find(_search(entry, terms, governing))
    if isinstance(found, str):
        return refused(found)
    return Resolved(found, multiplier if found.time_type is None else _ONE)


def price_of(
    found: Resolved, entry: TimeWorked, terms: PricingTerms, quotes: QuoteIndex, cost: CostRate | None
) -> BillRate | RatedTime:
    """The bill rate of a resolved entry (5.4, 5.5), or the exception."""
    price = _based(found, cost)
    if price is None:
        return refused("COST_RATE_MISSING")
    fx = find_fx(_fx_search(entry, terms, price.currency), quotes)
    return refused(fx.code) if fx.rate is None else _chained(terms, price, fx.rate)


def _based(found: Resolved, cost: CostRate | None) -> _Price | None:
    """The price before the chain; None when it is made on a cost nobody knows."""
    line, multiplier = found.line, found.multiplier
    if line.method == "cost_plus":
        return None if cost is None else _cost_plus(cost, line, multiplier)
    unit: BillingUnit = "day" if line.unit == "day" else "hour"
    return _Price(line=line, base=line.rate or ZERO, currency=line.currency or "", unit=unit, multiplier=multiplier)


def _cost_plus(cost: CostRate, line: RateLine, multiplier: Decimal) -> _Price:
    """Cost rate plus markup, per hour whatever the unit of the line (RATE-7)."""
    base = cost.rate * (1 + (line.markup_pct or ZERO) / _HUNDRED)
    return _Price(line=line, base=base, currency=cost.currency, unit="hour", multiplier=multiplier)


def _search(entry: TimeWorked, terms: PricingTerms, time_type: str) -> RateSearch:
    return RateSearch(
        service_date=entry.service_date,
        project_id=entry.project_id,
        resource_id=entry.resource_id,
        contract_line_id=terms.contract_line.id,
        customer_path=terms.customer_path or (),
        legal_entity_id=terms.legal_entity.id or terms.contract.legal_entity_id,
        role_code=entry.role_code,
        seniority_code=entry.seniority_code,
        location_code=entry.location_code,
        time_type=time_type,
        fallback=terms.contract.rate_fallback or "standard",
    )


def governing_time_type(time_types: tuple[str, ...], line: LineTerms, entity: PricingEntity) -> tuple[str, Decimal]:
    """The time type with the highest multiplier, alphabetical on ties, and that multiplier (MULT-1, MULT-2)."""
    known = (entity.multipliers or {}) | (line.multipliers or {})
    weighed = [(-known.get(name, _ONE), name) for name in time_types or ("standard",)]
    highest, name = min(weighed)
    return name, -highest


def _fx_search(entry: TimeWorked, terms: PricingTerms, currency: str) -> FxSearch:
    return FxSearch(
        from_=currency,
        to=terms.contract.currency,
        date=entry.service_date,
        pivot=terms.legal_entity.functional_currency,
        fixed=terms.contract.fixed_rates,
    )


def _chained(terms: PricingTerms, price: _Price, fx: Decimal) -> BillRate:
    """The rate chain with one rounding (CHAIN-1)."""
    unit, discount = terms.contract_line.billing_unit or price.unit, terms.contract_line.discount_pct or ZERO
    exact = _in_unit(price, unit, terms.day, fx * price.multiplier * (1 - discount / _HUNDRED))
    return BillRate(
        rate_line_id=price.line.id,
        level=price.line.scope,
        unit=unit,
        base_rate=round_places(price.base, RATE_PLACES),
        base_currency=price.currency,
        fx_rate=round_places(fx, FX_PLACES),
        multiplier=round_places(price.multiplier, RATE_PLACES),
        discount_pct=round_places(discount, PERCENT_PLACES),
        bill_rate=round_places(exact, RATE_PLACES),
        currency=terms.contract.currency,
        places=minor_units(terms.contract.currency),
    )


def _in_unit(price: _Price, unit: BillingUnit, day: Decimal, factor: Decimal) -> Decimal:
    """The price times the factors of the chain, per billing unit; dividing last keeps an exact tie exact."""
    rate = price.base * factor
    if unit == price.unit:
        return rate
    return rate * day if unit == "day" else rate / day


def rated(price: BillRate, quantity: Decimal, left: Decimal, mode: RoundingMode | None) -> RatedTime:
    """A billed quantity (5.2) at a bill rate (CHAIN-2); `left` are the hours that are not billed."""
    return RatedTime(
        status="rated",
        code=None if price.bill_rate else "ZERO_RATE",
        rate_line_id=price.rate_line_id,
        level=price.level,
        unit=price.unit,
        quantity=quantity,
        base_rate=price.base_rate,
        base_currency=price.base_currency,
        fx_rate=price.fx_rate,
        multiplier=price.multiplier,
        discount_pct=price.discount_pct,
        bill_rate=price.bill_rate,
        currency=price.currency,
        amount=round_places(quantity * price.bill_rate, price.places, mode),
        non_billable_quantity=left,
    )
