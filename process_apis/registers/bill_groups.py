"""Bill groups (`queue_item`): contract times billing period, the unit of readiness and drafting."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import events
from contracts.money import round_money
from contracts.problems import NotFound
from contracts.process.billing_objects import ApprovedValue, BillGroup, BillGroupPage, Readiness, Waiver
from contracts.wire import convert, to_builtins
from process_apis.registers import move
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.data.listing import CHANGED, CHANGED_SINCE, Column, Listing, Wanted, same
from runtime.work.outbox import publish

COLUMNS = """id, version, key, state, contract_id, customer_id, legal_entity_id, currency, period_start, period_end,
    readiness_version, percent, net_amount, hours, transaction_count, failed, warnings, invoice_id, evaluated_at, body,
    updated_at"""
_INSERT = """
insert into bill_group (tenant, id, key, state, contract_id, customer_id, legal_entity_id, currency, period_start,
                        period_end, dirty_since, body, correlation_id, updated_at)
values ($1, $2, $3, 'collecting', $4, $5, $6, $7, $8, $9, $10, $11, $12, $10)
on conflict (tenant, key) do nothing returning id
"""
_ADD_PROJECTS = """
update bill_group set dirty_since = coalesce(dirty_since, $3), body = jsonb_set(body, '{project_ids}',
    (select jsonb_agg(distinct p order by p) from jsonb_array_elements((body->'project_ids') || $4::jsonb) as p))
where tenant = $1 and key = $2 returning id
"""
OPEN = ("collecting", "blocked", "ready", "ready_with_warnings")
_WATCHED = (*OPEN, "drafted")
_ENDS = Column("period_end", "date")
# A group that lost all its items before it was billed is not shown. The order of the queue: what can be billed first (4f).
LISTING = Listing(
    table="bill_group",
    columns=COLUMNS,
    always="shown",
    filters={
        **same("state", "contract_id", "customer_id", "legal_entity_id"),
        "project_id": "body->'project_ids' ? {}",
        "changed_since": CHANGED_SINCE,
    },
    orders={
        "queue": (Column("rank", "smallint"), _ENDS, Column("(-net_amount)", "numeric")),
        "net_amount": (Column("net_amount", "numeric"),),
        "period_end": (_ENDS,),
        "updated_at": (CHANGED,),
        "id": (),
    },
)
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
    values["net_amount"] = round_money(values["net_amount"], values["currency"])
    return convert({**values.pop("body"), **values}, BillGroup)


async def touch(unit: Unit, new: NewBillGroup) -> str:
    """Open the group of a key, or mark the one that is there for evaluation; answers its id."""
    body = to_builtins(new)
    stored = {k: body[k] for k in ("contract_name", "customer_name", "project_ids", "billing_method")}
    opened: str | None = await unit.connection.fetchval(
        _INSERT,
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
    if opened is not None:
        await _tell_changed(unit, await get(unit, opened), None)
        return opened
    return await join(unit, new.key, new.project_ids)


async def join(unit: Unit, key: str, project_ids: Iterable[str]) -> str:
    """Mark the group of a key, which is there, for evaluation, with the projects of what joins it; answers its id."""
    found: str = await unit.connection.fetchval(_ADD_PROJECTS, unit.tenant, key, unit.now, list(project_ids))
    return found


async def state_of(unit: Unit, key: str) -> str | None:
    """Where the group of a key stands, or None when there is none."""
    sql = "select state from bill_group where tenant = $1 and key = $2"
    found: str | None = await unit.connection.fetchval(sql, unit.tenant, key)
    return found


async def touch_contract(unit: Unit, contract_id: str) -> None:
    """Mark all open and drafted groups that bill something of a contract for evaluation."""
    sql = """update bill_group set dirty_since = coalesce(dirty_since, $3) where tenant = $1 and state = any($4::text[])
        and (contract_id = $2 or id in (select bill_group_id from billable_transaction
             where tenant = $1 and contract_id = $2 and state in ('queued', 'rated', 'held', 'exception', 'drafted')))"""
    await unit.connection.execute(sql, unit.tenant, contract_id, unit.now, list(_WATCHED))


async def touch_customer(unit: Unit, customer_id: str) -> None:
    """Mark the groups of all contracts of a customer."""
    sql = "select id from contract where tenant = $1 and customer_id = $2 order by id"
    for row in await unit.connection.fetch(sql, unit.tenant, customer_id):
        await touch_contract(unit, row["id"])


async def touch_project(unit: Unit, project_id: str) -> None:
    """Mark the groups of all contracts that have a line for a project."""
    sql = "select distinct contract_id from contract_line where tenant = $1 and project_id = $2 order by contract_id"
    for row in await unit.connection.fetch(sql, unit.tenant, project_id):
        await touch_contract(unit, row["contract_id"])


async def mark(unit: Unit, bill_group_id: str) -> None:
    """Mark one group for evaluation, if it is still open or drafted."""
    sql = """update bill_group set dirty_since = coalesce(dirty_since, $3)
        where tenant = $1 and id = $2 and state = any($4::text[])"""
    await unit.connection.execute(sql, unit.tenant, bill_group_id, unit.now, list(_WATCHED))


async def mark_unseen(unit: Unit, since: datetime) -> None:
    """Mark every open group that was not evaluated since an instant: days pass, and checks look at dates."""
    sql = """update bill_group set dirty_since = coalesce(dirty_since, $3) where tenant = $1 and state = any($4::text[])
        and (evaluated_at is null or evaluated_at < $2)"""
    await unit.connection.execute(sql, unit.tenant, since, unit.now, list(_WATCHED))


async def due(unit: Unit, debounce: timedelta, limit: int) -> tuple[str, ...]:
    """Groups marked at least the debounce ago, the longest first."""
    sql = """select id from bill_group where tenant = $1 and dirty_since <= $2 and state = any($4::text[])
        order by dirty_since, id limit $3"""
    rows = await unit.connection.fetch(sql, unit.tenant, unit.now - debounce, limit, list(_WATCHED))
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
    found = await _stored(unit, bill_group_id)
    if found is None:
        raise NotFound(f"No evaluation of bill group {bill_group_id} yet.")
    return found


async def _stored(unit: Unit, bill_group_id: str) -> Readiness | None:
    sql = "select readiness, evaluated_at from bill_group where tenant = $1 and id = $2"
    row = await unit.connection.fetchrow(sql, unit.tenant, bill_group_id)
    if row is None or row["readiness"] is None:
        return None
    return convert({**row["readiness"], "evaluated_at": row["evaluated_at"]}, Readiness)


async def page(unit: Unit, wanted: Wanted) -> BillGroupPage:
    """A page of them, without groups left empty."""
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted)
    return BillGroupPage(items=tuple(from_row(r) for r in rows), next_cursor=more, as_of=unit.now)


async def evaluated(unit: Unit, group: BillGroup, found: Evaluation) -> BillGroup:
    """Store an evaluation. The state moves, and is told, only when status or amount changed (3, queue_item).

    A drafted group keeps its state. The readiness version counts evaluations that found something else than before.
    """
    stored = await _stored(unit, group.id)
    if stored is not None and _same(group, stored, found):
        sql = "update bill_group set evaluated_at = $3, dirty_since = null where tenant = $1 and id = $2"
        await unit.connection.execute(sql, unit.tenant, group.id, unit.now)
        return await get(unit, group.id)
    told = replace(found, readiness=replace(found.readiness, readiness_version=group.readiness_version + 1))
    moves = group.state != "drafted" and (found.status, found.net_amount) != (group.state, group.net_amount)
    if moves:
        figures = replace(group, percent=found.percent, net_amount=found.net_amount, failed=found.failed)
        event, values = _event(unit, figures), _columns(unit, told)
        await move.apply(unit, "queue_item", group.id, "evaluate", result=found.status, values=values, event=event)
    else:
        await _restate(unit, group.id, _columns(unit, told))
    return await _told(unit, group)


def _same(group: BillGroup, stored: Readiness, found: Evaluation) -> bool:
    """Whether an evaluation found what the one before found, figures and evidence included."""
    before = (group.percent, group.net_amount, group.hours, group.transaction_count, stored.status, stored.checks)
    now = (found.percent, found.net_amount, found.hours, found.transaction_count, found.status, found.readiness.checks)
    waits = group.state not in ("drafted", found.status)
    return before == now and not waits


def _columns(unit: Unit, found: Evaluation) -> dict[str, Any]:
    return {
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


async def _restate(unit: Unit, bill_group_id: str, values: Mapping[str, Any]) -> None:
    columns = {**values, "updated_at": unit.now}
    sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, start=3))
    sql = f"update bill_group set version = version + 1, {sets} where tenant = $1 and id = $2"  # noqa: S608  # house: sql names of columns
    await unit.connection.execute(sql, unit.tenant, bill_group_id, *columns.values())


async def put_waivers(
    unit: Unit, bill_group_id: str, command: str, waivers: Iterable[Waiver], *, reason: str, code: str
) -> None:
    """Which checks are waived from now on. No change of state, but one of the group, with its audit row (AUD-2)."""
    group = await get(unit, bill_group_id)
    sql = """update bill_group set version = version + 1, updated_at = $3, dirty_since = coalesce(dirty_since, $3),
        body = jsonb_set(body, '{waivers}', $4) where tenant = $1 and id = $2 returning version"""
    version = await unit.connection.fetchval(sql, unit.tenant, bill_group_id, unit.now, to_builtins(list(waivers)))
    moved = move.Moved(before=group.state, after=group.state, version=version, events=())
    await move.record(unit, "queue_item", bill_group_id, command, moved, reason, {"code": code})


def _event(unit: Unit, group: BillGroup, reason: str | None = None) -> move.EventMaker:
    def make(moved: move.Moved) -> events.Event | None:
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

    return make


async def change(
    unit: Unit,
    group: BillGroup,
    command: str,
    *,
    reason: str | None = None,
    values: Mapping[str, Any] | None = None,
    transaction_ids: Iterable[str] = (),
) -> BillGroup:
    """`draft`, `discard_draft`, `close` or `skip`. `transaction_ids` are those that are on its invoice from now on."""
    event = _event(unit, group, reason)
    await move.apply(unit, "queue_item", group.id, command, reason=reason, values=values, event=event)
    return await _told(unit, group, reason, transaction_ids)


async def _told(
    unit: Unit, before: BillGroup, reason: str | None = None, transaction_ids: Iterable[str] = ()
) -> BillGroup:
    """The group as it stands now, after telling views of it."""
    group = await get(unit, before.id)
    drafted = tuple(sorted(transaction_ids)) or await _on_draft(unit, group)
    await _tell_changed(unit, group, before.state, reason, drafted)
    return group


async def _on_draft(unit: Unit, group: BillGroup) -> tuple[str, ...]:
    """The transactions on the group's draft; none while there is none."""
    if group.state != "drafted":
        return ()
    sql = """select id from billable_transaction where tenant = $1 and bill_group_id = $2 and state = 'drafted'
        order by id"""
    return tuple(r["id"] for r in await unit.connection.fetch(sql, unit.tenant, group.id))


async def _tell_changed(
    unit: Unit,
    group: BillGroup,
    before: str | None,
    reason: str | None = None,
    transaction_ids: tuple[str, ...] = (),
) -> None:
    stored = await _stored(unit, group.id)
    event = events.BillGroupChanged(
        object_id=group.id,
        version=group.version,
        occurred_at=unit.now,
        actor=unit.call.principal,
        reason=reason,
        full_state=True,
        group=group,
        state_before=before,
        checks=stored.checks if stored else (),
        transaction_ids=transaction_ids,
        unbilled=await _unbilled(unit, group.id),
    )
    await publish(unit.connection, unit.call, event)


async def _unbilled(unit: Unit, bill_group_id: str) -> tuple[ApprovedValue, ...]:
    sql = """select coalesce((approved_at at time zone 'UTC')::date, service_date) as on, sum(amount) as amount
        from billable_transaction where tenant = $1 and bill_group_id = $2 and part <> 'non_billable'
        and state in ('validated', 'rated', 'held', 'exception', 'queued', 'drafted') group by 1 order by 1"""
    return tuple(convert(dict(r), ApprovedValue) for r in await unit.connection.fetch(sql, unit.tenant, bill_group_id))


async def earlier_open(unit: Unit, contract_id: str, before: date) -> Iterable[str]:
    """Groups of earlier periods of a contract that hold value and are not billed or skipped (PRIOR_INVOICE_OPEN)."""
    sql = """select id from bill_group g where tenant = $1 and contract_id = $2 and period_end < $3
        and state not in ('billed', 'skipped') and (transaction_count > 0 or exists (
          select from billable_transaction t where t.tenant = $1 and t.bill_group_id = g.id
          and t.state not in ('reversed', 'written_off', 'excluded'))) order by id"""
    return tuple(r["id"] for r in await unit.connection.fetch(sql, unit.tenant, contract_id, before))
