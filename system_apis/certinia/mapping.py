"""Projects, tasks and milestones: PSA records <-> canon. Picklist values are the package's usual ones; settings map others."""

from decimal import Decimal

from contracts.canon.project import (
    Milestone,
    MilestoneState,
    NewMilestone,
    NewProject,
    Project,
    ProjectStatus,
    ProjectTask,
    ProjectTemplate,
    Task,
)
from contracts.canon.ref import ref
from contracts.money import ZERO, round_money
from system_apis.certinia import wire
from system_apis.platforms.salesforce.picklists import billing_method, billing_type
from system_apis.platforms.salesforce.references import optional_ref

_NAME_LENGTH = 80
_STATUS: dict[str, ProjectStatus] = {
    "Draft": "proposed",
    "Planned": "ready",
    "In Progress": "active",
    "On Hold": "on_hold",
    "Closing": "closing",
    "Completed": "closed",
    "Canceled": "cancelled",
}
_STAGE = {status: stage for stage, status in _STATUS.items()} | {"provisioning": "Draft"}
_UNDER_WAY = frozenset({"ready", "active", "on_hold", "closing"})
_MILESTONE: dict[str, MilestoneState] = {
    "Planned": "planned",
    "Open": "in_progress",
    "Rejected": "in_progress",
    "Completed": "completed",
    "Approved": "completed",
    "Canceled": "cancelled",
}


def template_from_wire(row: wire.Template, instance: str) -> ProjectTemplate:
    """A template; without a service line it is one of its own name."""
    line = row.service_line or row.name[:60]
    return ProjectTemplate(ref=ref(instance, "template", row.id), name=row.name, service_line=line)


def project_from_wire(row: wire.Project, instance: str, crm: str) -> Project:
    """A project; its deal and account are records of the same org, known under the CRM's instance code."""
    return Project(
        ref=ref(instance, "project", row.id),
        key=row.key,
        code=row.code or row.project_id or row.id,
        name=row.name,
        deal_ref=optional_ref(crm, "deal", row.opportunity),
        account_ref=optional_ref(crm, "account", row.account),
        entity_code=row.entity,
        country=row.country,
        currency=row.currency,
        status=_project_status(row),
        billing_method=billing_method(row.billing_type),
        manager_name=row.manager.name if row.manager else None,
        start_on=row.starts_on,
        end_on=row.ends_on,
        time_allowed=row.active and not row.closed_for_time,
        changed_at=row.changed_at,
    )


def project_from_canon(body: NewProject, opportunity: str, account: str) -> wire.NewProject:
    """A project to clone; the vendor's names hold 80 characters."""
    return wire.NewProject(
        name=body.name[:_NAME_LENGTH],
        key=body.key,
        code=body.code,
        opportunity=opportunity,
        account=account,
        entity=body.entity_code,
        country=body.country,
        currency=body.currency,
        billing_type=billing_type(body.billing_method),
        starts_on=body.start_on,
        ends_on=body.end_on,
    )


def stage_from_canon(status: ProjectStatus) -> wire.ProjectStage:
    """Only an active project takes time; expenses may still come in while it is closing."""
    return wire.ProjectStage(
        stage=_STAGE[status],
        active=status in _UNDER_WAY,
        closed_for_time=status != "active",
        closed_for_expenses=status not in ("active", "closing"),
    )


def task_from_wire(row: wire.ProjectTask, instance: str) -> Task:
    """A task of a project."""
    return Task(
        code=row.code or row.id,
        name=row.name,
        chargeable=row.billable,
        start_on=row.starts_on,
        end_on=row.ends_on,
        open=not row.closed,
        ref=ref(instance, "task", row.id),
    )


def listed_task_from_wire(row: wire.ListedTask, instance: str) -> ProjectTask:
    """A task with its project."""
    task = task_from_wire(row, instance)
    return ProjectTask(
        ref=ref(instance, "task", row.id),
        project_ref=ref(instance, "project", row.project),
        code=task.code,
        name=task.name,
        chargeable=task.chargeable,
        start_on=task.start_on,
        end_on=task.end_on,
        open=task.open,
        changed_at=row.changed_at,
    )


def task_from_canon(task: Task) -> wire.TaskValues:
    """What a task shall hold."""
    return wire.TaskValues(
        name=task.name[:_NAME_LENGTH],
        code=task.code,
        billable=task.chargeable,
        starts_on=task.start_on,
        ends_on=task.end_on,
        closed=not task.open,
    )


def milestone_from_wire(row: wire.Milestone, instance: str) -> Milestone:
    """A milestone; a sequence or amount nobody filled in is 0."""
    return Milestone(
        ref=ref(instance, "milestone", row.id),
        project_ref=ref(instance, "project", row.project),
        key=row.key,
        sequence=int(row.sequence or 0),
        name=row.name,
        planned_on=row.target_on,
        amount=round_money(row.amount or ZERO, row.currency),
        currency=row.currency,
        acceptance_required=row.sign_off,
        acceptance_ref=row.acceptance,
        state=_milestone_state(row),
        changed_at=row.changed_at,
    )


def milestone_from_canon(body: NewMilestone) -> wire.MilestoneValues:
    """What a milestone shall hold."""
    return wire.MilestoneValues(
        name=body.name[:_NAME_LENGTH],
        sequence=body.sequence,
        target_on=body.planned_on,
        amount=Decimal(body.amount),
        sign_off=body.acceptance_required,
    )


def _project_status(row: wire.Project) -> ProjectStatus:
    """The vendor has one stage before a project is ready; one that carries our key is being provisioned by us."""
    status = _STATUS.get(row.stage or "", "proposed")
    return "provisioning" if status == "proposed" and row.key is not None else status


def _milestone_state(row: wire.Milestone) -> MilestoneState:
    if row.billed:
        return "billed"
    state = _MILESTONE.get(row.status or "", "planned")
    return "accepted" if row.approved and state != "cancelled" else state
