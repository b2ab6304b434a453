"""Drawing down retainers (RET-1..RET-4): first posted first, same tax code only; block hours."""

import datetime as dt
from decimal import Decimal

from msgspec import Struct

from contracts.iso import Currency
from contracts.money import (
    HOURS_PLACES,
    ZERO,
    Exact,
    RoundingMode,
    negate,
    precise,
    round_money,
    round_places,
)
from domain.discounts import NetLine
from domain.objects import RetainerObject
from domain.terms import Input

_DRAWING_KINDS = frozenset({"time", "expense"})


class Retainer(RetainerObject, frozen=True, kw_only=True):
    """A prepaid balance; `available` in the draft's currency."""

    id: str
    state: str
    posted_on: dt.date | None = None
    expires_on: dt.date | None = None
    available: Exact
    tax_code: str


class RetainerQuestion(Input, frozen=True, kw_only=True):
    """Lines of a draft and the retainers of its contract."""

    currency: Currency
    period_end: dt.date
    lines: tuple[NetLine, ...]
    retainers: tuple[Retainer, ...]
    rounding_mode: RoundingMode | None = None


class RetainerApplication(Struct, frozen=True, kw_only=True):
    """What one retainer pays of the draft, negative."""

    retainer_id: str
    amount: Exact


class RetainerResult(Struct, frozen=True, kw_only=True):
    """Applications in RET-3 order, the balance left of every retainer, and the net before and after."""

    applications: tuple[RetainerApplication, ...]
    remaining: dict[str, Exact]
    net_before: Exact
    net_after: Exact


@precise
def apply_retainers(question: RetainerQuestion) -> RetainerResult:
    """Apply usable retainers in order of posting (RET-1..RET-3)."""
    currency = question.currency
    eligible = _eligible(question.lines)
    remaining = {one.id: one.available for one in question.retainers}
    applications = []
    for one in sorted(filter(lambda r: _usable(r, question.period_end), question.retainers), key=_order):
        drawn = min(one.available, eligible.get(one.tax_code, ZERO))
        if drawn > 0:
            eligible[one.tax_code] -= drawn
            remaining[one.id] -= drawn
            applications.append(RetainerApplication(retainer_id=one.id, amount=negate(round_money(drawn, currency))))
    before = sum((line.amount for line in question.lines), ZERO)
    return RetainerResult(
        applications=tuple(applications),
        remaining={key: round_money(value, currency) for key, value in remaining.items()},
        net_before=round_money(before, currency),
        net_after=round_money(before + sum((one.amount for one in applications), ZERO), currency),
    )


def _usable(retainer: Retainer, period_end: dt.date) -> bool:
    """Its own invoice is posted and it lasts through the billing period (RET-1)."""
    lasts = retainer.expires_on is None or retainer.expires_on >= period_end
    return retainer.state == "posted" and lasts


def _order(retainer: Retainer) -> tuple[dt.date, str]:
    return retainer.posted_on or dt.date.max, retainer.id


def _eligible(lines: tuple[NetLine, ...]) -> dict[str, Decimal]:
    groups: dict[str, Decimal] = {}
    for line in lines:
        if line.kind in _DRAWING_KINDS:
            groups[line.tax_code] = groups.get(line.tax_code, ZERO) + line.amount
    return groups


class BlockHours(Input, frozen=True, kw_only=True):
    """An entry against a block of prepaid hours."""

    currency: Currency
    available_hours: Exact
    hours: Exact
    bill_rate: Exact
    rounding_mode: RoundingMode | None = None


class CoveredHours(Struct, frozen=True, kw_only=True):
    """Hours the block covers at amount 0, and the excess with its amount."""

    covered_hours: Exact
    excess_hours: Exact
    excess_amount: Exact


@precise
def cover_hours(block: BlockHours) -> CoveredHours:
    """The covered part costs nothing more, the remainder is rated (RET-4)."""
    covered = round_places(min(max(ZERO, block.available_hours), block.hours), HOURS_PLACES)
    excess = round_places(block.hours - covered, HOURS_PLACES)
    amount = round_money(excess * block.bill_rate, block.currency, block.rounding_mode)
    return CoveredHours(covered_hours=covered, excess_hours=excess, excess_amount=amount)
