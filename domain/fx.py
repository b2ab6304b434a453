"""Exchange rates (FX-1..FX-5): identity, fixed, direct, inverse, then through the pivot currency."""

import datetime as dt
from bisect import bisect
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from contracts.iso import Currency
from contracts.money import FX_PLACES, Exact, RoundingMode, precise, round_money, round_places
from domain.terms import FixedRate, FxQuote, Input, Result

MAX_AGE_DAYS = 7

FxPath = Literal["identity", "fixed", "direct", "inverse", "triangulated"]
Leg = tuple[Decimal, dt.date]


class FxSearch(Input, frozen=True, kw_only=True):
    """Which rate turns `from` into `to` on a date."""

    from_: Currency = field(name="from")
    to: Currency
    date: dt.date
    pivot: Currency | None = None
    fixed: tuple[FixedRate, ...] | None = None
    max_age_days: Annotated[int, Meta(ge=0, le=3660)] | None = None

    @property
    def patience_days(self) -> int:
        """How old a quote may be."""
        return MAX_AGE_DAYS if self.max_age_days is None else self.max_age_days


class FxQuestion(FxSearch, frozen=True, kw_only=True):
    """A search among quotes of one type (daily or period end)."""

    quotes: tuple[FxQuote, ...] | None = None


class FxRate(Result, frozen=True, kw_only=True):
    """The rate at 10 decimals, how it was found and the quote date (null when fixed), or code FX_MISSING."""

    code: str | None = None
    rate: Exact | None = None
    path: FxPath | None = None
    as_of: dt.date | UnsetType | None = UNSET


class QuoteIndex:
    """Quotes by pair and date. Built once for many searches; of two quotes of one day the first counts."""

    def __init__(self, quotes: Iterable[FxQuote]) -> None:
        self._rates: dict[tuple[str, str], dict[dt.date, Decimal]] = {}
        for quote in quotes:
            self._rates.setdefault((quote.from_, quote.to), {}).setdefault(quote.date, quote.rate)
        self._dates = {pair: sorted(rates) for pair, rates in self._rates.items()}

    def direct(self, source: str, target: str, search: FxSearch) -> Leg | None:
        """The most recent quote of a pair that is young enough."""
        dates = self._dates.get((source, target), ())
        place = bisect(dates, search.date)
        if not place or (search.date - dates[place - 1]).days > search.patience_days:
            return None
        return self._rates[source, target][dates[place - 1]], dates[place - 1]

    def inverse(self, source: str, target: str, search: FxSearch) -> Leg | None:
        found = self.direct(target, source, search)
        return None if found is None else (1 / found[0], found[1])

    def leg(self, source: str, target: str, search: FxSearch) -> Leg | None:
        return self.direct(source, target, search) or self.inverse(source, target, search)

    def through(self, pivot: str, search: FxSearch) -> Leg | None:
        first, second = self.leg(search.from_, pivot, search), self.leg(pivot, search.to, search)
        if first is None or second is None:
            return None
        return first[0] * second[0], min(first[1], second[1])


def exchange_rate(question: FxQuestion) -> FxRate:
    """The exchange rate of FX-2, rounded once (FX-3)."""
    return find_fx(question, QuoteIndex(question.quotes or ()))


@precise
def find_fx(search: FxSearch, quotes: QuoteIndex) -> FxRate:
    """The exchange rate of FX-2 by quotes that were indexed before."""
    source, target = search.from_, search.to
    if source == target:
        return _found(Decimal(1), "identity", search.date)
    fixed = _fixed(search.fixed or (), source, target)
    if fixed is not None:
        return _found(fixed, "fixed", None)
    return _quoted(search, quotes)


def _quoted(search: FxSearch, quotes: QuoteIndex) -> FxRate:
    direct = quotes.direct(search.from_, search.to, search)
    if direct is not None:
        return _found(direct[0], "direct", direct[1])
    inverse = quotes.inverse(search.from_, search.to, search)
    if inverse is not None:
        return _found(inverse[0], "inverse", inverse[1])
    crossed = quotes.through(search.pivot, search) if search.pivot else None
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
    return FxRate(rate=round_places(rate, FX_PLACES), path=path, as_of=as_of)


@precise
def exchanged(amount: Decimal, rate: Decimal, currency: str, mode: RoundingMode | None = None) -> Decimal:
    """An amount at a rate, in the minor units of the currency it becomes (FX-5, RP-6)."""
    return round_money(amount * rate, currency, mode)
