"""The queries and writes the PSA is asked for; rows come back as wire structs. Every write is keyed, so that it can be repeated."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from contracts.problems import Conflict
from system_apis.certinia import wire
from system_apis.certinia.week import TimecardHeader, posting_column
from system_apis.platforms.salesforce.client import OrgClient, Part, record
from system_apis.platforms.salesforce.cursors import Changes, Mark
from system_apis.platforms.salesforce.refusals import Fault
from system_apis.platforms.salesforce.statements import Among, Condition, Count, Every, Is, Select

_A_PROJECT = Is("pse__Is_Template__c", "=", False)
_OF_A_PROJECT = Is("pse__Project__r.pse__Is_Template__c", "=", False)
_DATED = Is("pse__Target_Date__c", "!=", None)
_SCHEDULED = Is("pse__Start_Date__c", "!=", None)
_BOOKING = ("pse__Project__c", "pse__Resource__c", "pse__Schedule__c")
_ON_PROJECT = Is("pse__Project__c", "!=", None)


class ProjectClient:
    """Projects with their tasks and milestones."""

    def __init__(self, org: OrgClient) -> None:
        self._org = org

    async def templates(self, mark: Mark | None, limit: int) -> Changes[wire.Template]:
        """Project templates."""
        query = Select(source=wire.PROJECT, kind=wire.Template, where=Is("pse__Is_Template__c", "=", True))
        return await self._org.changes(query, None, mark, limit)

    async def projects(self, *conditions: Condition) -> tuple[wire.Project, ...]:
        """Projects that meet all conditions, oldest first."""
        where = Every((_A_PROJECT, *conditions))
        return await self._org.select(
            Select(source=wire.PROJECT, kind=wire.Project, where=where, order=("CreatedDate", "Id"))
        )

    async def project(self, record_id: str) -> wire.Project:
        """One project. Raises NotFound."""
        return await self._org.one(_project(record_id))

    async def projects_changed(self, since: datetime | None, mark: Mark | None, limit: int) -> Changes[wire.Project]:
        """Projects, oldest change first."""
        query = Select(source=wire.PROJECT, kind=wire.Project, where=_A_PROJECT)
        return await self._org.changes(query, since, mark, limit)

    async def create_project(self, template: str, values: wire.NewProject) -> wire.Project:
        """Clone a template, once per key. Cloning itself is not idempotent: look by key, and again when it is refused."""
        if found := await self._keyed(values.key):
            return found
        body = {"templateId": template, "project": self._org.body(wire.PROJECT, record(values))}
        try:
            answer = await self._org.custom(wire.CLONE_RESOURCE, body, "clone project")
        except Conflict:
            if found := await self._keyed(values.key):
                return found
            raise
        return await self._org.written(_project(str(answer["projectId"])))

    async def set_stage(self, record_id: str, stage: wire.ProjectStage) -> wire.Project:
        """Change stage and booking flags. Raises NotFound."""
        await self._org.update(wire.PROJECT, record_id, record(stage))
        return await self._org.written(_project(record_id))

    async def has_actuals(self, project: str) -> bool:
        """True when time or expenses were recorded on the project."""
        where = Is("pse__Project__c", "=", project)
        if await self._org.count(Count(source=wire.TIMECARD, where=where)):
            return True
        return await self._org.count(Count(source=wire.EXPENSE, where=where)) > 0

    async def tasks(self, project: str) -> tuple[wire.ProjectTask, ...]:
        """All tasks of a project."""
        where = Is("pse__Project__c", "=", project)
        return await self._org.select(Select(source=wire.TASK, kind=wire.ProjectTask, where=where, order=("Id",)))

    async def tasks_changed(self, since: datetime | None, mark: Mark | None, limit: int) -> Changes[wire.ListedTask]:
        """Tasks of projects, oldest change first."""
        query = Select(source=wire.TASK, kind=wire.ListedTask, where=_OF_A_PROJECT)
        return await self._org.changes(query, since, mark, limit)

    async def put_tasks(self, project: str, values: Sequence[wire.TaskValues]) -> tuple[wire.ProjectTask, ...]:
        """Create or change tasks by code (a template brings tasks without our key); answers all tasks of the project.

        A date that is not given is left as the template set it.
        """
        known = {task.code: task.id for task in await self.tasks(project)}
        rows = {value.code: {k: v for k, v in record(value).items() if v is not None} for value in values}
        changed = [{"id": known[code], **row} for code, row in rows.items() if code in known]
        added = [
            {wire.KEY: f"{project}:{code}", "pse__Project__c": project, **row}
            for code, row in rows.items()
            if code not in known
        ]
        await self._put(wire.TASK, changed, added)
        return await self.tasks(project)

    async def milestones(self, keys: Sequence[str]) -> tuple[wire.Milestone, ...]:
        """Milestones with our keys, of whatever project."""
        return await self._org.select(_milestones(keys)) if keys else ()

    async def put_milestones(
        self, project: str, currency: str, values: Mapping[str, wire.MilestoneValues]
    ) -> tuple[wire.Milestone, ...]:
        """Create or change milestones by key. Raises Conflict when a key is another project's."""
        known = {row.key: row for row in await self.milestones(list(values))}
        if any(row.project != project for row in known.values()):
            raise Conflict("A milestone with this key belongs to another project.")
        changed = [{"id": known[key].id, **record(value)} for key, value in values.items() if key in known]
        owner = {"pse__Project__c": project, "CurrencyIsoCode": currency}
        added = [{wire.KEY: key, **owner, **record(value)} for key, value in values.items() if key not in known]
        await self._put(wire.MILESTONE, changed, added)
        return await self._org.all_written(_milestones(list(values)), len(values)) if values else ()

    async def milestones_changed(
        self, since: datetime | None, mark: Mark | None, limit: int
    ) -> Changes[wire.Milestone]:
        """Milestones with a target date, oldest change first."""
        query = Select(source=wire.MILESTONE, kind=wire.Milestone, where=_DATED)
        return await self._org.changes(query, since, mark, limit)

    async def _keyed(self, key: str) -> wire.Project | None:
        found = await self._org.keyed_record(wire.PROJECT, wire.KEY, key)
        if found is None:
            return None
        return await self._org.written(_project(str(found["Id"])))

    async def _put(self, source: str, changed: list[dict[str, Any]], added: list[dict[str, Any]]) -> None:
        await self._org.update_all(source, changed)
        await self._org.upsert_all(source, wire.KEY, added)


class BookingClient:
    """Resource requests and assignments."""

    def __init__(self, org: OrgClient) -> None:
        self._org = org

    async def requests(self, *conditions: Condition) -> tuple[wire.ResourceRequest, ...]:
        """Resource requests of projects that meet all conditions."""
        where = Every((_ON_PROJECT, *conditions))
        return await self._org.select(Select(source=wire.DEMAND, kind=wire.ResourceRequest, where=where, order=("Id",)))

    async def put_request(self, key: str, values: wire.ResourceRequestValues, status: str) -> wire.ResourceRequest:
        """Create with this status, or change the one with the key and leave its status alone."""
        known = await self._org.keyed_record(wire.DEMAND, wire.KEY, key)
        body = record(values) if known else {**record(values), "pse__Status__c": status}
        return await self._org.written(_request(await self._org.upsert(wire.DEMAND, wire.KEY, key, body)))

    async def set_request_status(self, record_id: str, status: str) -> wire.ResourceRequest:
        """Change the status. Raises NotFound."""
        await self._org.update(wire.DEMAND, record_id, {"pse__Status__c": status})
        return await self._org.written(_request(record_id))

    async def put_assignment(
        self, key: str, owner: wire.AssignmentOwner, values: wire.AssignmentValues, schedule: wire.Schedule
    ) -> wire.Assignment:
        """Book, or change the booking with the key: schedule and assignment together or not at all.

        Raises Conflict when the key is the booking of another person or project.
        """
        known = await self._org.keyed_record(wire.ASSIGNMENT, wire.KEY, key, _BOOKING)
        if known and (known[_BOOKING[0]], known[_BOOKING[1]]) != (owner.project, owner.resource):
            raise Conflict("A booking with this key is another person's or another project's.")
        await self._org.composite(self._booking(known, key, owner, values, schedule), "book")
        where = Every((_SCHEDULED, Is(wire.KEY, "=", key)))
        return await self._org.written(Select(source=wire.ASSIGNMENT, kind=wire.Assignment, where=where))

    def _booking(
        self,
        known: Mapping[str, Any] | None,
        key: str,
        owner: wire.AssignmentOwner,
        values: wire.AssignmentValues,
        schedule: wire.Schedule,
    ) -> tuple[Part, Part]:
        """Schedule, then assignment; a known booking keeps its schedule's record, person and project."""
        org, plan, body = self._org, record(schedule), record(values)
        if known:
            first = org.by_id("schedule", wire.SCHEDULE, str(known[_BOOKING[2]]), plan)
        else:
            first = org.keyed("schedule", wire.SCHEDULE, wire.KEY, key, plan)
            body = {**record(owner), **body, _BOOKING[2]: "@{schedule.id}"}
        return first, org.keyed("assignment", wire.ASSIGNMENT, wire.KEY, key, body)

    async def assignments_changed(
        self, since: datetime | None, mark: Mark | None, limit: int
    ) -> Changes[wire.Assignment]:
        """Assignments, oldest change first."""
        query = Select(source=wire.ASSIGNMENT, kind=wire.Assignment, where=_SCHEDULED)
        return await self._org.changes(query, since, mark, limit)


class TimecardClient:
    """Timecard headers."""

    def __init__(self, org: OrgClient) -> None:
        self._org = org

    async def changed(self, since: datetime | None, mark: Mark | None, limit: int) -> Changes[TimecardHeader]:
        """Headers on projects, oldest change first."""
        query = Select(source=wire.TIMECARD, kind=TimecardHeader, where=_ON_PROJECT)
        return await self._org.changes(query, since, mark, limit)

    async def headers(self, record_ids: Collection[str]) -> tuple[TimecardHeader, ...]:
        """Headers by id; unknown ones are left out."""
        if not record_ids:
            return ()
        where = Every((_ON_PROJECT, Among("Id", tuple(record_ids))))
        return await self._org.select(Select(source=wire.TIMECARD, kind=TimecardHeader, where=where, order=("Id",)))

    async def mark(self, postings: Mapping[str, Mapping[date, str]]) -> tuple[Fault, ...]:
        """Write the posting reference of days, header by header; answers what was refused."""
        rows = [
            {"id": header, **{posting_column(on): posting for on, posting in days.items()}}
            for header, days in postings.items()
        ]
        return await self._org.update_some(wire.TIMECARD, rows)


def _project(record_id: str) -> Select[wire.Project]:
    where = Every((_A_PROJECT, Is("Id", "=", record_id)))
    return Select(source=wire.PROJECT, kind=wire.Project, where=where)


def _milestones(keys: Sequence[str]) -> Select[wire.Milestone]:
    where = Every((_DATED, Among(wire.KEY, tuple(keys))))
    return Select(source=wire.MILESTONE, kind=wire.Milestone, where=where, order=("Id",))


def _request(record_id: str) -> Select[wire.ResourceRequest]:
    where = Every((_ON_PROJECT, Is("Id", "=", record_id)))
    return Select(source=wire.DEMAND, kind=wire.ResourceRequest, where=where)
