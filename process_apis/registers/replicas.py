"""Copies of what other systems own (2.1): read by rules, refreshed by sweeps, never edited. And when each was last read."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from contracts.canon.ledger import FiscalPeriod, FxQuote, LegalEntity, TaxCode
from contracts.canon.party import BillingCustomer
from contracts.canon.project import Milestone, ProjectTask
from contracts.canon.worker import Worker
from contracts.wire import convert, to_builtins
from process_apis.registers.unit import Unit

T = TypeVar("T")
_PUT = """
insert into replica (tenant, kind, key, instance, body, changed_at)
select $1, $2, r.key, $3, r.body::jsonb, $4 from unnest($5::text[], $6::jsonb[]) as r(key, body)
on conflict (tenant, kind, key) do update set body = excluded.body, instance = excluded.instance,
  changed_at = excluded.changed_at where replica.body is distinct from excluded.body
returning key
"""
_READ_AT = """
insert into feed (tenant, instance, feed, read_at) values ($1, $2, $3, $4)
on conflict (tenant, instance, feed) do update set read_at = excluded.read_at
"""


async def put(unit: Unit, kind: str, instance: str, rows: Mapping[str, Any]) -> tuple[str, ...]:
    """Store copies by key; answers the keys whose content changed."""
    bodies = [to_builtins(row) for row in rows.values()]
    found = await unit.connection.fetch(_PUT, unit.tenant, kind, instance, unit.now, list(rows), bodies)
    return tuple(r["key"] for r in found)


async def absent(
    unit: Unit, kind: str, instance: str, stated: Iterable[str], scope: Iterable[str] | None = None
) -> tuple[str, ...]:
    """Keys of copies of an instance, of those in scope when given, that it does not state any more."""
    sql = """select key from replica where tenant = $1 and kind = $2 and instance = $3 and key <> all($4::text[])
        and ($5::text[] is null or key = any($5::text[])) order by key"""
    asked = None if scope is None else list(scope)
    return tuple(r["key"] for r in await unit.connection.fetch(sql, unit.tenant, kind, instance, list(stated), asked))


async def count(unit: Unit, kind: str, instance: str) -> int:
    """How many copies of a kind an instance stated."""
    sql = "select count(*) from replica where tenant = $1 and kind = $2 and instance = $3"
    return int(await unit.connection.fetchval(sql, unit.tenant, kind, instance))


async def drop(unit: Unit, kind: str, instance: str, keys: Iterable[str]) -> None:
    """Forget copies."""
    sql = "delete from replica where tenant = $1 and kind = $2 and instance = $3 and key = any($4::text[])"
    if gone := list(keys):
        await unit.connection.execute(sql, unit.tenant, kind, instance, gone)


async def mark_kind_read(unit: Unit, instance: str, port: str, kind: str, kinds: Iterable[str]) -> None:
    """Note when one kind was read from a port. The port is as fresh as the stalest of its kinds: one feed that fails shows,
    however often the others succeed."""
    await mark_read(unit, instance, f"{port}/{kind}")
    wanted = [f"{port}/{one}" for one in kinds]
    sql = """select min(read_at) from feed where tenant = $1 and instance = $2 and feed = any($3::text[])
        having count(*) = cardinality($3::text[])"""
    stalest = await unit.connection.fetchval(sql, unit.tenant, instance, wanted)
    if stalest is not None:
        await mark_read(unit, instance, port, stalest)


async def mark_read(unit: Unit, instance: str, feed: str, at: datetime | None = None) -> None:
    """Note when a feed of a system was read, for the freshness every figure shows."""
    await unit.connection.execute(_READ_AT, unit.tenant, instance, feed, at or unit.now)


async def all_of(unit: Unit, kind: str, type_: type[T]) -> tuple[T, ...]:
    """All copies of a kind."""
    sql = "select body from replica where tenant = $1 and kind = $2 order by key"
    return tuple(convert(r["body"], type_) for r in await unit.connection.fetch(sql, unit.tenant, kind))


async def some_of(unit: Unit, kind: str, keys: Iterable[str], type_: type[T]) -> dict[str, T]:
    """Copies by key; unknown keys are left out."""
    sql = "select key, body from replica where tenant = $1 and kind = $2 and key = any($3::text[])"
    rows = await unit.connection.fetch(sql, unit.tenant, kind, sorted(set(keys)))
    return {r["key"]: convert(r["body"], type_) for r in rows}


async def entities(unit: Unit) -> dict[str, LegalEntity]:
    """Legal entities by code."""
    return {e.code: e for e in await all_of(unit, "legal_entity", LegalEntity)}


async def periods(unit: Unit, entity: str) -> tuple[FiscalPeriod, ...]:
    """Accounting periods of an entity, oldest first."""
    found = [p for p in await all_of(unit, "fiscal_period", FiscalPeriod) if p.entity_code == entity]
    return tuple(sorted(found, key=lambda p: p.start_on))


async def tax_codes(unit: Unit) -> tuple[TaxCode, ...]:
    """All tax codes."""
    return await all_of(unit, "tax_code", TaxCode)


async def fx_quotes(unit: Unit) -> tuple[FxQuote, ...]:
    """All daily exchange rates held."""
    return await all_of(unit, "fx_quote", FxQuote)


async def workers(unit: Unit, numbers: Iterable[str]) -> dict[str, Worker]:
    """Workers by employee number."""
    return await some_of(unit, "worker", numbers, Worker)


def task_key(project_ref: str, code: str) -> str:
    """What copies of tasks are kept under: time names a task by its project and code."""
    return f"{project_ref}/{code}"


async def tasks(unit: Unit, keys: Iterable[str]) -> dict[str, ProjectTask]:
    """Tasks by `task_key`."""
    return await some_of(unit, "task", keys, ProjectTask)


async def debtor(
    unit: Unit, refs: Iterable[str], instance: str | None, entity: str
) -> tuple[str | None, BillingCustomer | None]:
    """A customer's receivables account with a legal entity, and the ERP's copy of it; the first account while none is known to
    be that entity's."""
    own = [ref for ref in refs if instance is not None and ref.split(":", 1)[0] == instance]
    copies = await some_of(unit, "billing_customer", own, BillingCustomer)
    of_entity = (ref for ref in own if ref in copies and copies[ref].entity_code == entity)
    chosen = next(of_entity, own[0] if own else None)
    return chosen, copies.get(chosen or "")


async def milestones(unit: Unit, project_refs: Iterable[str]) -> tuple[Milestone, ...]:
    """Milestones of projects, in the order of the plan."""
    sql = """select body from replica where tenant = $1 and kind = 'milestone' and body->>'project_ref' = any($2::text[])
        order by body->>'planned_on', key"""
    rows = await unit.connection.fetch(sql, unit.tenant, sorted(set(project_refs)))
    return tuple(convert(r["body"], Milestone) for r in rows)
