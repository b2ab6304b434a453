"""Copies of what other systems own (2.1): read by rules, refreshed by sweeps, never edited. And when each was last read."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from contracts.canon.ledger import FiscalPeriod, FxQuote, LegalEntity, TaxCode
from contracts.canon.party import BillingCustomer
from contracts.canon.project import Milestone
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


async def billing_customer(unit: Unit, ref: str | None) -> BillingCustomer | None:
    """The ERP's copy of a customer, by its ref."""
    return None if ref is None else (await some_of(unit, "billing_customer", [ref], BillingCustomer)).get(ref)


async def milestones(unit: Unit, project_refs: Iterable[str]) -> tuple[Milestone, ...]:
    """Milestones of projects, in the order of the plan."""
    sql = """select body from replica where tenant = $1 and kind = 'milestone' and body->>'project_ref' = any($2::text[])
        order by body->>'planned_on', key"""
    rows = await unit.connection.fetch(sql, unit.tenant, sorted(set(project_refs)))
    return tuple(convert(r["body"], Milestone) for r in rows)
