"""Customers (`cus`): who they are and what they are called elsewhere."""

from collections.abc import Iterable
from typing import Any

from contracts.canon.ref import ref_id
from contracts.problems import NotFound, RuleViolated
from contracts.process.register_objects import Customer, CustomerPage, NewCustomer
from contracts.wire import convert, to_builtins
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.data.links import link, refs_of, refs_of_all
from runtime.data.listing import CHANGED, CHANGED_SINCE, Column, Listing, Wanted, same

_COLUMNS = "id, version, status, body, updated_at"
LISTING = Listing(
    table="customer",
    columns=_COLUMNS,
    filters={**same("status"), "changed_since": CHANGED_SINCE},
    orders={"id": (), "name": (Column('lower(name) collate "C"'),), "updated_at": (CHANGED,)},
)
_INSERT = """
insert into customer (tenant, id, status, name, country, tax_id, body, correlation_id, updated_at)
values ($1, $2, 'active', $3, $4, $5, $6, $7, $8) on conflict (tenant, id) do nothing returning id
"""
_LOCK = "select pg_advisory_xact_lock(hashtextextended($1, 0))"
_MAX_DEPTH = 5


def _customer(row: Any, refs: tuple[str, ...] = ()) -> Customer:
    known = {"id": row["id"], "version": row["version"], "status": row["status"], "updated_at": row["updated_at"]}
    return convert({**row["body"], **known, "refs": refs or tuple(row["body"].get("refs", ()))}, Customer)


async def add(unit: Unit, new: NewCustomer) -> Customer:
    """Register a customer and its cross references; an id that is there already answers with the first.

    Raises NotFound for a parent that is not there, RuleViolated for one that is at the fifth level (CUS-1).
    """
    customer_id = new.id or new_id("cus", unit.now)
    if new.parent_id is not None:
        await get(unit, new.parent_id)
        if len(await path(unit, new.parent_id)) >= _MAX_DEPTH:
            raise _too_deep()
    body = {k: v for k, v in to_builtins(new).items() if k != "id"}
    args = (unit.tenant, customer_id, new.name, new.country, new.tax_id, body, unit.call.correlation_id, unit.now)
    if await unit.connection.fetchval(_INSERT, *args):
        for ref in new.refs:
            await link(unit.connection, unit.tenant, customer_id, ref, ref_id(ref))
    return await get(unit, customer_id)


async def get(unit: Unit, customer_id: str) -> Customer:
    """Raises NotFound."""
    sql = f"select {_COLUMNS} from customer where tenant = $1 and id = $2"  # noqa: S608
    row = await unit.connection.fetchrow(sql, unit.tenant, customer_id)
    if row is None:
        raise NotFound(f"No customer {customer_id}.")
    return _customer(row, await refs_of(unit.connection, unit.tenant, customer_id))


async def page(unit: Unit, wanted: Wanted) -> CustomerPage:
    """A page of them."""
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted)
    refs = await refs_of_all(unit.connection, unit.tenant, [r["id"] for r in rows])
    items = tuple(_customer(r, refs.get(r["id"], ())) for r in rows)
    return CustomerPage(items=items, next_cursor=more, as_of=unit.now)


async def candidates(unit: Unit, tax_id: str | None, country: str | None) -> tuple[Customer, ...]:
    """Customers a new one could be: same tax id, or same country (4a.2). Others who ask for the country wait for us."""
    await unit.connection.execute(_LOCK, f"customers/{unit.tenant}/{country}")
    sql = f"""select {_COLUMNS} from customer
        where tenant = $1 and (tax_id = $2 or country = $3) order by id limit 2000"""  # noqa: S608
    return tuple(_customer(r) for r in await unit.connection.fetch(sql, unit.tenant, tax_id, country))


async def path(unit: Unit, customer_id: str) -> tuple[str, ...]:
    """The customer and its ancestors, nearest first. Raises RuleViolated when deeper than five or cyclic (CUS-1)."""
    return (await paths(unit, [customer_id]))[customer_id]


_PATHS = """
with recursive up as (
    select one as first, one as id, 1 as depth from unnest($2::text[]) as one
    union all
    select up.first, c.body->>'parent_id', up.depth + 1 from up join customer c on c.tenant = $1 and c.id = up.id
    where c.body->>'parent_id' is not null and up.depth <= $3)
select first, array_agg(id order by depth) as path from up group by first
"""


async def paths(unit: Unit, customer_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The same of several customers. Raises when one of them is deeper than five or in a cycle."""
    rows = await unit.connection.fetch(_PATHS, unit.tenant, sorted(set(customer_ids)), _MAX_DEPTH)
    if any(len(row["path"]) > _MAX_DEPTH for row in rows):
        raise _too_deep()
    return {row["first"]: tuple(row["path"]) for row in rows}


def _too_deep() -> RuleViolated:
    return RuleViolated("The customer hierarchy is cyclic or deeper than 5 (CUS-1).", code="GUARD_FAILED")
