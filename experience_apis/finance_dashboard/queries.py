"""What the finance view answers: SQL over its own tables, and when each connected system was last read."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from contracts.call import Call
from contracts.experience.finance_dashboard import (
    BillingItem,
    BillingQueue,
    Figure,
    Freshness,
    FreshnessReport,
    QueueItem,
    Reason,
    TimelineEntry,
    Unbilled,
)
from contracts.experience.finance_figures import BillingFigures
from contracts.money import round_money
from contracts.problems import InvalidRequest, NotFound, Violation
from contracts.process.billing_objects import BillGroupState, Check
from contracts.wire import convert
from domain.exceptions import entry
from experience_apis.finance_dashboard import figures
from runtime.services import Services

MAX_LIMIT = 200
# How long ago a system may have been read before its figures count as stale: several rounds of its sweep.
LIMITS_S = {"time": 120, "psa": 300, "billing": 300, "erp": 1800, "hcm": 3600, "planning": 3600}
_MARK_BYTES = 6
_CITED = re.compile(r" \([^)]*\)")

# A group that lost all its items before it was billed is not shown.
_SHOWN = "tenant = $1 and (transaction_count > 0 or not evaluated or state in ('drafted', 'billed'))"
_FIGURES = f"""
select state, currency, count(*) as count, sum(net_amount) as amount, sum(hours) as hours
from finance_item where {_SHOWN} group by state, currency order by state, currency
"""  # noqa: S608
_UNBILLED = """
select case when d.id is null then t.state else 'drafted' end as state, t.currency, count(*) as count,
       sum(t.amount) as amount, sum(t.hours) as hours
from finance_transaction t
left join (select distinct unnest(drafted) as id from finance_item where tenant = $1) as d
  on d.id = t.id and t.state = 'queued'
where t.tenant = $1 and t.part <> 'non_billable' and t.state in ('validated', 'rated', 'held', 'exception', 'queued')
group by 1, 2 order by 1, 2
"""
_REASONS = f"""
select code, currency, count(*) as count, sum(net_amount) as amount
from finance_item, unnest(failed) as code where {_SHOWN} and state = 'blocked'
group by code, currency order by sum(net_amount) desc, count(*) desc, code, currency
"""  # noqa: S608
_DESCENDING = "to_char(1000000000000000 - net_amount, 'FM0000000000000000.0000')"
_PLACES = {
    "queue": f"""(case state when 'ready' then '1' when 'ready_with_warnings' then '2' when 'blocked' then '3'
        when 'collecting' then '4' when 'drafted' then '5' when 'billed' then '6' else '7' end)
        || to_char(period_end, 'YYYYMMDD') || {_DESCENDING} || key""",
    "amount": f"{_DESCENDING} || key",
}
_PAGE = """
select body, since, place from (select body, since, state, {place} collate "C" as place from finance_item where {shown}) as queue
where ($2::text is null or state = $2) and place > $3 order by place limit $4
"""
_ITEM = "select body, since, checks from finance_item where tenant = $1 and id = $2"
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
        sort: str = "queue",
        cursor: str | None = None,
        limit: int = 50,
    ) -> BillingQueue:
        database, size = self._services.database, min(limit, MAX_LIMIT)
        listing = f"{call.tenant}/{state}/{sort}"
        page = _PAGE.format(place=_PLACES[sort], shown=_SHOWN)
        rows = await database.fetch(page, call.tenant, state, _after(listing, cursor), size + 1)
        return BillingQueue(
            figures=tuple(convert(_rounded(r), Figure) for r in await database.fetch(_FIGURES, call.tenant)),
            unbilled=tuple(convert(_rounded(r), Unbilled) for r in await database.fetch(_UNBILLED, call.tenant)),
            reasons=tuple(_reason(r) for r in await database.fetch(_REASONS, call.tenant)),
            items=tuple(_item(r) for r in rows[:size]),
            freshness=await self._freshness(call),
            next_cursor=_next(listing, rows, size),
            as_of=await self._as_of(call),
        )

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
        ports = [(c.instance, port) for c in connected for port in c.ports if port in LIMITS_S]
        return tuple(freshness_of(ports, read, self._services.clock.now()))

    async def _as_of(self, call: Call) -> datetime:
        """Now, or the oldest fact that is published and not shown yet."""
        unseen = await self._services.database.fetchval(_OLDEST_UNSEEN, call.tenant)
        now = self._services.clock.now()
        return now if unseen is None else min(now, unseen)


def freshness_of(
    ports: Iterable[tuple[str, str]], read: dict[tuple[str, str], datetime], now: datetime
) -> Iterable[Freshness]:
    """One entry per instance and port; what was never read is stale."""
    for instance, port in sorted(ports):
        read_at, limit_s = read.get((instance, port)), LIMITS_S[port]
        stale = read_at is None or now - read_at > timedelta(seconds=limit_s)
        yield Freshness(system=instance, port=port, read_at=read_at, stale=stale, limit_s=limit_s)


def _item(row: Any) -> QueueItem:
    return convert({**row["body"], "since": row["since"]}, QueueItem)


def _reason(row: Any) -> Reason:
    known = entry(row["code"])
    return Reason(
        code=row["code"],
        sentence=_sentence(known.meaning),
        owner_role=known.owner_role,
        count=row["count"],
        currency=row["currency"],
        amount=round_money(row["amount"], row["currency"]),
    )


def _sentence(meaning: str) -> str:
    """The catalogue's words without the rules they cite."""
    said = _CITED.sub("", meaning)
    return f"{said[:1].upper()}{said[1:]}."


def _rounded(row: Any) -> dict[str, Any]:
    """A row whose amount has the scale of its currency (DEC-2)."""
    return dict(row) | {"amount": round_money(row["amount"], row["currency"])}


def _mark(listing: str, place: str) -> bytes:
    return hashlib.blake2b(f"{listing}\0{place}".encode(), digest_size=_MARK_BYTES).digest()


def _after(listing: str, cursor: str | None) -> str:
    """The place to go on after. Raises InvalidRequest for a cursor of another list, tenant or making."""
    if cursor is None:
        return ""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii"))
        place = raw[_MARK_BYTES:].decode()
    except (binascii.Error, ValueError):
        raw, place = b"", ""
    if not raw or raw[:_MARK_BYTES] != _mark(listing, place):
        violation = Violation(code="cursor", detail="Not a cursor of this list.", parameter="cursor", in_="query")
        raise InvalidRequest("`cursor` is not one this list gave out; start again without it.", errors=[violation])
    return place


def _next(listing: str, rows: Sequence[Any], size: int) -> str | None:
    if len(rows) <= size:
        return None
    place = rows[size - 1]["place"]
    return base64.urlsafe_b64encode(_mark(listing, place) + place.encode()).decode()
