"""Workday rows -> workers, absences, calendars. Pure.

Objects are recognised by WID or reference id, never by their descriptors, which are display text.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

from contracts.canon.ref import ref
from contracts.canon.worker import Absence, Calendar, CostRate, Skill, Worker
from contracts.money import HOURS_PLACES, round_places
from contracts.problems import InvalidRequest, NotFound, Violation
from system_apis.workday import wire

_WORKER_ID = re.compile(r"[0-9a-f]{32}|(?:Employee|Contingent_Worker)_ID=[A-Za-z0-9._-]{1,60}")
_CURSOR = re.compile(r"([0-9]{1,9})\.([0-9a-f]{32})")
_APPROVED = "Successfully Completed"
_TRUE = "1"
_ONE = Decimal(1)


def worker_id(worker_ref: str, instance: str) -> str:
    """The WID, or `Employee_ID=...`, in a reference. Raises NotFound when it is not a worker of this system."""
    prefix = f"{instance}:worker:"
    found = worker_ref.removeprefix(prefix)
    if not worker_ref.startswith(prefix) or not _WORKER_ID.fullmatch(found):
        raise NotFound(f"{instance} has no worker {worker_ref}.")
    return found


def position(cursor: str | None) -> tuple[int, str | None]:
    """Offset of the next page and the very first worker's WID. Raises InvalidRequest."""
    if cursor is None:
        return 0, None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        violation = Violation("CURSOR", "Not a cursor of this listing.", parameter="cursor", in_="query")
        raise InvalidRequest("The cursor is not one of this listing; start without one.", errors=(violation,))
    return int(found[1]), found[2]


def page_of(
    found: wire.WorkerList, offset: int, first: str | None, size: int, cap: int
) -> tuple[tuple[str, ...], str | None]:
    """WIDs of a page and the cursor of the next one.

    Past a capped total the vendor repeats page one: a page that begins with the very first worker is the end.
    """
    ids = tuple(row.id for row in found.data)
    if not ids or (offset and ids[0] == first):
        return (), None
    end = offset + len(ids)
    last = len(ids) < size or (end >= found.total and found.total != cap)
    return ids, None if last else f"{end}.{first or ids[0]}"


def workers_from_wire(
    ids: Iterable[str], rows: Iterable[wire.WorkerRow], costs: Iterable[wire.CostRow], instance: str
) -> tuple[Worker, ...]:
    """Workers in the order of `ids`; one that the report does not show (yet) is left out."""
    by_id = {row.workday_id: row for row in rows}
    rates: dict[str, list[CostRate]] = defaultdict(list)
    for cost in costs:
        rates[cost.workday_id].append(_cost_rate(cost))
    return tuple(_worker(by_id[key], rates[key], instance) for key in ids if key in by_id)


def _worker(row: wire.WorkerRow, rates: list[CostRate], instance: str) -> Worker:
    worker_type: Literal["employee", "contractor"] = "contractor" if row.is_contingent == _TRUE else "employee"
    return Worker(
        ref=ref(instance, "worker", row.workday_id),
        number=row.employee_id,
        name=row.worker,
        email=row.email,
        worker_type=worker_type,
        entity_code=row.company_id,
        cost_center_code=row.cost_center_id,
        location_code=row.location_id,
        role_code=row.job_role_id,
        seniority_code=row.job_level_id,
        calendar_code=row.work_calendar_id,
        skills=tuple(_skill(skill) for skill in row.skills),
        cost_rates=tuple(sorted(rates, key=lambda rate: rate.valid_from)),
        start_on=row.hire_date,
        end_on=row.end_date,
        manager_number=row.manager_employee_id,
    )


def _skill(row: wire.SkillRow) -> Skill:
    return Skill(code=row.skill_id, level=int(Decimal(row.skill_level)), verified=row.verified == _TRUE)


def _cost_rate(row: wire.CostRow) -> CostRate:
    return CostRate(rate=row.hourly_cost, currency=row.currency, valid_from=row.effective_date, valid_to=row.end_date)


def absences_from_wire(
    entries: Iterable[wire.TimeOffEntry],
    worker_ref: str,
    instance: str,
    unit_hours: Mapping[str, Decimal],
    since: date | None,
    until: date | None,
) -> tuple[Absence, ...]:
    """Approved time off between two days (inclusive), by day; `unit_hours` = hours of a unit by its WID, else 1."""
    wanted = [
        entry
        for entry in entries
        if entry.time_off_request.status == _APPROVED and (since or date.min) <= entry.date <= (until or date.max)
    ]
    return tuple(_absence(entry, worker_ref, instance, unit_hours) for entry in sorted(wanted, key=_by_day))


def _by_day(entry: wire.TimeOffEntry) -> tuple[date, str]:
    return entry.date, entry.id


def _absence(entry: wire.TimeOffEntry, worker_ref: str, instance: str, unit_hours: Mapping[str, Decimal]) -> Absence:
    hours = entry.units * unit_hours.get(entry.unit_of_time.id, _ONE)
    return Absence(
        ref=ref(instance, "absence", entry.id),
        worker_ref=worker_ref,
        on=entry.date,
        hours=round_places(hours, HOURS_PLACES),
        kind=(entry.time_off.descriptor or entry.time_off.id)[:60],
    )


def calendar_from_wire(row: wire.CalendarRow) -> Calendar:
    """Hours as the report states them, 4 places; holidays in order."""
    week = (
        row.monday_hours,
        row.tuesday_hours,
        row.wednesday_hours,
        row.thursday_hours,
        row.friday_hours,
        row.saturday_hours,
        row.sunday_hours,
    )
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (round_places(h, HOURS_PLACES) for h in week)
    return Calendar(
        code=row.calendar_id,
        weekday_hours=(monday, tuesday, wednesday, thursday, friday, saturday, sunday),
        holidays=tuple(sorted(holiday.holiday_date for holiday in row.holidays)),
    )
