"""The figures above the queue and the data of its charts: SQL over the view's tables, converted to one currency.

Amounts of another currency are converted at the newest rate of the ERP; where there is none they are left out and named.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from contracts.canon.ledger import FxQuote as Quoted
from contracts.experience.finance_figures import (
    AgeBucket,
    Backlog,
    BillingFigures,
    BlockedBy,
    Control,
    Lag,
    PeriodProgress,
    StraightThrough,
    WeekLag,
)
from contracts.money import NO_CURRENCY
from contracts.wire import convert
from domain.exceptions import entry
from domain.fx import MAX_AGE_DAYS
from domain.metrics import metric
from domain.terms import FxQuote
from experience_apis.finance_dashboard import history
from experience_apis.finance_dashboard.controls import controls
from experience_apis.finance_dashboard.conversion import Converter
from experience_apis.finance_dashboard.history import WEEKS
from experience_apis.finance_dashboard.reasons import sentence
from runtime.data.database import Database

# Domain rules 7.1: from this median on, approval-to-billing time warns.
LAG_TARGET_DAYS = 12
_RECENT = timedelta(days=30)
_EVER = datetime.max.replace(tzinfo=UTC)
BUCKETS: tuple[tuple[int, int | None], ...] = ((0, 2), (3, 5), (6, 10), (11, 20), (21, None))
_PROGRESS = {
    "collecting": ("collecting",),
    "blocked": ("blocked",),
    "ready": ("ready", "ready_with_warnings"),
    "drafted": ("drafted",),
    "billed": ("billed",),
}
_READY = ("ready", "ready_with_warnings", "drafted")

_OPEN = "tenant = $1 and filled and state not in ('billed', 'skipped')"
_MOST_USED = """
select currency from finance_sum where tenant = $1 and kind = 'item'
group by currency having sum(count) > 0 order by sum(count) desc, currency limit 1
"""
_ITEMS = f"""
select state, currency, sum(count)::bigint as count, sum(amount) as amount
from finance_sum where {_OPEN} and kind = 'item' group by state, currency having sum(count) > 0
"""  # noqa: S608
_OLDEST = """
select (select min(since) from finance_item where tenant = $1 and shown and queue_view = 'ready') as ready,
       (select min(since) from finance_item where tenant = $1 and shown and queue_view = 'blocked') as blocked
"""
_REASONS = f"""
select label as code, currency, sum(count)::bigint as count, sum(amount) as amount
from finance_sum where {_OPEN} and kind = 'reason' and state = 'blocked' group by label, currency having sum(count) > 0
"""  # noqa: S608
_UNBILLED = f"""
select state, currency, day as on, sum(amount) as amount
from finance_sum where {_OPEN} and kind = 'age' group by state, currency, day having sum(count) > 0
"""  # noqa: S608
_POSTED = """
select currency, count(*) as count, sum(net) as amount from finance_invoice
where tenant = $1 and posted_at >= $2 and posted_at < $3 group by currency
"""
# The first value at which so large a part of the entries is counted: what `percentile_disc` says of the entries themselves.
_LAGS = """
with lag as (
    select {group} as span, label::numeric as days, sum(count) as count from finance_sum
    where tenant = $1 and kind = 'lag' and day > $2 and day <= $3 group by 1, 2 having sum(count) > 0),
counted as (
    select span, days, sum(count) over (partition by span order by days) as upto,
           sum(count) over (partition by span) as entries from lag)
select span, max(entries)::bigint as entries, min(days) filter (where upto >= 0.5 * entries) as median_days,
       min(days) filter (where upto >= 0.9 * entries) as p90_days
from counted group by span order by span
"""
_LAG, _WEEKS = _LAGS.format(group="1"), _LAGS.format(group="date_trunc('week', day)::date")
_UNTOUCHED = """
select count(*) as posted, count(*) filter (where draft_version = 1
  and not g.waived and not exists (
    select from finance_exception e where e.tenant = $1 and e.subject = any(i.subjects) and e.opened_at <= i.posted_at
    and e.opened_at >= g.period_end + interval '1 day')) as untouched
from finance_invoice i join finance_item g on g.tenant = i.tenant and g.id = i.item_id
where i.tenant = $1 and i.posted_at >= $2
"""
_PERIODS = """
select day as period_end, state, currency, sum(count)::bigint as count, sum(amount) as amount from finance_sum
where tenant = $1 and kind = 'item' and shown and state <> 'skipped' and day in (
    select day from finance_sum where tenant = $1 and kind = 'item' group by day having sum(count) > 0
    order by day desc limit 6)
group by day, state, currency having sum(count) > 0
"""
_QUOTES = "select body from replica where tenant = $1 and kind = 'fx_quote' and (body->>'on')::date >= $2"


class _Read(Struct, frozen=True, kw_only=True):
    """Rows as the database gave them."""

    items: Sequence[Any]
    oldest: Any
    reasons: Sequence[Any]
    unbilled: Sequence[Any]
    levels: Sequence[Any]
    posted: Sequence[Any]
    posted_before: Sequence[Any]
    posted_weeks: Sequence[Any]
    lag: Lag
    lag_before: Lag
    weeks: Sequence[Any]
    untouched: Any
    periods: Sequence[Any]


async def figures(
    database: Database, tenant: str, currency: str | None, now: datetime, as_of: datetime
) -> BillingFigures:
    """Everything above and below the queue, as of now."""
    wanted = currency or await database.fetchval(_MOST_USED, tenant) or NO_CURRENCY
    since = now.date() - timedelta(days=MAX_AGE_DAYS)
    quotes = [_quote(row) for row in await database.fetch(_QUOTES, tenant, since)]
    converter = Converter(wanted, quotes, now.date())
    checked = await controls(database, tenant, converter, now)
    return computed(await _read(database, tenant, now), converter, checked, now, as_of)


async def _read(database: Database, tenant: str, now: datetime) -> _Read:
    recent, before, today = now - _RECENT, now - 2 * _RECENT, now.date()
    sunday = today - timedelta(days=now.weekday() + 1, weeks=WEEKS - 1)
    monday = datetime.combine(sunday + timedelta(days=1), time(), UTC)
    return _Read(
        items=await database.fetch(_ITEMS, tenant),
        oldest=await database.fetchrow(_OLDEST, tenant),
        reasons=await database.fetch(_REASONS, tenant),
        unbilled=await database.fetch(_UNBILLED, tenant),
        levels=await database.fetch(history.LEVELS, tenant, today, today - (WEEKS - 1) * timedelta(weeks=1)),
        posted=await database.fetch(_POSTED, tenant, recent, _EVER),
        posted_before=await database.fetch(_POSTED, tenant, before, recent),
        posted_weeks=await database.fetch(history.POSTED, tenant, monday),
        lag=await _lag(database, tenant, today - _RECENT, today),
        lag_before=await _lag(database, tenant, today - 2 * _RECENT, today - _RECENT),
        weeks=await database.fetch(_WEEKS, tenant, sunday, today),
        untouched=await database.fetchrow(_UNTOUCHED, tenant, recent),
        periods=await database.fetch(_PERIODS, tenant),
    )


async def _lag(database: Database, tenant: str, after: date, until: date) -> Lag:
    row = await database.fetchrow(_LAG, tenant, after, until)
    return Lag(entries=0, median_days=None, p90_days=None) if row is None else convert(dict(row), Lag)


def computed(
    read: _Read, converter: Converter, controls: tuple[Control, ...], now: datetime, as_of: datetime
) -> BillingFigures:
    """The figures of what was read."""
    reasons = _blocked_by(read.reasons, converter)
    ready = [r for r in read.items if r["state"] in ("ready", "ready_with_warnings")]
    blocked = [r for r in read.items if r["state"] == "blocked"]
    unbilled = Backlog(count=sum(r["count"] for r in read.items), amount=converter.total(read.unbilled))
    found = {
        "ready": _backlog(ready, converter, _days(read.oldest["ready"], now)),
        "blocked": _backlog(blocked, converter, _days(read.oldest["blocked"], now)),
    }
    buckets = BUCKETS if read.unbilled else ()
    ages = tuple(_bucket(low, high, read.unbilled, converter, now.date()) for low, high in buckets)
    return BillingFigures(
        currency=converter.currency,
        **found,
        blocked_reasons=tuple(reason.code for reason in reasons),
        blocked_by=reasons,
        unbilled=unbilled,
        levels=history.levels(read.levels, converter, now.date()),
        posted=_backlog(read.posted, converter),
        posted_before=_backlog(read.posted_before, converter),
        posted_weeks=history.posted(read.posted_weeks, converter),
        lag=read.lag,
        lag_before=read.lag_before,
        lag_target_days=LAG_TARGET_DAYS,
        straight_through=straight_through(read.untouched["posted"], read.untouched["untouched"]),
        unbilled_by_age=ages,
        weeks=tuple(convert({**r, "week": r["span"]}, WeekLag) for r in read.weeks),
        periods=_periods(read.periods, converter),
        controls=controls,
        rates_on=converter.rates_on,
        unconverted=converter.unconverted,
        as_of=as_of,
    )


def straight_through(posted: int, untouched: int) -> StraightThrough:
    """Null for no invoices (MET-2), rounded once (RP-8)."""
    counts = {"invoices_untouched": Decimal(untouched), "invoices_posted": Decimal(posted)}
    percent = metric("straight_through_billing", counts)
    return StraightThrough(posted=posted, untouched=untouched, percent=percent)


def _days(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else (now - since).days


def _backlog(rows: Sequence[Mapping[str, Any]], converter: Converter, oldest_days: int | None = None) -> Backlog:
    return Backlog(count=sum(r["count"] for r in rows), amount=converter.total(rows), oldest_days=oldest_days)


def _blocked_by(rows: Sequence[Any], converter: Converter) -> tuple[BlockedBy, ...]:
    found = [(code, [r for r in rows if r["code"] == code]) for code in {r["code"] for r in rows}]
    reasons = [
        BlockedBy(
            code=code,
            sentence=sentence(entry(code).meaning),
            owner_role=entry(code).owner_role,
            count=sum(r["count"] for r in own),
            amount=converter.total(own),
        )
        for code, own in found
    ]
    return tuple(sorted(reasons, key=lambda reason: (-reason.amount, -reason.count, reason.code)))


def _periods(rows: Sequence[Any], converter: Converter) -> tuple[PeriodProgress, ...]:
    found = []
    for end in sorted({r["period_end"] for r in rows}, reverse=True):
        own = [r for r in rows if r["period_end"] == end]
        places = {place: sum(r["count"] for r in own if r["state"] in states) for place, states in _PROGRESS.items()}
        blocked = converter.total(r for r in own if r["state"] == "blocked")
        found.append(PeriodProgress(period_end=end, blocked_amount=blocked, **places))
    return tuple(found)


def _bucket(low: int, high: int | None, rows: Iterable[Any], converter: Converter, today: date) -> AgeBucket:
    """What was approved after today counts as approved today."""
    aged = [(r, max((today - r["on"]).days, 0)) for r in rows]
    inside = [r for r, age in aged if low <= age and (high is None or age <= high)]
    ready = converter.total(r for r in inside if r["state"] in _READY)
    blocked = converter.total(r for r in inside if r["state"] not in _READY)
    return AgeBucket(from_days=low, to_days=high, ready=ready, blocked=blocked)


def _quote(row: Any) -> FxQuote:
    quoted = convert(row["body"], Quoted)
    return FxQuote(from_=quoted.from_currency, to=quoted.to_currency, date=quoted.on, rate=quoted.rate)
