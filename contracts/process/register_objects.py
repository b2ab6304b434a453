"""What the hub itself owns, with the names of domain rules 2.2: contracts, lines, rate cards, policies, projects, customers."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.canon.deal import BillingMethod
from contracts.canon.ref import Code, CountryCode, CurrencyCode, Id, Name, NewCode, Page, Reason, Ref, Text
from contracts.money import Exact
from contracts.process.time_posting import TransactionKind

Minutes = Annotated[int, Meta(ge=1, le=1440)]
ContractState = Literal["draft", "in_review", "active", "suspended", "completed", "terminated", "closed", "cancelled"]
CardScope = Literal["project_person", "project_role", "contract_line", "client", "standard"]
CardState = Literal["draft", "in_review", "active", "superseded", "expired", "withdrawn"]
CustomerStatus = Literal["prospect", "active", "inactive"]
ProjectStatus = Literal["proposed", "provisioning", "ready", "active", "on_hold", "closing", "closed", "cancelled"]
PolicyKind = Literal[
    "approval", "receipt", "retro", "rerate", "tolerance", "write_down", "booking", "alert", "retention"
]
PolicyScope = Literal["global", "legal_entity", "customer", "contract"]
RevenueMethod = Literal["right_to_invoice", "cost_to_cost", "hours", "milestone", "straight_line", "completed_contract"]


class PurchaseOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The client's order. `amount` null: not limited."""

    number: Code
    amount: Exact | None = None
    expires_on: date | None = None


class FixedFx(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """An agreed exchange rate (FX-1)."""

    from_: CurrencyCode
    to: CurrencyCode
    rate: Exact


class VolumeTier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Marginal discount from a cumulative net on (DISC-1)."""

    from_: Exact
    pct: Exact


class ContractChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change order of the contract that is under way."""

    id: Code
    state: Literal["draft", "submitted", "approved", "rejected", "applied", "cancelled"]
    effective_date: date
    holds_billing: bool = False


class RetainerBalance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The retainer a contract draws on."""

    id: Code
    state: Literal["draft", "posted", "exhausted", "expired", "refunded"]
    available: Exact
    tax_code: Code
    low_threshold: Exact | None = None
    posted_on: date | None = None
    expires_on: date | None = None


class NewContractLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contract line (`ctl`). `id` is kept when given (ID-1), else made. `task_ids` empty: all tasks of the project."""

    id: Id | None = None
    billing_method: BillingMethod
    project_id: Code
    task_ids: tuple[Code, ...] = ()
    value: Exact | None = None
    nte_amount: Exact | None = None
    nte_hours: Exact | None = None
    billing_unit: Literal["hour", "day"] | None = None
    hours_per_day: Exact | None = None
    increment_minutes: Minutes | None = None
    increment_mode: Literal["up", "nearest", "down"] = "up"
    minimum_minutes: Annotated[int, Meta(ge=0, le=1440)] | None = None
    rounding_scope: Literal["entry", "day"] = "entry"
    day_rounding: Literal["exact", "half_day", "full_day"] = "exact"
    multipliers: dict[Code, Exact] = {}
    discount_pct: Exact | None = None
    includes_time: bool = True
    includes_expenses: bool = True
    tax_code_rule: Code = "general"
    revenue_method: RevenueMethod = "right_to_invoice"
    service_place_rule: Literal["general", "performed", "property"] = "general"
    cost_center_id: Code
    description_required: bool = False


class NewContract(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contract (`ctr`) with its lines, as signed."""

    id: Id | None = None
    engagement_id: Code | None = None
    customer_id: Code
    bill_to_id: Code | None = None
    legal_entity_id: NewCode
    name: Name
    opportunity_id: Ref | None = None
    currency: CurrencyCode
    start: date
    end: date | None = None
    signed_on: date | None = None
    document_ref: Annotated[str, Meta(max_length=2000)] | None = None
    payment_terms: Code | None
    invoice_grouping: Literal["per_contract", "per_project", "per_po", "per_contract_line", "per_customer"] = (
        "per_contract"
    )
    line_detail: Literal["entry", "resource_role", "role", "task", "project"] = "resource_role"
    billing_cycle: Literal["weekly", "semi_monthly", "monthly", "quarterly", "on_event"] = "monthly"
    po_required: bool = False
    po: PurchaseOrder | None = None
    nte_amount: Exact | None = None
    nte_scope: Literal["time_only", "time_and_expense"] = "time_and_expense"
    cap_policy: Literal["split", "block_entry", "warn"] = "split"
    cap_tolerance_amount: Exact | None = None
    rate_fallback: Literal["contract", "client", "standard"] = "standard"
    fx_fixed: tuple[FixedFx, ...] = ()
    volume_tiers: tuple[VolumeTier, ...] = ()
    min_invoice_amount: Exact | None = None
    sequential_billing: bool = False
    partial_billing: bool = False
    margin_threshold_pct: Exact | None = None
    change_orders: tuple[ContractChange, ...] = ()
    retainer: RetainerBalance | None = None
    lines: tuple[NewContractLine, ...]


class ContractLine(NewContractLine, frozen=True, kw_only=True):
    """A registered contract line."""

    id: Code
    contract_id: Code


class Contract(NewContract, frozen=True, kw_only=True):
    """A registered contract. `contract_version` counts signed versions, `version` every change (ID-3)."""

    id: Code
    legal_entity_id: Code
    name: Text
    document_ref: str | None = None
    lines: tuple[ContractLine, ...]
    state: ContractState
    contract_version: int
    version: int
    updated_at: datetime


class ContractPage(Page[Contract], frozen=True, kw_only=True):
    """A page of contracts."""


class ScopeRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a rate card is for, by its scope; `standard` may name an entity or nothing."""

    project_id: Code | None = None
    resource_id: Code | None = None
    contract_line_id: Code | None = None
    customer_id: Code | None = None
    legal_entity_id: Code | None = None


class NewRateLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One price (`rtl`); a null dimension means any. Both dates inclusive; a null date is the card's."""

    role_code: Code | None = None
    seniority_code: Code | None = None
    location_code: Code | None = None
    time_type: Code | None = None
    method: Literal["amount", "cost_plus"] = "amount"
    rate: Exact | None = None
    markup_pct: Exact | None = None
    unit: Literal["hour", "day", "unit", "month"] = "hour"
    effective_from: date | None = None
    effective_to: date | None = None


class NewRateCard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of a rate card (`rcd`)."""

    name: Name
    scope: CardScope
    scope_ref: ScopeRef = ScopeRef()
    currency: CurrencyCode
    effective_from: date
    effective_to: date | None = None
    lines: tuple[NewRateLine, ...]


class RateLine(NewRateLine, frozen=True, kw_only=True):
    """A registered price."""

    id: Code


class RateCard(NewRateCard, frozen=True, kw_only=True):
    """A registered rate card."""

    id: Code
    name: Text
    lines: tuple[RateLine, ...]
    state: CardState
    card_version: int
    author: str
    version: int
    updated_at: datetime


class RateCardPage(Page[RateCard], frozen=True, kw_only=True):
    """A page of rate cards."""


class NewPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy (`pol`): numbers that rules read; the most specific valid scope wins (POL-1)."""

    kind: PolicyKind
    scope: PolicyScope = "global"
    scope_ref: NewCode | None = None
    values: dict[Code, Exact]
    effective_from: date
    effective_to: date | None = None


class Policy(NewPolicy, frozen=True, kw_only=True):
    """A registered policy."""

    id: Code
    scope_ref: Code | None = None
    approved_by: str
    version: int
    updated_at: datetime


class PolicyPage(Page[Policy], frozen=True, kw_only=True):
    """A page of policies."""


class CostCenterMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where cost is booked (`ccm`): resource's cost center, project's entity and kind of transaction -> account (CCM-1)."""

    cost_center: NewCode
    legal_entity_id: NewCode
    kind: TransactionKind
    gl_account: NewCode
    target_cost_center: NewCode
    effective_from: date
    effective_to: date | None = None


class CostCenterMappings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mappings to set, at most 500; one that stands under the same key and start is replaced."""

    items: Annotated[tuple[CostCenterMapping, ...], Meta(max_length=500)]


class CostCenterMappingPage(Page[CostCenterMapping], frozen=True, kw_only=True):
    """A page of mappings."""


class CrossReference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which record of a connected system something is (ID-2), and why it is said. `number` is what people call it there."""

    ref: Ref
    number: Text | None = None
    note: Reason


class NewCustomer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer (`cus`) the hub knows. `refs` are its cross references (ID-2): CRM account, ERP customer."""

    id: Id | None = None
    name: Name
    legal_name: Name
    country: CountryCode
    parent_id: Code | None = None
    tax_status: Literal["business", "consumer"] = "business"
    tax_id: Annotated[str, Meta(max_length=60)] | None = None
    tax_id_valid: bool = False
    default_currency: CurrencyCode
    refs: tuple[Ref, ...] = ()


class Customer(NewCustomer, frozen=True, kw_only=True):
    """A registered customer."""

    id: Code
    name: Text
    legal_name: Text
    tax_id: str | None = None
    status: CustomerStatus
    version: int
    updated_at: datetime


class CustomerPage(Page[Customer], frozen=True, kw_only=True):
    """A page of customers."""


class NewRegisteredProject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project (`prj`) that exists already in the PSA and ERP: adopted, not created. `refs`: PSA project, ERP shell."""

    id: Id | None = None
    engagement_id: Code | None = None
    customer_id: Code
    legal_entity_id: NewCode
    code: NewCode
    name: Name
    country: CountryCode
    currency: CurrencyCode
    start: date
    end: date | None = None
    hold_from: date | None = None
    status: ProjectStatus
    manager_name: Annotated[str, Meta(max_length=300)] | None = None
    opportunity_id: Ref | None = None
    refs: tuple[Ref, ...] = ()


class RegisteredProject(NewRegisteredProject, frozen=True, kw_only=True):
    """A registered project."""

    id: Code
    legal_entity_id: Code
    code: Code
    name: Text
    manager_name: str | None = None
    version: int
    updated_at: datetime


class RegisteredProjectPage(Page[RegisteredProject], frozen=True, kw_only=True):
    """A page of projects."""
