"""Weeks of a timecard -> one time entry a day, and pages of them.

An entry is `header-date`. A day emptied after it was posted stays visible as voided, because its mark stays behind.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from msgspec import Struct

from contracts.canon.ref import ref
from contracts.canon.timesheet import PostedTimes, TimeEntry, TimeStatus
from contracts.money import HOURS_PLACES, ZERO, round_places
from contracts.problems import NotFound
from system_apis.certinia.week import Day, TimecardHeader, day_of
from system_apis.platforms.salesforce.cursors import Changes, Mark, cursor_of
from system_apis.platforms.salesforce.picklists import choices
from system_apis.platforms.salesforce.references import own_id

_STATUS: dict[str, TimeStatus] = {
    "Saved": "draft",
    "Submitted": "submitted",
    "Approved": "submitted",
    "Rejected": "rejected",
}
_DATE_LENGTH = 10


class EntryKey(Struct, frozen=True):
    """A day of a header."""

    header: str
    on: date


def entry_key(value: str, instance: str) -> EntryKey:
    """The header and day in a reference. Raises NotFound when it is another system's or no time entry."""
    header, day = value[: -_DATE_LENGTH - 1], value[-_DATE_LENGTH:]
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise NotFound(f"{instance} has no time {value}.") from None
    return EntryKey(own_id(header, instance, "time"), on)


def worked_days(header: TimecardHeader) -> Iterator[tuple[date, Day]]:
    """Days of the header that are entries, in order."""
    for offset in range(min((header.ends_on - header.starts_on).days + 1, 7)):
        on = header.starts_on + timedelta(days=offset)
        day = day_of(header, on)
        if (day.hours or ZERO) > 0 or day.posting:
            yield on, day


def entry_from_wire(header: TimecardHeader, on: date, day: Day, instance: str) -> TimeEntry:
    """One day of a header; hours with 4 places."""
    hours = round_places(day.hours or ZERO, HOURS_PLACES)
    return TimeEntry(
        ref=ref(instance, "time", f"{header.id}-{on.isoformat()}"),
        worker_ref=ref(instance, "worker", header.resource_id),
        worker_number=header.resource.number if header.resource else None,
        project_ref=ref(instance, "project", header.project),
        task_code=header.task.code if header.task else None,
        worked_on=on,
        hours=hours,
        time_types=choices(day.time_type) or ("standard",),
        role_code=header.role,
        location_code=header.location,
        billable=header.billable,
        description=day.notes or header.notes or "",
        status=_status(header) if hours > 0 else "voided",
        approver_name=header.approver.name if header.approver else None,
        approved_at=header.approved_at if header.approved else None,
        changed_at=header.changed_at,
    )


def headers_needed(limit: int) -> int:
    """How many weeks surely hold more than enough days for a page in practice (five working days each)."""
    return limit // 5 + 2


def entry_page(
    found: Changes[TimecardHeader], mark: Mark | None, limit: int, instance: str, list_of: str
) -> tuple[tuple[TimeEntry, ...], str | None]:
    """At most `limit` entries after the mark, and where the next page begins. A page may be short before the last one."""
    days = [
        (header, on, day) for header in found.rows for on, day in worked_days(header) if _is_after(mark, header, on)
    ]
    taken = days[:limit]
    items = tuple(entry_from_wire(header, on, day, instance) for header, on, day in taken)
    if len(days) > limit:
        header, on, _ = taken[-1]
        return items, cursor_of(Mark(list_of, header.changed_at, header.id, on.isoformat()))
    return items, found.cursor(list_of)


def wanted_marks(body: PostedTimes, instance: str) -> dict[EntryKey, str]:
    """Day of a header -> the posting it became. Raises NotFound for a reference of another system."""
    return {entry_key(item.ref, instance): item.posting_ref for item in body.items}


def missing_marks(wanted: Mapping[EntryKey, str], headers: Iterable[TimecardHeader]) -> dict[str, dict[date, str]]:
    """Marks still to be written, by header; only on days that are entries."""
    missing: dict[str, dict[date, str]] = {}
    for header in headers:
        for on, day in worked_days(header):
            posting = wanted.get(EntryKey(header.id, on))
            if posting is not None and posting != day.posting:
                missing.setdefault(header.id, {})[on] = posting
    return missing


def marked(body: PostedTimes, instance: str, headers: Iterable[TimecardHeader]) -> PostedTimes:
    """Those of the entries that carry their mark."""
    carried = {EntryKey(header.id, on): day.posting for header in headers for on, day in worked_days(header)}
    items = (item for item in body.items if carried.get(entry_key(item.ref, instance)) == item.posting_ref)
    return PostedTimes(items=tuple(items))


def _is_after(mark: Mark | None, header: TimecardHeader, on: date) -> bool:
    """False for days of the mark's own header that were handed out, unless it changed since: then all come again."""
    if mark is None or not mark.part or (header.id, header.changed_at) != (mark.id, mark.at):
        return True
    return on.isoformat() > mark.part


def _status(header: TimecardHeader) -> TimeStatus:
    """Only the flag says that time is approved; a status text may run ahead of it."""
    return "approved" if header.approved else _STATUS.get(header.status or "", "draft")
