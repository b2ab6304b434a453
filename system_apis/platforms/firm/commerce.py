"""What the firm sells: clients, deals, contracts, prices and the policies that govern them."""

from datetime import date
from decimal import Decimal

from msgspec import Struct


class Contact(Struct, frozen=True, kw_only=True):
    """A person at a client. `roles` of buyer, billing, approver, legal."""

    code: str
    name: str
    email: str
    roles: tuple[str, ...]


class Client(Struct, frozen=True, kw_only=True):
    """A customer. Missing address parts and terms are None: that is what the ledger knows, not an error here.

    `tax_status` = business, consumer; `parent` is the code of the client above; `in_erp` False = not yet a debtor.
    """

    code: str
    name: str
    legal_name: str
    parent: str | None
    industry: str
    entity: str
    street: str | None
    city: str | None
    postal_code: str | None
    region: str | None
    country: str
    currency: str
    payment_terms: str | None
    tax_id: str | None
    tax_id_valid: bool
    tax_status: str
    billing_hold: bool
    credit_hold: bool
    po_required: bool
    active: bool
    in_erp: bool
    contacts: tuple[Contact, ...]


class RoleNeed(Struct, frozen=True, kw_only=True):
    """A line of a deal's roles profile."""

    role: str
    seniority: str
    location: str
    starts_on: date
    ends_on: date
    hours: Decimal


class PlannedMilestone(Struct, frozen=True, kw_only=True):
    """A deliverable as sold, before a project exists."""

    sequence: int
    name: str
    planned_on: date
    amount: Decimal
    acceptance_required: bool


class PurchaseOrder(Struct, frozen=True, kw_only=True):
    """The client's purchase order. `amount` None = without limit, `expires_on` None = open."""

    number: str
    amount: Decimal | None
    expires_on: date | None


class Deal(Struct, frozen=True, kw_only=True):
    """A sale. `stage` = qualification, proposal, negotiation, won, lost; `contract_document` None = nothing signed yet.

    `method` = time_and_materials, fixed_price, milestone, retainer, recurring. `onboarded` True = its project exists.
    """

    code: str
    name: str
    client: str
    amount: Decimal
    currency: str
    stage: str
    closed_on: date
    entity: str
    delivery_countries: tuple[str, ...]
    contract_document: str | None
    signed_on: date | None
    starts_on: date
    ends_on: date
    roles: tuple[RoleNeed, ...]
    milestones: tuple[PlannedMilestone, ...]
    method: str
    billing_cycle: str
    payment_terms: str | None
    nte_amount: Decimal | None
    po: PurchaseOrder | None
    po_required: bool
    service_line: str
    template: str
    owner: str
    onboarded: bool


class RateLine(Struct, frozen=True, kw_only=True):
    """One price; a None dimension fits any value. `method` = amount, cost_plus; `unit` = hour, day."""

    code: str
    role: str | None
    seniority: str | None
    location: str | None
    time_type: str | None
    method: str
    rate: Decimal | None
    markup_pct: Decimal | None
    unit: str
    starts_on: date
    ends_on: date | None


class RateCard(Struct, frozen=True, kw_only=True):
    """One version of a price list. `scope` = project_person, project_role, contract_line, client, standard.

    `scope_code` names the project, contract line, client or entity (None = the global standard card);
    `person` only for project_person. `state` = draft, active, expired.
    """

    code: str
    name: str
    scope: str
    scope_code: str | None
    person: str | None
    currency: str
    version: int
    starts_on: date
    ends_on: date | None
    state: str
    lines: tuple[RateLine, ...]


class ContractLine(Struct, frozen=True, kw_only=True):
    """Smallest unit with one billing method (field names as in the contract register)."""

    code: str
    description: str
    method: str
    project: str
    task_codes: tuple[str, ...]
    value: Decimal | None
    nte_amount: Decimal | None
    nte_hours: Decimal | None
    increment_minutes: int | None
    discount_pct: Decimal
    includes_time: bool
    includes_expenses: bool
    tax_code_rule: str
    revenue_method: str
    retainer_basis: str | None
    recurring_amount: Decimal | None
    service_place_rule: str
    cost_center: str
    multipliers: tuple[tuple[str, Decimal], ...]


class Retainer(Struct, frozen=True, kw_only=True):
    """`state` = draft, posted, exhausted; `available` is what is left of `amount`."""

    code: str
    contract_line: str
    invoice: str | None
    amount: Decimal
    available: Decimal
    low_threshold: Decimal
    currency: str
    tax_code: str
    posted_on: date | None
    expires_on: date
    on_expiry: str
    state: str


class ChangeOrder(Struct, frozen=True, kw_only=True):
    """`state` = draft, submitted, approved, applied."""

    code: str
    contract: str
    number: str
    types: tuple[str, ...]
    effective_on: date
    value_delta: Decimal
    cap_delta: Decimal
    hours_delta: Decimal
    holds_billing: bool
    state: str


class Contract(Struct, frozen=True, kw_only=True):
    """Executed terms; owned by the contract register. `state` = in_review, active, suspended, completed."""

    code: str
    name: str
    deal: str
    client: str
    bill_to: str
    entity: str
    currency: str
    starts_on: date
    ends_on: date
    signed_on: date
    contract_document: str
    payment_terms: str | None
    invoice_grouping: str
    line_detail: str
    billing_cycle: str
    po_required: bool
    po: PurchaseOrder | None
    nte_amount: Decimal | None
    nte_scope: str
    cap_policy: str
    cap_tolerance_amount: Decimal
    rate_fallback: str
    min_invoice_amount: Decimal | None
    sequential_billing: bool
    partial_billing: bool
    description_required: bool
    tax_treatment: str
    state: str
    lines: tuple[ContractLine, ...]


class ExpenseRule(Struct, frozen=True, kw_only=True):
    """How an expense category is recharged. `scope_code` None = the standard policy."""

    scope: str
    scope_code: str | None
    category: str
    method: str
    markup_pct: Decimal | None
    unit_rate: Decimal | None
    limit_per_unit: Decimal | None
    starts_on: date


class Policy(Struct, frozen=True, kw_only=True):
    """A governed value set. `scope` = global, legal_entity, customer, contract; values are text, decimals too."""

    code: str
    kind: str
    scope: str
    scope_code: str | None
    values: tuple[tuple[str, str], ...]
    starts_on: date
    approved_by: str
