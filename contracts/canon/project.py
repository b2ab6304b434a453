"""Projects, tasks, milestones, demand and assignments as a PSA knows them (domain rules 2.2)."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.canon.deal import BillingMethod
from contracts.canon.ref import LARGEST_BULK, Code, CountryCode, CurrencyCode, Page, Ref, Text
from contracts.money import Exact

ProjectStatus = Literal["proposed", "provisioning", "ready", "active", "on_hold", "closing", "closed", "cancelled"]
MilestoneState = Literal["planned", "in_progress", "completed", "accepted", "billed", "cancelled"]
DemandState = Literal["open", "proposed", "filled", "cancelled"]
AssignmentState = Literal["proposed", "soft", "hard", "completed", "cancelled"]


class ProjectTemplate(Struct, frozen=True, kw_only=True):
    """A template of the PSA for a service line."""

    ref: Ref
    name: Text
    service_line: Code


class ProjectTemplatePage(Page[ProjectTemplate], frozen=True, kw_only=True):
    """A page of templates."""


class Project(Struct, frozen=True, kw_only=True):
    """A delivery project. `key` is the canonical project id when Ledgerway wrote it; dates are inclusive."""

    ref: Ref
    key: str | None
    code: Code
    name: Text
    deal_ref: Ref | None
    account_ref: Ref | None
    entity_code: Code | None
    country: CountryCode | None
    currency: CurrencyCode
    status: ProjectStatus
    billing_method: BillingMethod | None = None
    manager_name: str | None = None
    start_on: date | None
    end_on: date | None
    time_allowed: bool
    changed_at: datetime


class ProjectPage(Page[Project], frozen=True, kw_only=True):
    """A page of projects."""


class NewProject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project to create from a template, keyed by `key` (canonical project id)."""

    key: Code
    code: Code
    name: Text
    deal_ref: Ref
    account_ref: Ref
    template_ref: Ref
    entity_code: Code
    country: CountryCode
    currency: CurrencyCode
    billing_method: BillingMethod
    start_on: date
    end_on: date


class ProjectStatusChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The status a project shall have; `active` also opens it for booking."""

    status: ProjectStatus


class Task(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task of a project; `ref` is null until the PSA has it. Upserted by `code`."""

    code: Code
    name: Text
    chargeable: bool = True
    start_on: date | None = None
    end_on: date | None = None
    open: bool = True
    ref: Ref | None = None


class Tasks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tasks a project shall have."""

    items: Annotated[tuple[Task, ...], Meta(max_length=LARGEST_BULK)]


class ProjectTask(Struct, frozen=True, kw_only=True):
    """A task as its project holds it; dates are inclusive. Only an open one takes time (TSK-1), only a chargeable one is billed."""

    ref: Ref
    project_ref: Ref
    code: Code
    name: Text
    chargeable: bool
    start_on: date | None = None
    end_on: date | None = None
    open: bool
    changed_at: datetime


class ProjectTaskPage(Page[ProjectTask], frozen=True, kw_only=True):
    """A page of tasks."""


class Milestone(Struct, frozen=True, kw_only=True):
    """A milestone; amount in the project's currency."""

    ref: Ref
    project_ref: Ref
    key: str | None
    sequence: int
    name: Text
    planned_on: date
    amount: Exact
    currency: CurrencyCode
    acceptance_required: bool
    acceptance_ref: str | None = None
    state: MilestoneState
    changed_at: datetime


class MilestonePage(Page[Milestone], frozen=True, kw_only=True):
    """A page of milestones."""


class NewMilestone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A milestone to create or update, keyed by `key`."""

    key: Code
    sequence: int
    name: Text
    planned_on: date
    amount: Exact
    acceptance_required: bool = True


class NewMilestones(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The milestones a project shall have."""

    items: Annotated[tuple[NewMilestone, ...], Meta(max_length=LARGEST_BULK)]


class Demand(Struct, frozen=True, kw_only=True):
    """A staffing demand of a project."""

    ref: Ref
    key: str | None
    project_ref: Ref
    role_code: Code
    seniority_code: Code | None = None
    location_code: Code | None = None
    start_on: date
    end_on: date
    hours: Exact
    state: DemandState
    changed_at: datetime


class DemandPage(Page[Demand], frozen=True, kw_only=True):
    """A page of demands."""


class NewDemand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A demand to publish, keyed by `key`."""

    key: Code
    project_ref: Ref
    role_code: Code
    seniority_code: Code | None = None
    location_code: Code | None = None
    start_on: date
    end_on: date
    hours: Exact


class Assignment(Struct, frozen=True, kw_only=True):
    """A person booked on a project for an inclusive range of days."""

    ref: Ref
    key: str | None
    project_ref: Ref
    worker_ref: Ref
    worker_number: str | None = None
    role_code: Code | None = None
    start_on: date
    end_on: date
    hours: Exact
    state: AssignmentState
    changed_at: datetime


class AssignmentPage(Page[Assignment], frozen=True, kw_only=True):
    """A page of assignments."""


class NewAssignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An assignment to create or update, keyed by `key`."""

    key: Code
    project_ref: Ref
    worker_ref: Ref
    demand_ref: Ref | None = None
    role_code: Code
    start_on: date
    end_on: date
    hours: Exact
