"""Billable transactions (`txn`): the one place where an approved hour is, and its price (TXN-1, TXN-2)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import events
from contracts.money import ZERO, RoundingMode
from contracts.problems import NotFound, PreconditionFailed
from contracts.process.time_posting import Transaction, TransactionPage, WriteOffRequest
from contracts.wire import to_builtins
from domain import costs
from process_apis.registers import move
from process_apis.registers.transaction_rows import COLUMNS, INSERT, event_of, from_row, values_of
from process_apis.registers.unit import Unit
from runtime import metrics
from runtime.data.listing import CHANGED, CHANGED_SINCE, Column, Listing, Wanted, same
from runtime.work.outbox import publish_all

_KIND = "billable_transaction"
# What counts against a cap while it is billable (CAP-1).
_CONSUMING = ("rated", "held", "queued", "drafted", "invoiced")
LISTING = Listing(
    table="billable_transaction",
    columns=COLUMNS,
    filters={
        **same("state", "kind", "project_id", "contract_id", "source_ref", "bill_group_id", "invoice_id"),
        "changed_since": CHANGED_SINCE,
    },
    orders={"id": (), "service_date": (Column("service_date", "date"),), "updated_at": (CHANGED,)},
)
_POST = """
update billable_transaction t set state = p.state, version = t.version + 1, erp_ref = p.ref, posting_key = p.key,
  queued_at = $2, updated_at = $2
from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as p (id, state, ref, key)
where t.tenant = $1 and t.id = p.id
"""


class Cost(Struct, frozen=True, kw_only=True):
    """What the work cost: never leaves the register (SOD-2)."""

    amount: Decimal | None = None
    currency: str | None = None


class New(Struct, frozen=True, kw_only=True):
    """A transaction to store, on whose behalf, with the commands that lead it from `pending` to its state."""

    unit: Unit
    transaction: Transaction
    commands: tuple[str, ...]
    cost: Cost = Cost()


class Acknowledged(Struct, frozen=True, kw_only=True):
    """A rated transaction that the ERP took: the ERP's reference and the key it stands under there."""

    transaction: Transaction
    ref: str | None
    key: str


async def add(unit: Unit, new: Transaction, cost: Cost, commands: Iterable[str]) -> str | None:
    """Store a transaction that went through `commands` from `pending` in this unit; None when the set is live already."""
    made = await add_all([New(unit=unit, transaction=new, commands=tuple(commands), cost=cost)])
    return made[0] if made else None


async def add_all(wanted: Sequence[New]) -> list[str]:
    """Store transactions of one unit in one statement; answers the ids of those whose set was not live yet.

    Each state they passed is told (ST-3); only the last one is stored.
    """
    if not wanted:
        return []
    rows = map(list, zip(*map(_values, wanted), strict=True))
    stored = {row["id"] for row in await wanted[0].unit.connection.fetch(INSERT, *rows)}
    made = [new for new in wanted if new.transaction.id in stored]
    await _tell([(new.transaction, step) for new in made for step in _walk(new)])
    return [new.transaction.id for new in made]


def _values(new: New) -> tuple[Any, ...]:
    values = values_of(new.transaction, max(1, len(new.commands)))
    return (new.unit.tenant, *values, new.cost.amount, new.cost.currency, new.unit.now)


def _walk(new: New) -> Iterable[move.Step]:
    found, state = new.transaction, "pending"
    for version, command in enumerate(new.commands, start=1):
        decided = move.decide(_KIND, state, command)
        yield _step(new.unit, found, command, replace(decided, version=version))
        state = decided.after
    if state != found.state:
        raise ValueError(f"{found.id}: {state} is not {found.state}")


def _step(unit: Unit, found: Transaction, command: str, moved: move.Moved, reason: str | None = None) -> move.Step:
    """A change under the transaction's own correlation id (ID-4)."""
    own = unit.under(found.correlation_id)
    return move.Step(unit=own, object_id=found.id, command=command, moved=moved, reason=reason)


async def _tell(walks: Sequence[tuple[Transaction, move.Step]]) -> None:
    """Audit rows and events of changes that were made in one unit."""
    await move.record_all(_KIND, [step for _, step in walks])
    told = [(s.unit.call, event_of(s.unit, found, s.moved, s.reason)) for found, s in walks]
    if told:
        await publish_all(walks[0][1].unit.connection, [(call, event) for call, event in told if event is not None])


async def post_all(unit: Unit, acknowledged: Sequence[Acknowledged]) -> None:
    """Rated transactions, locked by this unit, that the ERP took: `queued`. Raises Conflict for any other state."""
    walks = []
    for one in acknowledged:
        decided = move.decide(_KIND, one.transaction.state, "post")
        moved = replace(decided, version=one.transaction.version + 1)
        walks.append((replace(one.transaction, erp_ref=one.ref), _step(unit, one.transaction, "post", moved)))
    ids, states = [found.id for found, _ in walks], [step.moved.after for _, step in walks]
    refs, keys = [one.ref for one in acknowledged], [one.key for one in acknowledged]
    await unit.connection.execute(_POST, unit.tenant, unit.now, ids, states, refs, keys)
    for one in acknowledged:
        if one.transaction.approved_at is not None:
            metrics.QUEUE_LAG_SECONDS.observe((), (unit.now - one.transaction.approved_at).total_seconds())
    await _tell(walks)


async def share_cost(unit: Unit, whole_id: str, wanted: Sequence[New], mode: RoundingMode | None) -> list[str]:
    """Store the parts a transaction is divided into; each has its share of the cost by hours, the last one the rest (DEC-5)."""
    sql = "select cost_amount, cost_currency from billable_transaction where tenant = $1 and id = $2"
    row = await unit.connection.fetchrow(sql, unit.tenant, whole_id)
    if row is None or row["cost_amount"] is None:
        return await add_all(wanted)
    currency = row["cost_currency"]
    shares = costs.share_cost(row["cost_amount"], currency, [new.transaction.hours for new in wanted], mode)
    parts = zip(wanted, shares, strict=True)
    return await add_all([replace(new, cost=Cost(amount=share, currency=currency)) for new, share in parts])


async def supersede(unit: Unit, found: Transaction, reason: str) -> None:
    """Take an excluded transaction out of the live set. The table of states ends at `excluded`, since nothing billable
    was stated; the hours of a newer version must not count twice all the same, so the change is made and told here."""
    sql = """update billable_transaction set state = 'reversed', version = version + 1, updated_at = $3
        where tenant = $1 and id = $2 and state = 'excluded' returning version"""
    version = await unit.connection.fetchval(sql, unit.tenant, found.id, unit.now)
    if version is not None:
        told = (events.TransactionReversed.type,)
        moved = move.Moved(before=found.state, after="reversed", version=version, events=told)
        await _tell([(found, _step(unit, found, "supersede", moved, reason))])


async def adopt(unit: Unit, transaction_ids: Iterable[str], source_version: int) -> None:
    """A newer version of the source says the same about these transactions: they are its transactions now (IMP-1)."""
    sql = "update billable_transaction set source_version = $3 where tenant = $1 and id = any($2::text[])"
    await unit.connection.execute(sql, unit.tenant, sorted(transaction_ids), source_version)


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


async def locked(unit: Unit, ids: Iterable[str]) -> tuple[Transaction, ...]:
    """As `many`; nobody else changes them before this unit ends."""
    sql = f"""select {COLUMNS} from billable_transaction where tenant = $1 and id = any($2::text[])
        order by id for update"""  # noqa: S608
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


async def page(unit: Unit, wanted: Wanted) -> TransactionPage:
    """A page of them."""
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted)
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
    told = replace(found, **{k: v for k, v in (values or {}).items() if k in Transaction.__struct_fields__})

    def event(moved: move.Moved) -> events.Event | None:
        return event_of(unit, told, moved, reason)

    own = unit.under(found.correlation_id)
    await move.apply(own, _KIND, found.id, command, refused=refused, reason=reason, values=values, event=event)
    return await get(unit, found.id)


async def put_write_off(
    unit: Unit, found: Transaction, command: str, request: WriteOffRequest | None, reason: str
) -> Transaction:
    """What is asked about a transaction from now on. No change of state, but one of the transaction, with its audit row (AUD-2)."""
    sql = """update billable_transaction set version = version + 1, updated_at = $3,
        body = body || $4::jsonb where tenant = $1 and id = $2 and version = $5 returning version"""
    stored = {"write_off": to_builtins(request)}
    version = await unit.connection.fetchval(sql, unit.tenant, found.id, unit.now, stored, found.version)
    if version is None or not unit.call.expects(found.version):
        raise PreconditionFailed("It changed meanwhile. Read it again.", code="VERSION_CONFLICT")
    moved = move.Moved(before=found.state, after=found.state, version=version, events=())
    await move.record(unit.under(found.correlation_id), _KIND, found.id, command, moved, reason)
    return await get(unit, found.id)


async def consumed(unit: Unit, contract_id: str, besides: str) -> dict[str, Decimal]:
    """What live transactions used of a contract's caps: amounts by contract and line, hours by line (CAP-1).

    Keys: `contract`, `line:<id>`, `line_hours:<id>`. Held overage, excluded and written-off value use nothing; nor does
    what the source `besides` has, since it is being decided about anew.
    """
    sql = """select contract_line_id, sum(amount) as amount,
          sum(case when kind in ('time', 'adjustment') then hours else 0 end) as hours
        from billable_transaction where tenant = $1 and contract_id = $2 and part = 'billable' and source_id <> $3
          and state = any($4::text[]) group by contract_line_id"""
    found: dict[str, Decimal] = {"contract": ZERO}
    for row in await unit.connection.fetch(sql, unit.tenant, contract_id, besides, _CONSUMING):
        found["contract"] += row["amount"]
        found[f"line:{row['contract_line_id']}"] = row["amount"]
        found[f"line_hours:{row['contract_line_id']}"] = row["hours"]
    return found


def use(consumed: dict[str, Decimal], made: Transaction) -> None:
    """Count a transaction that is about to be stored into what `consumed` answered."""
    if made.part != "billable" or made.state not in _CONSUMING:
        return
    hours = made.hours if made.kind in ("time", "adjustment") else ZERO
    line = made.contract_line_id
    for key, used in (("contract", made.amount), (f"line:{line}", made.amount), (f"line_hours:{line}", hours)):
        consumed[key] = consumed.get(key, ZERO) + used


async def prior_day(
    unit: Unit, line_id: str, worker_number: str, service_date: date, besides: str
) -> tuple[Decimal, Decimal, Decimal]:
    """Recorded hours, billed hours and billed days of a person, line and day so far (QTY-4), without one source."""
    sql = """select coalesce(sum(hours), 0) as recorded,
          coalesce(sum(quantity) filter (where body->>'unit' = 'hour'), 0) as hours,
          coalesce(sum(quantity) filter (where body->>'unit' = 'day'), 0) as days
        from billable_transaction where tenant = $1 and contract_line_id = $2 and body->>'worker_number' = $3
          and service_date = $4 and source_id <> $5 and kind = 'time' and part in ('billable', 'overage')
          and state not in ('reversed', 'exception', 'excluded')"""
    row = await unit.connection.fetchrow(sql, unit.tenant, line_id, worker_number, service_date, besides)
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
