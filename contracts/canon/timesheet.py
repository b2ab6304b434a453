"""Time as a PSA or an acquired time tool knows it (Time entry of domain rules 2.2)."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.canon.ref import LARGEST_BULK, Code, Page, Ref
from contracts.money import Exact

TimeStatus = Literal["draft", "submitted", "approved", "rejected", "voided"]


class TimeEntry(Struct, frozen=True, kw_only=True):
    """Hours of one person on one project and day (local calendar date, TIME-1). `hours` has 4 places; `worker_number` names the person (MAP-5)."""

    ref: Ref
    worker_ref: Ref
    worker_number: str | None
    project_ref: Ref
    task_code: str | None = None
    worked_on: date
    hours: Exact
    time_types: tuple[str, ...] = ("standard",)
    role_code: Code | None = None
    location_code: Code | None = None
    billable: bool = True
    billable_hours: Exact | None = None
    billable_override_reason: str | None = None
    description: str = ""
    status: TimeStatus
    approver_name: str | None = None
    approved_at: datetime | None = None
    changed_at: datetime


class TimeEntryPage(Page[TimeEntry], frozen=True, kw_only=True):
    """A page of time entries."""


class PostedTime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry that reached the ERP."""

    ref: Ref
    posting_ref: str


class PostedTimes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Entries to mark as posted; at most 200."""

    items: Annotated[tuple[PostedTime, ...], Meta(max_length=LARGEST_BULK)]
