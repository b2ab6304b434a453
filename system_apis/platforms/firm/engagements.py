"""Delivery structure of the running engagements: templates, projects, assignments, milestones."""

from datetime import date, timedelta
from decimal import Decimal

from .delivery import Assignment, Milestone, Project, ProjectTemplate, Task, TemplateTask
from .months import each_day, month_end, month_start
from .organisation import Calendar, Person
from .portfolio import FIXED, MILESTONE, PLANS, RETAINER, TM, Plan
from .prices import planned_rate
from .staff_table import PROJECT_LEADS
from .terms import Clients, People, began_on, currency_of, ends_on, planned_on, template_code

_TASKS = (
    ("ANALYSIS", "Analysis and design", True, "30"),
    ("BUILD", "Build and integration", True, "50"),
    ("ROLLOUT", "Test and rollout", True, "15"),
    ("STEERING", "Internal steering", False, "5"),
)
_LINES = (("INTEGRATION", "Integration"), ("DATA", "Data"), ("ADVISORY", "Advisory"), ("SUPPORT", "Support"))
_FIRST_TASK = {"ARC": "ANALYSIS", "CON": "ANALYSIS", "DEV": "BUILD", "ANA": "BUILD"}
_COUNTRY = {"US01": "US", "DE01": "DE", "UK01": "GB"}
_MONTHLY_HOURS = 21


def templates() -> tuple[ProjectTemplate, ...]:
    """One template for effort and one for deliverables in every service line."""
    tasks = tuple(
        TemplateTask(code=code, name=name, chargeable=chargeable, share_pct=Decimal(share))
        for code, name, chargeable, share in _TASKS
    )
    return tuple(
        ProjectTemplate(
            code=template_code(method, line),
            name=f"{name} {'by effort' if method == TM else 'by deliverable'}",
            service_line=line,
            method=method,
            tasks=tasks,
        )
        for line, name in _LINES
        for method in (TM, MILESTONE)
    )


def _tasks(first: date, last: date, hours: Decimal) -> tuple[Task, ...]:
    return tuple(
        Task(
            code=code,
            name=name,
            chargeable=chargeable,
            starts_on=first,
            ends_on=last,
            budget_hours=hours * Decimal(share) / 100,
            state="open",
        )
        for code, name, chargeable, share in _TASKS
    )


def manager_of(plan: Plan) -> str:
    """The project lead: an entity's leads take its projects in turn."""
    leads = PROJECT_LEADS[plan.entity]
    return leads[int(plan.code) % len(leads)]


def _cost(plan: Plan, people: People) -> Decimal:
    """Cost of one month-hour of the whole team."""
    return sum((Decimal(hours) * people[number].cost_rates[-1].rate for number, hours in plan.team), Decimal(0))


def project(plan: Plan, clients: Clients, people: People, as_of: date) -> Project:
    """The project of a running engagement."""
    first, last = began_on(plan, as_of), ends_on(as_of)
    days = _MONTHLY_HOURS * (plan.months + 7)
    hours = sum((Decimal(hours) for _, hours in plan.team), Decimal(0)) * days
    return Project(
        code=plan.project,
        name=plan.name,
        deal=plan.deal,
        client=plan.client,
        contract=plan.contract,
        entity=plan.entity,
        country=_COUNTRY[plan.entity],
        currency=currency_of(plan, clients),
        manager=manager_of(plan),
        starts_on=first,
        ends_on=last,
        stage=plan.stage,
        method=plan.method,
        service_line=plan.line,
        template=template_code(plan.method, plan.line),
        budget_hours=hours,
        budget_cost=(_cost(plan, people) * days).quantize(Decimal("0.01")),
        tasks=_tasks(first, last, hours),
        in_erp=plan.in_erp,
    )


def booked_until(plan: Plan, as_of: date) -> date:
    """Last day anyone is booked: in last month where the plan stops, else the engagement's end."""
    if plan.stops is None:
        return ends_on(as_of)
    return min(month_start(as_of, -1) + timedelta(days=plan.stops - 1), month_end(as_of, -1))


def _working_days(calendar: Calendar, first: date, last: date) -> int:
    """Monday to Friday without the calendar's holidays."""
    free = {holiday.on for holiday in calendar.holidays}
    return sum(1 for day in each_day(first, last) if day.weekday() < 5 and day not in free)


def _assignment(plan: Plan, person: Person, per_day: Decimal, calendar: Calendar, as_of: date) -> Assignment:
    first, last = began_on(plan, as_of), booked_until(plan, as_of)
    return Assignment(
        code=f"ASG-{plan.code}-{person.number}",
        project=plan.project,
        task=_FIRST_TASK[person.role],
        person=person.number,
        role=person.role,
        seniority=person.seniority,
        starts_on=first,
        ends_on=last,
        hours_per_day=per_day,
        hours=per_day * _working_days(calendar, first, last),
        planned_bill_rate=planned_rate(plan, person),
        state="hard" if last >= as_of else "completed",
    )


def assignments(people: People, calendars: dict[str, Calendar], as_of: date) -> tuple[Assignment, ...]:
    """Everybody booked on a running engagement."""
    return tuple(
        _assignment(plan, people[number], Decimal(hours), calendars[people[number].calendar], as_of)
        for plan in PLANS
        for number, hours in plan.team
    )


def _milestone(plan: Plan, index: int, clients: Clients, as_of: date) -> Milestone:
    name, amount, state = plan.milestones[index]
    due = planned_on(plan, index, as_of)
    accepted = state in ("accepted", "billed")
    return Milestone(
        code=f"MS-{plan.code}-{index + 1}",
        project=plan.project,
        contract_line=plan.contract_line,
        sequence=index + 1,
        name=name,
        planned_on=due,
        amount=Decimal(amount),
        currency=currency_of(plan, clients),
        acceptance_required=True,
        acceptance_ref=f"ACC-{plan.code}-{index + 1}" if accepted else None,
        completed_on=due if state != "planned" else None,
        accepted_on=due + timedelta(days=3) if accepted else None,
        state=state,
        invoice=f"INV-{plan.code}-M{index + 1}" if state == "billed" else None,
    )


def milestones(clients: Clients, as_of: date) -> tuple[Milestone, ...]:
    """Deliverables of the engagements sold by deliverable; each line's amounts sum to its value."""
    return tuple(
        _milestone(plan, index, clients, as_of)
        for plan in PLANS
        if plan.method in (FIXED, MILESTONE)
        for index in range(len(plan.milestones))
    )


def is_by_effort(plan: Plan) -> bool:
    """True where hours are what is billed."""
    return plan.method in (TM, RETAINER)
