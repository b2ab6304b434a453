"""Rules of time: the weekly header people fill, and the splits the package makes of it when it is approved.

Status, Submitted, Approved and Include In Financials are four things; this org's workflow sets the flags from the status.
Source: PSA technical reference (Timecard Header, Timecard, Time Date) and help (Timecard Admin Edit, submit service).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from runtime.http.simulate import Row
from system_apis.platforms.salesforce.sandbox import Change, Org, rule
from system_apis.platforms.salesforce.sandbox.errors import invalid
from system_apis.platforms.salesforce.sandbox.values import number, stamp

from .rules import closed_period, eligible
from .work import DAYS, HOURS, NOTES, TIME_TYPES

_WEEK = timedelta(days=6)
_LONGEST_DAY = Decimal(24)
_WHOSE = ("pse__Resource__c", "pse__Project__c", "pse__Assignment__c", "pse__Milestone__c", "pse__Project_Task__c")
_CODES = ("Role_Code__c", "Seniority_Code__c", "Location_Code__c")
_ENTERED = (*_WHOSE, "pse__Start_Date__c", "pse__End_Date__c", "pse__Billable__c", *HOURS, *NOTES, *TIME_TYPES, *_CODES)
_BILLED = "Timecard Header may not be changed after it is Billed or Invoiced."
_SPLIT_OWN = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
_COPIED = (
    *_WHOSE,
    *_CODES,
    "pse__Bill_Rate__c",
    "pse__Daily_Bill_Rate__c",
    "pse__Cost_Rate_Amount__c",
    "pse__Billable__c",
    "pse__Status__c",
    "pse__Submitted__c",
    "pse__Approved__c",
    "pse__Approver__c",
    "Approved_On__c",
    "pse__Include_In_Financials__c",
    "CurrencyIsoCode",
)


def header(org: Org, change: Change) -> None:
    """Before a timecard is saved or deleted."""
    if change.system:
        return
    _editable(change)
    if change.kind == "delete":
        return
    if change.old is None or change.touches(_ENTERED):
        _bookable(org, change)
    _workflow(org, change)
    _totals(change)


def _editable(change: Change) -> None:
    old = change.old or {}
    edited = change.kind == "delete" or change.touches(_ENTERED)
    if not edited or change.new.get("pse__Admin_Global_Edit__c"):
        return
    if old.get("pse__Billed__c") or old.get("pse__Invoiced__c"):
        raise rule(_BILLED)
    reopened = change.new.get("pse__Status__c") in ("Saved", "Rejected") and change.touches(("pse__Status__c",))
    if (old.get("pse__Submitted__c") or old.get("pse__Approved__c")) and not reopened:
        raise invalid("ENTITY_IS_LOCKED", "the entity is locked for editing")


def _bookable(org: Org, change: Change) -> None:
    """The week, the hours, and whether project and assignment take time."""
    new = change.new
    start, end = new.get("pse__Start_Date__c"), new.get("pse__End_Date__c")
    if start and end:
        first = date.fromisoformat(start)
        if first.weekday() != 0 or date.fromisoformat(end) != first + _WEEK:
            raise rule("A timecard covers one week from Monday to Sunday.", "pse__Start_Date__c", "pse__End_Date__c")
    if any(not 0 <= (new.get(name) or 0) <= _LONGEST_DAY for name in HOURS):
        raise rule("Hours of a day must be between 0 and 24.")
    closed_period(org, change, start, end)
    booked = org.row("pse__Assignment__c", new.get("pse__Assignment__c"))
    if booked is not None:
        _assigned(change, booked)
    target = org.row("pse__Proj__c", new.get("pse__Project__c"))
    if target is None:
        raise rule("A timecard needs a project or an assignment.", "pse__Project__c")
    _open(target, assigned=booked is not None)
    new["PROJECT_ID__c"] = target.get("pse__Project_ID__c")
    _rates(org, change, booked)


def _open(project: Row, *, assigned: bool) -> None:
    if project.get("pse__Is_Template__c") or not project.get("pse__Is_Active__c"):
        raise rule("Timecards can only be entered for active projects.", "pse__Project__c")
    if project.get("pse__Closed_for_Time_Entry__c"):
        raise rule("Project is closed for time entry.", "pse__Project__c")
    if not assigned and not project.get("pse__Allow_Timecards_Without_Assignment__c"):
        raise rule("Timecards without an assignment are not allowed for this project.", "pse__Assignment__c")


def _assigned(change: Change, booked: Row) -> None:
    new = change.new
    new.setdefault("pse__Project__c", booked.get("pse__Project__c"))
    for name in ("pse__Resource__c", "pse__Project__c"):
        if new.get(name) != booked.get(name):
            raise rule("Resource and project must be those of the assignment.", name)
    start, end = new.get("pse__Start_Date__c") or "", new.get("pse__End_Date__c") or ""
    if end < booked.get("pse__Start_Date__c", "") or start > booked.get("pse__End_Date__c", "9"):
        raise rule("The week lies outside the assignment.", "pse__Assignment__c")
    if booked.get("pse__Closed_for_Time_Entry__c"):
        raise rule("Assignment is closed for time entry.", "pse__Assignment__c")


def _rates(org: Org, change: Change, booked: Row | None) -> None:
    """Bill and cost rate are copied when the timecard is saved."""
    if change.old is not None and not change.touches(("pse__Assignment__c", "pse__Resource__c")):
        return
    resource = org.row("Contact", change.new.get("pse__Resource__c")) or {}
    source = booked or {}
    copied = {
        "pse__Bill_Rate__c": source.get("pse__Bill_Rate__c"),
        "pse__Cost_Rate_Amount__c": source.get("pse__Cost_Rate_Amount__c") or resource.get("pse__Default_Cost_Rate__c"),
        "Role_Code__c": source.get("pse__Role__c") or resource.get("pse__Resource_Role__c"),
        "Seniority_Code__c": resource.get("Seniority_Code__c"),
        "Location_Code__c": resource.get("Location_Code__c"),
        "pse__Project_Task__c": source.get("pse__Project_Task__c"),
    }
    for name, value in copied.items():
        if change.new.get(name) is None:
            change.new[name] = value
    if "pse__Billable__c" not in change.sent and change.old is None:
        change.new["pse__Billable__c"] = bool(source.get("pse__Is_Billable__c"))


def _workflow(org: Org, change: Change) -> None:
    new, old = change.new, change.old or {}
    status = new.get("pse__Status__c")
    if change.becomes("pse__Status__c", status):
        if status == "Approved" and not (old.get("pse__Submitted__c") or new.get("pse__Submitted__c")):
            raise rule("A timecard must be submitted before it is approved.", "pse__Status__c")
        if status == "Submitted" and not any(new.get(name) for name in HOURS):
            raise rule("A timecard without hours may not be submitted.", "pse__Status__c")
        new["pse__Submitted__c"] = status in ("Submitted", "Approved")
        new["pse__Approved__c"] = status == "Approved"
    if change.becomes("pse__Approved__c", True):
        new["pse__Include_In_Financials__c"] = True
        new["pse__Approver__c"] = new.get("pse__Approver__c") or change.user
        new["Approved_On__c"] = stamp(org.clock.now())
    if not new.get("pse__Approved__c"):
        new |= {"pse__Include_In_Financials__c": False, "Approved_On__c": None}


def _totals(change: Change) -> None:
    new = change.new
    hours = sum((Decimal(new.get(name) or 0) for name in HOURS), Decimal(0))
    billed = hours * Decimal(new.get("pse__Bill_Rate__c") or 0) if new.get("pse__Billable__c") else Decimal(0)
    new["pse__Total_Hours__c"] = number(hours)
    new["pse__Total_Billable_Amount__c"] = number(billed)
    new["pse__Total_Cost__c"] = number(hours * Decimal(new.get("pse__Cost_Rate_Amount__c") or 0))


def saved(org: Org, change: Change) -> None:
    """After a timecard is saved: approved ones have splits, others have none."""
    if change.kind == "delete" or not (change.old is None or change.touches((*_ENTERED, *_COPIED))):
        return
    known = {row["pse__Start_Date__c"]: row for row in _splits_of(org, change.id)}
    wanted = {piece["pse__Start_Date__c"]: piece for piece in pieces(org, change.new)} if _approved(change.new) else {}
    for start, piece in wanted.items():
        if start in known:
            org.system_update("pse__Timecard__c", known[start]["Id"], change.user, piece)
            _days(org, known[start]["Id"], piece, change.user)
        else:
            id_ = org.system_insert("pse__Timecard__c", change.user, piece)
            _days(org, id_, piece, change.user)
    for start in known.keys() - wanted.keys():
        org.system_update("pse__Timecard__c", known[start]["Id"], change.user, {"IsDeleted": True})


def _approved(row: Row) -> bool:
    return bool(row.get("pse__Approved__c"))


def _splits_of(org: Org, header_id: str) -> list[Row]:
    return [row for row in org.rows("pse__Timecard__c") if row.get("pse__Timecard_Header__c") == header_id]


def pieces(org: Org, row: Row) -> Iterator[dict[str, Any]]:
    """One split for each time period (month) of the week that has hours: its dates, days, totals and copied columns."""
    first = date.fromisoformat(row["pse__Start_Date__c"])
    days = [first + timedelta(days=offset) for offset in range(7)]
    for month in sorted({(day.year, day.month) for day in days}):
        part = [day for day in days if (day.year, day.month) == month]
        worked = [day for day in part if row.get(HOURS[day.weekday()])]
        if worked:
            yield _piece(org, row, part, worked)


def _piece(org: Org, row: Row, part: list[date], worked: list[date]) -> dict[str, Any]:
    columns = (HOURS, NOTES, TIME_TYPES)
    values = {group[day.weekday()]: row.get(group[day.weekday()]) for day in worked for group in columns}
    hours = sum((Decimal(row[HOURS[day.weekday()]]) for day in worked), Decimal(0))
    billable = bool(row.get("pse__Billable__c"))
    period = next((p for p in org.rows("pse__Time_Period__c") if _covers(p, part[0])), None)
    return {
        **dict.fromkeys((*HOURS, *NOTES, *TIME_TYPES)),
        **{name: row[name] for name in _COPIED if row.get(name) is not None},
        **values,
        "pse__Timecard_Header__c": row["Id"],
        "pse__Time_Period__c": period["Id"] if period else None,
        "pse__Start_Date__c": part[0].isoformat(),
        "pse__End_Date__c": part[-1].isoformat(),
        "pse__Total_Hours__c": hours,
        "pse__Total_Billable_Amount__c": hours * Decimal(row.get("pse__Bill_Rate__c") or 0) if billable else Decimal(0),
        "pse__Total_Cost__c": hours * Decimal(row.get("pse__Cost_Rate_Amount__c") or 0),
        "pse__Approved_for_Billing__c": billable,
    }


def _covers(period: Row, day: date) -> bool:
    return bool(period["pse__Start_Date__c"] <= day.isoformat() <= period["pse__End_Date__c"])


def time_dates(split: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The days of a split, without its id."""
    first, last = (date.fromisoformat(split[name]) for name in ("pse__Start_Date__c", "pse__End_Date__c"))
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        hours = split.get(HOURS[day.weekday()])
        if hours:
            yield {
                "pse__Date__c": day.isoformat(),
                "pse__Hours__c": hours,
                "pse__Day_Of_Week__c": DAYS[day.weekday()],
                "Notes__c": split.get(NOTES[day.weekday()]),
                "Time_Type__c": split.get(TIME_TYPES[day.weekday()]),
            }


def _days(org: Org, split_id: str, split: dict[str, Any], user: str) -> None:
    known = {
        row["pse__Date__c"]: row for row in org.rows("pse__Time_Date__c") if row.get("pse__Timecard__c") == split_id
    }
    wanted = {day["pse__Date__c"]: day for day in time_dates(split)}
    for on, day in wanted.items():
        if on in known:
            org.system_update("pse__Time_Date__c", known[on]["Id"], user, day)
        else:
            org.system_insert("pse__Time_Date__c", user, {**day, "pse__Timecard__c": split_id})
    for on in known.keys() - wanted.keys():
        org.system_update("pse__Time_Date__c", known[on]["Id"], user, {"IsDeleted": True})


def split(org: Org, change: Change) -> None:
    """Before a split is saved: only the package makes and alters them; billing and invoicing may be written."""
    if not change.system and (change.kind != "update" or change.touches((*_ENTERED, "pse__Approved__c"))):
        message = "pse.TimecardSplitTrigger: execution of BeforeUpdate caused by: splits are maintained by the package"
        raise invalid(_SPLIT_OWN, message)
    eligible(change)


def billed(org: Org, change: Change) -> None:
    """Billed and invoiced splits lock their header."""
    header_id = change.new["pse__Timecard_Header__c"]
    rows = _splits_of(org, header_id)
    flags = {name: any(row.get(name) for row in rows) for name in ("pse__Billed__c", "pse__Invoiced__c")}
    current = org.row("pse__Timecard_Header__c", header_id) or {}
    if any(bool(current.get(name)) != value for name, value in flags.items()):
        org.system_update("pse__Timecard_Header__c", header_id, change.user, flags)


BEFORE = {"pse__Timecard_Header__c": header, "pse__Timecard__c": split}
AFTER = {"pse__Timecard_Header__c": saved, "pse__Timecard__c": billed}
