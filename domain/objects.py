"""Business objects as they may be passed whole (section 2.2): the members that no calculator reads.

A calculator's own struct extends one of these and types what it reads. What the catalogue does not name is refused.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

Unread = Annotated[Any, Meta(description="A member of the object that this calculation does not read.")]


class Passed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every object carries (ID-3), and its state."""

    id: Unread = None
    version: Unread = None
    updated_at: Unread = None
    source_system: Unread = None
    correlation_id: Unread = None
    state: Unread = None


class ContractObject(Passed, frozen=True, kw_only=True):
    """A contract (`ctr`)."""

    engagement_id: Unread = None
    customer_id: Unread = None
    bill_to_id: Unread = None
    legal_entity_id: Unread = None
    currency: Unread = None
    start: Unread = None
    end: Unread = None
    signed_on: Unread = None
    payment_terms: Unread = None
    invoice_grouping: Unread = None
    line_detail: Unread = None
    billing_cycle: Unread = None
    po_required: Unread = None
    po: Unread = None
    nte_amount: Unread = None
    nte_scope: Unread = None
    cap_policy: Unread = None
    cap_tolerance_amount: Unread = None
    rate_fallback: Unread = None
    fx_fixed: Unread = None
    volume_tiers: Unread = None
    min_invoice_amount: Unread = None
    sequential_billing: Unread = None
    partial_billing: Unread = None
    rerate_mode: Unread = None
    splits: Unread = None
    tax_treatment: Unread = None
    lines: Unread = None


class ContractLineObject(Passed, frozen=True, kw_only=True):
    """A contract line (`ctl`), but for the terms that price time."""

    contract_id: Unread = None
    project_id: Unread = None
    task_ids: Unread = None
    value: Unread = None
    nte_amount: Unread = None
    nte_hours: Unread = None
    includes_time: Unread = None
    includes_expenses: Unread = None
    expense_rules: Unread = None
    tax_code_rule: Unread = None
    revenue_method: Unread = None
    retainer_basis: Unread = None
    recurring: Unread = None
    service_place_rule: Unread = None
    cost_center_id: Unread = None


class EntityObject(Passed, frozen=True, kw_only=True):
    """A legal entity (`ent`)."""

    code: Unread = None
    name: Unread = None
    country: Unread = None
    region: Unread = None
    functional_currency: Unread = None
    registrations: Unread = None
    rounding_mode: Unread = None
    hours_per_day: Unread = None
    multipliers: Unread = None
    receipt_threshold: Unread = None
    receipt_always_categories: Unread = None
    tax_point_basis: Unread = None
    ledger_mode: Unread = None
    cutover_date: Unread = None
    legacy_freeze_date: Unread = None


class TimeEntryObject(Passed, frozen=True, kw_only=True):
    """A time entry (`tme`), but for what prices it."""

    task_id: Unread = None
    contract_line_id: Unread = None
    description: Unread = None
    status: Unread = None
    approver_id: Unread = None
    approved_at: Unread = None
    supersedes_version: Unread = None


class ExpenseObject(Passed, frozen=True, kw_only=True):
    """An expense item (`exp`), but for what prices it."""

    resource_id: Unread = None
    project_id: Unread = None
    contract_line_id: Unread = None
    merchant: Unread = None
    status: Unread = None
    reimbursable_to_worker: Unread = None


class MilestoneObject(Passed, frozen=True, kw_only=True):
    """A milestone (`mls`)."""

    contract_line_id: Unread = None
    sequence: Unread = None
    name: Unread = None
    planned_date: Unread = None
    pct: Unread = None
    amount: Unread = None
    acceptance_required: Unread = None
    acceptance_ref: Unread = None
    sequential: Unread = None


class TransactionObject(Passed, frozen=True, kw_only=True):
    """A billable transaction (`txn`), without its rating snapshot."""

    kind: Unread = None
    source_id: Unread = None
    source_version: Unread = None
    contract_id: Unread = None
    contract_line_id: Unread = None
    project_id: Unread = None
    legal_entity_id: Unread = None
    bill_to_id: Unread = None
    service_date: Unread = None
    posting_date: Unread = None
    quantity: Unread = None
    unit: Unread = None
    rating_version: Unread = None
    amount: Unread = None
    currency: Unread = None
    cost_amount: Unread = None
    cost_currency: Unread = None
    part: Unread = None
    tax_code: Unread = None
    cost_center_id: Unread = None
    po_number: Unread = None
    codes: Unread = None
    replaces_id: Unread = None
    reversal_of: Unread = None


class RetainerObject(Passed, frozen=True, kw_only=True):
    """A retainer (`ret`), but for what an application reads."""

    contract_line_id: Unread = None
    invoice_id: Unread = None
    amount: Unread = None
    hours: Unread = None
    currency: Unread = None
    low_threshold: Unread = None
    on_expiry: Unread = None


class ExpenseRuleObject(Passed, frozen=True, kw_only=True):
    """A row of an expense policy (`exr`), but for its price."""

    category: Unread = None
    effective_from: Unread = None
    effective_to: Unread = None
    status: Unread = None


class PeriodObject(Passed, frozen=True, kw_only=True):
    """An accounting period (`per`), but for its dates."""

    legal_entity_id: Unread = None
    ar_cutoff: Unread = None
    close_target: Unread = None
