"""Rules of projects, milestones, planning, expenses and billing events: the package's own and the org's automation.

Source: PSA technical reference and help (Milestone Fields, Billing Events overview, Resource Requests, Expense Reports).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from runtime.http.simulate import Row
from system_apis.platforms.salesforce.sandbox import Change, Org, rule
from system_apis.platforms.salesforce.sandbox.errors import invalid
from system_apis.platforms.salesforce.sandbox.values import number

from .work import HOURS

_DATES = ("pse__Start_Date__c", "pse__End_Date__c")
_MILESTONE_TERMS = ("Name", "pse__Project__c", "pse__Milestone_Amount__c", "pse__Target_Date__c", "pse__Actual_Date__c")
_EXPENSE_TERMS = ("pse__Amount__c", "pse__Expense_Date__c", "pse__Type__c", "pse__Project__c", "pse__Resource__c")
_TARGETS = {
    "pse__Milestone__c": "pse__Milestone__c",
    "pse__Expense__c": "pse__Expense__c",
    "pse__Timecard_Split__c": "pse__Timecard__c",
}


def in_order(org: Org, change: Change) -> None:
    """A range does not end before it starts."""
    start, end = (change.new.get(name) for name in _DATES)
    if start and end and end < start:
        raise rule("End Date must be on or after Start Date.", "pse__End_Date__c")


def eligible(change: Change) -> None:
    """Ready to bill: approved for billing, in financials, and nothing stands against it."""
    new = change.new
    wanted = new.get("pse__Approved_for_Billing__c") and new.get("pse__Include_In_Financials__c")
    against = ("pse__Billed__c", "pse__Billing_Hold__c", "pse__Exclude_from_Billing__c")
    new["pse__Eligible_for_Billing__c"] = bool(wanted) and not any(new.get(name) for name in against)


def closed_period(org: Org, change: Change, start: str | None, end: str | None) -> None:
    """No writes into a time period that is closed for entry (or when the switch says it is)."""
    if change.request is None:
        return
    periods = org.rows("pse__Time_Period__c")
    closed = [p for p in periods if p.get("pse__Closed_for_Time_Entry__c")]
    hit = any(p[_DATES[0]] <= (end or "") and (start or "9") <= p[_DATES[1]] for p in closed)
    if hit or org.faults.take("closed_period", change.request):
        raise rule("The time period is closed. Contact your administrator to reopen it.")


def project(org: Org, change: Change) -> None:
    in_order(org, change)
    if change.kind == "insert" and not change.new.get("pse__Project_ID__c"):
        change.new["pse__Project_ID__c"] = f"PR-{org.store.next('project'):06d}"
    if change.kind == "delete" and org.first("pse__Timecard_Header__c", pse__Project__c=change.id):
        raise invalid("DELETE_FAILED", "Your attempt to delete the project failed: it has timecards.")


def milestone(org: Org, change: Change) -> None:
    new, old = change.new, change.old or {}
    if change.system or change.kind == "delete":
        eligible(change)
        return
    locked = (old.get("pse__Billed__c") or old.get("pse__Invoiced__c")) and not new.get("pse__Admin_Global_Edit__c")
    if locked and change.touches((*_MILESTONE_TERMS, "pse__Status__c")):
        raise rule("Milestone may not be changed after it is Billed or Invoiced.")
    _milestone_status(org, change)
    if new.get("pse__Include_In_Financials__c") and not new.get("pse__Actual_Date__c"):
        raise rule("Actual Date must be set before Include In Financials.", "pse__Actual_Date__c")
    if new.get("pse__Billed__c") and not new.get("pse__Approved_for_Billing__c"):
        raise rule("Milestone must be Approved for Billing before it is billed.", "pse__Approved_for_Billing__c")
    eligible(change)


def _milestone_status(org: Org, change: Change) -> None:
    """The org's workflow: completed sets the actual date, approved sets the flags."""
    new = change.new
    if change.becomes("pse__Status__c", "Completed") and not new.get("pse__Actual_Date__c"):
        new["pse__Actual_Date__c"] = org.today.isoformat()
    if change.becomes("pse__Approved__c", True) and new.get("pse__Status__c") != "Approved":
        raise rule("Milestone must go through the approval process.", "pse__Approved__c")
    if not change.becomes("pse__Status__c", "Approved"):
        return
    if new.get("pse__Requires_Customer_Sign_off__c") and not new.get("Acceptance_Reference__c"):
        raise rule("The customer's sign-off must be recorded before approval.", "Acceptance_Reference__c")
    today = org.today.isoformat()
    for name, value in (("pse__Actual_Date__c", today), ("Accepted_On__c", today), ("pse__Approver__c", change.user)):
        if new.get(name) is None:
            new[name] = value
    flags = ("pse__Approved__c", "pse__Approved_for_Billing__c", "pse__Include_In_Financials__c")
    new |= dict.fromkeys(flags, True)


def resource_request(org: Org, change: Change) -> None:
    in_order(org, change)
    if not (change.new.get("pse__Project__c") or change.new.get("pse__Opportunity__c")):
        raise rule("A resource request needs a project or an opportunity.", "pse__Project__c")


def assignment(org: Org, change: Change) -> None:
    """Dates and scheduled hours come from the schedule; the person must be an active resource."""
    new = change.new
    if change.kind == "delete":
        return
    resource = org.row("Contact", new.get("pse__Resource__c"))
    if change.kind == "insert" and not (resource and resource.get("pse__Is_Resource_Active__c")):
        raise rule("The contact is not an active resource.", "pse__Resource__c")
    schedule = org.row("pse__Schedule__c", new.get("pse__Schedule__c"))
    if schedule is not None:
        new |= {name: schedule.get(name) for name in _DATES}
        new["pse__Scheduled_Hours__c"] = scheduled_hours(schedule)
    if resource and new.get("pse__Cost_Rate_Amount__c") is None:
        new["pse__Cost_Rate_Amount__c"] = resource.get("pse__Default_Cost_Rate__c")


def scheduled_hours(schedule: Row) -> Decimal:
    """The weekly pattern over the schedule's range."""
    first, last = (date.fromisoformat(schedule[name]) for name in _DATES)
    weeks, rest = divmod((last - first).days + 1, 7)
    days = [weeks + ((at - first.weekday()) % 7 < rest) for at in range(7)]
    return number(sum((Decimal(schedule.get(HOURS[at]) or 0) * days[at] for at in range(7)), Decimal(0)))


def assigned(org: Org, change: Change) -> None:
    """A filled request says so."""
    request = change.new.get("pse__Resource_Request__c")
    if change.kind == "insert" and request:
        values = {"pse__Status__c": "Assigned", "pse__Assignment__c": change.id}
        org.system_update(
            "pse__Resource_Request__c",
            request,
            change.user,
            {**values, "pse__Resource__c": change.new["pse__Resource__c"]},
        )


def rescheduled(org: Org, change: Change) -> None:
    """Assignments move with their schedule."""
    for row in [row for row in org.rows("pse__Assignment__c") if row.get("pse__Schedule__c") == change.id]:
        values = {name: change.new[name] for name in _DATES}
        hours = {"pse__Scheduled_Hours__c": scheduled_hours(change.new)}
        org.system_update("pse__Assignment__c", row["Id"], change.user, {**values, **hours})


def expense(org: Org, change: Change) -> None:
    new, old = change.new, change.old or {}
    if change.system or change.kind == "delete":
        eligible(change)
        return
    admin = new.get("pse__Admin_Global_Edit__c")
    if (old.get("pse__Billed__c") or old.get("pse__Invoiced__c")) and change.touches(_EXPENSE_TERMS) and not admin:
        raise rule("Expense may not be changed after it is Billed or Invoiced.")
    if old.get("pse__Approved__c") and change.touches(_EXPENSE_TERMS) and not admin:
        raise invalid("ENTITY_IS_LOCKED", "the entity is locked for editing")
    if change.old is None or change.touches(_EXPENSE_TERMS):
        on = new.get("pse__Expense_Date__c")
        closed_period(org, change, on, on)
        target = org.row("pse__Proj__c", new.get("pse__Project__c"))
        if target and target.get("pse__Closed_for_Expense_Entry__c"):
            raise rule("Project is closed for expense entry.", "pse__Project__c")
    eligible(change)


def report(org: Org, change: Change) -> None:
    """The org's workflow: flags follow the report's status."""
    status = change.new.get("pse__Status__c")
    if change.becomes("pse__Status__c", status):
        approved = status == "Approved"
        flags = {"pse__Submitted__c": status in ("Submitted", "Approved"), "pse__Approved__c": approved}
        change.new |= {**flags, "pse__Include_In_Financials__c": approved}
        if approved and change.old is not None:
            change.new["pse__Approver__c"] = change.new.get("pse__Approver__c") or change.user


def reported(org: Org, change: Change) -> None:
    """Expenses share the state of their report."""
    names = ("pse__Status__c", "pse__Submitted__c", "pse__Approved__c", "pse__Include_In_Financials__c")
    if not change.touches(names):
        return
    for row in [row for row in org.rows("pse__Expense__c") if row.get("pse__Expense_Report__c") == change.id]:
        values = {name: change.new.get(name) for name in names}
        billing = {
            "pse__Approved_for_Billing__c": bool(change.new.get("pse__Approved__c"))
            and bool(row.get("pse__Billable__c"))
        }
        org.system_update("pse__Expense__c", row["Id"], change.user, {**values, **billing})


def itemised(org: Org, change: Change) -> None:
    """What a billing event item points to counts as billed."""
    for column, name in _TARGETS.items():
        target = change.new.get(column)
        if change.kind == "insert" and target:
            values = {"pse__Billed__c": True, "pse__Billing_Event_Item__c": change.id}
            org.system_update(name, target, change.user, values)


def told(org: Org, change: Change) -> None:
    """An item shows how far its event is."""
    change.new |= _told(org.row("pse__Billing_Event__c", change.new.get("pse__Billing_Event__c")) or {})


def _told(event: Row) -> Row:
    return {name: "Yes" if event.get(name) else "No" for name in ("pse__Invoiced__c", "pse__Is_Released__c")}


def invoiced(org: Org, change: Change) -> None:
    """Invoicing happens at event level and reaches everything behind its items."""
    items = [row for row in org.rows("pse__Billing_Event_Item__c") if row.get("pse__Billing_Event__c") == change.id]
    for item in items:
        org.system_update("pse__Billing_Event_Item__c", item["Id"], change.user, _told(change.new))
    if not change.becomes("pse__Invoiced__c", True):
        return
    names = ("pse__Invoiced__c", "pse__Invoice_Number__c", "pse__Invoice_Date__c")
    values = {name: change.new.get(name) for name in names}
    for item in items:
        for column, name in _TARGETS.items():
            if item.get(column):
                org.system_update(name, item[column], change.user, values)


BEFORE = {
    "pse__Proj__c": project,
    "pse__Project_Task__c": in_order,
    "pse__Milestone__c": milestone,
    "pse__Resource_Request__c": resource_request,
    "pse__Schedule__c": in_order,
    "pse__Assignment__c": assignment,
    "pse__Expense__c": expense,
    "pse__Expense_Report__c": report,
    "pse__Billing_Event_Item__c": told,
}
AFTER = {
    "pse__Assignment__c": assigned,
    "pse__Schedule__c": rescheduled,
    "pse__Expense_Report__c": reported,
    "pse__Billing_Event_Item__c": itemised,
    "pse__Billing_Event__c": invoiced,
}
