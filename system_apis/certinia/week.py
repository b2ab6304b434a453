"""The timecard in Certinia's names: one person, one task, one week, a column for each day. `*_posting` are the org's own.

Source: Certinia Technical Reference, Schema (pse__Timecard_Header__c).
"""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct, field

from system_apis.certinia.wire import WEEKDAYS, Named, Resource, TaskCode


def _column(name: str) -> str:
    """`monday_hours` -> `pse__Monday_Hours__c`, `monday_time_type` -> `Monday_Time_Type__c`."""
    own = name.endswith(("_posting", "_time_type"))
    return f"{'' if own else 'pse__'}{name.title()}__c"


class Days(Struct, frozen=True, kw_only=True, rename=_column):
    """The columns of the days."""

    monday_hours: Decimal | None
    tuesday_hours: Decimal | None
    wednesday_hours: Decimal | None
    thursday_hours: Decimal | None
    friday_hours: Decimal | None
    saturday_hours: Decimal | None
    sunday_hours: Decimal | None
    monday_notes: str | None
    tuesday_notes: str | None
    wednesday_notes: str | None
    thursday_notes: str | None
    friday_notes: str | None
    saturday_notes: str | None
    sunday_notes: str | None
    monday_time_type: str | None
    tuesday_time_type: str | None
    wednesday_time_type: str | None
    thursday_time_type: str | None
    friday_time_type: str | None
    saturday_time_type: str | None
    sunday_time_type: str | None
    monday_posting: str | None
    tuesday_posting: str | None
    wednesday_posting: str | None
    thursday_posting: str | None
    friday_posting: str | None
    saturday_posting: str | None
    sunday_posting: str | None


class Day(Struct, frozen=True, kw_only=True):
    """What one day's columns hold."""

    hours: Decimal | None
    notes: str | None
    time_type: str | None
    posting: str | None


class TimecardHeader(Days, frozen=True, kw_only=True):
    """pse__Timecard_Header__c. Approved is a flag of its own, not implied by Status."""

    id: str = field(name="Id")
    resource_id: str = field(name="pse__Resource__c")
    resource: Resource | None = field(name="pse__Resource__r")
    project: str = field(name="pse__Project__c")
    task: TaskCode | None = field(name="pse__Project_Task__r")
    starts_on: date = field(name="pse__Start_Date__c")
    ends_on: date = field(name="pse__End_Date__c")
    role: str | None = field(name="Role_Code__c")
    location: str | None = field(name="Location_Code__c")
    billable: bool = field(name="pse__Billable__c")
    status: str | None = field(name="pse__Status__c")
    approved: bool = field(name="pse__Approved__c")
    approver: Named | None = field(name="pse__Approver__r")
    approved_at: datetime | None = field(name="Approved_On__c")
    notes: str | None = field(name="pse__Timecard_Notes__c")
    changed_at: datetime = field(name="SystemModstamp")


def day_of(header: TimecardHeader, on: date) -> Day:
    """The columns of a date in the header's week."""
    name = WEEKDAYS[on.weekday()].lower()
    return Day(
        hours=getattr(header, f"{name}_hours"),
        notes=getattr(header, f"{name}_notes"),
        time_type=getattr(header, f"{name}_time_type"),
        posting=getattr(header, f"{name}_posting"),
    )


def posting_column(on: date) -> str:
    """The column that carries the mark of a date."""
    return _column(f"{WEEKDAYS[on.weekday()].lower()}_posting")
