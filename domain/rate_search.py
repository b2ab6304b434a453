"""Which rate line prices an entry (RATE-1..RATE-6): level, then specificity, then start date; never a guess."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from contracts.iso import Currency
from contracts.money import Exact
from domain.periods import within
from domain.terms import Input, RateFallback

Scope = Literal["project_person", "project_role", "contract_line", "client", "standard"]
RateFault = Literal["RATE_MISSING", "RATE_EXPIRED", "RATE_OVERLAP"]

_NAMED: dict[Scope, tuple[str, ...]] = {
    "project_person": ("project_id", "resource_id"),
    "project_role": ("project_id",),
    "contract_line": ("contract_line_id",),
    "client": ("customer_id",),
}
_Place = tuple[Scope, str | None, str | None]
_PRICED_BY = {"amount": ("rate", "currency"), "cost_plus": ("markup_pct",)}
_SCORES = (("role_code", 8), ("seniority_code", 4), ("location_code", 2), ("time_type", 1))


class ScopeRef(Input, frozen=True, kw_only=True):
    """Whom or what a rate line is for; only the members its scope names count."""

    project_id: str | None = None
    resource_id: str | None = None
    contract_line_id: str | None = None
    customer_id: str | None = None
    legal_entity_id: str | None = None


class RateLine(Input, frozen=True, kw_only=True):
    """One price per unit, or for `cost_plus` a markup percent on the cost rate; a null dimension fits any value."""

    id: str
    scope: Scope
    scope_ref: ScopeRef | None = None
    role_code: str | None = None
    seniority_code: str | None = None
    location_code: str | None = None
    time_type: str | None = None
    method: Literal["amount", "cost_plus"] | None = None
    rate: Exact | None = None
    markup_pct: Exact | None = None
    currency: Currency | None = None
    unit: Literal["hour", "day", "unit", "month"] | None = None
    effective_from: dt.date | None = None
    effective_to: dt.date | None = None
    status: str | None = None

    def __post_init__(self) -> None:
        method = self.method or "amount"
        for name in _PRICED_BY[method]:
            if getattr(self, name) is None:
                raise ValueError(f"`{name}` is required for method {method}")

    @property
    def ref(self) -> ScopeRef:
        return self.scope_ref or ScopeRef()


class RateSearch(Struct, frozen=True, kw_only=True):
    """For whom, where and when a rate is sought; `customer_path` is the customer, then its ancestors."""

    service_date: dt.date
    project_id: str | None = None
    resource_id: str | None = None
    contract_line_id: str | None = None
    customer_path: tuple[str, ...] = ()
    legal_entity_id: str | None = None
    role_code: str | None = None
    seniority_code: str | None = None
    location_code: str | None = None
    time_type: str | None = "standard"
    fallback: RateFallback = "standard"


class RateIndex:
    """Rate lines by whom they are for: a search looks only at the few that may fit it. Built once for many searches."""

    def __init__(self, lines: Iterable[RateLine]) -> None:
        self._lines: dict[_Place, list[RateLine]] = {}
        for line in lines:
            place = _place_of(line)
            if place is not None:
                self._lines.setdefault(place, []).append(line)

    def find(self, search: RateSearch) -> RateLine | RateFault:
        """The line that prices the search, or why there is none."""
        expired = False
        for place in _places(search):
            fitting = [line for line in self._lines.get(place, ()) if _fits(line, search)]
            eligible = [one for one in fitting if within(search.service_date, one.effective_from, one.effective_to)]
            if eligible:
                return _most_specific(eligible)
            expired = expired or any(one.effective_to and one.effective_to < search.service_date for one in fitting)
        return "RATE_EXPIRED" if expired else "RATE_MISSING"

    def people(self) -> frozenset[str | None]:
        """Resources that have a price of their own."""
        return frozenset(place[2] for place in self._lines if place[0] == "project_person")

    def tells_apart(self, dimension: str) -> bool:
        """Whether any line is for one value of a dimension only."""
        return any(getattr(line, dimension) is not None for lines in self._lines.values() for line in lines)


def find_rate(lines: Sequence[RateLine], search: RateSearch) -> RateLine | RateFault:
    """The line that prices the search, or why there is none."""
    return RateIndex(lines).find(search)


def _most_specific(lines: Sequence[RateLine]) -> RateLine | RateFault:
    best = max(_standing(line) for line in lines)
    winners = [line for line in lines if _standing(line) == best]
    return winners[0] if len(winners) == 1 else "RATE_OVERLAP"


def _standing(line: RateLine) -> tuple[int, dt.date]:
    """Specificity (RATE-3), then start date (RATE-4)."""
    score = sum(points for name, points in _SCORES if getattr(line, name) is not None)
    return score, line.effective_from or dt.date.min


def _fits(line: RateLine, search: RateSearch) -> bool:
    """Whether every dimension the line names is the search's (RATE-2)."""
    return (
        line.role_code in (None, search.role_code)
        and line.seniority_code in (None, search.seniority_code)
        and line.location_code in (None, search.location_code)
        and line.time_type in (None, search.time_type)
    )


def _place_of(line: RateLine) -> _Place | None:
    """Where a line is found, or None when it prices no time at all (RATE-2)."""
    nobody = line.scope == "project_role" and line.role_code is None
    if line.status not in (None, "active") or not _prices_time(line) or nobody:
        return None
    if line.scope == "standard":
        return line.scope, line.ref.legal_entity_id, None
    named = [getattr(line.ref, name) for name in _NAMED[line.scope]]
    return None if None in named else (line.scope, named[0], named[1] if len(named) > 1 else None)


def _prices_time(line: RateLine) -> bool:
    """A price per piece or per month says nothing about an hour."""
    return line.method == "cost_plus" or line.unit in (None, "hour", "day")


def _places(search: RateSearch) -> Iterator[_Place]:
    """Where to look, nearest first (RATE-1), as far as the contract lets us (RATE-5)."""
    yield "project_person", search.project_id, search.resource_id
    yield "project_role", search.project_id, None
    yield "contract_line", search.contract_line_id, None
    if search.fallback == "contract":
        return
    for customer_id in search.customer_path:
        yield "client", customer_id, None
    if search.fallback == "standard":
        yield "standard", search.legal_entity_id, None
        yield "standard", None, None
