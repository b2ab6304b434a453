"""Billable transactions (`txn`): the one place where an approved hour is, and its price (TXN-1, TXN-2)."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from contracts import events
from contracts.money import round_money
from contracts.problems import NotFound
from contracts.process.time_posting import Transaction, TransactionPage
from contracts.wire import convert, to_builtins
from process_apis.registers import move, pages
from process_apis.registers.unit import Unit
from runtime.work.outbox import publish

COLUMNS = """id, version, kind, source_id, source_version, source_ref, part, rating_version, state, contract_id,
    contract_line_id, project_id, bill_to_id, legal_entity_id, service_date, posting_date, approved_at, hours, quantity,
    amount, currency, erp_ref, invoice_id, bill_group_id, codes, body, correlation_id, updated_at"""
_INSERT = """
insert into billable_transaction (tenant, id, kind, source_id, source_version, source_ref, part, rating_version, state,
  contract_id, contract_line_id, project_id, bill_to_id, legal_entity_id, service_date, posting_date, approved_at, hours,
  quantity, bill_rate, amount, currency, cost_amount, cost_currency, codes, body, correlation_id, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
  $25, $26, $27, $28, $28)
on conflict (tenant, source_id, source_version, part, rating_version) where state <> 'reversed' do nothing
returning id
"""
_BODY = ("worker_number", "worker_name", "role_code", "task_code", "description", "unit", "rating", "tax_code")
_EVENTS: dict[str, type[events.TransactionEvent]] = {
    kind.type: kind
    for kind in (
        events.TransactionValidated,
        events.TransactionRated,
        events.TransactionHeld,
        events.TransactionReleased,
        events.TransactionExcluded,
        events.TransactionExceptionRaised,
        events.TransactionReversed,
        events.TransactionWrittenOff,
        events.TransactionPosted,
        events.TransactionInvoiced,
    )
}


NO_CURRENCY = "XXX"  # ISO 4217's code for it: no contract was found, so there is no price either


class Cost(Struct, frozen=True, kw_only=True):
    """What the work cost: never leaves the register (SOD-2)."""

    amount: Decimal | None = None
    currency: str | None = None


def from_row(row: Any) -> Transaction:
    """A row with COLUMNS as canon."""
    values = dict(row)
    if values["currency"] is not None:
        values["amount"] = round_money(values["amount"], values["currency"])
    return convert({**values.pop("body"), **values}, Transaction)


async def add(unit: Unit, new: Transaction, cost: Cost, commands: Iterable[str]) -> str | None:
    """Store a transaction that went through `commands` from `pending` in this unit; None when the set is live already.

    Each state it passed is told (ST-3); only the last one is stored.
    """
    stored = to_builtins(new)
    body = {k: stored[k] for k in (*_BODY, "cost_center_id", "po_number", "replaces_id", "reversal_of")}
    made = await unit.connection.fetchval(
        _INSERT,
        unit.tenant,
        new.id,
        new.kind,
        new.source_id,
        new.source_version,
        new.source_ref,
        new.part,
        new.rating_version,
        new.state,
        new.contract_id,
        new.contract_line_id,
        new.project_id,
        new.bill_to_id,
        new.legal_entity_id,
        new.service_date,
        new.posting_date,
        new.approved_at,
        new.hours,
        new.quantity,
        new.rating.bill_rate,
        new.amount,
        new.currency,
        cost.amount,
        cost.currency,
        list(new.codes),
        body,
        new.correlation_id,
        unit.now,
    )
    if made is None:
        return None
    await _walk(unit, new, commands)
    return new.id


async def _walk(unit: Unit, new: Transaction, commands: Iterable[str]) -> None:
    state, version = "pending", 0
    for command in commands:
        decided = move.decide("billable_transaction", state, command)
        version += 1
        moved = move.Moved(before=state, after=decided.after, version=version, events=decided.events)
        await move.record(unit, "billable_transaction", new.id, command, moved)
        await _tell(unit, new, moved)
        state = decided.after
    if state != new.state:
        raise ValueError(f"{new.id}: {state} is not {new.state}")
    sql = "update billable_transaction set version = $3 where tenant = $1 and id = $2"
    await unit.connection.execute(sql, unit.tenant, new.id, max(1, version))


def _event(unit: Unit, found: Transaction, moved: move.Moved, reason: str | None = None) -> events.Event | None:
    kind = _EVENTS.get(moved.events[0]) if moved.events else None
    if kind is None:
        return None
    return kind(
        **move.common(unit, found.id, moved, reason),
        contract_id=found.contract_id or "",
        contract_line_id=found.contract_line_id or "",
        project_id=found.project_id or "",
        rating_version=found.rating_version,
        state=moved.after,
        part=found.part,
        kind=found.kind,
        hours=found.hours,
        amount=found.amount,
        currency=found.currency or NO_CURRENCY,
        service_date=found.service_date,
        codes=found.codes,
        erp_ref=found.erp_ref,
        invoice_id=found.invoice_id,
    )


async def _tell(unit: Unit, found: Transaction, moved: move.Moved) -> None:
    event = _event(unit, found, moved)
    if event is not None:
        await publish(unit.connection, unit.call, event)


async def get(unit: Unit, transaction_id: str) -> Transaction:
    """Raises NotFound."""
    found = await many(unit, [transaction_id])
    if not found:
        raise NotFound(f"No transaction {transaction_id}.")
    return found[0]


async def many(unit: Unit, ids: Iterable[str]) -> tuple[Transaction, ...]:
    """Transactions by id, in the order of ids."""
    sql = f"select {COLUMNS} from billable_transaction where tenant = $1 and id = any($2::text[]) order by id"  # noqa: S608
    return tuple(from_row(r) for r in await unit.connection.fetch(sql, unit.tenant, sorted(set(ids))))


async def of_source(unit: Unit, source_id: str) -> tuple[Transaction, ...]:
    """All live transactions of one source, oldest first."""
    sql = f"""select {COLUMNS} from billable_transaction
        where tenant = $1 and source_id = $2 and state <> 'reversed' order by id"""  # noqa: S608
    return tuple(from_row(r) for r in await unit.connection.fetch(sql, unit.tenant, source_id))


async def of_group(unit: Unit, bill_group_id: str) -> tuple[Transaction, ...]:
    """All live transactions of a bill group, in the order of service."""
    sql = f"""select {COLUMNS} from billable_transaction
        where tenant = $1 and bill_group_id = $2 and state <> 'reversed' order by service_date, id"""  # noqa: S608
    return tuple(from_row(r) for r in await unit.connection.fetch(sql, unit.tenant, bill_group_id))


async def page(
    unit: Unit,
    filters: Mapping[str, str | None],
    cursor: str | None,
    limit: int,
) -> TransactionPage:
    """A page by id. `filters`: state, project_id, contract_id, source_ref; null means any."""
    listing = "transactions/" + "/".join(f"{k}={v}" for k, v in sorted(filters.items()))
    start = pages.after(unit, listing, cursor) or ""
    sql = f"""select {COLUMNS} from billable_transaction
        where tenant = $1 and id > $2 and ($3::text is null or state = $3) and ($4::text is null or project_id = $4)
          and ($5::text is null or contract_id = $5) and ($6::text is null or source_ref = $6)
        order by id limit $7"""  # noqa: S608
    wanted = [filters.get(k) for k in ("state", "project_id", "contract_id", "source_ref")]
    rows, more = pages.cut(
        unit, listing, await unit.connection.fetch(sql, unit.tenant, start, *wanted, limit + 1), limit
    )
    return TransactionPage(items=tuple(from_row(r) for r in rows), next_cursor=more, as_of=unit.now)


async def change(
    unit: Unit,
    found: Transaction,
    command: str,
    *,
    refused: str | None = None,
    reason: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> Transaction:
    """Move a transaction, and with it the columns in `values`."""

    def event(moved: move.Moved) -> events.Event | None:
        known = {k: v for k, v in (values or {}).items() if k in ("erp_ref", "invoice_id")}
        return _event(unit, convert({**to_builtins(found), **known}, Transaction), moved, reason)

    await move.apply(
        unit, "billable_transaction", found.id, command, refused=refused, reason=reason, values=values, event=event
    )
    return await get(unit, found.id)


async def consumed(unit: Unit, contract_id: str) -> dict[str, Decimal]:
    """What live transactions used of a contract's caps: amounts by contract and line, hours by line (CAP-1).

    Keys: `contract`, `line:<id>`, `line_hours:<id>`. Held overage, excluded and written-off value use nothing.
    """
    sql = """select contract_line_id, sum(amount) as amount, sum(case when kind = 'time' then hours else 0 end) as hours
        from billable_transaction where tenant = $1 and contract_id = $2 and part = 'billable'
          and state in ('rated', 'held', 'queued', 'drafted', 'invoiced') group by contract_line_id"""
    found: dict[str, Decimal] = {"contract": Decimal(0)}
    for row in await unit.connection.fetch(sql, unit.tenant, contract_id):
        found["contract"] += row["amount"]
        found[f"line:{row['contract_line_id']}"] = row["amount"]
        found[f"line_hours:{row['contract_line_id']}"] = row["hours"]
    return found


async def prior_day(
    unit: Unit, line_id: str, worker_number: str, service_date: date
) -> tuple[Decimal, Decimal, Decimal]:
    """Recorded hours, billed hours and billed days of a person, line and day so far (QTY-4)."""
    sql = """select coalesce(sum(hours), 0) as recorded,
          coalesce(sum(quantity) filter (where body->>'unit' = 'hour'), 0) as hours,
          coalesce(sum(quantity) filter (where body->>'unit' = 'day'), 0) as days
        from billable_transaction where tenant = $1 and contract_line_id = $2 and body->>'worker_number' = $3
          and service_date = $4 and part in ('billable', 'overage') and state not in ('reversed', 'exception', 'excluded')"""
    row = await unit.connection.fetchrow(sql, unit.tenant, line_id, worker_number, service_date)
    return row["recorded"], row["hours"], row["days"]


async def assign(unit: Unit, transaction_ids: Iterable[str], bill_group_id: str) -> None:
    """Put transactions into a bill group; where they are billed is no change of theirs, so no version is counted."""
    sql = "update billable_transaction set bill_group_id = $3 where tenant = $1 and id = any($2::text[])"
    await unit.connection.execute(sql, unit.tenant, sorted(transaction_ids), bill_group_id)


async def consumed_elsewhere(unit: Unit, contract_id: str, bill_group_id: str) -> Decimal:
    """Billable value of a contract outside one bill group: what else draws on its purchase order (CAP-1)."""
    sql = """select coalesce(sum(amount), 0) from billable_transaction where tenant = $1 and contract_id = $2
        and part = 'billable' and state in ('rated', 'held', 'queued', 'drafted', 'invoiced')
        and bill_group_id is distinct from $3"""
    return Decimal(await unit.connection.fetchval(sql, unit.tenant, contract_id, bill_group_id))


async def billed_time(unit: Unit, contract_id: str, start: date, end: date, bill_group_id: str) -> Decimal:
    """Net of time that is on invoices of a contract outside one bill group, days inclusive (DISC-1)."""
    sql = """select coalesce(sum(amount), 0) from billable_transaction where tenant = $1 and contract_id = $2
        and kind = 'time' and state in ('drafted', 'invoiced') and service_date between $3 and $4
        and bill_group_id is distinct from $5"""
    return Decimal(await unit.connection.fetchval(sql, unit.tenant, contract_id, start, end, bill_group_id))


async def costs_of_group(unit: Unit, bill_group_id: str) -> tuple[tuple[str | None, Decimal | None], ...]:
    """What the billed work of a group cost, by currency; a null amount is work whose cost nobody knows. Never shown (SOD-2)."""
    sql = """select cost_currency, case when bool_and(cost_amount is not null) then sum(cost_amount) end as cost
        from billable_transaction where tenant = $1 and bill_group_id = $2 and state in ('queued', 'drafted')
        group by cost_currency order by cost_currency"""
    rows = await unit.connection.fetch(sql, unit.tenant, bill_group_id)
    return tuple((r["cost_currency"], r["cost"]) for r in rows)
