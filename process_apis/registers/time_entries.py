"""Time entries (`tme`) as their tools state them. A change of content is a new version (ID-3); approved ones become facts."""

import hashlib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from contracts import events
from contracts.canon.timesheet import TimeEntry
from contracts.wire import convert, encode, to_builtins
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.data.links import canonical
from runtime.work.outbox import publish

_UPSERT = """
insert into time_entry (tenant, id, source_ref, fingerprint, project_id, worker_number, worked_on, hours, status,
                        billable, body, correlation_id, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (tenant, source_ref) do update set version = time_entry.version + 1, fingerprint = excluded.fingerprint,
  project_id = excluded.project_id, worker_number = excluded.worker_number, worked_on = excluded.worked_on,
  hours = excluded.hours, status = excluded.status, billable = excluded.billable, body = excluded.body,
  updated_at = excluded.updated_at
  where time_entry.fingerprint <> excluded.fingerprint
returning id, version
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


def fingerprint(entry: TimeEntry) -> str:
    """What a version is a version of: everything but when the tool touched it last."""
    content = {k: v for k, v in to_builtins(entry).items() if k not in ("changed_at", "approved_at", "approver_name")}
    return hashlib.blake2b(encode(content), digest_size=16).hexdigest()


async def accept(unit: Unit, connection: str, entry: TimeEntry) -> EntryVersion | None:
    """Register an entry as its tool states it now; None when nothing changed. Publishes what that means."""
    sql = "select status from time_entry where tenant = $1 and source_ref = $2 for update"
    before = await unit.connection.fetchval(sql, unit.tenant, entry.ref)
    project_id = await canonical(unit.connection, unit.tenant, entry.project_ref)
    row = await unit.connection.fetchrow(
        _UPSERT,
        unit.tenant,
        new_id("tme", unit.now),
        entry.ref,
        fingerprint(entry),
        project_id,
        entry.worker_number,
        entry.worked_on,
        entry.hours,
        entry.status,
        entry.billable,
        to_builtins(entry),
        unit.call.correlation_id,
        unit.now,
    )
    if row is None:
        return None
    accepted = EntryVersion(id=row["id"], version=row["version"], project_id=project_id, entry=entry)
    await _tell(unit, connection, accepted, before)
    return accepted


async def _tell(unit: Unit, connection: str, accepted: EntryVersion, before: str | None) -> None:
    kind = _EVENT_OF.get((before, accepted.entry.status))
    if kind is None:
        return
    event = kind(
        object_id=accepted.id,
        version=accepted.version,
        occurred_at=unit.now,
        actor=accepted.entry.approver_name or unit.call.principal,
        full_state=True,
        connection=connection,
        entry=accepted.entry,
        supersedes_version=accepted.version - 1 if kind is events.TimeCorrected else None,
    )
    await publish(unit.connection, unit.call, event)


def _version(row: Any) -> EntryVersion:
    entry = convert(row["body"], TimeEntry)
    return EntryVersion(id=row["id"], version=row["version"], project_id=row["project_id"], entry=entry)


async def get(unit: Unit, entry_id: str) -> EntryVersion | None:
    """The entry as it is now."""
    sql = "select id, version, project_id, body from time_entry where tenant = $1 and id = $2"
    row = await unit.connection.fetchrow(sql, unit.tenant, entry_id)
    return None if row is None else _version(row)


async def resolve_project(unit: Unit, entry_id: str, project_ref: str) -> str | None:
    """Look again which project an entry is for: it may have been onboarded since."""
    project_id = await canonical(unit.connection, unit.tenant, project_ref)
    sql = "update time_entry set project_id = $3 where tenant = $1 and id = $2 and project_id is distinct from $3"
    await unit.connection.execute(sql, unit.tenant, entry_id, project_id)
    return project_id


async def hours_on(unit: Unit, worker_number: str, on: date) -> Decimal:
    """Approved hours of a person on a day, all projects (TME-1)."""
    sql = """select coalesce(sum(hours), 0) from time_entry
        where tenant = $1 and worker_number = $2 and worked_on = $3 and status = 'approved'"""
    return Decimal(await unit.connection.fetchval(sql, unit.tenant, worker_number, on))


async def twins(unit: Unit, entry_id: str, entry: TimeEntry) -> tuple[str, ...]:
    """Other approved entries of the same person, day, project, task, hours and description (4c.1)."""
    sql = """select id from time_entry
        where tenant = $1 and id <> $2 and worker_number = $3 and worked_on = $4 and hours = $5 and status = 'approved'
          and body->>'project_ref' = $6 and body->>'task_code' is not distinct from $7 and body->>'description' = $8
        order by id"""
    content = (entry.project_ref, entry.task_code, entry.description)
    args = (unit.tenant, entry_id, entry.worker_number, entry.worked_on, entry.hours, *content)
    return tuple(r["id"] for r in await unit.connection.fetch(sql, *args))


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
