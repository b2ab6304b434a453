"""The 32 readiness checks as a table (4f): what each looks at, when it fails, when it blocks, what clears it."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from domain.conditions import (
    Condition,
    Predicate,
    above,
    any_of,
    below,
    earlier,
    flagged,
    is_null,
    outside,
    reader,
    unless_all,
)
from domain.exceptions import Severity
from domain.snapshot import ReadinessSnapshot, SnapshotChangeOrder

CheckScope = Literal["header", "transaction"]

_COUNTED = frozenset({"submitted", "approved"})
_UNRATED = frozenset({"pending", "validated", "exception"})


class CheckRule(Struct, frozen=True, kw_only=True):
    """One row: `needs` are the facts without which it does not apply, each with the reason to show."""

    code: str
    scope: CheckScope
    severity: Severity
    needs: tuple[tuple[str, str], ...]
    condition: Condition
    blocks_when: Predicate
    cleared_by: str


def _never(_snapshot: ReadinessSnapshot) -> bool:
    return False


def _rule(
    code: str,
    kind: str,
    condition: Condition,
    cleared_by: str,
    needs: Iterable[tuple[str, str]] = (),
    blocks_when: Predicate = _never,
) -> CheckRule:
    """A row of the table; `kind` is scope and severity, such as "HB" for a blocking check of the header."""
    return CheckRule(
        code=code,
        scope="header" if kind[0] == "H" else "transaction",
        severity="blocking" if kind[1] == "B" else "warning",
        needs=tuple(needs),
        condition=condition,
        blocks_when=blocks_when,
        cleared_by=cleared_by,
    )


def _pending_orders(snapshot: ReadinessSnapshot) -> list[SnapshotChangeOrder]:
    """Change orders in submitted or approved that take effect by the period end."""
    if snapshot.period is None:
        return []
    end = snapshot.period.end
    return [
        order
        for order in snapshot.change_orders or ()
        if order.state in _COUNTED and order.effective_date is not None and order.effective_date <= end
    ]


def _unrated(snapshot: ReadinessSnapshot) -> list[str]:
    return [one.id for one in snapshot.transactions if one.state in _UNRATED]


def _unaccepted(snapshot: ReadinessSnapshot) -> list[str]:
    good = {True: ("accepted",), False: ("completed", "accepted")}
    return [one.id for one in snapshot.milestones or () if one.state not in good[bool(one.acceptance_required)]]


def _net_fails(test: Callable[[Decimal, Decimal | None], bool]) -> Condition:
    """A condition on the net amount and the contract's minimum; a null net passes."""

    def fails(snapshot: ReadinessSnapshot) -> bool:
        net = snapshot.net_amount
        return net is not None and test(net, snapshot.contract.min_invoice_amount)

    return Condition(fails, ("net_amount", "contract.min_invoice_amount"))


_PROJECT = [("project", "No connected system supplies the project.")]
_CUSTOMER = [("customer", "No connected system supplies the customer's billing data.")]
_PO = [("po", "No purchase order is recorded.")]
_TIME = [("time", "No connected system supplies time for this group.")]
_EXPENSES = [("expenses", "No connected system supplies expenses for this group.")]
_CAP = [("cap", "The contract has no cap.")]
_RETAINER = [("retainer", "The contract has no retainer.")]

RULES: tuple[CheckRule, ...] = (
    _rule(
        "CONTRACT_NOT_ACTIVE",
        "HB",
        outside("contract.state", "active", "completed", "terminated"),
        "Resume or activate the contract.",
    ),
    _rule(
        "PROJECT_STATUS_INVALID",
        "HB",
        outside("project.state", "active", "on_hold", "closing"),
        "Correct the project status.",
        _PROJECT,
    ),
    _rule(
        "CUSTOMER_INCOMPLETE",
        "HB",
        unless_all("customer.active", "customer.address_complete"),
        "Complete the customer in the ERP.",
        _CUSTOMER,
    ),
    _rule("CUSTOMER_ON_HOLD", "HB", flagged("customer.billing_hold"), "Finance control lifts the hold.", _CUSTOMER),
    _rule("CREDIT_HOLD", "HW", flagged("customer.credit_hold"), "Collections lifts the hold.", _CUSTOMER),
    _rule(
        "PO_MISSING",
        "HB",
        is_null("po"),
        "Record the purchase order.",
        [("contract.po_required", "The contract requires no purchase order.")],
    ),
    _rule("PO_EXPIRED", "HB", earlier("po.expires_on", "invoice_date"), "New purchase order or extension.", _PO),
    _rule(
        "PO_INSUFFICIENT",
        "HB",
        above("net_amount", "po.remaining"),
        "Increase the purchase order or split the invoice.",
        [*_PO, ("po.remaining", "The purchase order has no amount limit.")],
    ),
    _rule(
        "TAX_NOT_DETERMINED",
        "HB",
        outside("tax.status", "determined"),
        "The tax specialist completes the data.",
        [("tax", "No connected system supplies the tax determination.")],
    ),
    _rule(
        "XREF_MISSING",
        "HB",
        any_of("xref_missing", lambda snapshot: snapshot.xref_missing or ()),
        "Master data sync creates the cross reference.",
        [("xref_missing", "No connected system supplies cross references.")],
    ),
    _rule(
        "FX_MISSING",
        "HB",
        flagged("fx_missing"),
        "Load the exchange rate.",
        [("fx_missing", "No connected system supplies exchange rates.")],
    ),
    _rule(
        "PERIOD_CLOSED",
        "HB",
        outside("period.state", "open"),
        "Choose another invoice date or reopen the period.",
        [("period", "No connected system supplies accounting periods.")],
    ),
    _rule("TERMS_MISSING", "HB", is_null("payment_terms"), "Set payment terms in the ERP."),
    _rule(
        "CHANGE_ORDER_PENDING",
        "HW",
        any_of("period.end", lambda snapshot: [order.id for order in _pending_orders(snapshot)]),
        "Apply or reject the change order.",
        [
            ("change_orders", "No connected system supplies change orders."),
            ("period", "No connected system supplies accounting periods."),
        ],
        lambda snapshot: any(order.holds_billing for order in _pending_orders(snapshot)),
    ),
    _rule("TIME_UNAPPROVED", "TB", above("time.unapproved_billable_hours", 0), "Approve or reject the time.", _TIME),
    _rule("TIME_MISSING", "TW", above("time.missing_timesheets", 0), "Submit the timesheets.", _TIME),
    _rule("EXP_UNAPPROVED", "TW", above("expenses.unapproved", 0), "Approve the expenses.", _EXPENSES),
    _rule("EXP_RECEIPT_MISSING", "TB", above("expenses.receipts_missing", 0), "Attach the receipts.", _EXPENSES),
    _rule("TXN_UNRATED", "TB", any_of("transactions", _unrated), "Fix the cause and rate again."),
    _rule(
        "MILESTONE_NOT_ACCEPTED",
        "TB",
        any_of("milestones", _unaccepted),
        "Obtain the client's acceptance.",
        [("milestones", "This group bills no milestone.")],
    ),
    _rule(
        "CAP_OVERAGE",
        "HW",
        above("cap.overage_held", 0),
        "Change order or write-off.",
        _CAP,
        lambda snapshot: reader("cap.policy")(snapshot) == "block_entry",
    ),
    _rule(
        "DUPLICATE_SUSPECTED",
        "TB",
        above("duplicates_open", 0),
        "Confirm as distinct or void one.",
        [("duplicates_open", "No connected system supplies suspected duplicates.")],
    ),
    _rule(
        "COST_CENTER_UNMAPPED",
        "TB",
        above("unmapped_cost_centers", 0),
        "Add the cost center mapping.",
        [("unmapped_cost_centers", "No connected system supplies cost center mappings.")],
    ),
    _rule(
        "OPEN_EXCEPTION",
        "TB",
        above("open_blocking_exceptions", 0),
        "Resolve the exceptions.",
        [("open_blocking_exceptions", "No exceptions are supplied.")],
    ),
    _rule(
        "PRIOR_INVOICE_OPEN",
        "HW",
        flagged("prior_invoice_open"),
        "Post the prior invoice.",
        [("prior_invoice_open", "No connected system supplies the prior invoice.")],
        lambda snapshot: bool(snapshot.contract.sequential_billing),
    ),
    _rule("RETAINER_UNAVAILABLE", "HB", outside("retainer.state", "posted"), "Post the retainer invoice.", _RETAINER),
    _rule(
        "RETAINER_LOW", "HW", below("retainer.available", "retainer.low_threshold"), "Top up the retainer.", _RETAINER
    ),
    _rule(
        "VENDOR_COST_UNMATCHED",
        "HW",
        above("vendor_cost.unmatched", 0),
        "Match the supplier cost.",
        [("vendor_cost", "No connected system supplies supplier cost.")],
        lambda snapshot: bool(reader("vendor_cost.cost_plus")(snapshot)),
    ),
    _rule("NET_NOT_POSITIVE", "HB", _net_fails(lambda net, _least: net <= 0), "Issue it as a credit note."),
    _rule(
        "BELOW_MINIMUM",
        "HW",
        _net_fails(lambda net, least: least is not None and 0 < net < least),
        "Roll over to the next period or accept.",
        [("contract.min_invoice_amount", "The contract has no minimum invoice amount.")],
    ),
    _rule(
        "MARGIN_LOW",
        "HW",
        below("margin.pct", "margin.threshold"),
        "The delivery lead acknowledges.",
        [("margin", "No connected system supplies the margin.")],
    ),
    _rule(
        "RECON_VARIANCE",
        "HB",
        flagged("recon.variance_breached"),
        "Finance control explains or corrects the variance.",
        [("recon", "No reconciliation has run for this group.")],
    ),
)
