"""Workday's shapes in Workday's names. Sources: Common service v1; the custom reports' column aliases (manifest)."""

from datetime import date
from decimal import Decimal

from msgspec import Struct, field


def _alias(name: str) -> str:
    """`cost_center_id` is the column `Cost_Center_ID`."""
    return "_".join(part.upper() if part == "id" else part.capitalize() for part in name.split("_"))


class WorkerSummary(Struct, frozen=True, kw_only=True):
    """An item of `/workers` and the answer of `/workers/{id}`. `id` is the WID. Source: Common service, WorkerSummary."""

    id: str


class WorkerList(Struct, frozen=True, kw_only=True):
    """A page of `/workers`. `total` may be capped. Source: Common service, collection."""

    total: int
    data: tuple[WorkerSummary, ...]


class InstanceReference(Struct, frozen=True, kw_only=True):
    """A reference to another object; the descriptor is display text. Source: Common service, INSTANCE_MODEL_REFERENCE."""

    id: str
    descriptor: str = ""


class TimeOffRequest(Struct, frozen=True, kw_only=True):
    """State of the request an entry belongs to. Source: Common service, TimeOffEntryStatus."""

    status: str


class TimeOffEntry(Struct, frozen=True, kw_only=True, rename="camel"):
    """Time off on one day; `units` counts `unit_of_time`. Source: Common service, TimeOffEntries."""

    id: str
    date: date
    units: Decimal
    unit_of_time: InstanceReference
    time_off: InstanceReference
    time_off_request: TimeOffRequest


class TimeOffEntryList(Struct, frozen=True, kw_only=True):
    """A page of `/workers/{id}/timeOffEntries`. Source: Common service, collection."""

    total: int
    data: tuple[TimeOffEntry, ...]


class SkillRow(Struct, frozen=True, kw_only=True, rename=_alias):
    """A row of the group `Skills_group`. Source: report Ledgerway_Workers."""

    skill_id: str
    skill_level: str
    verified: str = "0"


class WorkerRow(Struct, frozen=True, kw_only=True, rename=_alias):
    """A row of the worker report; an empty column is absent. Source: report Ledgerway_Workers."""

    workday_id: str
    employee_id: str
    worker: str
    is_contingent: str
    company_id: str
    cost_center_id: str
    location_id: str
    job_role_id: str
    work_calendar_id: str
    hire_date: date
    email: str | None = None
    job_level_id: str | None = None
    end_date: date | None = None
    manager_employee_id: str | None = None
    skills: tuple[SkillRow, ...] = field(default=(), name="Skills_group")


class CostRow(Struct, frozen=True, kw_only=True, rename=_alias):
    """Loaded cost of an hour in a range. Source: report Ledgerway_Cost_Rates."""

    workday_id: str
    hourly_cost: Decimal
    currency: str
    effective_date: date
    end_date: date | None = None


class HolidayRow(Struct, frozen=True, kw_only=True, rename=_alias):
    """A row of the group `Holidays_group`. Source: report Ledgerway_Calendars."""

    holiday_date: date


class CalendarRow(Struct, frozen=True, kw_only=True, rename=_alias):
    """Hours of each weekday and the holidays. Source: report Ledgerway_Calendars."""

    calendar_id: str
    monday_hours: Decimal
    tuesday_hours: Decimal
    wednesday_hours: Decimal
    thursday_hours: Decimal
    friday_hours: Decimal
    saturday_hours: Decimal
    sunday_hours: Decimal
    holidays: tuple[HolidayRow, ...] = field(default=(), name="Holidays_group")
