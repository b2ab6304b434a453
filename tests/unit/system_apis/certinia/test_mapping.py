"""What the package's flags, stages and schedules mean."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest

from contracts.canon.project import NewAssignment, ProjectStatus
from system_apis.certinia import wire
from system_apis.certinia.bookings import demand_from_wire, schedule_from_canon
from system_apis.certinia.mapping import milestone_from_wire, project_from_wire, stage_from_canon

SAVED = datetime(2026, 3, 9, 8, tzinfo=UTC)


def project(stage: str | None, key: str | None = None, **values: Any) -> wire.Project:
    known = dict.fromkeys(wire.Project.__struct_fields__)
    known |= {"id": "a7O5e000000Qw1EAA2", "name": "n", "currency": "EUR", "active": True, "closed_for_time": False}
    return wire.Project(**{**known, "changed_at": SAVED, "stage": stage, "key": key, **values})


def milestone(**values: Any) -> wire.Milestone:
    known = dict.fromkeys(wire.Milestone.__struct_fields__)
    known |= {"id": "a7M5e000000Qw1EAA2", "name": "n", "project": "a7O5e000000Qw1EAA2", "currency": "JPY"}
    known |= {"sign_off": True, "approved": False, "billed": False, "changed_at": SAVED, "target_on": date(2026, 3, 1)}
    return wire.Milestone(**{**known, **values})


@pytest.mark.parametrize("status", get_args(ProjectStatus))
def test_every_status_survives_the_vendor(status: ProjectStatus):
    key = None if status == "proposed" else "prj_1"
    stage = stage_from_canon(status)
    read = project_from_wire(
        project(stage.stage, key, active=stage.active, closed_for_time=stage.closed_for_time), "certinia", "salesforce"
    )
    assert read.status == status
    assert read.time_allowed == (status == "active")


def test_a_stage_of_the_org_s_own_is_no_reason_to_open_a_project():
    assert project_from_wire(project("Somewhere"), "certinia", "salesforce").status == "proposed"


def test_a_project_without_our_code_is_known_by_the_package_s_number():
    read = project_from_wire(project("Planned", project_id="PR-000007"), "certinia", "salesforce")
    assert (read.code, read.deal_ref) == ("PR-000007", None)


@pytest.mark.parametrize(
    ("status", "approved", "billed", "state"),
    [
        ("Planned", False, False, "planned"),
        ("Open", False, False, "in_progress"),
        ("Rejected", False, False, "in_progress"),
        ("Completed", False, False, "completed"),
        ("Approved", False, False, "completed"),
        ("Approved", True, False, "accepted"),
        ("Approved", True, True, "billed"),
        ("Canceled", True, False, "cancelled"),
        (None, False, False, "planned"),
    ],
)
def test_flags_decide_over_a_milestone_s_status(status: str | None, approved: bool, billed: bool, state: str):
    row = milestone(status=status, approved=approved, billed=billed)
    assert milestone_from_wire(row, "certinia").state == state


def test_amounts_have_the_currency_s_places():
    assert milestone_from_wire(milestone(amount=Decimal("1000.0")), "certinia").amount == Decimal("1000")
    assert (
        milestone_from_wire(milestone(amount=Decimal("9.5"), currency="EUR"), "certinia").amount.as_tuple().exponent
        == -2
    )


def booking(start_on: date, end_on: date, hours: str) -> NewAssignment:
    return NewAssignment(
        key="asg_1",
        project_ref="certinia:project:1",
        worker_ref="certinia:worker:1",
        role_code="DEV",
        start_on=start_on,
        end_on=end_on,
        hours=Decimal(hours),
    )


def test_hours_spread_over_working_days():
    schedule = schedule_from_canon(booking(date(2026, 12, 1), date(2026, 12, 18), "100"))
    assert schedule.monday_hours == schedule.friday_hours == Decimal("7.14")
    assert schedule.saturday_hours == 0


def test_a_weekend_booking_works_on_the_weekend():
    schedule = schedule_from_canon(booking(date(2026, 12, 5), date(2026, 12, 6), "16"))
    assert (schedule.saturday_hours, schedule.sunday_hours, schedule.monday_hours) == (8, 8, 0)


def test_weekdays_outside_a_short_range_stay_empty():
    schedule = schedule_from_canon(booking(date(2026, 12, 1), date(2026, 12, 2), "10"))
    assert (schedule.monday_hours, schedule.tuesday_hours, schedule.wednesday_hours) == (0, 5, 5)


def test_a_booking_of_centuries_is_counted_not_walked_through() -> None:
    hours = str((date.max - date.min).days)
    schedule = schedule_from_canon(booking(date.min, date.max, hours))
    assert (schedule.monday_hours, schedule.sunday_hours) == (Decimal("1.40"), 0)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Draft", "open"),
        ("Ready to Staff", "open"),
        ("Hold", "proposed"),
        ("Tentative", "proposed"),
        ("Assigned", "filled"),
        ("Canceled", "cancelled"),
    ],
)
def test_a_resource_request_s_status(status: str, state: str):
    row = wire.ResourceRequest(
        id="a6R5e0000101007EAA",
        key=None,
        project="a7O5e000000Qw1EAA2",
        role="DEV",
        seniority=None,
        location=None,
        starts_on=date(2026, 3, 1),
        ends_on=date(2026, 3, 31),
        hours=Decimal("10.5"),
        status=status,
        changed_at=SAVED,
    )
    demand = demand_from_wire(row, "certinia")
    assert (demand.state, str(demand.hours)) == (state, "10.5000")
