"""A week is a row of day columns; we speak of days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import fields, replace

from contracts.canon.timesheet import PostedTime, PostedTimes
from contracts.problems import NotFound
from system_apis.certinia.timecards import entry_key, entry_page, marked, missing_marks, wanted_marks, worked_days
from system_apis.certinia.week import Days, TimecardHeader, posting_column
from system_apis.certinia.wire import Named, Resource, TaskCode
from system_apis.platforms.salesforce.cursors import Changes, mark_of

MONDAY = date(2026, 3, 2)
SAVED = datetime(2026, 3, 9, 8, tzinfo=UTC)
HEADER_ID = "a8D5e000000HF6VUAW"


def header(record_id: str = HEADER_ID, **values: Any) -> TimecardHeader:
    empty = dict.fromkeys(field.name for field in fields(Days))
    known = {
        "id": record_id,
        "resource_id": "0035e00000C3kLmAAJ",
        "resource": Resource(number="E1001"),
        "project": "a7O5e000000Qw1EAA2",
        "task": TaskCode(code="BUILD"),
        "starts_on": MONDAY,
        "ends_on": MONDAY + timedelta(days=6),
        "role": "DEV",
        "location": None,
        "billable": True,
        "status": "Approved",
        "approved": True,
        "approver": Named(name="Ann Lee"),
        "approved_at": SAVED,
        "notes": "whole week",
        "changed_at": SAVED,
        "monday_hours": Decimal("8.0"),
        "tuesday_hours": Decimal("7.5"),
        "tuesday_notes": "Design workshop",
        "friday_hours": Decimal(0),
        "sunday_hours": Decimal("2.25"),
        "sunday_time_type": "weekend;overtime",
    }
    return TimecardHeader(**{**empty, **known, **values})


def page(*headers: TimecardHeader, limit: int = 200, cursor: str | None = None, more: bool = False):
    found = Changes(rows=headers, more=more, read_at=SAVED)
    return entry_page(found, mark_of(cursor, "time"), limit, "certinia", "time")


def test_days_with_hours_are_entries():
    entries, _ = page(header())
    assert [(e.worked_on, e.hours, e.description, e.time_types) for e in entries] == [
        (MONDAY, Decimal("8.0000"), "whole week", ("standard",)),
        (MONDAY + timedelta(days=1), Decimal("7.5000"), "Design workshop", ("standard",)),
        (MONDAY + timedelta(days=6), Decimal("2.2500"), "whole week", ("weekend", "overtime")),
    ]
    assert entries[0].ref == f"certinia:time:{HEADER_ID}-2026-03-02"


def test_a_header_that_starts_midweek_counts_from_its_first_day():
    wednesday = MONDAY + timedelta(days=2)
    short = header(starts_on=wednesday, wednesday_hours=Decimal(4))
    assert [on for on, _ in worked_days(short)] == [wednesday, MONDAY + timedelta(days=6)]


@pytest.mark.parametrize(
    ("status", "approved", "told"),
    [
        ("Saved", False, "draft"),
        ("Submitted", False, "submitted"),
        ("Rejected", False, "rejected"),
        ("Approved", True, "approved"),
        ("Approved", False, "submitted"),
        ("Submitted", True, "approved"),
        ("Of the org's own", False, "draft"),
    ],
)
def test_only_the_flag_approves(status: str, approved: bool, told: str):
    entries, _ = page(header(status=status, approved=approved))
    assert {entry.status for entry in entries} == {told}
    assert all((entry.approved_at is not None) == approved for entry in entries)


def test_a_day_emptied_after_it_was_posted_is_voided():
    entries, _ = page(header(friday_posting="netsuite:posting:1"))
    assert [(e.worked_on.day, e.status, e.hours) for e in entries if e.status == "voided"] == [
        (6, "voided", Decimal("0.0000"))
    ]


def test_a_page_may_end_within_a_week_and_goes_on_there():
    one, other = header(), header("a8D5e000000HF7VUAW")
    first, cursor = page(one, other, limit=2)
    second, following = page(one, other, limit=2, cursor=cursor)
    third, last = page(other, limit=2, cursor=following)
    assert [e.ref for e in (*first, *second, *third)] == [e.ref for e in page(one, other)[0]]
    assert last is None


def test_a_week_that_changed_between_pages_is_told_again_whole():
    _, cursor = page(header(), limit=2)
    changed = header(changed_at=SAVED + timedelta(seconds=1))
    assert len(page(changed, cursor=cursor)[0]) == 3


def test_weeks_without_hours_do_not_end_the_listing():
    empty = header(monday_hours=None, tuesday_hours=None, sunday_hours=None)
    entries, cursor = page(empty, more=True)
    assert entries == ()
    assert cursor is not None


def test_marks_go_to_the_day_s_column_and_only_where_they_are_missing():
    week = header(monday_posting="p:1:1")
    days = {MONDAY: "p:1:1", MONDAY + timedelta(days=1): "p:1:2", MONDAY + timedelta(days=3): "p:1:3"}
    body = PostedTimes(
        items=tuple(
            PostedTime(ref=f"certinia:time:{HEADER_ID}-{on.isoformat()}", posting_ref=p) for on, p in days.items()
        )
    )
    tuesday = MONDAY + timedelta(days=1)
    assert missing_marks(wanted_marks(body, "certinia"), [week]) == {HEADER_ID: {tuesday: "p:1:2"}}
    assert posting_column(tuesday) == "Tuesday_Posting__c"
    after = replace(week, tuesday_posting="p:1:2")
    assert marked(body, "certinia", [after]).items == body.items[:2]


@pytest.mark.parametrize(
    "ref",
    [
        "elsewhere:time:a8D5e000000HF6VUAW-2026-03-02",
        "certinia:project:a8D5e000000HF6VUAW-2026-03-02",
        "certinia:time:a8D5e000000HF6VUAW-2026-13-02",
        "certinia:time:a8D5e000000HF6VUAW",
        "certinia:time:' OR Id != '-2026-03-02",
        "2026-03-02",
    ],
)
def test_a_reference_that_is_no_entry_of_ours_is_not_found(ref: str):
    with pytest.raises(NotFound):
        entry_key(ref, "certinia")
