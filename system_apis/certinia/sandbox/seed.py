"""The firm's delivery side as the package knows it: resources, projects, bookings and milestones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from system_apis.platforms.salesforce.sandbox import Org

from .rules import scheduled_hours
from .seed_work import expenses, timecards
from .work import HOURS

if TYPE_CHECKING:
    from system_apis.platforms.firm import Assignment, Firm, Milestone, Person, Project, ProjectTemplate, Task

Ids = dict[str, str]

_STAGE = {
    "planned": "Planned",
    "active": "In Progress",
    "on_hold": "On Hold",
    "closing": "Closing",
    "closed": "Completed",
}
_BILLING = {
    "time_and_materials": "Time and Materials",
    "fixed_price": "Fixed Price",
    "milestone": "Milestone",
    "retainer": "Retainer",
    "recurring": "Recurring",
}
_MILESTONE = {
    "planned": "Planned",
    "in_progress": "Open",
    "completed": "Completed",
    "accepted": "Approved",
    "billed": "Approved",
}
_MONTHS = range(-13, 13)


def seed(org: Org, firm: Firm) -> None:
    """Everything the package holds on the morning of `firm.as_of`."""
    at = morning(firm.as_of) - timedelta(days=60)
    _periods(org, firm.as_of, at)
    regions = {
        e.code: org.load("pse__Region__c", {"Name": e.name, "Entity_Code__c": e.code}, at) for e in firm.entities
    }
    lines = sorted({template.service_line for template in firm.templates})
    practices = {line: org.load("pse__Practice__c", {"Name": line.capitalize()}, at) for line in lines}
    people = {person.number: _resource(org, person, regions, at) for person in firm.people}
    for template in firm.templates:
        _template(org, template, practices, at)
    projects = {p.code: _project(org, firm, p, people, regions, practices, at) for p in firm.projects}
    tasks = {(p.code, t.code): _task(org, t, projects[p.code], p.currency, at) for p in firm.projects for t in p.tasks}
    booked = {row.code: _assignment(org, firm, row, projects, people, tasks, at) for row in firm.assignments}
    for milestone in firm.milestones:
        _milestone(org, milestone, projects[milestone.project], at)
    timecards(org, firm, projects, people, tasks, booked)
    expenses(org, firm, projects, people)


def morning(day: date) -> datetime:
    """When the working day has not begun yet."""
    return datetime.combine(day, time(5), UTC)


def _periods(org: Org, as_of: date, at: datetime) -> None:
    for offset in _MONTHS:
        year, month = divmod(as_of.year * 12 + as_of.month - 1 + offset, 12)
        first = date(year, month + 1, 1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        values = {"Name": f"{first:%B %Y}", "pse__Type__c": "Month", "pse__Start_Date__c": first.isoformat()}
        org.load("pse__Time_Period__c", {**values, "pse__End_Date__c": last.isoformat()}, at)


def _resource(org: Org, person: Person, regions: Ids, at: datetime) -> str:
    user = org.first("User", EmployeeNumber=person.number)
    rate = person.cost_rates[-1] if person.cost_rates else None
    values: dict[str, Any] = {
        "FirstName": person.given_name,
        "LastName": person.family_name,
        "Name": person.name,
        "Email": person.email,
        "Title": person.title,
        "pse__Is_Resource__c": True,
        "pse__Is_Resource_Active__c": True,
        "pse__Salesforce_User__c": user["Id"] if user else None,
        "pse__Default_Cost_Rate__c": rate.rate if rate else None,
        "CurrencyIsoCode": rate.currency if rate else "USD",
        "pse__Region__c": regions[person.entity],
        "pse__Resource_Role__c": person.role,
        "pse__Work_Calendar__c": person.calendar,
        "pse__API_Resource_Correlation_Id__c": person.number,
        "Employee_Number__c": person.number,
        "Seniority_Code__c": person.seniority,
        "Location_Code__c": person.location,
    }
    return org.load("Contact", values, at)


def _template(org: Org, template: ProjectTemplate, practices: Ids, at: datetime) -> None:
    values = {
        "Name": template.name,
        "pse__Project_ID__c": template.code,
        "Project_Code__c": template.code,
        "pse__Is_Template__c": True,
        "pse__Is_Billable__c": True,
        "pse__Allow_Timecards_Without_Assignment__c": True,
        "pse__Allow_Expenses_Without_Assignment__c": True,
        "pse__Practice__c": practices[template.service_line],
        "pse__Billing_Type__c": _BILLING[template.method],
        "Service_Line__c": template.service_line,
    }
    project = org.load("pse__Proj__c", values, at)
    for task in template.tasks:
        named = {"Name": task.name, "Task_Code__c": task.code, "Billable__c": task.chargeable}
        org.load(
            "pse__Project_Task__c", {**named, "pse__Project__c": project, "pse__Planned_Hours__c": task.share_pct}, at
        )


def _project(org: Org, firm: Firm, project: Project, people: Ids, regions: Ids, practices: Ids, at: datetime) -> str:
    account = org.first("Account", AccountNumber=project.client)
    deal = org.first("Opportunity", Deal_Number__c=project.deal)
    values = {
        "Name": project.name[:80],
        "pse__Account__c": account["Id"] if account else None,
        "pse__Opportunity__c": deal["Id"] if deal else None,
        "pse__Region__c": regions[project.entity],
        "pse__Practice__c": practices[project.service_line],
        "pse__Project_Manager__c": people[project.manager],
        "pse__Stage__c": _STAGE[project.stage],
        "pse__Billing_Type__c": _BILLING[project.method],
        "pse__Is_Active__c": project.stage != "closed",
        "pse__Is_Billable__c": True,
        "pse__Closed_for_Time_Entry__c": project.stage != "active",
        "pse__Closed_for_Expense_Entry__c": project.stage not in ("active", "closing"),
        "pse__Allow_Expenses_Without_Assignment__c": True,
        "pse__Start_Date__c": project.starts_on.isoformat(),
        "pse__End_Date__c": project.ends_on.isoformat(),
        "pse__Project_ID__c": project.code,
        "pse__Planned_Hours__c": project.budget_hours,
        "CurrencyIsoCode": project.currency,
        "Project_Code__c": project.code,
        "Legal_Entity__c": project.entity,
        "Country_Code__c": project.country,
        "Contract_Number__c": project.contract,
        "Service_Line__c": project.service_line,
        "Project_Template__c": project.template,
        "Budget_Cost__c": project.budget_cost,
    }
    return org.load("pse__Proj__c", values, at)


def _task(org: Org, task: Task, project: str, currency: str, at: datetime) -> str:
    values = {
        "Name": task.name,
        "pse__Project__c": project,
        "pse__Start_Date__c": task.starts_on.isoformat(),
        "pse__End_Date__c": task.ends_on.isoformat(),
        "pse__Planned_Hours__c": task.budget_hours,
        "pse__Closed_for_Time_Entry__c": task.state == "closed",
        "Task_Code__c": task.code,
        "Billable__c": task.chargeable,
        "CurrencyIsoCode": currency,
    }
    return org.load("pse__Project_Task__c", values, at)


def _assignment(
    org: Org, firm: Firm, row: Assignment, projects: Ids, people: Ids, tasks: dict[tuple[str, str], str], at: datetime
) -> str:
    dates = {"pse__Start_Date__c": row.starts_on.isoformat(), "pse__End_Date__c": row.ends_on.isoformat()}
    pattern = dict.fromkeys(HOURS[:5], row.hours_per_day)
    schedule = org.load("pse__Schedule__c", {**dates, **pattern}, at)
    project = org.row("pse__Proj__c", projects[row.project]) or {}
    resource = org.row("Contact", people[row.person]) or {}
    values = {
        "pse__Project__c": projects[row.project],
        "pse__Resource__c": people[row.person],
        "pse__Role__c": row.role,
        "Seniority_Code__c": row.seniority,
        "pse__Schedule__c": schedule,
        **dates,
        "pse__Status__c": "Completed" if row.state == "completed" else "Scheduled",
        "pse__Is_Billable__c": True,
        "pse__Bill_Rate__c": row.planned_bill_rate,
        "pse__Cost_Rate_Amount__c": resource.get("pse__Default_Cost_Rate__c"),
        "pse__Planned_Hours__c": row.hours,
        "pse__Scheduled_Hours__c": scheduled_hours(org.row("pse__Schedule__c", schedule) or {}),
        "pse__Project_Task__c": tasks[row.project, row.task],
        "CurrencyIsoCode": project.get("CurrencyIsoCode"),
        "Ext_Id__c": row.code,
    }
    return org.load("pse__Assignment__c", values, at)


def _milestone(org: Org, row: Milestone, project: str, at: datetime) -> None:
    accepted, billed = row.state in ("accepted", "billed"), row.state == "billed"
    values = {
        "Name": row.name[:80],
        "pse__Project__c": project,
        "pse__Milestone_Amount__c": row.amount,
        "pse__Target_Date__c": row.planned_on.isoformat(),
        "pse__Actual_Date__c": row.completed_on.isoformat() if row.completed_on else None,
        "pse__Status__c": _MILESTONE[row.state],
        "pse__Approved__c": accepted,
        "pse__Approved_for_Billing__c": accepted,
        "pse__Include_In_Financials__c": accepted,
        "pse__Eligible_for_Billing__c": accepted and not billed,
        "pse__Billed__c": billed,
        "pse__Invoiced__c": billed,
        "pse__Invoice_Number__c": row.invoice,
        "pse__Requires_Customer_Sign_off__c": row.acceptance_required,
        "Sequence__c": row.sequence,
        "Acceptance_Reference__c": row.acceptance_ref,
        "Accepted_On__c": row.accepted_on.isoformat() if row.accepted_on else None,
        "Contract_Line__c": row.contract_line,
        "CurrencyIsoCode": row.currency,
        "Ext_Id__c": row.code,
    }
    changed = max(filter(None, (row.completed_on, row.accepted_on)), default=at.date())
    org.load("pse__Milestone__c", values, min(datetime.combine(changed, time(17), UTC), at + timedelta(days=60)))
