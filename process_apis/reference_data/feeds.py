"""What is copied from which port, under which key. Each feed reads all pages of its connection."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from contracts.call import Call
from contracts.canon.ref import Page
from contracts.problems import NotFound
from process_apis.registers import replicas
from process_apis.registers.unit import Unit
from runtime.data.links import canonicals
from runtime.ports import Ports
from runtime.telemetry import log

_MOST_PAGES = 500
_PAGE = 200
_FX_DAYS = 100

# Live contracts that are billed in another currency than their entity's books.
_CONVERTED = """
select c.id from contract c
join replica e on e.tenant = c.tenant and e.kind = 'legal_entity' and e.key = c.legal_entity_id
where c.tenant = $1 and c.state in ('active', 'suspended', 'completed') and c.currency <> e.body->>'functional_currency'
"""

Read = Callable[[Any, Call, "Asked"], AsyncIterator[Any]]


class Asked(Struct, frozen=True):
    """What a feed needs to know: the instance, today, which customers are worth copying, and since when changes are asked for
    (null: everything)."""

    instance: str
    today: date
    customer_refs: tuple[str, ...] = ()
    since: datetime | None = None


class Feed(Struct, frozen=True, kw_only=True):
    """One kind of copy. `lasting` copies stay when the source states them no more: people who left, rates of past days. Of a
    source that lists `changes`, only these are read most of the time."""

    kind: str
    port: str
    read: Read
    key: Callable[[Any], str]
    lasting: bool = False
    changes: bool = False


class Reading(Struct, frozen=True):
    """What a source stated, by key. What is in `scope` and not in `rows` is gone there; no scope: all that we hold of the
    kind. Not `whole`: only changes were read, or the read was cut off, so nothing is known to be gone."""

    rows: dict[str, Any]
    scope: tuple[str, ...] | None = None
    whole: bool = True


class _Endless(Exception):
    """The source has more pages than anybody believes."""


async def pages(ask: Callable[..., Awaitable[Page[Any]]]) -> AsyncIterator[Any]:
    """All items of all pages; a source that never ends is cut off."""
    cursor = None
    for _ in range(_MOST_PAGES):
        page = await ask(cursor=cursor)
        for item in page.items:
            yield item
        cursor = page.next_cursor
        if cursor is None:
            return
    raise _Endless


def _all(operation: str) -> Read:
    """Everything a port lists."""

    async def read_(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
        async for item in pages(partial(getattr(port, operation), call)):
            yield item

    return read_


def _changes(operation: str) -> Read:
    """What a port lists as changed since the asked instant, in as few requests as the vendor allows."""

    async def read_(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
        async for item in pages(partial(getattr(port, operation), call, changed_since=asked.since, limit=_PAGE)):
            yield item

    return read_


async def _fx_quotes(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    since = asked.today - timedelta(days=_FX_DAYS)
    async for item in pages(partial(port.list_fx_quotes, call, since=since)):
        yield item


async def _calendars(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    for item in (await port.list_calendars(call)).items:
        yield item


async def _customers(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    for ref in asked.customer_refs:
        with suppress(NotFound):
            yield await port.get_customer(call, ref)


FEEDS = (
    Feed(kind="legal_entity", port="erp", read=_all("list_entities"), key=lambda e: e.code, lasting=True),
    Feed(
        kind="dimension",
        port="erp",
        read=_all("list_dimensions"),
        key=lambda d: f"{d.kind}/{d.entity_code or '*'}/{d.code}",
    ),
    Feed(kind="tax_code", port="erp", read=_all("list_tax_codes"), key=lambda t: f"{t.code}/{t.valid_from}"),
    Feed(
        kind="fx_quote",
        port="erp",
        read=_fx_quotes,
        key=lambda q: f"{q.from_currency}/{q.to_currency}/{q.on}",
        lasting=True,
    ),
    # Last of the ledger's: where periods are, the kinds before were asked for too (time intake waits for them).
    Feed(kind="fiscal_period", port="erp", read=_all("list_periods"), key=lambda p: f"{p.entity_code}/{p.start_on}"),
    Feed(kind="worker", port="hcm", read=_all("list_workers"), key=lambda w: w.number, lasting=True),
    Feed(kind="calendar", port="hcm", read=_calendars, key=lambda c: c.code),
    Feed(kind="assignment", port="planning", read=_changes("list_assignments"), key=lambda a: a.ref, changes=True),
    Feed(kind="project", port="psa", read=_changes("list_projects"), key=lambda p: p.ref, changes=True),
    Feed(
        kind="task",
        port="psa",
        read=_changes("list_tasks"),
        key=lambda t: replicas.task_key(t.project_ref, t.code),
        changes=True,
    ),
    Feed(kind="milestone", port="psa", read=_changes("list_milestones"), key=lambda m: m.ref, changes=True),
    Feed(kind="billing_customer", port="billing", read=_customers, key=lambda c: c.ref),
)


def kinds_of(port: str) -> tuple[str, ...]:
    """What is copied from a port."""
    return tuple(feed.kind for feed in FEEDS if feed.port == port)


async def read(feed: Feed, ports: Ports, call: Call, asked: Asked) -> Reading:
    """What the feed's source states now, all of it or what changed since the asked instant."""
    port, rows = ports.at(call, feed.port, asked.instance), {}
    try:
        async for item in feed.read(port, call, asked):
            rows[feed.key(item)] = item
    except _Endless:
        log.warning("feed.cut_off", feed=feed.kind, instance=asked.instance, rows=len(rows))
        return Reading(rows, whole=False)
    scope = asked.customer_refs if feed.kind == "billing_customer" else None
    return Reading(rows, scope=scope, whole=asked.since is None)


async def contracts_touched(unit: Unit, kind: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Contracts whose readiness may depend on changed copies: those of a customer, those that convert, or all."""
    if kind == "billing_customer":
        customers = list((await canonicals(unit.connection, unit.tenant, keys)).values())
        sql = "select id from contract where tenant = $1 and customer_id = any($2::text[])"
        return tuple(r["id"] for r in await unit.connection.fetch(sql, unit.tenant, customers))
    if kind == "fx_quote":
        return tuple(r["id"] for r in await unit.connection.fetch(_CONVERTED, unit.tenant))
    if kind in ("fiscal_period", "tax_code", "milestone"):
        sql = "select id from contract where tenant = $1 and state in ('active', 'suspended', 'completed')"
        return tuple(r["id"] for r in await unit.connection.fetch(sql, unit.tenant))
    return ()
