"""Effective ranges (TIME-2) and the posting date of a service date (POST-1)."""

import datetime as dt
from typing import Literal

from domain.objects import PeriodObject
from domain.terms import Input, Result

PeriodState = Literal["future", "open", "soft_closed", "closed"]


def within(day: dt.date, start: dt.date | None, end: dt.date | None) -> bool:
    """Whether a day lies in a range that is inclusive at both ends; a null end is open."""
    return (start is None or start <= day) and (end is None or day <= end)


class AccountingPeriod(PeriodObject, frozen=True, kw_only=True):
    """One accounting period of a legal entity, both dates inclusive."""

    start: dt.date
    end: dt.date
    state: PeriodState


class PostingQuestion(Input, frozen=True, kw_only=True):
    """A service date and the accounting periods it may be posted in."""

    service_date: dt.date
    periods: tuple[AccountingPeriod, ...]


class PostingDate(Result, frozen=True, kw_only=True):
    """The posting date and whether it moved, or code PERIOD_CLOSED."""

    code: str | None = None
    posting_date: dt.date | None = None
    shifted: bool | None = None


def posting_date(question: PostingQuestion) -> PostingDate:
    """Service date in an open period, else the first day of the earliest open one ending on or after it (POST-1)."""
    day = question.service_date
    still_open = [period for period in question.periods if period.state == "open" and period.end >= day]
    if not still_open:
        return PostingDate(code="PERIOD_CLOSED")
    if any(within(day, period.start, period.end) for period in still_open):
        return PostingDate(posting_date=day, shifted=False)
    return PostingDate(posting_date=min(period.start for period in still_open), shifted=True)
