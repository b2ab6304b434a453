"""Demands and assignments: PSA records <-> canon."""

from datetime import date
from decimal import Decimal

from contracts.canon.project import Assignment, AssignmentState, Demand, DemandState, NewAssignment, NewDemand
from contracts.canon.ref import ref
from contracts.money import HOURS_PLACES, ZERO, round_places
from system_apis.certinia import wire

STAFFABLE, CANCELED, BOOKED = "Ready to Staff", "Canceled", "Scheduled"
_HOUR_PLACES = 2
_WORKDAYS = 5
_DEMAND: dict[str, DemandState] = {
    "Draft": "open",
    "Ready to Staff": "open",
    "Hold": "proposed",
    "Tentative": "proposed",
    "Assigned": "filled",
    "Canceled": "cancelled",
}
_ASSIGNMENT: dict[str, AssignmentState] = {
    "Tentative": "soft",
    "Scheduled": "hard",
    "Completed": "completed",
    "Canceled": "cancelled",
}


def demand_from_wire(row: wire.ResourceRequest, instance: str) -> Demand:
    """A resource request; held resources are candidates that were named, not bookings."""
    return Demand(
        ref=ref(instance, "demand", row.id),
        key=row.key,
        project_ref=ref(instance, "project", row.project),
        role_code=row.role or "",
        seniority_code=row.seniority,
        location_code=row.location,
        start_on=row.starts_on,
        end_on=row.ends_on,
        hours=round_places(row.hours or ZERO, HOURS_PLACES),
        state=_DEMAND.get(row.status or "", "open"),
        changed_at=row.changed_at,
    )


def demand_from_canon(body: NewDemand, project: str) -> wire.ResourceRequestValues:
    """What a resource request shall hold."""
    return wire.ResourceRequestValues(
        project=project,
        role=body.role_code,
        seniority=body.seniority_code,
        location=body.location_code,
        starts_on=body.start_on,
        ends_on=body.end_on,
        hours=Decimal(body.hours),
    )


def assignment_from_wire(row: wire.Assignment, instance: str) -> Assignment:
    """A booking. Planned hours are exact; the schedule's are the sum of rounded days."""
    hours = row.planned_hours if row.planned_hours is not None else row.scheduled_hours
    return Assignment(
        ref=ref(instance, "assignment", row.id),
        key=row.key,
        project_ref=ref(instance, "project", row.project),
        worker_ref=ref(instance, "worker", row.resource_id),
        worker_number=row.resource.number if row.resource else None,
        role_code=row.role,
        start_on=row.starts_on,
        end_on=row.ends_on,
        hours=round_places(hours or ZERO, HOURS_PLACES),
        state=_ASSIGNMENT.get(row.status or "", "proposed"),
        changed_at=row.changed_at,
    )


def assignment_from_canon(body: NewAssignment) -> wire.AssignmentValues:
    """What may change on a booking besides its schedule."""
    return wire.AssignmentValues(role=body.role_code, planned_hours=Decimal(body.hours))


def schedule_from_canon(body: NewAssignment) -> wire.Schedule:
    """The hours spread evenly over Monday to Friday, or over all days of a range without any of these."""
    days = _weekdays(body.start_on, body.end_on)
    worked = (*days[:_WORKDAYS], 0, 0) if any(days[:_WORKDAYS]) else days
    each = round_places(Decimal(body.hours) / sum(worked), _HOUR_PLACES) if any(worked) else ZERO
    columns = {f"{name.lower()}_hours": each if worked[at] else ZERO for at, name in enumerate(wire.WEEKDAYS)}
    return wire.Schedule(start_date=body.start_on, end_date=body.end_on, **columns)


def _weekdays(first: date, last: date) -> tuple[int, ...]:
    """How often each weekday, Monday first, occurs in an inclusive range; counted, as a range may be centuries long."""
    weeks, rest = divmod(max(0, (last - first).days + 1), 7)
    return tuple(weeks + ((number - first.weekday()) % 7 < rest) for number in range(7))
