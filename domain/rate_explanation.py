"""How a time entry was priced: every figure of a rating with the rules that made it, in words for a client or an auditor."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from contracts.money import HOURS_PLACES, ZERO, plain, precise, round_places
from contracts.process.figures import Figure
from domain.quantities import LineTerms, in_hours
from domain.rating import PricingTerms, RatedTime, RateTime, TimeWorked, governing_time_type, rate_time

_OF_CODES = {
    "TIME_QTY_INVALID": ("TME-1", "BILL-3"),
    "BILLABLE_QTY_INVALID": ("BILL-4",),
    "RATE_MISSING": ("RATE-6",),
    "RATE_EXPIRED": ("RATE-6",),
    "RATE_OVERLAP": ("RATE-4",),
    "COST_RATE_MISSING": ("RATE-7",),
    "FX_MISSING": ("FX-4",),
    "PERIOD_CLOSED": ("POST-1",),
    "TIME_RETRO_LIMIT": ("TIME-R2",),
    "CONTRACT_LINE_UNRESOLVED": ("CTL-5",),
    "COST_CENTER_UNMAPPED": ("CCM-1",),
    "cost_only": ("BILL-1",),
    "COST_ONLY": ("BILL-1",),
    "non_billable": ("BILL-2", "BILL-4"),
    "NOT_BILLABLE": ("BILL-2", "BILL-4"),
}
# How a figure is made where nothing else is said of it.
_USUAL = {
    "quantity": "as recorded",
    "multiplier": "time type standard governs",
    "amount": "quantity x bill rate, rounded HALF_UP",
}


class RateExplanation(Struct, frozen=True, kw_only=True):
    """The rating and the figures that lead to it, in the order they are made."""

    result: RatedTime
    figures: tuple[Figure, ...]


@precise
def explain_time(request: RateTime) -> RateExplanation:
    """The answer of `rate.time` with its figures; of an entry that is not priced, only what was looked at."""
    rated = rate_time(request)
    told = _priced(request, rated) if rated.status == "rated" else [refusal(rated.code or rated.status)]
    return RateExplanation(result=rated, figures=(*_hours(request), *told))


def reasons_for(entry: TimeWorked, terms: PricingTerms, rated: RatedTime) -> dict[str, str]:
    """How figures were made that were not made in the usual way: kept with a rating, it explains it whatever terms become."""
    found = {
        "quantity": _quantity_terms(terms.contract_line),
        "multiplier": _multiplier(entry, terms, rated),
        "amount": f"quantity x bill rate, rounded {terms.legal_entity.rounding_mode or 'HALF_UP'}",
    }
    return {name: how for name, how in found.items() if how != _USUAL[name]}


def figure(name: str, value: str | Decimal | None, unit: str | None, rules: str, how: str) -> Figure:
    """A figure in its plain form; `rules` are separated by blanks."""
    shown = plain(value) if isinstance(value, Decimal) else value or ""
    return Figure(name=name, value=shown, unit=unit or "", rules=tuple(rules.split()), how=how)


def refusal(code: str, how: str = "the entry is not priced") -> Figure:
    """Why an entry has no price: a code, or the status of work that only costs."""
    return figure("status", code, None, " ".join(_OF_CODES.get(code, ("4c",))), how)


def _hours(request: RateTime) -> Iterator[Figure]:
    entry, day = request.entry, request.day
    how = f"{plain(entry.quantity)} {entry.unit or 'hour'} recorded on {entry.service_date}"
    if entry.unit == "day":
        how += f", {plain(day)} hours a day"
    yield figure("recorded_hours", in_hours(entry.quantity, entry.unit, day), "hour", "QTY-1 RP-1", how)
    if entry.billable_quantity is not None:
        yield billable_hours(in_hours(entry.billable_quantity, entry.unit, day))


def billable_hours(hours: Decimal) -> Figure:
    """What the approver lets be billed."""
    return figure("billable_hours", hours, "hour", "BILL-4", "the approver set what is billed")


def _priced(request: RateTime, rated: RatedTime) -> Iterator[Figure]:
    return price_figures(rated, reasons_for(request.entry, request, rated))


def price_figures(rated: RatedTime, reasons: Mapping[str, str]) -> Iterator[Figure]:
    """The figures of a rating in the order they are made, each as it was stored."""
    how, currency, unit = {**_USUAL, **reasons}, rated.currency, rated.unit
    yield figure("quantity", rated.quantity, unit, "QTY-2 QTY-3 QTY-4 QTY-5 RP-1", how["quantity"])
    level = (rated.level or "").replace("_", " ")
    yield figure("rate_line_id", rated.rate_line_id, None, "RATE-1 RATE-2 RATE-3 RATE-4", f"found at level {level}")
    yield figure("base_rate", rated.base_rate, f"{rated.base_currency}", "RATE-7 RATE-9", "before unit and currency")
    rules = "FX-1 FX-2 FX-3 RP-2"
    yield figure("fx_rate", rated.fx_rate, f"{currency} per {rated.base_currency}", rules, "on the service date")
    yield figure("multiplier", rated.multiplier, None, "MULT-1 MULT-2 MULT-3", how["multiplier"])
    yield figure("discount_pct", rated.discount_pct, "%", "CHAIN-1", "of the contract line")
    chain = "base rate, in the billing unit, x fx rate x multiplier x (1 - discount), rounded once"
    yield figure("bill_rate", rated.bill_rate, f"{currency} per {unit}", "CHAIN-1 RP-2", chain)
    yield figure("amount", rated.amount, currency, "CHAIN-2 RP-3 DEC-3", how["amount"])
    left = round_places(rated.non_billable_quantity or ZERO, HOURS_PLACES)
    yield figure("non_billable_quantity", left, "hour", "BILL-4", "recorded but not billed")
    if rated.code:
        yield figure("code", rated.code, None, "RATE-8", "a warning: the work is priced at nothing")


def _quantity_terms(line: LineTerms) -> str:
    terms = (
        (line.increment_minutes, f"steps of {line.increment_minutes} minutes, {line.increment_mode or 'up'}"),
        (line.minimum_minutes, f"at least {line.minimum_minutes} minutes"),
        (line.rounding_scope == "day", "together with what the day has before it"),
        (line.day_rounding not in (None, "exact"), f"by {(line.day_rounding or '').replace('_', ' ')}"),
    )
    return "; ".join(text for given, text in terms if given) or _USUAL["quantity"]


def _multiplier(entry: TimeWorked, terms: PricingTerms, rated: RatedTime) -> str:
    name, agreed = governing_time_type(entry.time_types or (), terms.contract_line, terms.legal_entity)
    if rated.multiplier != agreed:
        return f"the rate line is for {name} already"
    return f"time type {name} governs"
