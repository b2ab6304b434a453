"""Which rate line prices an entry (RATE-1..RATE-6): level, then specificity, then start date; never a guess."""

import datetime as dt
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from contracts.money import Currency, Exact
from domain.periods import within
from domain.terms import Input, RateFallback

Scope = Literal["project_person", "project_role", "contract_line", "client", "standard"]
RateFault = Literal["RATE_MISSING", "RATE_EXPIRED", "RATE_OVERLAP"]

LEVELS: tuple[Scope, ...] = ("project_person", "project_role", "contract_line", "client", "standard")
_DEPTH = {"contract": 3, "client": 4, "standard": 5}
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
    method: Literal["amount", "cost_plus"] = "amount"
    rate: Exact | None = None
    markup_pct: Exact | None = None
    currency: Currency | None = None
    unit: Literal["hour", "day", "unit", "month"] = "hour"
    effective_from: dt.date | None = None
    effective_to: dt.date | None = None
    status: str = "active"

    def __post_init__(self) -> None:
        if self.method == "amount" and (self.rate is None or self.currency is None):
            raise ValueError("a rate line of method amount names rate and currency")

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


def find_rate(lines: Sequence[RateLine], search: RateSearch) -> RateLine | RateFault:
    """The line that prices the search, or why there is none."""
    fitting = [(rank, line) for line in lines if (rank := _rank(line, search)) is not None]
    eligible = [
        (rank, line) for rank, line in fitting if within(search.service_date, line.effective_from, line.effective_to)
    ]
    if eligible:
        nearest = min(rank for rank, _ in eligible)
        return _most_specific([line for rank, line in eligible if rank == nearest])
    ended = any(line.effective_to is not None and line.effective_to < search.service_date for _, line in fitting)
    return "RATE_EXPIRED" if ended else "RATE_MISSING"


def _most_specific(lines: Sequence[RateLine]) -> RateLine | RateFault:
    best = max(_standing(line) for line in lines)
    winners = [line for line in lines if _standing(line) == best]
    return winners[0] if len(winners) == 1 else "RATE_OVERLAP"


def _standing(line: RateLine) -> tuple[int, dt.date]:
    """Specificity (RATE-3), then start date (RATE-4)."""
    score = sum(points for name, points in _SCORES if getattr(line, name) is not None)
    return score, line.effective_from or dt.date.min


def _rank(line: RateLine, search: RateSearch) -> tuple[int, int] | None:
    """Level and distance inside it (RATE-1), or None when the line is not for this search at any date."""
    level = LEVELS.index(line.scope)
    if line.status != "active" or level >= _DEPTH[search.fallback] or not _prices_time(line):
        return None
    if any(getattr(line, name) not in (None, getattr(search, name)) for name, _ in _SCORES):
        return None
    distance = _distance(line, search)
    return None if distance is None else (level, distance)


def _prices_time(line: RateLine) -> bool:
    """A price per piece or per month says nothing about an hour."""
    return line.method == "cost_plus" or line.unit in ("hour", "day")


def _distance(line: RateLine, search: RateSearch) -> int | None:
    ref = line.ref
    if line.scope == "client":
        return search.customer_path.index(ref.customer_id) if ref.customer_id in search.customer_path else None
    if line.scope == "standard":
        if ref.legal_entity_id is None:
            return 1
        return 0 if ref.legal_entity_id == search.legal_entity_id else None
    return 0 if _for_work(line, search) else None


def _for_work(line: RateLine, search: RateSearch) -> bool:
    ref = line.ref
    if line.scope == "contract_line":
        return ref.contract_line_id is not None and ref.contract_line_id == search.contract_line_id
    if ref.project_id is None or ref.project_id != search.project_id:
        return False
    if line.scope == "project_role":
        return line.role_code is not None
    return ref.resource_id is not None and ref.resource_id == search.resource_id
