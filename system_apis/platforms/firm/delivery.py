"""What the firm does and bills: projects, time, expenses, milestones, and the invoices of earlier months."""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct


class TemplateTask(Struct, frozen=True, kw_only=True):
    code: str
    name: str
    chargeable: bool
    share_pct: Decimal


class ProjectTemplate(Struct, frozen=True, kw_only=True):
    """What a new project of a service line is copied from."""

    code: str
    name: str
    service_line: str
    method: str
    tasks: tuple[TemplateTask, ...]


class Task(Struct, frozen=True, kw_only=True):
    """`state` = open, closed."""

    code: str
    name: str
    chargeable: bool
    starts_on: date
    ends_on: date
    budget_hours: Decimal
    state: str


class Project(Struct, frozen=True, kw_only=True):
    """`stage` = planned, active, on_hold, closing, closed; `in_erp` False = its ledger shell was never made.

    `manager` is a person's number, `contract` the contract register's code.
    """

    code: str
    name: str
    deal: str
    client: str
    contract: str
    entity: str
    country: str
    currency: str
    manager: str
    starts_on: date
    ends_on: date
    stage: str
    method: str
    service_line: str
    template: str
    budget_hours: Decimal
    budget_cost: Decimal
    tasks: tuple[Task, ...]
    in_erp: bool


class Assignment(Struct, frozen=True, kw_only=True):
    """A hard booking. `hours_per_day` on every working day of the person's calendar inside the range."""

    code: str
    project: str
    task: str
    person: str
    role: str
    seniority: str
    starts_on: date
    ends_on: date
    hours_per_day: Decimal
    hours: Decimal
    planned_bill_rate: Decimal
    state: str


class TimeEntry(Struct, frozen=True, kw_only=True):
    """One day's work on one task. `state` = saved, submitted, approved, rejected.

    `sheet` groups the entries that were submitted together: one person, one assignment, one ISO week, never
    across a month's end; all entries of a sheet share one state.
    """

    code: str
    sheet: str
    assignment: str
    project: str
    task: str
    person: str
    on: date
    hours: Decimal
    time_types: tuple[str, ...]
    role: str
    seniority: str
    location: str
    billable: bool
    notes: str
    state: str
    submitted_at: datetime | None
    approved_at: datetime | None
    approver: str | None


class Expense(Struct, frozen=True, kw_only=True):
    """One claimed item. `state` as for time; `amount` is gross in `currency`."""

    code: str
    report: str
    project: str
    person: str
    category: str
    on: date
    merchant: str
    amount: Decimal
    currency: str
    tax_recoverable: Decimal
    units: Decimal
    receipt_attached: bool
    billable: bool
    disbursement: bool
    notes: str
    state: str
    approved_at: datetime | None


class Milestone(Struct, frozen=True, kw_only=True):
    """`state` = planned, in_progress, completed, accepted, billed; amounts of a line sum to its value (MLS-1)."""

    code: str
    project: str
    contract_line: str
    sequence: int
    name: str
    planned_on: date
    amount: Decimal
    currency: str
    acceptance_required: bool
    acceptance_ref: str | None
    completed_on: date | None
    accepted_on: date | None
    state: str
    invoice: str | None


class Payment(Struct, frozen=True, kw_only=True):
    code: str
    amount: Decimal
    received_on: date
    reference: str


class PastInvoice(Struct, frozen=True, kw_only=True):
    """An invoice the ledger already has. `state` = posted, pending; `agreed_gross` is what was approved for posting.

    `agreed_gross` differs from `gross` only where somebody changed the document in the ledger.
    """

    number: str
    client: str
    contract: str
    project: str
    entity: str
    currency: str
    invoiced_on: date
    due_on: date
    period_start: date
    period_end: date
    description: str
    hours: Decimal | None
    net: Decimal
    tax_code: str
    tax_rate_pct: Decimal
    tax: Decimal
    gross: Decimal
    agreed_gross: Decimal
    po_number: str | None
    state: str
    payments: tuple[Payment, ...]


class VendorBill(Struct, frozen=True, kw_only=True):
    """A subcontractor's bill for hours on a project. `matched` False = it does not agree with the approved hours."""

    code: str
    vendor: str
    vendor_po: str
    person: str
    project: str
    entity: str
    billed_on: date
    hours: Decimal
    amount: Decimal
    currency: str
    matched: bool
