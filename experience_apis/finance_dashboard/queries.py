"""What the finance view answers: SQL over its own tables, and when each connected system was last read."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from contracts.call import Call
from contracts.canon.ref import LARGEST_PAGE
from contracts.experience.finance_dashboard import (
    BillingItem,
    BillingQueue,
    Figure,
    Freshness,
    FreshnessReport,
    Matching,
    QueueCount,
    QueueCounts,
    QueueItem,
    QueueSort,
    QueueView,
    Reason,
    TimelineEntry,
    Unbilled,
)
from contracts.experience.finance_figures import BillingFigures
from contracts.money import round_money
from contracts.problems import NotFound
from contracts.process.billing_objects import BillGroupState, Check
from contracts.wire import convert
from domain.exceptions import entry
from experience_apis.finance_dashboard import figures
from experience_apis.finance_dashboard.listing import BECAUSE, VIEW_OF, Place, Wanted, after, following, states_of
from experience_apis.finance_dashboard.reasons import sentence
from runtime.catalogue import vendor_name
from runtime.connections import Connection, record_url
from runtime.services import Services

# How long ago a system may have been read before its figures count as stale: several rounds of its sweep.
LIMITS_S = {"time": 120, "psa": 300, "billing": 300, "erp": 1800, "hcm": 3600, "planning": 3600}

_COUNTS = """
select v.view, sum(s.count)::bigint as count
from finance_sum s join unnest($2::text[], $3::text[]) as v (state, view) using (state)
where s.tenant = $1 and s.kind = 'item' and s.shown group by v.view having sum(s.count) > 0
"""
_FIGURES = """
select state, currency, sum(count)::bigint as count, sum(amount) as amount, sum(hours) as hours
from finance_sum where tenant = $1 and kind = 'item' and shown
group by state, currency having sum(count) > 0 order by state, currency
"""
# What is on a draft is queued still: it is taken off the one and told as the other.
_UNBILLED = """
with drafted as (
    select t.currency, count(*) as count, sum(t.amount) as amount, sum(t.hours) as hours
    from (select distinct unnest(drafted) as id from finance_item where tenant = $1 and shown and queue_view = 'posting') d
    join finance_transaction t on t.tenant = $1 and t.id = d.id
    where t.state = 'queued' and t.part <> 'non_billable' group by t.currency)
select state, currency, sum(count)::bigint as count, sum(amount) as amount, sum(hours) as hours from (
    select state, currency, count, amount, hours from finance_sum
    where tenant = $1 and kind = 'transaction' and label <> 'non_billable'
      and state in ('validated', 'rated', 'held', 'exception', 'queued')
    union all select 'queued', currency, -count, -amount, -hours from drafted
    union all select 'drafted', currency, count, amount, hours from drafted) as parts
group by state, currency having sum(count) > 0 order by state, currency
"""
_REASONS = """
select label as code, currency, sum(count)::bigint as count, sum(amount) as amount
from finance_sum where tenant = $1 and kind = 'reason' and shown and state = 'blocked'
group by label, currency having sum(count) > 0 order by sum(amount) desc, sum(count) desc, label, currency
"""
_ENTITIES = """
select legal_entity from finance_sum where tenant = $1 and kind = 'item'
group by legal_entity having sum(count) > 0 order by legal_entity
"""
_PERIODS = """
select day from finance_sum where tenant = $1 and kind = 'item' group by day having sum(count) > 0 order by day desc limit 24
"""
_ITEM = f"""
select body, since, {BECAUSE}, checks, (select max(u->>'on')::date from jsonb_array_elements(unbilled) u) as approved_on
from finance_item where tenant = $1 and id = $2
"""  # noqa: S608
_TIMELINE = """
select at, system, what, actor from finance_timeline where tenant = $1 and item_id = $2 order by at, version, event_id
"""
_READ_AT = "select instance, feed, read_at from feed where tenant = $1"
_OLDEST_UNSEEN = "select min(occurred_at) from outbox where tenant = $1 and relayed_at is null"


class FinanceViews:
    """Implements contracts.experience.finance_dashboard.FinanceDashboard."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def billing_queue(
        self,
        call: Call,
        state: BillGroupState | None = None,
        view: QueueView | None = None,
        reason: str | None = None,
        entity: str | None = None,
        period: date | None = None,
        search: str | None = None,
        sort: QueueSort = "queue",
        reverse: bool = False,
        cursor: str | None = None,
        limit: int = 50,
    ) -> BillingQueue:
        database, size = self._services.database, min(limit, LARGEST_PAGE)
        wanted = Wanted(
            states=states_of(state, view),
            reason=reason,
            entity=entity,
            period=period,
            search=search,
            sort=sort,
            reverse=reverse,
        )
        place = after(call.tenant, wanted, cursor)
        page, asked = wanted.page(call.tenant, place, size + 1)
        rows = await database.fetch(page, *asked)
        matching, asked = wanted.matching(call.tenant)
        return BillingQueue(
            figures=tuple(convert(_rounded(r), Figure) for r in await database.fetch(_FIGURES, call.tenant)),
            unbilled=tuple(convert(_rounded(r), Unbilled) for r in await database.fetch(_UNBILLED, call.tenant)),
            reasons=tuple(_reason(r) for r in await database.fetch(_REASONS, call.tenant)),
            items=tuple(_item(r) for r in rows[:size]),
            matching=tuple(_matching(r, place) for r in await database.fetch(matching, *asked)),
            entities=tuple(r["legal_entity"] for r in await database.fetch(_ENTITIES, call.tenant)),
            periods=tuple(r["day"] for r in await database.fetch(_PERIODS, call.tenant)),
            freshness=await self._freshness(call),
            next_cursor=following(call.tenant, wanted, place, rows, size),
            as_of=await self._as_of(call),
        )

    async def queue_counts(self, call: Call) -> QueueCounts:
        found = await self._services.database.fetch(_COUNTS, call.tenant, list(VIEW_OF), list(VIEW_OF.values()))
        counts = tuple(convert(dict(r), QueueCount) for r in found)
        return QueueCounts(items=counts, as_of=await self._as_of(call))

    async def billing_figures(self, call: Call, currency: str | None = None) -> BillingFigures:
        now = self._services.clock.now()
        return await figures.figures(self._services.database, call.tenant, currency, now, await self._as_of(call))

    async def billing_item(self, call: Call, item_id: str) -> BillingItem:
        database = self._services.database
        row = await database.fetchrow(_ITEM, call.tenant, item_id)
        if row is None:
            raise NotFound(f"No billing item {item_id}.")
        timeline = await database.fetch(_TIMELINE, call.tenant, item_id)
        return BillingItem(
            item=_item(row),
            approved_on=row["approved_on"],
            checks=tuple(convert(check, Check) for check in row["checks"]),
            timeline=tuple(
                TimelineEntry(at=r["at"], system=r["system"], what=r["what"], by=r["actor"]) for r in timeline
            ),
            freshness=await self._freshness(call),
            as_of=await self._as_of(call),
        )

    async def freshness(self, call: Call) -> FreshnessReport:
        return FreshnessReport(items=await self._freshness(call), as_of=self._services.clock.now())

    async def _freshness(self, call: Call) -> tuple[Freshness, ...]:
        rows = await self._services.database.fetch(_READ_AT, call.tenant)
        read = {(r["instance"], r["feed"]): r["read_at"] for r in rows}
        connected = self._services.ports.connections.of_tenant(call.tenant)
        return tuple(freshness_of(connected, read, self._services.clock.now()))

    async def _as_of(self, call: Call) -> datetime:
        """Now, or the oldest fact that is published and not shown yet."""
        unseen = await self._services.database.fetchval(_OLDEST_UNSEEN, call.tenant)
        now = self._services.clock.now()
        return now if unseen is None else min(now, unseen)


def freshness_of(
    connected: Iterable[Connection], read: Mapping[tuple[str, str], datetime], now: datetime
) -> Iterable[Freshness]:
    """One entry per instance and port; what was never read is stale."""
    ports = [(c.instance, port, c) for c in connected for port in c.ports if port in LIMITS_S]
    for instance, port, connection in sorted(ports, key=lambda one: one[:2]):
        read_at, limit_s = read.get((instance, port)), LIMITS_S[port]
        stale = read_at is None or now - read_at > timedelta(seconds=limit_s)
        yield Freshness(
            system=instance,
            name=vendor_name(connection.vendor),
            port=port,
            read_at=read_at,
            stale=stale,
            limit_s=limit_s,
            record_url=record_url(connection.settings),
        )


def _item(row: Any) -> QueueItem:
    return convert({**row["body"], "since": row["since"], "because": row["because"]}, QueueItem)


def _matching(row: Any, place: Place) -> Matching:
    return convert(_rounded(row) | {"before": place.before.get(row["currency"], 0)}, Matching)


def _reason(row: Any) -> Reason:
    known = entry(row["code"])
    return Reason(
        code=row["code"],
        sentence=sentence(known.meaning),
        owner_role=known.owner_role,
        count=row["count"],
        currency=row["currency"],
        amount=round_money(row["amount"], row["currency"]),
    )


def _rounded(row: Any) -> dict[str, Any]:
    """A row whose amount has the scale of its currency (DEC-2)."""
    return dict(row) | {"amount": round_money(row["amount"], row["currency"])}
