"""Spans of days, billing periods and cut-offs."""

import datetime as dt
from decimal import Decimal

import pytest

from contracts.periods import (
    BillingCycle,
    Period,
    SystemClock,
    at_local,
    billing_period,
    hours_until,
    local_day,
)


def test_periods_are_half_open() -> None:
    march = Period.through(dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    assert (march.end, march.last, march.days) == (dt.date(2026, 4, 1), dt.date(2026, 3, 31), 31)
    assert dt.date(2026, 3, 31) in march and dt.date(2026, 4, 1) not in march
    assert not march.overlaps(Period(dt.date(2026, 4, 1), dt.date(2026, 5, 1)))
    with pytest.raises(ValueError, match="ends after"):
        Period(dt.date(2026, 4, 1), dt.date(2026, 4, 1))


@pytest.mark.parametrize(
    ("day", "cycle", "first", "last"),
    [
        ("2026-03-15", "weekly", "2026-03-09", "2026-03-15"),
        ("2026-03-15", "semi_monthly", "2026-03-01", "2026-03-15"),
        ("2026-02-16", "semi_monthly", "2026-02-16", "2026-02-28"),
        ("2024-02-29", "monthly", "2024-02-01", "2024-02-29"),
        ("2026-12-31", "quarterly", "2026-10-01", "2026-12-31"),
    ],
)
def test_billing_periods(day: str, cycle: BillingCycle, first: str, last: str) -> None:
    period = billing_period(dt.date.fromisoformat(day), cycle)
    assert (period.start.isoformat(), period.last.isoformat()) == (first, last)


def test_cut_offs_follow_the_zone_through_summer_time() -> None:
    winter = at_local(dt.date(2026, 3, 27), dt.time(17), "Europe/Berlin")
    summer = at_local(dt.date(2026, 3, 30), dt.time(17), "Europe/Berlin")
    assert (winter.hour, summer.hour) == (16, 15)
    assert hours_until(summer, winter) == Decimal(71)
    assert hours_until(winter, winter + dt.timedelta(minutes=20)) == Decimal("-0.3333")
    assert local_day(dt.datetime(2026, 3, 27, 23, 30, tzinfo=dt.UTC), "Europe/Berlin") == dt.date(2026, 3, 28)


def test_the_system_clock_is_aware() -> None:
    assert SystemClock().now().utcoffset() == dt.timedelta(0)
