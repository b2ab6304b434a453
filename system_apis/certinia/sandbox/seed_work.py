"""Two months of timecards with the splits of the approved ones, and expense reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from system_apis.platforms.salesforce.sandbox import Org
from system_apis.platforms.salesforce.sandbox.values import stamp

from .timecards import pieces, time_dates
from .work import HOURS, NOTES, TIME_TYPES

if TYPE_CHECKING:
    from system_apis.platforms.firm import Expense, Firm, TimeEntry

Ids = dict[str, str]
Sheet = list["TimeEntry"]

_EXPENSE_TYPES = {
    "TRAVEL": "Airfare",
    "HOTEL": "Lodging (Room and Tax)",
    "MEALS": "Business Meals",
    "MILEAGE": "Auto Mileage",
    "PHONE": "Phone",
}


def timecards(org: Org, firm: Firm, projects: Ids, people: Ids, tasks: dict[tuple[str, str], str], booked: Ids) -> None:
    """One header a sheet and week, in the state of its entries."""
    now = datetime.combine(firm.as_of, time(5), UTC)
    for number, sheet in enumerate(_sheets(firm.time_entries), start=1):
        entry = sheet[0]
        parents = {
            "pse__Resource__c": people[entry.person],
            "pse__Project__c": projects[entry.project],
            "pse__Assignment__c": booked.get(entry.assignment),
            "pse__Project_Task__c": tasks[entry.project, entry.task],
        }
        saved = min(entry.approved_at or entry.submitted_at or _evening(sheet), now)
        values = {**parents, **_week(sheet), **_state(org, entry), **_prices(org, parents, sheet)}
        header = org.load("pse__Timecard_Header__c", {**values, "Ext_Id__c": f"{entry.sheet}/{number}"}, saved)
        if entry.state == "approved":
            _split(org, header, saved)


def _evening(sheet: Sheet) -> datetime:
    return datetime.combine(sheet[-1].on, time(17), UTC)


def _sheets(entries: Iterable[TimeEntry]) -> list[Sheet]:
    """What fits into one header: a sheet's entries with the same coding, one a day."""
    groups: dict[tuple[object, ...], Sheet] = {}
    for entry in entries:
        coding = (entry.sheet, entry.task, entry.billable, entry.role, entry.seniority, entry.location)
        turn = 0
        while any(other.on == entry.on for other in groups.get((*coding, turn), ())):
            turn += 1
        groups.setdefault((*coding, turn), []).append(entry)
    return list(groups.values())


def _week(sheet: Sheet) -> dict[str, Any]:
    monday = sheet[0].on - timedelta(days=sheet[0].on.weekday())
    values: dict[str, Any] = {
        "pse__Start_Date__c": monday.isoformat(),
        "pse__End_Date__c": (monday + timedelta(days=6)).isoformat(),
        "pse__Billable__c": sheet[0].billable,
        "Role_Code__c": sheet[0].role,
        "Seniority_Code__c": sheet[0].seniority,
        "Location_Code__c": sheet[0].location,
    }
    for entry in sheet:
        day = entry.on.weekday()
        values |= {HOURS[day]: entry.hours, NOTES[day]: entry.notes, TIME_TYPES[day]: ";".join(entry.time_types)}
    return values


def _state(org: Org, entry: TimeEntry) -> dict[str, Any]:
    approved = entry.state == "approved"
    approver = org.first("User", EmployeeNumber=entry.approver) if entry.approver else None
    return {
        "pse__Status__c": entry.state.capitalize(),
        "pse__Submitted__c": entry.state in ("submitted", "approved"),
        "pse__Approved__c": approved,
        "pse__Include_In_Financials__c": approved,
        "pse__Approver__c": approver["Id"] if approver else None,
        "Approved_On__c": stamp(entry.approved_at) if entry.approved_at else None,
    }


def _prices(org: Org, parents: dict[str, str | None], sheet: Sheet) -> dict[str, Any]:
    project = org.row("pse__Proj__c", parents["pse__Project__c"]) or {}
    booking = org.row("pse__Assignment__c", parents["pse__Assignment__c"]) or {}
    bill, cost = booking.get("pse__Bill_Rate__c"), booking.get("pse__Cost_Rate_Amount__c")
    hours = sum((entry.hours for entry in sheet), Decimal(0))
    return {
        "pse__Bill_Rate__c": bill,
        "pse__Cost_Rate_Amount__c": cost,
        "pse__Total_Hours__c": hours,
        "pse__Total_Billable_Amount__c": hours * Decimal(bill or 0) if sheet[0].billable else Decimal(0),
        "pse__Total_Cost__c": hours * Decimal(cost or 0),
        "CurrencyIsoCode": project.get("CurrencyIsoCode"),
        "PROJECT_ID__c": project.get("pse__Project_ID__c"),
    }


def _split(org: Org, header: str, at: datetime) -> None:
    for piece in pieces(org, org.row("pse__Timecard_Header__c", header) or {}):
        eligible = piece["pse__Approved_for_Billing__c"]
        split = org.load("pse__Timecard__c", {**piece, "pse__Eligible_for_Billing__c": eligible}, at)
        for day in time_dates(piece):
            org.load("pse__Time_Date__c", {**day, "pse__Timecard__c": split}, at)


def expenses(org: Org, firm: Firm, projects: Ids, people: Ids) -> None:
    """Reports with their items; a report is in the state of its first item."""
    now = datetime.combine(firm.as_of, time(5), UTC)
    reports: Ids = {}
    for row in firm.expenses:
        key = f"{row.report}/{row.state}"
        saved = min(row.approved_at or datetime.combine(row.on, time(18), UTC), now)
        if key not in reports:
            reports[key] = org.load("pse__Expense_Report__c", _report(row, projects, people), saved)
        org.load("pse__Expense__c", _expense(row, reports[key], projects, people), saved)


def _flags(row: Expense) -> dict[str, Any]:
    status = "Draft" if row.state == "saved" else row.state.capitalize()
    approved = row.state == "approved"
    submitted = row.state in ("submitted", "approved")
    return {
        "pse__Status__c": status,
        "pse__Submitted__c": submitted,
        "pse__Approved__c": approved,
        "pse__Include_In_Financials__c": approved,
        "CurrencyIsoCode": row.currency,
    }


def _report(row: Expense, projects: Ids, people: Ids) -> dict[str, Any]:
    parents = {"pse__Resource__c": people[row.person], "pse__Project__c": projects[row.project]}
    approved = stamp(row.approved_at) if row.approved_at else None
    return {
        "Name": row.report,
        **parents,
        **_flags(row),
        "Approved_On__c": approved,
        "Ext_Id__c": f"{row.report}/{row.state}",
    }


def _expense(row: Expense, report: str, projects: Ids, people: Ids) -> dict[str, Any]:
    ready = row.state == "approved" and row.billable
    return {
        "pse__Expense_Report__c": report,
        "pse__Resource__c": people[row.person],
        "pse__Project__c": projects[row.project],
        "pse__Expense_Date__c": row.on.isoformat(),
        "pse__Type__c": _EXPENSE_TYPES.get(row.category, "Miscellaneous"),
        "pse__Amount__c": row.amount,
        "pse__Reimbursement_Amount__c": row.amount,
        "pse__Reimbursement_Currency__c": row.currency,
        "pse__Description__c": row.notes,
        "pse__Distance__c": row.units if row.category == "MILEAGE" else None,
        "pse__Billable__c": row.billable,
        "pse__Approved_for_Billing__c": ready,
        "pse__Eligible_for_Billing__c": ready,
        **_flags(row),
        "Category_Code__c": row.category,
        "Merchant__c": row.merchant,
        "Tax_Recoverable__c": row.tax_recoverable,
        "Units__c": row.units,
        "Receipt_Attached__c": row.receipt_attached,
        "Disbursement__c": row.disbursement,
        "Ext_Id__c": row.code,
    }
