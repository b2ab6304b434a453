"""Time entries (`tme`) as their tools state them. A change of content is a new version (ID-3); approved ones become facts."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from contracts import events
from contracts.canon.timesheet import TimeEntry
from contracts.wire import convert, encode
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.work.outbox import publish_all

# An older statement that arrives later changes nothing (EVT-2): no order is promised between deliveries. One that says
# nothing new is remembered by its instant only, so that what lies between is known to be older.
_ACCEPT = """
with before as (select source_ref, status, version from time_entry where tenant = $1 and source_ref = any($4::text[])),
kept as (
insert into time_entry (tenant, id, source_ref, fingerprint, project_id, worker_number, worked_on, hours, status,
                        billable, body, correlation_id, updated_at)
select $1, e.id, e.ref, e.fingerprint, e.project_id, e.worker_number, e.worked_on, e.hours, e.status, e.billable, e.body,
       e.correlation_id, $2
from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[], $9::numeric[], $10::text[],
            $11::boolean[], $12::jsonb[], $13::text[])
  as e (id, ref, fingerprint, project_id, worker_number, worked_on, hours, status, billable, body, correlation_id)
on conflict (tenant, source_ref) do update set fingerprint = excluded.fingerprint,
  version = time_entry.version + (time_entry.fingerprint <> excluded.fingerprint)::int,
  project_id = coalesce(excluded.project_id, time_entry.project_id), worker_number = excluded.worker_number,
  worked_on = excluded.worked_on, hours = excluded.hours, status = excluded.status, billable = excluded.billable,
  body = case when time_entry.fingerprint <> excluded.fingerprint then excluded.body
              else jsonb_set(time_entry.body, '{changed_at}', excluded.body->'changed_at') end,
  correlation_id = excluded.correlation_id, updated_at = excluded.updated_at
  where (time_entry.body->>'changed_at')::timestamptz < (excluded.body->>'changed_at')::timestamptz
     or (time_entry.body->>'changed_at' = excluded.body->>'changed_at' and time_entry.fingerprint <> excluded.fingerprint)
returning id, version, source_ref)
select kept.id, kept.version, source_ref, before.status as status_before, before.version as version_before
from kept left join before using (source_ref)
"""
# Whoever states something about an entry does it alone: what was before is read by the statement after this one. Everybody
# takes their locks in the same order.
_ALONE = """
select pg_advisory_xact_lock(key) from (
    select distinct hashtextextended($1 || chr(31) || ref, 11) as key from unnest($2::text[]) as ref order by key) as keys
"""
_PROJECTS = """
select e.ref, p.id, p.correlation_id
from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as e (ref, system, object, external_id)
join link l on l.tenant = $1 and l.system = e.system and l.object = e.object and l.external_id = e.external_id
  and l.valid_to is null
join project p on p.tenant = $1 and p.id = l.canonical_id
"""
# What happened, from the status before to the status now; the rest is of no consequence to billing.
_EVENT_OF: dict[tuple[str | None, str], type[events.TimeEvent]] = {
    (None, "submitted"): events.TimeSubmitted,
    (None, "approved"): events.TimeApproved,
    ("draft", "submitted"): events.TimeSubmitted,
    ("draft", "approved"): events.TimeApproved,
    ("rejected", "submitted"): events.TimeSubmitted,
    ("rejected", "approved"): events.TimeApproved,
    ("submitted", "approved"): events.TimeApproved,
    ("submitted", "rejected"): events.TimeRejected,
    ("submitted", "draft"): events.TimeRecalled,
    ("approved", "approved"): events.TimeCorrected,
    ("approved", "voided"): events.TimeVoided,
    ("approved", "rejected"): events.TimeVoided,
    ("approved", "draft"): events.TimeVoided,
    ("approved", "submitted"): events.TimeVoided,
    ("voided", "approved"): events.TimeCorrected,
}


class EntryVersion(Struct, frozen=True, kw_only=True):
    """A version of an entry in the register. `project_id` is null while no project of ours has its ref."""

    id: str
    version: int
    project_id: str | None
    entry: TimeEntry


class Standing(Struct, frozen=True, kw_only=True):
    """The newest version of an entry among the others: the approved hours of that person on that day, and its twins.

    `stated` and `excepted` say whether it has live transactions, and whether there ever was an exception about it: most
    entries have neither, and need not be asked about them.
    """

    version: EntryVersion
    correlation_id: str
    hours_on_day: Decimal
    twins: tuple[str, ...]
    stated: bool
    excepted: bool


_CONTENT = tuple(n for n in TimeEntry.__struct_fields__ if n not in ("changed_at", "approved_at", "approver_name"))


def fingerprint(entry: TimeEntry) -> str:
    """What a version is a version of: everything but when the tool touched it last."""
    content = {name: getattr(entry, name) for name in _CONTENT}
    return hashlib.blake2b(encode(content), digest_size=16).hexdigest()


def _version(row: Any) -> EntryVersion:
    entry = convert(row["body"], TimeEntry)
    return EntryVersion(id=row["id"], version=row["version"], project_id=row["project_id"], entry=entry)


class Statement(Struct, frozen=True, kw_only=True):
    """An entry as its tool states it now. `connection` is the instance it came from."""

    unit: Unit
    connection: str
    entry: TimeEntry


class _Placed(NamedTuple):
    """A statement with the project it belongs to, under the correlation id of that, which is the deal's (ID-4)."""

    stated: Statement
    unit: Unit
    project_id: str | None


async def accept(unit: Unit, statements: Sequence[Statement]) -> None:
    """Register what is stated, in that order, and publish what it means. What is nothing new changes nothing."""
    refs = sorted({s.entry.ref for s in statements})
    await unit.connection.execute(_ALONE, unit.tenant, refs)
    left = await _placed(unit, statements)
    while left:
        together, left = _each_once(left)
        await _register(unit, together)


async def _placed(unit: Unit, statements: Sequence[Statement]) -> list[_Placed]:
    refs = sorted({s.entry.project_ref for s in statements})
    parts = map(list, zip(*(ref.split(":", 2) for ref in refs), strict=True))
    found = {row["ref"]: row for row in await unit.connection.fetch(_PROJECTS, unit.tenant, refs, *parts)}
    return [_place(stated, found.get(stated.entry.project_ref)) for stated in statements]


def _place(stated: Statement, project: Any) -> _Placed:
    if project is None:
        return _Placed(stated, stated.unit, None)
    return _Placed(stated, stated.unit.under(project["correlation_id"]), project["id"])


def _each_once(placed: Sequence[_Placed]) -> tuple[list[_Placed], list[_Placed]]:
    """Statements up to the first about an entry that another one before it is about, and the others."""
    refs = [one.stated.entry.ref for one in placed]
    end = next((n for n, ref in enumerate(refs) if ref in refs[:n]), len(refs))
    return list(placed[:end]), list(placed[end:])


async def _register(unit: Unit, placed: Sequence[_Placed]) -> None:
    # Ids ascend with the statements: which of two twins came later goes by their ids.
    ids = [new_id("tme", unit.now) for _ in placed]
    columns = map(list, zip(*map(_columns, ids, placed), strict=True))
    rows = await unit.connection.fetch(_ACCEPT, unit.tenant, unit.now, *columns)
    changed = {row["source_ref"]: row for row in rows if row["version"] != row["version_before"]}
    told = [(one.unit.call, _event(one, changed.get(one.stated.entry.ref))) for one in placed]
    await publish_all(unit.connection, [(call, event) for call, event in told if event is not None])


def _columns(entry_id: str, placed: _Placed) -> tuple[Any, ...]:
    entry = placed.stated.entry
    return (
        entry_id,
        entry.ref,
        fingerprint(entry),
        placed.project_id,
        entry.worker_number,
        entry.worked_on,
        entry.hours,
        entry.status,
        entry.billable,
        entry,
        placed.unit.call.correlation_id,
    )


def _event(placed: _Placed, row: Any) -> events.TimeEvent | None:
    entry = placed.stated.entry
    kind = _EVENT_OF.get((row["status_before"], entry.status)) if row is not None else None
    if kind is None:
        return None
    return kind(
        object_id=row["id"],
        version=row["version"],
        occurred_at=placed.unit.now,
        actor=entry.approver_name or placed.unit.call.principal,
        full_state=True,
        connection=placed.stated.connection,
        entry=entry,
        supersedes_version=row["version"] - 1 if kind is events.TimeCorrected else None,
    )


# An entry may come before its project is known here: then it is looked for again.
_RESOLVE = """
update time_entry e set project_id = p.id, correlation_id = p.correlation_id
from link l join project p on p.tenant = l.tenant and p.id = l.canonical_id
where e.tenant = $1 and e.id = $2 and l.tenant = $1 and l.system = $3 and l.object = $4 and l.external_id = $5
  and l.valid_to is null
returning e.project_id, e.correlation_id
"""


async def _resolved(unit: Unit, found: Standing) -> Standing:
    version = found.version
    key = version.entry.project_ref.split(":", 2)
    row = await unit.connection.fetchrow(_RESOLVE, unit.tenant, version.id, *key)
    if row is None:
        return found
    return replace(found, version=replace(version, project_id=row["project_id"]), correlation_id=row["correlation_id"])


# Twins (4c.1): the same content under another id. One of a pair is suspected: the one that came later, or the one that
# changed into the likeness of an entry that stands already. A pair a person called distinct stays so.
_STANDING = """
select e.id, e.version, e.project_id, e.body, e.correlation_id,
  exists (select from billable_transaction b where b.tenant = $1 and b.source_id = e.id and b.state <> 'reversed')
    as stated,
  exists (select from business_exception x where x.tenant = $1 and x.object_id = e.id) as excepted,
  (select coalesce(sum(d.hours), 0) from time_entry d
    where d.tenant = $1 and d.worker_number = e.worker_number and d.worked_on = e.worked_on and d.status = 'approved')
    as hours_on_day,
  array(select t.id from time_entry t
    where t.tenant = $1 and t.worker_number = e.worker_number and t.worked_on = e.worked_on and t.id <> e.id
      and t.status = 'approved' and t.hours = e.hours and t.body->>'project_ref' = e.body->>'project_ref'
      and t.body->>'task_code' is not distinct from e.body->>'task_code'
      and t.body->>'description' = e.body->>'description'
      and (t.id < e.id or exists (select from billable_transaction b where b.tenant = $1 and b.source_id = t.id
             and b.state not in ('reversed', 'exception')))
      and not exists (select from billable_transaction b where b.tenant = $1 and b.source_id = t.id
             and b.state = 'exception' and 'DUPLICATE_SUSPECTED' = any (b.codes))
      and not (t.id > e.id and exists (select from business_exception x where x.tenant = $1 and x.object_id = t.id
             and x.code = 'DUPLICATE_SUSPECTED' and x.resolved_by_person))
    order by t.id) as twins
from time_entry e where e.tenant = $1 and e.id = any($2::text[])
"""


async def standings(unit: Unit, entry_ids: Iterable[str]) -> dict[str, Standing]:
    """Entries as they are now by id, with what the rules ask about their neighbours (TME-1, 4c.1); unknown ids are left out."""
    rows = await unit.connection.fetch(_STANDING, unit.tenant, sorted(set(entry_ids)))
    return {row["id"]: await _standing(unit, row) for row in rows}


async def _standing(unit: Unit, row: Any) -> Standing:
    found = Standing(
        version=_version(row),
        correlation_id=row["correlation_id"],
        hours_on_day=row["hours_on_day"],
        twins=tuple(row["twins"]),
        stated=row["stated"],
        excepted=row["excepted"],
    )
    return found if found.version.project_id is not None else await _resolved(unit, found)


_NEIGHBOURS = """
select distinct e.id from time_entry e join billable_transaction b on b.tenant = $1 and b.source_id = e.id
where e.tenant = $1 and e.worker_number = $2 and e.worked_on = $3 and e.id <> $4 and b.state = 'exception'
  and b.codes && array['TIME_QTY_INVALID', 'DUPLICATE_SUSPECTED'] order by e.id
"""


async def neighbours_in_doubt(unit: Unit, worker_number: str, on: date, besides: str) -> tuple[str, ...]:
    """Other entries of a person and day that wait because of the hours or the content of their neighbours."""
    rows = await unit.connection.fetch(_NEIGHBOURS, unit.tenant, worker_number, on, besides)
    return tuple(row["id"] for row in rows)


async def undecided(unit: Unit, project_ids: Iterable[str], start: date, end: date) -> Decimal:
    """Billable hours handed in and not decided, days inclusive (TIME_UNAPPROVED)."""
    sql = """select coalesce(sum(hours), 0) from time_entry where tenant = $1 and project_id = any($2::text[])
        and worked_on between $3 and $4 and status = 'submitted' and billable"""
    return Decimal(await unit.connection.fetchval(sql, unit.tenant, sorted(project_ids), start, end))


_MISSING = """
with week as (
    select greatest(monday::date, $4::date) as first, least(monday::date + 6, $5::date) as last
    from generate_series(date_trunc('week', $4::date::timestamp), $5::date::timestamp, interval '7 days') as monday),
unfinished as (
    select distinct worker_number, first from time_entry join week on worked_on between first and last
    where tenant = $1 and project_id = any($2::text[]) and status in ('draft', 'rejected')),
booked as (
    select distinct body->>'worker_number' as worker_number, first, last from replica
    join week on (body->>'start_on')::date <= last and (body->>'end_on')::date >= first
    where tenant = $1 and kind = 'assignment' and body->>'project_ref' = any($3::text[])
      and body->>'state' in ('hard', 'completed')),
absent as (
    select worker_number, first from booked b
    where not exists (select from time_entry t where t.tenant = $1 and t.worker_number = b.worker_number
        and t.project_id = any($2::text[]) and t.worked_on between b.first and b.last)
      and exists (select from time_entry t where t.tenant = $1 and t.worker_number = b.worker_number
        and t.worked_on between b.first and b.last))
select count(*) from (select * from unfinished union select * from absent) as weeks
"""


async def missing_weeks(
    unit: Unit, project_ids: Iterable[str], project_refs: Iterable[str], start: date, end: date
) -> int:
    """Person-weeks of the projects without a timesheet handed in, days inclusive (TIME_MISSING).

    Begun and not handed in, or booked and not reported. Who reports nothing anywhere in a week counts as away.
    """
    if end < start:
        return 0
    args = (unit.tenant, sorted(set(project_ids)), sorted(set(project_refs)), start, end)
    return int(await unit.connection.fetchval(_MISSING, *args))


async def many(unit: Unit, entry_ids: Iterable[str]) -> dict[str, EntryVersion]:
    """Entries as they are now, by id; unknown ids are left out."""
    sql = "select id, version, project_id, body from time_entry where tenant = $1 and id = any($2::text[])"
    rows = await unit.connection.fetch(sql, unit.tenant, sorted(set(entry_ids)))
    return {r["id"]: _version(r) for r in rows}
