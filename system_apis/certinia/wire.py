"""PSA records in Certinia's names (managed package `pse`). Names that end in `__c` without `pse__` belong to the org: a
connection's settings may map them.

Source: Certinia Technical Reference, Schema (pse__Proj__c, pse__Milestone__c, pse__Resource_Request__c, pse__Assignment__c,
pse__Schedule__c, pse__Timecard_Header__c).
"""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct, field

KEY = "Ext_Id__c"
PROJECT, TASK, MILESTONE = "pse__Proj__c", "pse__Project_Task__c", "pse__Milestone__c"
DEMAND, ASSIGNMENT, SCHEDULE = "pse__Resource_Request__c", "pse__Assignment__c", "pse__Schedule__c"
TIMECARD, EXPENSE = "pse__Timecard_Header__c", "pse__Expense__c"
# The org's own Apex REST resource around pse.CreateProjectFromTemplateService, which is not reachable over HTTP itself.
CLONE_RESOURCE = "/services/apexrest/ledgerway/v1/projects"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Named(Struct, frozen=True, kw_only=True):
    """A parent of which only the name is read."""

    name: str = field(name="Name")


class Resource(Struct, frozen=True, kw_only=True):
    """Contact with pse__Is_Resource__c: the person; Employee_Number__c is the number the HCM knows."""

    number: str | None = field(name="Employee_Number__c")


class TaskCode(Struct, frozen=True, kw_only=True):
    """The parent task of a timecard."""

    code: str | None = field(name="Task_Code__c")


class Template(Struct, frozen=True, kw_only=True):
    """pse__Proj__c with pse__Is_Template__c set."""

    id: str = field(name="Id")
    name: str = field(name="Name")
    service_line: str | None = field(name="Service_Line__c")
    changed_at: datetime = field(name="SystemModstamp")


class Project(Struct, frozen=True, kw_only=True):
    """pse__Proj__c. Amounts in CurrencyIsoCode."""

    id: str = field(name="Id")
    name: str = field(name="Name")
    key: str | None = field(name="Ext_Id__c")
    code: str | None = field(name="Project_Code__c")
    project_id: str | None = field(name="pse__Project_ID__c")
    opportunity: str | None = field(name="pse__Opportunity__c")
    account: str | None = field(name="pse__Account__c")
    entity: str | None = field(name="Legal_Entity__c")
    country: str | None = field(name="Country_Code__c")
    currency: str = field(name="CurrencyIsoCode")
    stage: str | None = field(name="pse__Stage__c")
    billing_type: str | None = field(name="pse__Billing_Type__c")
    manager: Named | None = field(name="pse__Project_Manager__r")
    starts_on: date | None = field(name="pse__Start_Date__c")
    ends_on: date | None = field(name="pse__End_Date__c")
    active: bool = field(name="pse__Is_Active__c")
    closed_for_time: bool = field(name="pse__Closed_for_Time_Entry__c")
    changed_at: datetime = field(name="SystemModstamp")


class NewProject(Struct, frozen=True, kw_only=True):
    """What a cloned pse__Proj__c is given in the same transaction."""

    name: str = field(name="Name")
    key: str = field(name="Ext_Id__c")
    code: str = field(name="Project_Code__c")
    opportunity: str = field(name="pse__Opportunity__c")
    account: str = field(name="pse__Account__c")
    entity: str = field(name="Legal_Entity__c")
    country: str = field(name="Country_Code__c")
    currency: str = field(name="CurrencyIsoCode")
    billing_type: str = field(name="pse__Billing_Type__c")
    starts_on: date = field(name="pse__Start_Date__c")
    ends_on: date = field(name="pse__End_Date__c")


class ProjectStage(Struct, frozen=True, kw_only=True):
    """The fields of pse__Proj__c that say where it stands and whether time and expenses may be booked."""

    stage: str = field(name="pse__Stage__c")
    active: bool = field(name="pse__Is_Active__c")
    closed_for_time: bool = field(name="pse__Closed_for_Time_Entry__c")
    closed_for_expenses: bool = field(name="pse__Closed_for_Expense_Entry__c")


class ProjectTask(Struct, frozen=True, kw_only=True):
    """pse__Project_Task__c."""

    id: str = field(name="Id")
    name: str = field(name="Name")
    code: str | None = field(name="Task_Code__c")
    billable: bool = field(name="Billable__c")
    starts_on: date | None = field(name="pse__Start_Date__c")
    ends_on: date | None = field(name="pse__End_Date__c")
    closed: bool = field(name="pse__Closed_for_Time_Entry__c")


class ListedTask(ProjectTask, frozen=True, kw_only=True):
    """The same with its project and its change stamp."""

    project: str = field(name="pse__Project__c")
    changed_at: datetime = field(name="SystemModstamp")


class TaskValues(Struct, frozen=True, kw_only=True):
    """What is written on a pse__Project_Task__c."""

    name: str = field(name="Name")
    code: str = field(name="Task_Code__c")
    billable: bool = field(name="Billable__c")
    starts_on: date | None = field(name="pse__Start_Date__c")
    ends_on: date | None = field(name="pse__End_Date__c")
    closed: bool = field(name="pse__Closed_for_Time_Entry__c")


class Milestone(Struct, frozen=True, kw_only=True):
    """pse__Milestone__c with a target date. Approved and Billed are flags of their own, not implied by Status."""

    id: str = field(name="Id")
    name: str = field(name="Name")
    key: str | None = field(name="Ext_Id__c")
    project: str = field(name="pse__Project__c")
    sequence: Decimal | None = field(name="Sequence__c")
    target_on: date = field(name="pse__Target_Date__c")
    amount: Decimal | None = field(name="pse__Milestone_Amount__c")
    currency: str = field(name="CurrencyIsoCode")
    sign_off: bool = field(name="pse__Requires_Customer_Sign_off__c")
    acceptance: str | None = field(name="Acceptance_Reference__c")
    status: str | None = field(name="pse__Status__c")
    approved: bool = field(name="pse__Approved__c")
    billed: bool = field(name="pse__Billed__c")
    changed_at: datetime = field(name="SystemModstamp")


class MilestoneValues(Struct, frozen=True, kw_only=True):
    """What is written on a pse__Milestone__c."""

    name: str = field(name="Name")
    sequence: int = field(name="Sequence__c")
    target_on: date = field(name="pse__Target_Date__c")
    amount: Decimal = field(name="pse__Milestone_Amount__c")
    sign_off: bool = field(name="pse__Requires_Customer_Sign_off__c")


class ResourceRequest(Struct, frozen=True, kw_only=True):
    """pse__Resource_Request__c: a demand."""

    id: str = field(name="Id")
    key: str | None = field(name="Ext_Id__c")
    project: str = field(name="pse__Project__c")
    role: str | None = field(name="pse__Resource_Role__c")
    seniority: str | None = field(name="Seniority_Code__c")
    location: str | None = field(name="Location_Code__c")
    starts_on: date = field(name="pse__Start_Date__c")
    ends_on: date = field(name="pse__End_Date__c")
    hours: Decimal | None = field(name="pse__SOW_Hours__c")
    status: str | None = field(name="pse__Status__c")
    changed_at: datetime = field(name="SystemModstamp")


class ResourceRequestValues(Struct, frozen=True, kw_only=True):
    """What is written on a pse__Resource_Request__c."""

    project: str = field(name="pse__Project__c")
    role: str = field(name="pse__Resource_Role__c")
    seniority: str | None = field(name="Seniority_Code__c")
    location: str | None = field(name="Location_Code__c")
    starts_on: date = field(name="pse__Start_Date__c")
    ends_on: date = field(name="pse__End_Date__c")
    hours: Decimal = field(name="pse__SOW_Hours__c")


class Assignment(Struct, frozen=True, kw_only=True):
    """pse__Assignment__c: a booking; its dates are those of its schedule."""

    id: str = field(name="Id")
    key: str | None = field(name="Ext_Id__c")
    project: str = field(name="pse__Project__c")
    resource_id: str = field(name="pse__Resource__c")
    resource: Resource | None = field(name="pse__Resource__r")
    schedule: str = field(name="pse__Schedule__c")
    role: str | None = field(name="pse__Role__c")
    starts_on: date = field(name="pse__Start_Date__c")
    ends_on: date = field(name="pse__End_Date__c")
    planned_hours: Decimal | None = field(name="pse__Planned_Hours__c")
    scheduled_hours: Decimal | None = field(name="pse__Scheduled_Hours__c")
    status: str | None = field(name="pse__Status__c")
    changed_at: datetime = field(name="SystemModstamp")


class AssignmentOwner(Struct, frozen=True, kw_only=True):
    """What a new pse__Assignment__c is given for good."""

    project: str = field(name="pse__Project__c")
    resource: str = field(name="pse__Resource__c")
    request: str | None = field(name="pse__Resource_Request__c")
    status: str = field(name="pse__Status__c")


class AssignmentValues(Struct, frozen=True, kw_only=True):
    """What may change on a pse__Assignment__c; its dates change with the schedule."""

    role: str = field(name="pse__Role__c")
    planned_hours: Decimal = field(name="pse__Planned_Hours__c")


class Schedule(Struct, frozen=True, kw_only=True, rename=lambda name: f"pse__{name.title()}__c"):
    """pse__Schedule__c: the range and the hours of every weekday in it."""

    start_date: date
    end_date: date
    monday_hours: Decimal
    tuesday_hours: Decimal
    wednesday_hours: Decimal
    thursday_hours: Decimal
    friday_hours: Decimal
    saturday_hours: Decimal
    sunday_hours: Decimal
