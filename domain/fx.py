"""Exchange rates (FX-1..FX-5): identity, fixed, direct, inverse, then through the pivot currency."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from contracts.money import FX_PLACES, Currency, Exact, precise, round_places
from domain.terms import FixedRate, FxQuote, Input, Result

MAX_AGE_DAYS = 7

FxPath = Literal["identity", "fixed", "direct", "inverse", "triangulated"]
Leg = tuple[Decimal, dt.date]


class FxQuestion(Input, frozen=True, kw_only=True):
    """Which rate turns `from` into `to` on a date; quotes are of one type (daily or period end)."""

    from_: Currency = field(name="from")
    to: Currency
    date: dt.date
    pivot: Currency | None = None
    quotes: tuple[FxQuote, ...] = ()
    fixed: tuple[FixedRate, ...] = ()
    max_age_days: Annotated[int, Meta(ge=0, le=3660)] = MAX_AGE_DAYS


class FxRate(Result, frozen=True, kw_only=True):
    """The rate at 10 decimals, how it was found and the quote date (null when fixed), or code FX_MISSING."""

    code: str | None
    rate: Exact | None = None
    path: FxPath | None = None
    as_of: dt.date | UnsetType | None = UNSET


class _Quotes(Struct, frozen=True):
    """The quotes young enough on a day; the most recent one of a pair counts."""

    quotes: Sequence[FxQuote]
    day: dt.date
    max_age_days: int

    def direct(self, source: str, target: str) -> Leg | None:
        usable = [
            quote
            for quote in self.quotes
            if (quote.from_, quote.to) == (source, target) and 0 <= (self.day - quote.date).days <= self.max_age_days
        ]
        latest = max(usable, key=lambda quote: quote.date, default=None)
        return None if latest is None else (latest.rate, latest.date)

    def inverse(self, source: str, target: str) -> Leg | None:
        found = self.direct(target, source)
        return None if found is None else (1 / found[0], found[1])

    def leg(self, source: str, target: str) -> Leg | None:
        return self.direct(source, target) or self.inverse(source, target)

    def through(self, pivot: str, source: str, target: str) -> Leg | None:
        first, second = self.leg(source, pivot), self.leg(pivot, target)
        if first is None or second is None:
            return None
        return first[0] * second[0], min(first[1], second[1])


@precise
def exchange_rate(question: FxQuestion) -> FxRate:
    """The exchange rate of FX-2, rounded once (FX-3)."""
    source, target = question.from_, question.to
    if source == target:
        return _found(Decimal(1), "identity", question.date)
    fixed = _fixed(question.fixed, source, target)
    if fixed is not None:
        return _found(fixed, "fixed", None)
    return _quoted(question, source, target)


def _quoted(question: FxQuestion, source: str, target: str) -> FxRate:
    quotes = _Quotes(question.quotes, question.date, question.max_age_days)
    direct = quotes.direct(source, target)
    if direct is not None:
        return _found(direct[0], "direct", direct[1])
    inverse = quotes.inverse(source, target)
    if inverse is not None:
        return _found(inverse[0], "inverse", inverse[1])
    crossed = quotes.through(question.pivot, source, target) if question.pivot else None
    if crossed is not None:
        return _found(crossed[0], "triangulated", crossed[1])
    return FxRate(code="FX_MISSING")


def _fixed(agreed: Sequence[FixedRate], source: str, target: str) -> Decimal | None:
    for rate in agreed:
        if (rate.from_, rate.to) == (source, target):
            return rate.rate
    for rate in agreed:
        if (rate.from_, rate.to) == (target, source):
            return 1 / rate.rate
    return None


def _found(rate: Decimal, path: FxPath, as_of: dt.date | None) -> FxRate:
    return FxRate(code=None, rate=round_places(rate, FX_PLACES), path=path, as_of=as_of)
