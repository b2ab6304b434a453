"""The figures above the billing queue and the data of its charts: money in one currency, times in days."""

from datetime import date, datetime

from msgspec import Struct

from contracts.canon.ref import Code, CurrencyCode
from contracts.money import Exact


class Backlog(Struct, frozen=True, kw_only=True):
    """Items in one place and their value; `oldest_days` is how long the first of them is there, null when there is none."""

    count: int
    amount: Exact
    oldest_days: int | None = None


class Lag(Struct, frozen=True, kw_only=True):
    """Days from approval to the posted invoice over entries; null without entries. Domain rules 7.1."""

    entries: int
    median_days: Exact | None
    p90_days: Exact | None


class WeekLag(Lag, frozen=True, kw_only=True):
    """The lag of what was invoiced in the week that begins on this Monday (UTC)."""

    week: date


class StraightThrough(Struct, frozen=True, kw_only=True):
    """Invoices that nobody had to mend: first draft, no waiver, no exception after the period ended. `percent` is null without invoices."""

    posted: int
    untouched: int
    percent: Exact | None


class AgeBucket(Struct, frozen=True, kw_only=True):
    """Approved value that is not invoiced, by whole days since approval; `to_days` null: and more. No buckets without value."""

    from_days: int
    to_days: int | None
    ready: Exact
    blocked: Exact


class BillingFigures(Struct, frozen=True, kw_only=True):
    """All in `currency`, at the rates of `rates_on` (the oldest one used; null when nothing was converted).

    What has no rate is left out of every sum; `unconverted` names those currencies. Lag, straight-through billing and
    posted invoices are those of the last 30 days, `before` is the lag of the 30 days before them; `weeks` are at most
    twelve, those without entries left out. `lag_target_days` is where the metric begins to warn.
    """

    currency: CurrencyCode
    rates_on: date | None
    unconverted: tuple[CurrencyCode, ...]
    ready: Backlog
    blocked: Backlog
    blocked_reasons: tuple[Code, ...]
    unbilled: Backlog
    posted: Backlog
    lag: Lag
    lag_before: Lag
    lag_target_days: int
    straight_through: StraightThrough
    unbilled_by_age: tuple[AgeBucket, ...]
    weeks: tuple[WeekLag, ...]
    as_of: datetime
