"""How the backlogs and the posted invoices came to what they are: the ends of the last weeks, at the rates of today."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from contracts.experience.finance_figures import Level, WeekPosted
from experience_apis.finance_dashboard.conversion import Converter

WEEKS = 12

# Each day counts for the end of its week, counted back from today; what is older for the first of them.
LEVELS = """
select greatest($2::date - ($2::date - least(day, $2::date)) / 7 * 7, $3::date) as on,
       queue_view, currency, sum(net) as net, sum(unbilled) as unbilled, min(day) as first
from finance_level where tenant = $1 group by 1, 2, 3 order by 1
"""
POSTED = """
select date_trunc('week', posted_at at time zone 'UTC')::date as week, currency, count(*) as count, sum(net) as amount
from finance_invoice where tenant = $1 and posted_at >= $2 group by 1, 2 order by 1
"""


def levels(rows: Sequence[Any], converter: Converter, today: date) -> tuple[Level, ...]:
    """From the first of the weeks on in which something was there; the last is today."""
    begun = min((row["first"] for row in rows), default=date.max)
    ends = [today - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    return tuple(_level(end, [row for row in rows if row["on"] <= end], converter) for end in ends if end >= begun)


def _level(end: date, rows: Sequence[Any], converter: Converter) -> Level:
    held = {
        name: [{"amount": row["net"], "currency": row["currency"]} for row in rows if row["queue_view"] == name]
        for name in ("ready", "blocked")
    }
    unbilled = [{"amount": row["unbilled"], "currency": row["currency"]} for row in rows]
    return Level(
        on=end,
        ready=converter.total(held["ready"]),
        blocked=converter.total(held["blocked"]),
        unbilled=converter.total(unbilled),
    )


def posted(rows: Sequence[Any], converter: Converter) -> tuple[WeekPosted, ...]:
    """The weeks in which something was posted."""
    weeks = sorted({row["week"] for row in rows})
    return tuple(_week(week, [row for row in rows if row["week"] == week], converter) for week in weeks)


def _week(week: date, rows: Sequence[Any], converter: Converter) -> WeekPosted:
    return WeekPosted(week=week, count=sum(row["count"] for row in rows), amount=converter.total(rows))
