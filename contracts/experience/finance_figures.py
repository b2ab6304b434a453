"""The figures above the billing queue and the data of its charts: money in one currency, times in days."""

from datetime import date, datetime
from typing import Literal

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


class Level(Struct, frozen=True, kw_only=True):
    """What the backlogs held at the end of a day (UTC)."""

    on: date
    ready: Exact
    blocked: Exact
    unbilled: Exact


class WeekPosted(Struct, frozen=True, kw_only=True):
    """Invoices posted in the week that begins on this Monday (UTC), and their net value."""

    week: date
    count: int
    amount: Exact


class AgeBucket(Struct, frozen=True, kw_only=True):
    """Approved value that is not invoiced, by whole days since approval; `to_days` null: and more. No buckets without value."""

    from_days: int
    to_days: int | None
    ready: Exact
    blocked: Exact


class BlockedBy(Struct, frozen=True, kw_only=True):
    """A reason with what it holds back; an item with two reasons counts under both. The largest first."""

    code: Code
    sentence: str
    owner_role: Code
    count: int
    amount: Exact


class PeriodProgress(Struct, frozen=True, kw_only=True):
    """How far the items of a billing period are, by place; `blocked_amount` is what the blocked ones hold."""

    period_end: date
    collecting: int
    blocked: int
    ready: int
    drafted: int
    billed: int
    blocked_amount: Exact


class Explained(Struct, frozen=True, kw_only=True):
    """A part of a difference that is known: a state, and how much is in it."""

    state: Code
    value: Exact


class Control(Struct, frozen=True, kw_only=True):
    """Two sums that have to agree, from two different streams of events. `difference` is source less target; `open_` is what nothing explains."""

    code: Code
    unit: Literal["hours", "money"]
    source: Exact
    target: Exact
    difference: Exact
    explained: tuple[Explained, ...]
    open_: Exact


class BillingFigures(Struct, frozen=True, kw_only=True):
    """All in `currency`, at the rates of `rates_on` (the oldest one used; null when nothing was converted).

    What has no rate is left out of every sum; `unconverted` names those currencies. Lag, straight-through billing and
    posted invoices are those of the last 30 days, `before` are lag and posted invoices of the 30 days before them; `weeks` are at most
    twelve, those without entries left out, and so are `posted_weeks`. `levels` are at most twelve, a week apart, the last one of today;
    they begin when there was something. `periods` are the last six, newest first. `lag_target_days` is where the metric begins to warn.
    """

    currency: CurrencyCode
    rates_on: date | None
    unconverted: tuple[CurrencyCode, ...]
    ready: Backlog
    blocked: Backlog
    blocked_reasons: tuple[Code, ...]
    blocked_by: tuple[BlockedBy, ...]
    unbilled: Backlog
    levels: tuple[Level, ...]
    posted: Backlog
    posted_before: Backlog
    posted_weeks: tuple[WeekPosted, ...]
    lag: Lag
    lag_before: Lag
    lag_target_days: int
    straight_through: StraightThrough
    unbilled_by_age: tuple[AgeBucket, ...]
    weeks: tuple[WeekLag, ...]
    periods: tuple[PeriodProgress, ...]
    controls: tuple[Control, ...]
    as_of: datetime
