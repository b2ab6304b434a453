"""How urgent an exception is (ALR-1) and when it is due in business hours (ALR-3, TIME-3)."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from domain.terms import DecimalText, Input

Severity = Literal["blocking", "warning"]
Priority = Literal["P1", "P2", "P3", "P4"]

OPENING, CLOSING = dt.time(9), dt.time(17)
_LEVELS: tuple[Priority, ...] = ("P1", "P2", "P3", "P4")
_HIGH_AMOUNT = Decimal(100_000)
_DAY = dt.timedelta(days=1)
_LAST_YEAR = 9000


class PriorityQuestion(Input, frozen=True, kw_only=True):
    """Severity, hours to the entity's AR cut-off (negative when past) and amount at risk in reporting currency."""

    severity: Severity
    hours_to_cutoff: DecimalText | int | None = None
    amount_at_risk: DecimalText | int | None = None


class PriorityAnswer(Struct, frozen=True, kw_only=True):
    """P1 (page at once) to P4 (dashboard only)."""

    priority: Priority


def alert_priority(question: PriorityQuestion) -> PriorityAnswer:
    """The priority of an exception (ALR-1)."""
    hours, amount = question.hours_to_cutoff, question.amount_at_risk
    decimals = (None if value is None else Decimal(value) for value in (hours, amount))
    return PriorityAnswer(priority=priority_of(question.severity, *decimals))


def priority_of(severity: Severity, hours_to_cutoff: Decimal | None, amount_at_risk: Decimal | None) -> Priority:
    """Base level by severity, raised by a near cut-off and a high amount, never above P1 (ALR-1)."""
    level = 2 if severity == "blocking" else 3
    raised = int(amount_at_risk is not None and amount_at_risk >= _HIGH_AMOUNT)
    if hours_to_cutoff is not None:
        raised += 2 if hours_to_cutoff <= 24 else int(hours_to_cutoff <= 72)
    return _LEVELS[max(0, level - raised)]


class SlaQuestion(Input, frozen=True, kw_only=True):
    """When an exception was created, in the owner's local time, and its SLA in business hours."""

    created_at: Annotated[dt.datetime, Meta(tz=False)]
    sla_hours: Annotated[int, Meta(ge=0, le=2000)]
    holidays: tuple[dt.date, ...] | None = None

    def __post_init__(self) -> None:
        if self.created_at.year > _LAST_YEAR:
            raise ValueError(f"`created_at` lies before the year {_LAST_YEAR}")


class SlaDue(Struct, frozen=True, kw_only=True):
    """The due time, local like the creation time."""

    due_at: Annotated[dt.datetime, Meta(tz=False)]


def sla_due(question: SlaQuestion) -> SlaDue:
    """Count business hours from creation, or from the next opening (ALR-3); 17:00 sharp stays on its day."""
    holidays = frozenset(question.holidays or ())
    left = dt.timedelta(hours=question.sla_hours)
    moment = _next_business(question.created_at, holidays)
    while moment + left > (closing := dt.datetime.combine(moment.date(), CLOSING)):
        left -= closing - moment
        moment = _next_business(closing, holidays)
    return SlaDue(due_at=moment + left)


def _next_business(moment: dt.datetime, holidays: frozenset[dt.date]) -> dt.datetime:
    """The moment itself during business hours, else the next opening."""
    opening = dt.datetime.combine(moment.date(), OPENING)
    if moment.time() >= CLOSING or not _is_business_day(moment.date(), holidays):
        opening += _DAY
        while not _is_business_day(opening.date(), holidays):
            opening += _DAY
        return opening
    return max(moment, opening)


def _is_business_day(day: dt.date, holidays: frozenset[dt.date]) -> bool:
    return day.weekday() < 5 and day not in holidays
