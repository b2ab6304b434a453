"""A transaction as it stands, explained: every figure of it with its rules, from what was stored with it and nothing else.

Nothing is calculated anew: terms, prices and rates of exchange may have changed since (RATE-9, TXN-2).
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import cast

from contracts.process.figures import Figure
from contracts.process.time_posting import Transaction
from domain.quantities import BillingUnit
from domain.rate_explanation import billable_hours, figure, price_figures, refusal
from domain.rate_search import Scope
from domain.rating import RatedTime

_WARNINGS = frozenset({"ZERO_RATE"})
_CAP_CODES = frozenset({"CAP_OVERAGE_HELD", "CAP_EXCEEDED", "CAP_SOFT_EXCEEDED"})


def explain_transaction(one: Transaction) -> tuple[Figure, ...]:
    """The figures of a transaction in the order they are made."""
    return (*_source(one), *_worth(one), *_place(one))


def _source(one: Transaction) -> Iterator[Figure]:
    if one.kind not in ("time", "adjustment"):
        return
    recorded, allowed = one.rating.recorded_hours or one.hours, one.rating.billable_hours
    yield figure("recorded_hours", recorded, "hour", "QTY-1 RP-1", f"recorded on {one.service_date}")
    if allowed is not None:
        yield billable_hours(allowed)


def _worth(one: Transaction) -> Iterator[Figure]:
    if one.kind == "milestone":
        yield figure("quantity", one.quantity, one.unit, "MS-4", "a milestone is one unit")
        yield figure("amount", one.amount, one.currency, "MS-1 MS-4", "as the schedule of the contract line has it")
    elif one.part == "non_billable":
        yield from (refusal(code, "the work costs and is not billed") for code in one.codes[:1])
        yield figure("quantity", one.quantity, one.unit, "BILL-4", "hours that are not billed")
        yield figure(
            "amount", one.amount, one.currency, "BILL-1 BILL-2", "work that is not billed is worth nothing here"
        )
    elif one.rating.rate_line_id is None:
        yield from (refusal(code) for code in one.codes)
    else:
        yield from price_figures(_rated(one), one.rating.reasons)
        yield from _adjusted(one) if one.kind == "adjustment" else _capped(one)


def _rated(one: Transaction) -> RatedTime:
    """The rating of the whole entry, as it was when it was made."""
    rating = one.rating
    code = next((code for code in one.codes if code in _WARNINGS), None)
    return RatedTime(
        status="rated",
        code=code,
        rate_line_id=rating.rate_line_id,
        level=cast(Scope | None, rating.level),
        unit=cast(BillingUnit, rating.unit or one.unit),
        quantity=_or(rating.quantity, one.quantity),
        base_rate=rating.base_rate,
        base_currency=rating.base_currency,
        fx_rate=rating.fx_rate,
        multiplier=rating.multiplier,
        discount_pct=rating.discount_pct,
        bill_rate=_or(rating.agreed_rate, rating.bill_rate),
        currency=one.currency,
        amount=_or(rating.amount, one.amount),
        non_billable_quantity=rating.non_billable_hours,
    )


def _or(kept: Decimal | None, now: Decimal | None) -> Decimal | None:
    return now if kept is None else kept


def _capped(one: Transaction) -> Iterator[Figure]:
    """What a cap leaves of the whole, or keeps back from it."""
    codes = [code for code in one.codes if code in _CAP_CODES]
    whole = (_or(one.rating.quantity, one.quantity), _or(one.rating.amount, one.amount))
    if (one.quantity, one.amount) == whole and not codes:
        return
    how = "above the cap: held, until it has room" if one.part == "overage" else "what the cap lets be billed"
    yield figure("part_quantity", one.quantity, one.unit, "CAP-4 CAP-5 RP-4", how)
    yield figure("part_amount", one.amount, one.currency, "CAP-4 CAP-5 RP-3", how)
    for code in codes:
        yield figure("code", code, None, "CAP-4", "what the cap says of it")


def _adjusted(one: Transaction) -> Iterator[Figure]:
    how = "the amount now, less what was billed or given up before"
    yield figure("adjustment", one.amount, one.currency, "IMP-8 TXN-3 DEC-5", how)


def _place(one: Transaction) -> Iterator[Figure]:
    if one.posting_date is not None:
        moved = one.posting_date != one.service_date
        how = "the first open day after the work: its period takes no more" if moved else "the day of the work"
        yield figure("posting_date", one.posting_date.isoformat(), None, "POST-1 TIME-R1", how)
    if one.state == "reversed":
        yield figure("state", one.state, None, "DEC-6 QTY-6", "taken back exactly as it was stated")
