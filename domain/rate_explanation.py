"""How a time entry was priced: every figure of a rating with the rules that made it, in words for a client or an auditor."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from contracts.money import HOURS_PLACES, plain, precise, round_places
from domain.quantities import in_hours
from domain.rating import RatedTime, RateTime, governing_time_type, rate_time

_OF_CODES = {
    "TIME_QTY_INVALID": ("TME-1", "BILL-3"),
    "BILLABLE_QTY_INVALID": ("BILL-4",),
    "RATE_MISSING": ("RATE-6",),
    "RATE_EXPIRED": ("RATE-6",),
    "RATE_OVERLAP": ("RATE-4",),
    "COST_RATE_MISSING": ("RATE-7",),
    "FX_MISSING": ("FX-4",),
}
_OF_STATUS = {"cost_only": ("BILL-1",), "non_billable": ("BILL-2", "BILL-4")}


class Figure(Struct, frozen=True, kw_only=True):
    """One figure: its value as it was stored, the unit it is in, the rules it follows from, and how."""

    name: str
    value: str
    unit: str
    rules: tuple[str, ...]
    how: str


class RateExplanation(Struct, frozen=True, kw_only=True):
    """The rating and the figures that lead to it, in the order they are made."""

    result: RatedTime
    figures: tuple[Figure, ...]


@precise
def explain_time(request: RateTime) -> RateExplanation:
    """The answer of `rate.time` with its figures; of an entry that is not priced, only what was looked at."""
    rated = rate_time(request)
    figures = (*_hours(request), *(_price(request, rated) if rated.status == "rated" else [_verdict(rated)]))
    return RateExplanation(result=rated, figures=figures)


def _figure(name: str, value: str | Decimal | None, unit: str | None, rules: str, how: str) -> Figure:
    shown = plain(value) if isinstance(value, Decimal) else value or ""
    return Figure(name=name, value=shown, unit=unit or "", rules=tuple(rules.split()), how=how)


def _hours(request: RateTime) -> Iterator[Figure]:
    entry, day = request.entry, request.day
    recorded = in_hours(entry.quantity, entry.unit, day)
    how = f"{plain(entry.quantity)} {entry.unit or 'hour'} recorded on {entry.service_date}"
    if entry.unit == "day":
        how += f", {plain(day)} hours a day"
    yield _figure("recorded_hours", recorded, "hour", "QTY-1 RP-1", how)
    if entry.billable_quantity is not None:
        base = in_hours(entry.billable_quantity, entry.unit, day)
        yield _figure("billable_hours", base, "hour", "BILL-4", "the approver set what is billed")


def _verdict(rated: RatedTime) -> Figure:
    rules = _OF_CODES.get(rated.code or "") or _OF_STATUS.get(rated.status, ())
    return _figure("status", rated.code or rated.status, None, " ".join(rules), "the entry is not priced")


def _price(request: RateTime, rated: RatedTime) -> Iterator[Figure]:
    currency, unit = rated.currency, rated.unit
    yield _figure("quantity", rated.quantity, unit, "QTY-2 QTY-3 QTY-4 QTY-5 RP-1", _quantity_terms(request))
    level = (rated.level or "").replace("_", " ")
    yield _figure("rate_line_id", rated.rate_line_id, None, "RATE-1 RATE-2 RATE-3 RATE-4", f"found at level {level}")
    yield _figure("base_rate", rated.base_rate, f"{rated.base_currency}", "RATE-7 RATE-9", "before unit and currency")
    rules = "FX-1 FX-2 FX-3 RP-2"
    yield _figure("fx_rate", rated.fx_rate, f"{currency} per {rated.base_currency}", rules, "on the service date")
    yield _figure("multiplier", rated.multiplier, None, "MULT-1 MULT-2 MULT-3", _multiplier(request, rated))
    yield _figure("discount_pct", rated.discount_pct, "%", "CHAIN-1", "of the contract line")
    chain = "base rate, in the billing unit, x fx rate x multiplier x (1 - discount), rounded once"
    yield _figure("bill_rate", rated.bill_rate, f"{currency} per {unit}", "CHAIN-1 RP-2", chain)
    mode = request.legal_entity.rounding_mode or "HALF_UP"
    yield _figure("amount", rated.amount, currency, "CHAIN-2 RP-3 DEC-3", f"quantity x bill rate, rounded {mode}")
    left = round_places(rated.non_billable_quantity or Decimal(0), HOURS_PLACES)
    yield _figure("non_billable_quantity", left, "hour", "BILL-4", "recorded but not billed")
    if rated.code:
        yield _figure("code", rated.code, None, "RATE-8", "a warning: the work is priced at nothing")


def _quantity_terms(request: RateTime) -> str:
    line = request.contract_line
    terms = (
        (line.increment_minutes, f"steps of {line.increment_minutes} minutes, {line.increment_mode or 'up'}"),
        (line.minimum_minutes, f"at least {line.minimum_minutes} minutes"),
        (line.rounding_scope == "day", "together with what the day has before it"),
        (line.day_rounding not in (None, "exact"), f"by {(line.day_rounding or '').replace('_', ' ')}"),
    )
    return "; ".join(text for given, text in terms if given) or "as recorded"


def _multiplier(request: RateTime, rated: RatedTime) -> str:
    name, agreed = governing_time_type(request.entry.time_types or (), request.contract_line, request.legal_entity)
    if rated.multiplier != agreed:
        return f"the rate line is for {name} already"
    return f"time type {name} governs"
