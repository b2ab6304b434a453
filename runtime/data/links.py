"""Cross references: which refs in different systems are the same thing as a canonical id (ID-2). Single upserts."""

from collections.abc import Iterable
from datetime import datetime

from runtime.data.database import Connection, Database

_UPSERT = """
insert into link (tenant, canonical_id, system, object, external_id, external_number, is_primary)
values ($1, $2, $3, $4, $5, $6, not exists (select from link where tenant = $1 and canonical_id = $2 and system = $3
  and object = $4 and valid_to is null and is_primary))
on conflict (tenant, system, object, external_id) where valid_to is null do nothing
"""
_REFS = """
select system || ':' || object || ':' || external_id from link
where tenant = $1 and canonical_id = $2 and valid_to is null order by system, object, not is_primary, external_id
"""
_CANONICAL = """
select canonical_id from link
where tenant = $1 and system = $2 and object = $3 and external_id = $4 and valid_to is null
"""
_RELEASE = """
update link set is_primary = false, valid_to = case when $7 then null else $5::timestamptz end
where tenant = $1 and canonical_id = $2 and system = $3 and object = $4 and external_id <> $6 and valid_to is null
"""
_KIND = """
select object from link where tenant = $1 and system = $2 and starts_with(canonical_id, $3) and valid_to is null limit 1
"""
_ALL_REFS = """
select canonical_id, array_agg(system || ':' || object || ':' || external_id order by system, object, not is_primary, external_id)
  as refs
from link where tenant = $1 and canonical_id = any($2::text[]) and valid_to is null group by canonical_id
"""
_MANY = """
select l.system || ':' || l.object || ':' || l.external_id as ref, l.canonical_id from link l
join unnest($2::text[], $3::text[], $4::text[]) as w(system, object, external_id)
  on l.system = w.system and l.object = w.object and l.external_id = w.external_id
where l.tenant = $1 and l.valid_to is null
"""


async def link(
    session: Connection | Database, tenant: str, canonical_id: str, ref: str, number: str | None = None
) -> None:
    """Say that `ref` is this canonical object. A ref that is linked stays with its first object; of several records of a kind in
    one system the first that was linked is the primary one (ID-2)."""
    system, kind, key = ref.split(":", 2)
    await session.execute(_UPSERT, tenant, canonical_id, system, kind, key, number)


async def relink(
    session: Connection | Database,
    tenant: str,
    canonical_id: str,
    ref: str,
    number: str | None,
    at: datetime,
    *,
    beside: bool,
) -> bool:
    """Say that `ref` is this canonical object, before other records of its kind in its system: `beside` them, or in their place.
    False when it is another object's."""
    system, kind, key = ref.split(":", 2)
    await session.execute(_RELEASE, tenant, canonical_id, system, kind, at, key, beside)
    await link(session, tenant, canonical_id, ref, number)
    return await canonical(session, tenant, ref) == canonical_id


async def kind_in(session: Connection | Database, tenant: str, system: str, prefix: str) -> str | None:
    """What a system calls objects whose canonical ids begin so; None while none of them is linked there."""
    found: str | None = await session.fetchval(_KIND, tenant, system, prefix)
    return found


async def canonical(session: Connection | Database, tenant: str, ref: str) -> str | None:
    """The canonical id behind a ref, or None."""
    found: str | None = await session.fetchval(_CANONICAL, tenant, *ref.split(":", 2))
    return found


async def canonicals(session: Connection | Database, tenant: str, refs: Iterable[str]) -> dict[str, str]:
    """The canonical ids behind many refs; unknown ones are left out."""
    parts = [ref.split(":", 2) for ref in refs]
    if not parts:
        return {}
    systems, kinds, keys = (list(column) for column in zip(*parts, strict=True))
    return {row["ref"]: row["canonical_id"] for row in await session.fetch(_MANY, tenant, systems, kinds, keys)}


async def refs_of(session: Connection | Database, tenant: str, canonical_id: str) -> tuple[str, ...]:
    """All refs of a canonical object."""
    return tuple(row[0] for row in await session.fetch(_REFS, tenant, canonical_id))


async def refs_of_all(
    session: Connection | Database, tenant: str, canonical_ids: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """All refs of canonical objects, by id; what is linked nowhere is left out."""
    rows = await session.fetch(_ALL_REFS, tenant, list(canonical_ids))
    return {row["canonical_id"]: tuple(row["refs"]) for row in rows}


def of_system(refs: Iterable[str], system: str) -> str | None:
    """The first ref in one system, whatever that system calls its kind."""
    return next((r for r in refs if r.split(":", 1)[0] == system), None)
