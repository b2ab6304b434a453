"""Certinia PSA as project, planning and time system. Deals and accounts are records of the same org, under the CRM's instance."""

from datetime import datetime

from contracts.call import Call
from contracts.canon.project import (
    Assignment,
    AssignmentPage,
    Demand,
    DemandPage,
    MilestonePage,
    NewAssignment,
    NewDemand,
    NewMilestones,
    NewProject,
    Project,
    ProjectPage,
    ProjectStatusChange,
    ProjectTaskPage,
    ProjectTemplatePage,
    Tasks,
)
from contracts.canon.timesheet import PostedTimes, TimeEntryPage
from contracts.periods import Clock
from contracts.problems import Conflict, InvalidRequest, Violation
from runtime.connections import Connection
from runtime.http.outbound import TransportFactory, direct_transport
from system_apis.certinia import bookings, mapping, timecards, wire
from system_apis.certinia.client import BookingClient, ProjectClient, TimecardClient
from system_apis.platforms.salesforce.cursors import LARGEST_PAGE, mark_of
from system_apis.platforms.salesforce.references import own_id
from system_apis.platforms.salesforce.refusals import problem_of
from system_apis.platforms.salesforce.session import open_org
from system_apis.platforms.salesforce.statements import Condition, Is

_TEMPLATES, _PROJECTS, _TASKS, _MILESTONES = "templates", "projects", "tasks", "milestones"
_ASSIGNMENTS, _TIME = "assignments", "time"


class PsaAdapter:
    """Projects are pse__Proj__c, made by cloning a template."""

    def __init__(self, client: ProjectClient, instance: str, crm: str) -> None:
        self._client, self._instance, self._crm = client, instance, crm

    async def list_templates(self, call: Call, cursor: str | None = None, limit: int = 50) -> ProjectTemplatePage:
        found = await self._client.templates(mark_of(cursor, _TEMPLATES), limit)
        items = tuple(mapping.template_from_wire(row, self._instance) for row in found.rows)
        return ProjectTemplatePage(items=items, next_cursor=found.cursor(_TEMPLATES), as_of=found.read_at)

    async def find_projects(self, call: Call, deal_ref: str | None = None, key: str | None = None) -> ProjectPage:
        conditions: list[Condition] = [] if key is None else [Is(wire.KEY, "=", key)]
        if deal_ref is not None:
            conditions.append(Is("pse__Opportunity__c", "=", own_id(deal_ref, self._crm, "deal")))
        rows = await self._client.projects(*_some(conditions, "deal_ref or key"))
        return ProjectPage(items=tuple(self._project(row) for row in rows))

    async def create_project(self, call: Call, body: NewProject) -> Project:
        template = own_id(body.template_ref, self._instance, "template")
        opportunity = own_id(body.deal_ref, self._crm, "deal")
        account = own_id(body.account_ref, self._crm, "account")
        values = mapping.project_from_canon(body, opportunity, account)
        return self._project(await self._client.create_project(template, values))

    async def set_project_status(self, call: Call, project_ref: str, body: ProjectStatusChange) -> Project:
        project = own_id(project_ref, self._instance, "project")
        if body.status == "cancelled" and await self._client.has_actuals(project):
            raise Conflict("Time or expenses were recorded on the project: it cannot be cancelled.")
        return self._project(await self._client.set_stage(project, mapping.stage_from_canon(body.status)))

    async def put_tasks(self, call: Call, project_ref: str, body: Tasks) -> Tasks:
        project = (await self._client.project(own_id(project_ref, self._instance, "project"))).id
        rows = await self._client.put_tasks(project, [mapping.task_from_canon(task) for task in body.items])
        tasks = {task.code: task for task in (mapping.task_from_wire(row, self._instance) for row in rows)}
        return Tasks(items=tuple(tasks[task.code] for task in body.items if task.code in tasks))

    async def put_milestones(self, call: Call, project_ref: str, body: NewMilestones) -> MilestonePage:
        project = await self._client.project(own_id(project_ref, self._instance, "project"))
        values = {item.key: mapping.milestone_from_canon(item) for item in body.items}
        rows = await self._client.put_milestones(project.id, project.currency, values)
        items = (mapping.milestone_from_wire(row, self._instance) for row in rows)
        return MilestonePage(items=tuple(sorted(items, key=lambda item: (item.sequence, item.ref))))

    async def list_projects(
        self, call: Call, changed_since: datetime | None = None, cursor: str | None = None, limit: int = 50
    ) -> ProjectPage:
        found = await self._client.projects_changed(changed_since, mark_of(cursor, _PROJECTS), limit)
        items = tuple(self._project(row) for row in found.rows)
        return ProjectPage(items=items, next_cursor=found.cursor(_PROJECTS), as_of=found.read_at)

    async def list_tasks(
        self, call: Call, changed_since: datetime | None = None, cursor: str | None = None, limit: int = 50
    ) -> ProjectTaskPage:
        found = await self._client.tasks_changed(changed_since, mark_of(cursor, _TASKS), limit)
        items = tuple(mapping.listed_task_from_wire(row, self._instance) for row in found.rows)
        return ProjectTaskPage(items=items, next_cursor=found.cursor(_TASKS), as_of=found.read_at)

    async def list_milestones(
        self, call: Call, changed_since: datetime | None = None, cursor: str | None = None, limit: int = 50
    ) -> MilestonePage:
        found = await self._client.milestones_changed(changed_since, mark_of(cursor, _MILESTONES), limit)
        items = tuple(mapping.milestone_from_wire(row, self._instance) for row in found.rows)
        return MilestonePage(items=items, next_cursor=found.cursor(_MILESTONES), as_of=found.read_at)

    def _project(self, row: wire.Project) -> Project:
        return mapping.project_from_wire(row, self._instance, self._crm)


class PlanningAdapter:
    """Demands are pse__Resource_Request__c, bookings pse__Assignment__c with a pse__Schedule__c."""

    def __init__(self, client: BookingClient, instance: str) -> None:
        self._client, self._instance = client, instance

    async def find_demands(self, call: Call, project_ref: str | None = None, key: str | None = None) -> DemandPage:
        conditions: list[Condition] = [] if key is None else [Is(wire.KEY, "=", key)]
        if project_ref is not None:
            conditions.append(Is("pse__Project__c", "=", own_id(project_ref, self._instance, "project")))
        rows = await self._client.requests(*_some(conditions, "project_ref or key"))
        return DemandPage(items=tuple(bookings.demand_from_wire(row, self._instance) for row in rows))

    async def put_demand(self, call: Call, body: NewDemand) -> Demand:
        values = bookings.demand_from_canon(body, own_id(body.project_ref, self._instance, "project"))
        row = await self._client.put_request(body.key, values, bookings.STAFFABLE)
        return bookings.demand_from_wire(row, self._instance)

    async def cancel_demand(self, call: Call, demand_ref: str) -> Demand:
        record_id = own_id(demand_ref, self._instance, "demand")
        row = await self._client.set_request_status(record_id, bookings.CANCELED)
        return bookings.demand_from_wire(row, self._instance)

    async def put_assignment(self, call: Call, body: NewAssignment) -> Assignment:
        owner = wire.AssignmentOwner(
            project=own_id(body.project_ref, self._instance, "project"),
            resource=own_id(body.worker_ref, self._instance, "worker"),
            request=None if body.demand_ref is None else own_id(body.demand_ref, self._instance, "demand"),
            status=bookings.BOOKED,
        )
        values, schedule = bookings.assignment_from_canon(body), bookings.schedule_from_canon(body)
        row = await self._client.put_assignment(body.key, owner, values, schedule)
        return bookings.assignment_from_wire(row, self._instance)

    async def list_assignments(
        self, call: Call, changed_since: datetime | None = None, cursor: str | None = None, limit: int = 50
    ) -> AssignmentPage:
        found = await self._client.assignments_changed(changed_since, mark_of(cursor, _ASSIGNMENTS), limit)
        items = tuple(bookings.assignment_from_wire(row, self._instance) for row in found.rows)
        return AssignmentPage(items=items, next_cursor=found.cursor(_ASSIGNMENTS), as_of=found.read_at)


class TimeAdapter:
    """An entry is one day of a pse__Timecard_Header__c."""

    def __init__(self, client: TimecardClient, instance: str) -> None:
        self._client, self._instance = client, instance

    async def list_time(
        self, call: Call, changed_since: datetime | None = None, cursor: str | None = None, limit: int = 200
    ) -> TimeEntryPage:
        mark, size = mark_of(cursor, _TIME), min(limit, LARGEST_PAGE)
        found = await self._client.changed(changed_since, mark, timecards.headers_needed(size))
        items, following = timecards.entry_page(found, mark, size, self._instance, _TIME)
        return TimeEntryPage(items=items, next_cursor=following, as_of=found.read_at)

    async def mark_posted(self, call: Call, body: PostedTimes) -> PostedTimes:
        wanted = timecards.wanted_marks(body, self._instance)
        record_ids = {key.header for key in wanted}
        headers = await self._client.headers(record_ids)
        faults = await self._client.mark(timecards.missing_marks(wanted, headers))
        marked = timecards.marked(body, self._instance, await self._client.headers(record_ids))
        if faults and not marked.items:
            raise problem_of(faults, "certinia", "mark posted")
        return marked


def connect(
    connection: Connection, transport: TransportFactory = direct_transport, clock: Clock | None = None
) -> dict[str, object]:
    """The adapters of one connection by port, sharing one client. Setting `crm` is the instance code of the CRM in this org."""
    org, instance = open_org(connection, transport, clock), connection.instance
    return {
        "psa": PsaAdapter(ProjectClient(org), instance, str(connection.settings.get("crm", "salesforce"))),
        "time": TimeAdapter(TimecardClient(org), instance),
        "planning": PlanningAdapter(BookingClient(org), instance),
    }


def _some(conditions: list[Condition], names: str) -> list[Condition]:
    """At least one condition: without any, a search would answer everything."""
    if not conditions:
        missing = [Violation("one-of", f"give {names}", parameter=n, in_="query") for n in names.split(" or ")]
        raise InvalidRequest(f"Give {names}.", errors=missing)
    return conditions
