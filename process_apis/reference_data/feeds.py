"""What is copied from which port, under which key. Each feed reads all pages of its connection."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

from msgspec import Struct

from contracts.call import Call
from contracts.canon.ref import Page
from process_apis.registers.unit import Unit
from runtime.data.links import canonicals
from runtime.ports import Ports

_MOST_PAGES = 500
_FX_DAYS = 100

Read = Callable[[Any, Call, "Asked"], AsyncIterator[Any]]


class Asked(Struct, frozen=True):
    """What a feed needs to know: the instance, today, and which customers are worth copying."""

    instance: str
    today: Any
    customer_refs: tuple[str, ...] = ()


class Feed(Struct, frozen=True, kw_only=True):
    """One kind of copy."""

    kind: str
    port: str
    read: Read
    key: Callable[[Any], str]


async def pages(ask: Callable[[str | None], Awaitable[Page[Any]]]) -> AsyncIterator[Any]:
    """All items of all pages; a source that never ends is cut off."""
    cursor = None
    for _ in range(_MOST_PAGES):
        page = await ask(cursor)
        for item in page.items:
            yield item
        cursor = page.next_cursor
        if cursor is None:
            return


async def _entities(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    async for item in pages(lambda cursor: port.list_entities(call, cursor=cursor)):
        yield item


async def _periods(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    async for item in pages(lambda cursor: port.list_periods(call, cursor=cursor)):
        yield item


async def _dimensions(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    async for item in pages(lambda cursor: port.list_dimensions(call, cursor=cursor)):
        yield item


async def _tax_codes(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    async for item in pages(lambda cursor: port.list_tax_codes(call, cursor=cursor)):
        yield item


async def _fx_quotes(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    since = asked.today - timedelta(days=_FX_DAYS)
    async for item in pages(lambda cursor: port.list_fx_quotes(call, since=since, cursor=cursor)):
        yield item


async def _workers(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    async for item in pages(lambda cursor: port.list_workers(call, cursor=cursor)):
        yield item


async def _calendars(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    for item in (await port.list_calendars(call)).items:
        yield item


async def _assignments(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    async for item in pages(lambda cursor: port.list_assignments(call, cursor=cursor)):
        yield item


async def _milestones(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    async for item in pages(lambda cursor: port.list_milestones(call, cursor=cursor)):
        yield item


async def _customers(port: Any, call: Call, asked: Asked) -> AsyncIterator[Any]:
    for ref in asked.customer_refs:
        yield await port.get_customer(call, ref)


FEEDS = (
    Feed(kind="legal_entity", port="erp", read=_entities, key=lambda e: e.code),
    Feed(kind="dimension", port="erp", read=_dimensions, key=lambda d: f"{d.kind}/{d.entity_code or '*'}/{d.code}"),
    Feed(kind="tax_code", port="erp", read=_tax_codes, key=lambda t: f"{t.code}/{t.valid_from}"),
    Feed(kind="fx_quote", port="erp", read=_fx_quotes, key=lambda q: f"{q.from_currency}/{q.to_currency}/{q.on}"),
    # Last of the ledger's: where periods are, the kinds before were asked for too (time intake waits for them).
    Feed(kind="fiscal_period", port="erp", read=_periods, key=lambda p: f"{p.entity_code}/{p.start_on}"),
    Feed(kind="worker", port="hcm", read=_workers, key=lambda w: w.number),
    Feed(kind="calendar", port="hcm", read=_calendars, key=lambda c: c.code),
    Feed(kind="assignment", port="planning", read=_assignments, key=lambda a: a.ref),
    Feed(kind="milestone", port="psa", read=_milestones, key=lambda m: m.ref),
    Feed(kind="billing_customer", port="billing", read=_customers, key=lambda c: c.ref),
)


async def read(feed: Feed, ports: Ports, call: Call, asked: Asked) -> dict[str, Any]:
    """Everything the feed's source states now, by key."""
    port = ports.at(call, feed.port, asked.instance)
    return {feed.key(item): item async for item in feed.read(port, call, asked)}


async def contracts_touched(unit: Unit, kind: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Contracts whose readiness may depend on changed copies; all of an entity's for periods, taxes and rates."""
    if kind == "billing_customer":
        customers = list((await canonicals(unit.connection, unit.tenant, keys)).values())
        sql = "select id from contract where tenant = $1 and customer_id = any($2::text[])"
        return tuple(r["id"] for r in await unit.connection.fetch(sql, unit.tenant, customers))
    if kind in ("fiscal_period", "tax_code", "milestone"):
        sql = "select id from contract where tenant = $1 and state in ('active', 'suspended', 'completed')"
        return tuple(r["id"] for r in await unit.connection.fetch(sql, unit.tenant))
    return ()
