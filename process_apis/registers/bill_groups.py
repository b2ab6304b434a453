"""Bill groups (`queue_item`): contract times billing period, the unit of readiness and drafting."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from contracts import events
from contracts.problems import NotFound
from contracts.process.billing_objects import BillGroup, BillGroupPage, Readiness
from contracts.wire import convert, to_builtins
from process_apis.registers import move, pages
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id

COLUMNS = """id, version, key, state, contract_id, customer_id, legal_entity_id, currency, period_start, period_end,
    readiness_version, percent, net_amount, hours, transaction_count, failed, warnings, invoice_id, evaluated_at, body,
    updated_at"""
_UPSERT = """
insert into bill_group (tenant, id, key, state, contract_id, customer_id, legal_entity_id, currency, period_start,
                        period_end, dirty_since, body, correlation_id, updated_at)
values ($1, $2, $3, 'collecting', $4, $5, $6, $7, $8, $9, $10, $11, $12, $10)
on conflict (tenant, key) do update set dirty_since = coalesce(bill_group.dirty_since, excluded.dirty_since)
returning id
"""
# The order of the queue: what can be billed first, the largest first (4f).
_RANK = """(case state when 'ready' then '1' when 'ready_with_warnings' then '2' when 'blocked' then '3'
    when 'collecting' then '4' when 'drafted' then '5' when 'billed' then '6' else '7' end)
    || to_char(period_end, 'YYYYMMDD') || to_char(1000000000000000 - net_amount, 'FM0000000000000000.0000') || key"""
_EVENTS: dict[str, type[events.BillGroupEvent]] = {
    kind.type: kind
    for kind in (events.InvoiceReady, events.InvoiceUnready, events.InvoiceDrafted, events.InvoiceSkipped)
}


class NewBillGroup(Struct, frozen=True, kw_only=True):
    """A bill group to open; days are inclusive."""

    key: str
    contract_id: str
    contract_name: str
    customer_id: str
    customer_name: str
    project_ids: tuple[str, ...]
    legal_entity_id: str
    currency: str
    billing_method: str
    period_start: date
    period_end: date


class Evaluation(Struct, frozen=True, kw_only=True):
    """What an evaluation found, to be stored. `readiness` is the API's object."""

    status: str
    percent: int
    failed: tuple[str, ...]
    warnings: tuple[str, ...]
    net_amount: Any
    hours: Any
    transaction_count: int
    readiness: Readiness


def from_row(row: Any) -> BillGroup:
    """A row with COLUMNS as canon."""
    values = dict(row)
    values.pop("place", None)
    return convert({**values.pop("body"), **values}, BillGroup)


async def touch(unit: Unit, new: NewBillGroup) -> str:
    """Open the group of a key, or mark the open one for evaluation; answers its id."""
    body = to_builtins(new)
    stored = {k: body[k] for k in ("contract_name", "customer_name", "project_ids", "billing_method")}
    found: str = await unit.connection.fetchval(
        _UPSERT,
        unit.tenant,
        new_id("bg", unit.now),
        new.key,
        new.contract_id,
        new.customer_id,
        new.legal_entity_id,
        new.currency,
        new.period_start,
        new.period_end,
        unit.now,
        stored,
        unit.call.correlation_id,
    )
    return found


async def touch_contract(unit: Unit, contract_id: str) -> None:
    """Mark all open groups of a contract for evaluation."""
    sql = """update bill_group set dirty_since = coalesce(dirty_since, $3) where tenant = $1 and contract_id = $2
        and state in ('collecting', 'blocked', 'ready', 'ready_with_warnings')"""
    await unit.connection.execute(sql, unit.tenant, contract_id, unit.now)


async def due(unit: Unit, debounce: timedelta, limit: int) -> tuple[str, ...]:
    """Groups marked at least the debounce ago, locked for this unit."""
    sql = """select id from bill_group where tenant = $1 and dirty_since <= $2
        and state in ('collecting', 'blocked', 'ready', 'ready_with_warnings')
        order by dirty_since limit $3 for update skip locked"""
    rows = await unit.connection.fetch(sql, unit.tenant, unit.now - debounce, limit)
    return tuple(r["id"] for r in rows)


async def lock(unit: Unit, bill_group_id: str) -> BillGroup:
    """The group, locked for this unit. Raises NotFound."""
    sql = f"select {COLUMNS} from bill_group where tenant = $1 and id = $2 for update"  # noqa: S608
    return _found(await unit.connection.fetchrow(sql, unit.tenant, bill_group_id), bill_group_id)


async def get(unit: Unit, bill_group_id: str) -> BillGroup:
    """Raises NotFound."""
    sql = f"select {COLUMNS} from bill_group where tenant = $1 and id = $2"  # noqa: S608
    return _found(await unit.connection.fetchrow(sql, unit.tenant, bill_group_id), bill_group_id)


def _found(row: Any, bill_group_id: str) -> BillGroup:
    if row is None:
        raise NotFound(f"No bill group {bill_group_id}.")
    return from_row(row)


async def readiness(unit: Unit, bill_group_id: str) -> Readiness:
    """The last evaluation. Raises NotFound while there is none."""
    sql = "select readiness from bill_group where tenant = $1 and id = $2"
    row = await unit.connection.fetchrow(sql, unit.tenant, bill_group_id)
    if row is None or row["readiness"] is None:
        raise NotFound(f"No evaluation of bill group {bill_group_id} yet.")
    return convert(row["readiness"], Readiness)


async def page(unit: Unit, filters: Mapping[str, str | None], cursor: str | None, limit: int) -> BillGroupPage:
    """A page in the order of the queue. `filters`: state, contract_id, project_id; null means any."""
    listing = "bill-groups/" + "/".join(f"{k}={v}" for k, v in sorted(filters.items()))
    start = pages.after(unit, listing, cursor) or ""
    sql = f"""select * from (select {COLUMNS}, {_RANK} as place from bill_group
        where tenant = $1 and ($2::text is null or state = $2) and ($3::text is null or contract_id = $3)
          and ($4::text is null or body->'project_ids' ? $4)) as queue
        where place > $5 order by place limit $6"""  # noqa: S608
    wanted = [filters.get(k) for k in ("state", "contract_id", "project_id")]
    fetched = await unit.connection.fetch(sql, unit.tenant, *wanted, start, limit + 1)
    rows, more = pages.cut(unit, listing, fetched, limit, key="place")
    return BillGroupPage(items=tuple(from_row(r) for r in rows), next_cursor=more, as_of=unit.now)


async def evaluated(unit: Unit, group: BillGroup, found: Evaluation) -> BillGroup:
    """Store an evaluation; the state moves and is told only when status or amount changed (3, queue_item)."""
    values: dict[str, Any] = {
        "percent": found.percent,
        "net_amount": found.net_amount,
        "hours": found.hours,
        "transaction_count": found.transaction_count,
        "failed": list(found.failed),
        "warnings": list(found.warnings),
        "readiness_version": found.readiness.readiness_version,
        "readiness": to_builtins(found.readiness),
        "evaluated_at": unit.now,
        "dirty_since": None,
    }
    if (found.status, found.net_amount) == (group.state, group.net_amount):
        columns = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, start=3))
        sql = f"update bill_group set {columns} where tenant = $1 and id = $2"  # noqa: S608
        await unit.connection.execute(sql, unit.tenant, group.id, *values.values())
    else:
        event = _event(unit, group, found)
        await move.apply(unit, "queue_item", group.id, "evaluate", result=found.status, values=values, event=event)
    return await get(unit, group.id)


def _event(unit: Unit, group: BillGroup, found: Evaluation) -> move.EventMaker:
    def make(moved: move.Moved) -> events.Event | None:
        was_ready = moved.before in ("ready", "ready_with_warnings")
        kind = _EVENTS.get(moved.events[0]) if moved.events else None
        if kind is None or (kind is events.InvoiceUnready and not was_ready):
            return None
        return kind(
            **move.common(unit, group.id, moved),
            status=moved.after,
            percent=found.percent,
            net_amount=found.net_amount,
            currency=group.currency,
            failed=found.failed,
        )

    return make


async def change(
    unit: Unit, group: BillGroup, command: str, *, reason: str | None = None, values: Mapping[str, Any] | None = None
) -> BillGroup:
    """`draft`, `discard_draft`, `close` or `skip`."""

    def event(moved: move.Moved) -> events.Event | None:
        kind = _EVENTS.get(moved.events[0]) if moved.events else None
        if kind is None:
            return None
        return kind(
            **move.common(unit, group.id, moved, reason),
            status=moved.after,
            percent=group.percent,
            net_amount=group.net_amount,
            currency=group.currency,
            failed=group.failed,
        )

    await move.apply(unit, "queue_item", group.id, command, reason=reason, values=values, event=event)
    return await get(unit, group.id)


async def earlier_open(unit: Unit, contract_id: str, before: date) -> Iterable[str]:
    """Groups of earlier periods of a contract that hold value and are not billed or skipped (PRIOR_INVOICE_OPEN)."""
    sql = """select id from bill_group where tenant = $1 and contract_id = $2 and period_end < $3
        and state not in ('billed', 'skipped') and transaction_count > 0 order by id"""
    return tuple(r["id"] for r in await unit.connection.fetch(sql, unit.tenant, contract_id, before))
