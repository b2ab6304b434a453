"""Calendar spans, the clock and cut-off arithmetic. The only module that asks the machine what time it is."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from contracts.money import HOURS_PLACES, round_places

BillingCycle = Literal["weekly", "semi_monthly", "monthly", "quarterly"]


class Clock(Protocol):
    """Where "now" comes from; tests hand in one that stands still."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """What the machine says, in UTC."""
        return datetime.now(UTC)


class Period(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """Days from `start` up to, not including, `end` (CONV-1: an inclusive end plus one day)."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("a period ends after it starts")

    @classmethod
    def through(cls, first: date, last: date) -> "Period":
        """From the inclusive dates of the calculation contracts."""
        return cls(first, last + timedelta(days=1))

    @property
    def last(self) -> date:
        """The inclusive end date."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def overlaps(self, other: "Period") -> bool:
        """Whether a day lies in both."""
        return self.start < other.end and other.start < self.end


def month_of(day: date) -> Period:
    """The calendar month a day lies in."""
    first = day.replace(day=1)
    return Period(first, first + timedelta(days=monthrange(day.year, day.month)[1]))


def billing_period(day: date, cycle: BillingCycle) -> Period:
    """The billing period a day lies in; weeks start on Monday, semi-monthly halves on the 1st and 16th."""
    month = month_of(day)
    if cycle == "weekly":
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=7))
    if cycle == "semi_monthly":
        middle = month.start.replace(day=16)
        return Period(month.start, middle) if day < middle else Period(middle, month.end)
    if cycle == "quarterly":
        first = month.start.replace(month=3 * ((day.month - 1) // 3) + 1)
        return Period(first, month_of(first.replace(month=first.month + 2)).end)
    return month


def at_local(day: date, moment: time, zone: str) -> datetime:
    """The UTC instant of a wall-clock time in an IANA zone, for cut-offs and deadlines."""
    return datetime.combine(day, moment, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_day(instant: datetime, zone: str) -> date:
    """The calendar date of an instant in an IANA zone."""
    return instant.astimezone(ZoneInfo(zone)).date()


def hours_until(instant: datetime, now: datetime) -> Decimal:
    """Hours from now to an instant, 4 decimals; negative once it is past."""
    seconds = Decimal(int((instant - now).total_seconds()))
    return round_places(seconds / 3600, HOURS_PLACES)
