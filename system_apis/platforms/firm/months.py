"""Month arithmetic of the firm's story: the current month, the one before, working days."""

from collections.abc import Iterator
from datetime import date, timedelta


def month_start(day: date, offset: int = 0) -> date:
    """First day of the month `offset` months away from the month of `day`."""
    index = day.year * 12 + day.month - 1 + offset
    return date(index // 12, index % 12 + 1, 1)


def month_end(day: date, offset: int = 0) -> date:
    """Last day of the month `offset` months away from the month of `day`."""
    return month_start(day, offset + 1) - timedelta(days=1)


def each_day(first: date, last: date) -> Iterator[date]:
    """Every day of an inclusive range; none when it is empty."""
    for step in range((last - first).days + 1):
        yield first + timedelta(days=step)


def next_weekday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day
