"""The cost center map (`ccm`): where cost is booked, one active row per key and date (CCM-1)."""

from collections.abc import Iterable, Sequence

from contracts.problems import RuleViolated, Violation
from contracts.process.register_objects import CostCenterMapping, CostCenterMappingPage
from contracts.wire import convert, to_builtins
from process_apis.registers import bounds
from process_apis.registers.unit import Unit
from runtime.data.listing import Column, Listing, Wanted, same

_PUT = """
insert into cost_center_map (tenant, cost_center, legal_entity_id, kind, effective_from, effective_to, body,
                             correlation_id, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (tenant, cost_center, legal_entity_id, kind, effective_from) do update
  set effective_to = excluded.effective_to, body = excluded.body, version = cost_center_map.version + 1,
      updated_at = excluded.updated_at
"""
_OVERLAP = """
select 1 from cost_center_map where tenant = $1 and cost_center = $2 and legal_entity_id = $3 and kind = $4
  and effective_from <> $5 and effective_from <= coalesce($6, 'infinity'::date)
  and coalesce(effective_to, 'infinity'::date) >= $5
"""
_OF_PAIRS = """
select cost_center, legal_entity_id, body from cost_center_map where tenant = $1 and kind = $4
  and (cost_center, legal_entity_id) in (select * from unnest($2::text[], $3::text[])) order by effective_from
"""
_STARTS = Column("effective_from", "date")
LISTING = Listing(
    table="cost_center_map",
    columns="body",
    filters={
        **same("cost_center", "legal_entity_id", "kind"),
        "active_on": "effective_from <= {0} and coalesce(effective_to, 'infinity'::date) >= {0}",
    },
    orders={"cost_center": (), "effective_from": (_STARTS,)},
    key=(Column("cost_center"), Column("legal_entity_id"), Column("kind"), _STARTS),
)


def violations(mappings: Iterable[CostCenterMapping]) -> list[Violation]:
    """Mappings that end before they start."""
    return [
        Violation(pointer=f"#/items/{place}/{field}", code="GUARD_FAILED", detail=detail)
        for place, one in enumerate(mappings)
        for field, detail in bounds.before_its_start(
            "effective_from", one.effective_from, "effective_to", one.effective_to
        )
    ]


async def put(unit: Unit, mappings: Sequence[CostCenterMapping]) -> None:
    """Set mappings. Raises RuleViolated when one ends before it starts, or two would be active for one key on one day."""
    if broken := violations(mappings):
        raise RuleViolated("A mapping ends before it starts.", errors=broken, code="GUARD_FAILED")
    for one in mappings:
        key = (unit.tenant, one.cost_center, one.legal_entity_id, one.kind, one.effective_from, one.effective_to)
        if await unit.connection.fetchval(_OVERLAP, *key):
            raise RuleViolated(
                f"{one.cost_center} is mapped for {one.legal_entity_id} in that time already (CCM-1).",
                code="GUARD_FAILED",
            )
        await unit.connection.execute(_PUT, *key, to_builtins(one), unit.call.correlation_id, unit.now)


async def of_pairs(
    unit: Unit, pairs: Iterable[tuple[str, str]], kind: str
) -> dict[tuple[str, str], tuple[CostCenterMapping, ...]]:
    """Mappings by cost center and legal entity, oldest first; pairs without one are left out."""
    centers, entities = map(list, zip(*sorted(set(pairs)), strict=True))
    found: dict[tuple[str, str], tuple[CostCenterMapping, ...]] = {}
    for row in await unit.connection.fetch(_OF_PAIRS, unit.tenant, centers, entities, kind):
        pair = (row["cost_center"], row["legal_entity_id"])
        found[pair] = (*found.get(pair, ()), convert(row["body"], CostCenterMapping))
    return found


async def any_exist(unit: Unit) -> bool:
    """False while the tenant keeps no map at all: then cost is booked where the resource sits."""
    sql = "select exists (select 1 from cost_center_map where tenant = $1)"
    return bool(await unit.connection.fetchval(sql, unit.tenant))


async def page(unit: Unit, wanted: Wanted) -> CostCenterMappingPage:
    """A page of them."""
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted)
    items = tuple(convert(r["body"], CostCenterMapping) for r in rows)
    return CostCenterMappingPage(items=items, next_cursor=more, as_of=unit.now)
