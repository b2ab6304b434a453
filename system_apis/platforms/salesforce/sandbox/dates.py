"""SOQL date literals -> the days they mean. Weeks start on Monday, the org's first day of the week.

Source: SOQL and SOSL Reference, Date Formats and Date Literals.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from system_apis.platforms.salesforce.soql import Relative, SoqlRefused

_DAY = timedelta(days=1)


def days_of(literal: Relative, today: date) -> tuple[date, date]:
    """First day and the day after the last one."""
    try:
        if literal.count is None:
            return _named(literal.name, today)
        return _counted(literal.name, literal.count, today)
    except (ValueError, OverflowError):
        raise SoqlRefused(f"invalid date literal: {literal.name}:{literal.count}") from None


def _named(name: str, today: date) -> tuple[date, date]:
    near = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
    if name in near:
        start = today + near[name] * _DAY
        return start, start + _DAY
    if name == "LAST_90_DAYS":
        return _counted("LAST_N_DAYS", 90, today)
    if name == "NEXT_90_DAYS":
        return _counted("NEXT_N_DAYS", 90, today)
    which, _, unit = name.partition("_")
    step = {"LAST": -1, "THIS": 0, "NEXT": 1}[which]
    start = _start(unit, today)
    return _shifted(unit, start, step), _shifted(unit, start, step + 1)


def _counted(name: str, count: int, today: date) -> tuple[date, date]:
    """`LAST_N_DAYS:7` runs from seven days ago through today, `NEXT_N_DAYS:7` from tomorrow for seven days."""
    if name.startswith("N_"):
        unit = name.removeprefix("N_").removesuffix("S_AGO")
        start = _shifted(unit, _start(unit, today), -count)
        return start, _shifted(unit, start, 1)
    which, _, plural = name.partition("_N_")
    unit = plural.removesuffix("S")
    start = _start(unit, today)
    if which == "LAST":
        return _shifted(unit, start, -count), today + _DAY if unit == "DAY" else start
    return _shifted(unit, start, 1), _shifted(unit, start, count + 1)


def _start(unit: str, day: date) -> date:
    if unit == "DAY":
        return day
    if unit == "WEEK":
        return day - day.weekday() * _DAY
    if unit == "MONTH":
        return day.replace(day=1)
    return day.replace(month=1 if unit == "YEAR" else (day.month - 1) // 3 * 3 + 1, day=1)


def _shifted(unit: str, day: date, count: int) -> date:
    if unit in ("DAY", "WEEK"):
        return day + count * (7 if unit == "WEEK" else 1) * _DAY
    months = count * {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[unit]
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
