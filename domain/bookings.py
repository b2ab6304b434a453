"""Overbooking of one resource (BOOK-1..BOOK-4): only hard hours consume capacity."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from contracts.money import HOURS_PLACES, ZERO, Exact, precise, round_places
from domain.terms import Input

BookingLevel = Literal["none", "warn", "block", "soft_warn"]

_WARN_SHARE = Decimal("0.10")
_SOFT_SHARE = Decimal("1.20")


class BookedDay(Input, frozen=True, kw_only=True):
    """One resource on one date; capacity is net of leave and holidays."""

    date: dt.date
    capacity_hours: Exact
    hard_hours: tuple[Exact, ...] | None = None
    soft_hours: tuple[Exact, ...] | None = None

    @property
    def hard(self) -> Decimal:
        return sum(self.hard_hours or (), ZERO)

    @property
    def soft(self) -> Decimal:
        return sum(self.soft_hours or (), ZERO)

    @property
    def over(self) -> Decimal:
        return self.hard - self.capacity_hours

    @property
    def week(self) -> tuple[int, int]:
        """ISO year and week."""
        year, week, _ = self.date.isocalendar()
        return year, week


class BookingQuestion(Input, frozen=True, kw_only=True):
    """Days of one resource."""

    days: tuple[BookedDay, ...]


class CheckedDay(Struct, frozen=True, kw_only=True):
    """How far hard hours exceed capacity, and how serious that is."""

    date: dt.date
    over_hours: Exact
    level: BookingLevel


class BookingCheck(Struct, frozen=True, kw_only=True):
    """Days in input order."""

    days: tuple[CheckedDay, ...]


@precise
def check_bookings(question: BookingQuestion) -> BookingCheck:
    """Judge each day, in the light of its ISO week."""
    fitting = _fitting_weeks(question.days)
    return BookingCheck(days=tuple(_checked(day, day.week in fitting) for day in question.days))


def _fitting_weeks(days: Iterable[BookedDay]) -> set[tuple[int, int]]:
    """Weeks whose hard hours stay within capacity, over the days present (BOOK-3)."""
    over: dict[tuple[int, int], Decimal] = {}
    for day in days:
        over[day.week] = over.get(day.week, ZERO) + day.over
    return {week for week, hours in over.items() if hours <= 0}


def _checked(day: BookedDay, week_fits: bool) -> CheckedDay:
    over = round_places(max(ZERO, day.over), HOURS_PLACES)
    return CheckedDay(date=day.date, over_hours=over, level=_level(day, week_fits))


def _level(day: BookedDay, week_fits: bool) -> BookingLevel:
    if day.over > 0:
        small = 0 < day.over <= day.capacity_hours * _WARN_SHARE
        return "warn" if small or week_fits else "block"
    if day.hard + day.soft > day.capacity_hours * _SOFT_SHARE:
        return "soft_warn"
    return "none"
