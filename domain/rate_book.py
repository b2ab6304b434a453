"""Rating in bulk: what entries of one contract line share is worked out once, so that a quarter is rated in minutes.

The steps are those of `rating`; a book only remembers their answers. A price is kept per person and role as far as rates
tell them apart, and per stretch of dates in which no rate begins or ends (SCL-4).
"""

import datetime as dt
from bisect import bisect
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

from contracts.money import precise
from domain.fx import QuoteIndex
from domain.quantities import BillingUnit, PriorDay, billed_quantity
from domain.rate_search import RateIndex
from domain.rating import (
    BillRate,
    CostRate,
    Hours,
    PricingTerms,
    RatedTime,
    Resolved,
    TimeWorked,
    hours_of,
    price_of,
    rated,
    resolve,
)

K = TypeVar("K")
V = TypeVar("V")

Work = tuple[TimeWorked, CostRate | None, PriorDay | None]

# A book that remembers this many answers of a kind starts anew: memory stays bounded whatever is rated.
KEPT = 20_000
_NO_PRIOR = PriorDay()


class RateBook:
    """The prices of one contract line, from the `terms` its entries share."""

    def __init__(self, terms: PricingTerms) -> None:
        self.terms, self._lines = terms, RateIndex(terms.rate_lines or ())
        self._quotes, self._changes = QuoteIndex(terms.fx_quotes or ()), _changes(terms)
        self._people = self._lines.people()
        self._by_seniority, self._by_location = map(self._lines.tells_apart, ("seniority_code", "location_code"))
        self._day, self._mode = terms.day, terms.legal_entity.rounding_mode
        self._hours: dict[tuple[object, ...], Hours | RatedTime] = {}
        self._resolved: dict[tuple[object, ...], _Priced | RatedTime] = {}
        self._quantities: dict[tuple[Decimal, BillingUnit], Decimal] = {}

    @precise
    def rate_all(self, work: Iterable[Work]) -> list[RatedTime]:
        """What `rate_time` answers for each, in their order."""
        return [self._rate(*one) for one in work]

    @precise
    def rate(self, entry: TimeWorked, cost: CostRate | None = None, prior: PriorDay | None = None) -> RatedTime:
        """What `rate_time` answers."""
        return self._rate(entry, cost, prior)

    @property
    def remembered(self) -> int:
        """How many answers are remembered now."""
        prices = sum(len(one.prices) for one in self._resolved.values() if isinstance(one, _Priced))
        return len(self._hours) + len(self._resolved) + prices + len(self._quantities)

    def _rate(self, entry: TimeWorked, cost: CostRate | None, prior: PriorDay | None) -> RatedTime:
        hours = self._hours_of(entry)
        if isinstance(hours, RatedTime):
            return hours
        price = self._price_of(entry, cost)
        if isinstance(price, RatedTime):
            return price
        quantity = self._quantity(hours.billable, price.unit, prior)
        return rated(price, quantity, hours.left, self._mode)

    def _hours_of(self, entry: TimeWorked) -> Hours | RatedTime:
        asked, reason = entry.billable_quantity, bool(entry.billable_override_reason)
        key = (entry.quantity, entry.unit, entry.billable, asked, reason)
        found = self._hours.get(key)
        if found is None:
            found = _keep(self._hours, key, hours_of(entry, self.terms))
        return found

    def _price_of(self, entry: TimeWorked, cost: CostRate | None) -> BillRate | RatedTime:
        key = self._kind_of(entry)
        found = self._resolved.get(key)
        if found is None:
            resolved = resolve(entry, self.terms, self._lines)
            priced = resolved if isinstance(resolved, RatedTime) else _Priced(resolved, self.terms.contract.currency)
            found = _keep(self._resolved, key, priced)
        if isinstance(found, RatedTime):
            return found
        moment = found.moment(entry, cost)
        price = found.prices.get(moment)
        if price is None:
            price = price_of(found.resolved, entry, self.terms, self._quotes, cost)
            _keep(found.prices, moment, price)
        return price

    def _quantity(self, hours: Decimal, unit: BillingUnit, prior: PriorDay | None) -> Decimal:
        """What came before on the day is never the same twice, so it is not remembered."""
        line, day = self.terms.contract_line, self._day
        if prior is not None:
            return billed_quantity(hours, line, unit, day, prior)
        found = self._quantities.get((hours, unit))
        if found is None:
            found = _keep(self._quantities, (hours, unit), billed_quantity(hours, line, unit, day, _NO_PRIOR))
        return found

    def _kind_of(self, entry: TimeWorked) -> tuple[object, ...]:
        """What of an entry can lead to another rate line or multiplier."""
        return (
            bisect(self._changes, entry.service_date.toordinal()),
            entry.project_id,
            entry.resource_id if entry.resource_id in self._people else None,
            entry.role_code,
            entry.seniority_code if self._by_seniority else None,
            entry.location_code if self._by_location else None,
            entry.time_types,
        )


class _Priced:
    """A rate line that was found, and what it came to: on each day where rates of exchange count, for each cost."""

    def __init__(self, resolved: Resolved, currency: str) -> None:
        self.resolved = resolved
        self.prices: dict[tuple[dt.date | None, CostRate | None], BillRate | RatedTime] = {}
        self._by_cost = resolved.line.method == "cost_plus"
        self._daily = self._by_cost or resolved.line.currency != currency

    def moment(self, entry: TimeWorked, cost: CostRate | None) -> tuple[dt.date | None, CostRate | None]:
        return entry.service_date if self._daily else None, cost if self._by_cost else None


def _keep(kept: dict[K, V], key: K, answer: V) -> V:
    if len(kept) == KEPT:
        kept.clear()
    kept[key] = answer
    return answer


def _changes(terms: PricingTerms) -> list[int]:
    """The days, as ordinals, on which another rate line may apply than on the day before (TIME-2)."""
    starts = {line.effective_from.toordinal() for line in terms.rate_lines or () if line.effective_from}
    ends = {line.effective_to.toordinal() + 1 for line in terms.rate_lines or () if line.effective_to}
    return sorted(starts | ends)
