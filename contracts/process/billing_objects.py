"""Bill groups, their readiness, invoices, and the chain behind an invoice line (domain rules 4f, AUD-1)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from contracts.canon.billing import InvoiceLine, TaxGroup
from contracts.canon.ref import Code, CurrencyCode, Page, Reason
from contracts.money import Exact
from contracts.process.figures import Figure

BillGroupState = Literal["collecting", "blocked", "ready", "ready_with_warnings", "drafted", "billed", "skipped"]
InvoiceState = Literal[
    "draft",
    "in_review",
    "approved",
    "posting",
    "posted",
    "post_failed",
    "sent",
    "partially_paid",
    "paid",
    "credited",
    "cancelled",
]


class Waiver(Struct, frozen=True, kw_only=True):
    """Finance control lets a group be billed although a check blocks it; `evidence` is what the check had read then."""

    code: Code
    reason: Reason
    waived_by: str
    waived_at: datetime
    evidence: dict[str, Any] = {}


class Check(Struct, frozen=True, kw_only=True):
    """One of the 32 readiness checks with its evidence. `reason` says why it does not apply, `sentence` what was found.

    `waivable`: finance control may waive it while it blocks. A waived check still fails, but warns only.
    """

    number: int
    code: Code
    scope: Literal["header", "transaction"]
    severity: Literal["blocking", "warning"]
    status: Literal["passed", "failed", "not_applicable"]
    sentence: str
    reason: str | None = None
    evidence: dict[str, Any] = {}
    owner_role: Code
    sla_hours: int
    cleared_by: str
    waivable: bool = False
    waived: Waiver | None = None


class BillGroup(Struct, frozen=True, kw_only=True):
    """A bill group: contract (or grouping key) times billing period, the unit of readiness and drafting."""

    id: Code
    key: str
    contract_id: Code
    contract_name: str
    customer_id: Code
    customer_name: str
    project_ids: tuple[Code, ...]
    legal_entity_id: Code
    currency: CurrencyCode
    billing_method: str
    period_start: date
    period_end: date
    state: BillGroupState
    readiness_version: int
    percent: int
    net_amount: Exact
    hours: Exact
    transaction_count: int
    failed: tuple[Code, ...] = ()
    warnings: tuple[Code, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    invoice_id: Code | None = None
    evaluated_at: datetime | None
    version: int
    updated_at: datetime


class ApprovedValue(Struct, frozen=True, kw_only=True):
    """Value of a bill group by the day its work was approved (UTC); of what needs no approval, the day of the service."""

    on: date
    amount: Exact


class BillGroupPage(Page[BillGroup], frozen=True, kw_only=True):
    """A page of bill groups."""


class Readiness(Struct, frozen=True, kw_only=True):
    """The evaluation of a bill group with all its checks and the snapshot they read."""

    bill_group_id: Code
    status: Literal["blocked", "ready", "ready_with_warnings"]
    percent: int
    applicable: int
    readiness_version: int
    evaluated_at: datetime
    checks: tuple[Check, ...]
    snapshot: dict[str, Any]


class DraftRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Draft the invoice of a bill group. Warnings need an acknowledgement with a reason.

    `invoice_date` defaults to the last day of the period once that is past, else to today.
    """

    invoice_date: date | None = None
    acknowledge_warnings: Reason | None = None
    dry_run: bool = False


class CheckDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's decision about one check of a group, with its reason."""

    code: Code
    reason: Reason


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's decision with its reason."""

    reason: Reason


class Deferral(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Items of a draft to be billed with the next period instead."""

    transaction_ids: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=500)]
    reason: Reason


class Approval(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Approve exactly what was seen: the draft version."""

    draft_version: Annotated[int, Meta(ge=1)]


class Functional(Struct, frozen=True, kw_only=True):
    """The invoice in the entity's currency (INV-6)."""

    currency: CurrencyCode
    fx_rate: Exact
    net: Exact
    tax: Exact
    gross: Exact


class DraftInvoice(Struct, frozen=True, kw_only=True):
    """An invoice in the hub's register (`inv`). `erp_number` is the ERP's; `id` is empty in a dry run."""

    id: str
    bill_group_id: Code
    contract_id: Code
    customer_id: Code
    customer_name: str
    legal_entity_id: Code
    currency: CurrencyCode
    payment_terms: str
    po_number: str | None
    invoice_date: date
    due_date: date
    period_start: date
    period_end: date
    lines: tuple[InvoiceLine, ...]
    net: Exact
    tax_groups: tuple[TaxGroup, ...]
    tax: Exact
    gross: Exact
    functional: Functional | None
    state: InvoiceState
    draft_version: int
    prepared_by: str
    approved_by: str | None = None
    erp_ref: str | None = None
    erp_number: str | None = None
    open_amount: Exact | None = None
    run_id: str | None = None
    correlation_id: str
    version: int
    updated_at: datetime


class DraftInvoicePage(Page[DraftInvoice], frozen=True, kw_only=True):
    """A page of invoices."""


class Link(Struct, frozen=True, kw_only=True):
    """One link of the chain from an invoice line to the deal."""

    kind: Code
    id: str
    title: str
    system: str
    at: datetime | None = None
    by: str | None = None
    facts: dict[str, Any] = {}


class Chain(Struct, frozen=True, kw_only=True):
    """The chain of one transaction, from its invoice line (null before it is on one) to the deal, without gaps. `figures` are those
    of the transaction, each with the rules it follows from, as they were stored."""

    line_id: Code | None
    transaction_id: Code
    links: tuple[Link, ...]
    figures: tuple[Figure, ...] = ()


class Explanation(Struct, frozen=True, kw_only=True):
    """Why an amount is what it is and where it is (AUD-1)."""

    subject: str
    sentence: str
    bill_group: BillGroup | None = None
    invoice: DraftInvoice | None = None
    failed: tuple[Check, ...] = ()
    chains: tuple[Chain, ...] = ()
