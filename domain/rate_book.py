"""Rating in bulk: what entries of one contract line share is worked out once, so that a quarter is rated in minutes.

The steps are those of `rating`; a book only remembers their answers. A price is kept per person and role as far as rates
tell them apart, and per stretch of dates in which no rate begins or ends (SCL-4).
"""

from bisect import bisect
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

from contracts.money import precise
from domain.quantities import BillingUnit, PriorDay, billed_quantity
from domain.rating import (
    BillRate,
    CostRate,
    Hours,
    Prices,
    PricingTerms,
    RatedTime,
    TimeWorked,
    hours_of,
    price_of,
    rated,
)

K = TypeVar("K")
V = TypeVar("V")

Work = tuple[TimeWorked, CostRate | None, PriorDay | None]

# A book that remembers this many answers of a kind starts anew: memory stays bounded whatever is rated.
KEPT = 20_000
_NO_PRIOR = PriorDay()


class RateBook:
    """The prices of one contract line."""

    def __init__(self, terms: PricingTerms) -> None:
        self._terms, self._known = terms, Prices.of(terms)
        self._people = self._known.lines.people()
        lines = terms.rate_lines or ()
        self._by_cost = any(line.method == "cost_plus" for line in lines)
        self._daily = self._by_cost or any(line.currency != terms.contract.currency for line in lines)
        self._changes = _changes(terms)
        self._day, self._mode = terms.day, terms.legal_entity.rounding_mode
        self._hours: dict[tuple[object, ...], Hours | RatedTime] = {}
        self._prices: dict[tuple[object, ...], BillRate | RatedTime] = {}
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
        return len(self._hours) + len(self._prices) + len(self._quantities)

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
            found = _keep(self._hours, key, hours_of(entry, self._terms))
        return found

    def _price_of(self, entry: TimeWorked, cost: CostRate | None) -> BillRate | RatedTime:
        key = self._price_key(entry, cost)
        found = self._prices.get(key)
        if found is None:
            found = _keep(self._prices, key, price_of(entry, self._terms, self._known, cost))
        return found

    def _quantity(self, hours: Decimal, unit: BillingUnit, prior: PriorDay | None) -> Decimal:
        """What came before on the day is never the same twice, so it is not remembered."""
        line, day = self._terms.contract_line, self._day
        if prior is not None:
            return billed_quantity(hours, line, unit, day, prior)
        found = self._quantities.get((hours, unit))
        if found is None:
            found = _keep(self._quantities, (hours, unit), billed_quantity(hours, line, unit, day, _NO_PRIOR))
        return found

    def _price_key(self, entry: TimeWorked, cost: CostRate | None) -> tuple[object, ...]:
        """What of an entry can change its price."""
        day = entry.service_date.toordinal()
        return (
            day if self._daily else bisect(self._changes, day),
            entry.project_id,
            entry.resource_id if entry.resource_id in self._people else None,
            entry.role_code,
            entry.seniority_code,
            entry.location_code,
            entry.time_types,
            cost if self._by_cost else None,
        )


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
