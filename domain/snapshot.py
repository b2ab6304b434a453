"""The facts a bill group's readiness is judged by, as of one moment (4f).

A section that no connected system supplies is null: its checks are then not applicable, and say so.
"""

import datetime as dt

from contracts.money import Exact
from domain.terms import Count, DecimalText, Input


class SnapshotPeriod(Input, frozen=True, kw_only=True):
    """Accounting period of the invoice date in the contracting entity, dates inclusive."""

    start: dt.date
    end: dt.date
    state: str | None


class SnapshotContract(Input, frozen=True, kw_only=True):
    """The contract's state and billing terms."""

    state: str | None
    po_required: bool | None = None
    sequential_billing: bool | None = None
    partial_billing: bool | None = None
    min_invoice_amount: Exact | None = None


class SnapshotProject(Input, frozen=True, kw_only=True):
    """The project's state."""

    state: str | None


class SnapshotCustomer(Input, frozen=True, kw_only=True):
    """The bill-to customer as the ERP knows it."""

    active: bool
    address_complete: bool
    billing_hold: bool | None = None
    credit_hold: bool | None = None


class SnapshotOrder(Input, frozen=True, kw_only=True):
    """The client's purchase order; `remaining` is its amount minus consumption outside this group."""

    number: str | None = None
    expires_on: dt.date | None = None
    remaining: Exact | None = None


class SnapshotTax(Input, frozen=True, kw_only=True):
    """Whether every line's tax is determined."""

    status: str | None


class SnapshotChangeOrder(Input, frozen=True, kw_only=True):
    """A change order of the contract."""

    id: str
    state: str
    effective_date: dt.date | None = None
    holds_billing: bool | None = None


class SnapshotTime(Input, frozen=True, kw_only=True):
    """Time of the group that is not approved, and timesheets that are absent."""

    unapproved_billable_hours: Exact | None = None
    missing_timesheets: Count | None = None


class SnapshotExpenses(Input, frozen=True, kw_only=True):
    """Expenses of the group that are not approved or lack a receipt."""

    unapproved: Count | None = None
    receipts_missing: Count | None = None


class SnapshotTransaction(Input, frozen=True, kw_only=True):
    """A billable transaction of the group."""

    id: str
    state: str
    amount: Exact | None = None


class SnapshotMilestone(Input, frozen=True, kw_only=True):
    """A milestone to be billed in this group."""

    id: str
    state: str
    acceptance_required: bool | None = None


class SnapshotCap(Input, frozen=True, kw_only=True):
    """The contract's cap policy and the overage it holds back."""

    policy: str | None = None
    overage_held: Exact | None = None


class SnapshotRetainer(Input, frozen=True, kw_only=True):
    """The retainer this group draws on."""

    state: str | None
    available: Exact | None = None
    low_threshold: Exact | None = None


class SnapshotVendorCost(Input, frozen=True, kw_only=True):
    """Supplier accruals without a matched invoice; `cost_plus` when the client pays on that cost."""

    unmatched: DecimalText | int | None = None
    cost_plus: bool | None = None


class SnapshotMargin(Input, frozen=True, kw_only=True):
    """Margin percent of the group and its floor."""

    pct: Exact | None = None
    threshold: Exact | None = None


class SnapshotRecon(Input, frozen=True, kw_only=True):
    """Whether a blocking reconciliation control is breached."""

    variance_breached: bool


class ReadinessSnapshot(Input, frozen=True, kw_only=True):
    """All facts of one bill group. Sections without a default must be given, if only as null."""

    invoice_date: dt.date
    period: SnapshotPeriod | None
    contract: SnapshotContract
    project: SnapshotProject | None
    customer: SnapshotCustomer | None
    po: SnapshotOrder | None = None
    tax: SnapshotTax | None
    xref_missing: tuple[str, ...] | None = ()
    fx_missing: bool | None = False
    payment_terms: str | None
    change_orders: tuple[SnapshotChangeOrder, ...] | None = ()
    time: SnapshotTime | None = None
    expenses: SnapshotExpenses | None = None
    transactions: tuple[SnapshotTransaction, ...] = ()
    milestones: tuple[SnapshotMilestone, ...] | None = ()
    cap: SnapshotCap | None = None
    duplicates_open: Count | None = 0
    unmapped_cost_centers: Count | None = 0
    open_blocking_exceptions: Count | None = 0
    prior_invoice_open: bool | None = False
    retainer: SnapshotRetainer | None = None
    vendor_cost: SnapshotVendorCost | None = None
    margin: SnapshotMargin | None = None
    recon: SnapshotRecon | None
    net_amount: Exact | None
