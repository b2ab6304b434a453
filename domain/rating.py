"""Pricing one time entry (BILL, QTY, RATE, CHAIN, MULT): quantity, resolution, rate chain, amount."""

import datetime as dt
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from contracts.money import (
    FX_PLACES,
    HOURS_PLACES,
    PERCENT_PLACES,
    RATE_PLACES,
    ZERO,
    Currency,
    Exact,
    precise,
    round_money,
    round_places,
)
from domain.fx import FxQuestion, exchange_rate
from domain.quantities import BillingUnit, LineTerms, PriorDay, TimeUnit, billed_quantity, hours_per_day, in_hours
from domain.rate_search import RateLine, RateSearch, Scope, find_rate
from domain.terms import FxQuote, Input, PricingContract, PricingEntity, Record, Result

_COST_ONLY = frozenset({"fixed_price", "milestone", "recurring"})
_HUNDRED = Decimal(100)
_MOST_HOURS = 24


class TimeWorked(Record, frozen=True, kw_only=True):
    """The parts of an approved time entry that price it."""

    service_date: dt.date
    quantity: Exact
    unit: TimeUnit = "hour"
    project_id: str | None = None
    resource_id: str | None = None
    time_types: tuple[str, ...] | None = None
    role_code: str | None = None
    seniority_code: str | None = None
    location_code: str | None = None
    billable: bool = True
    billable_quantity: Exact | None = None
    billable_override_reason: str | None = None


class CostRate(Input, frozen=True, kw_only=True):
    """Loaded cost per hour of the person who worked."""

    rate: Exact
    currency: Currency
    unit: Literal["hour"] = "hour"


class RateTime(Input, frozen=True, kw_only=True):
    """A time entry with the terms and prices that may apply; `customer_path` is the customer, then its ancestors."""

    entry: TimeWorked
    contract: PricingContract
    contract_line: LineTerms
    legal_entity: PricingEntity
    customer_path: tuple[str, ...] = ()
    rate_lines: tuple[RateLine, ...] = ()
    fx_quotes: tuple[FxQuote, ...] = ()
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
    entry, day = request.entry, hours_per_day(request.contract_line, request.legal_entity)
    recorded = in_hours(entry.quantity, entry.unit, day)
    if not 0 < recorded <= _MOST_HOURS:
        return RatedTime(status="exception", code="TIME_QTY_INVALID")
    if request.contract_line.billing_method in _COST_ONLY:
        return RatedTime(status="cost_only", code=None)
    if not entry.billable:
        return RatedTime(status="non_billable", code=None)
    billable = recorded if entry.billable_quantity is None else in_hours(entry.billable_quantity, entry.unit, day)
    if billable < 0 or (billable > recorded and not entry.billable_override_reason):
        return RatedTime(status="exception", code="BILLABLE_QTY_INVALID")
    if billable == 0:
        return RatedTime(status="non_billable", code=None)
    return _priced(request, recorded, billable)


def _priced(request: RateTime, recorded: Decimal, billable: Decimal) -> RatedTime:
    price = _resolve(request)
    if isinstance(price, str):
        return RatedTime(status="exception", code=price)
    fx = exchange_rate(_fx_question(request, price.currency))
    if fx.rate is None:
        return RatedTime(status="exception", code=fx.code)
    return _snapshot(request, price, fx.rate, billable, max(ZERO, recorded - billable))


def _resolve(request: RateTime) -> _Price | str:
    governing, multiplier = _governing_type(request)
    found = find_rate(request.rate_lines, _search(request, governing))
    if isinstance(found, str):
        return found
    applied = Decimal(1) if found.time_type is not None else multiplier
    if found.method == "cost_plus":
        return _cost_plus(request.cost_rate, found, applied)
    unit: BillingUnit = "day" if found.unit == "day" else "hour"
    return _Price(line=found, base=found.rate or ZERO, currency=found.currency or "", unit=unit, multiplier=applied)


def _cost_plus(cost: CostRate | None, line: RateLine, multiplier: Decimal) -> _Price | str:
    """Cost rate plus markup, per hour whatever the unit of the line (RATE-7)."""
    if cost is None:
        return "COST_RATE_MISSING"
    base = cost.rate * (1 + (line.markup_pct or ZERO) / _HUNDRED)
    return _Price(line=line, base=base, currency=cost.currency, unit="hour", multiplier=multiplier)


def _search(request: RateTime, time_type: str) -> RateSearch:
    entry = request.entry
    return RateSearch(
        service_date=entry.service_date,
        project_id=entry.project_id,
        resource_id=entry.resource_id,
        contract_line_id=request.contract_line.id,
        customer_path=request.customer_path,
        legal_entity_id=request.legal_entity.id,
        role_code=entry.role_code,
        seniority_code=entry.seniority_code,
        location_code=entry.location_code,
        time_type=time_type,
        fallback=request.contract.rate_fallback or "standard",
    )


def governing_time_type(time_types: tuple[str, ...], line: LineTerms, entity: PricingEntity) -> tuple[str, Decimal]:
    """The time type with the highest multiplier, alphabetical on ties, and that multiplier (MULT-1, MULT-2)."""
    known = (entity.multipliers or {}) | (line.multipliers or {})
    weighed = [(-known.get(name, Decimal(1)), name) for name in time_types or ("standard",)]
    highest, name = min(weighed)
    return name, -highest


def _governing_type(request: RateTime) -> tuple[str, Decimal]:
    return governing_time_type(request.entry.time_types or (), request.contract_line, request.legal_entity)


def _fx_question(request: RateTime, currency: str) -> FxQuestion:
    return FxQuestion(
        from_=currency,
        to=request.contract.currency,
        date=request.entry.service_date,
        pivot=request.legal_entity.functional_currency,
        quotes=request.fx_quotes,
        fixed=request.contract.fixed_rates,
    )


def _snapshot(request: RateTime, price: _Price, fx: Decimal, billable: Decimal, left: Decimal) -> RatedTime:
    line, entity, currency = request.contract_line, request.legal_entity, request.contract.currency
    day, unit, discount = hours_per_day(line, entity), line.billing_unit or price.unit, line.discount_pct or ZERO
    bill_rate = _bill_rate(price, unit, day, fx * price.multiplier * (1 - discount / _HUNDRED))
    quantity = billed_quantity(billable, line, unit, day, request.prior_day or PriorDay())
    return RatedTime(
        status="rated",
        code="ZERO_RATE" if bill_rate == 0 else None,
        rate_line_id=price.line.id,
        level=price.line.scope,
        unit=unit,
        quantity=quantity,
        base_rate=round_places(price.base, RATE_PLACES),
        base_currency=price.currency,
        fx_rate=round_places(fx, FX_PLACES),
        multiplier=round_places(price.multiplier, RATE_PLACES),
        discount_pct=round_places(discount, PERCENT_PLACES),
        bill_rate=bill_rate,
        currency=currency,
        amount=round_money(quantity * bill_rate, currency, entity.mode),
        non_billable_quantity=round_places(left, HOURS_PLACES),
    )


def _bill_rate(price: _Price, unit: BillingUnit, day: Decimal, factor: Decimal) -> Decimal:
    """The rate chain with one rounding (CHAIN-1); dividing last keeps an exact tie exact."""
    rate = price.base * factor
    if unit != price.unit:
        rate = rate * day if unit == "day" else rate / day
    return round_places(rate, RATE_PLACES)
