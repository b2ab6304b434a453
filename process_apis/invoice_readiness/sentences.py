"""What each check says in plain words: one sentence when it passed, one when it failed, and why it does not apply. Data.

Names in braces are figures of `findings.figures`.
"""

from collections.abc import Mapping
from types import MappingProxyType

# Where the table's reason can name the missing system or term.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "CUSTOMER_INCOMPLETE": "The ERP's copy of the customer was not read yet.",
        "CUSTOMER_ON_HOLD": "The ERP's copy of the customer was not read yet.",
        "CREDIT_HOLD": "The ERP's copy of the customer was not read yet.",
        "TAX_NOT_DETERMINED": "The ERP's tax codes were not read yet.",
        "FX_MISSING": "The ERP's copy of the legal entity was not read yet.",
        "PERIOD_CLOSED": "The ERP's accounting periods were not read yet.",
        "TIME_UNAPPROVED": "No time system is connected.",
        "TIME_MISSING": "No time system is connected.",
        "EXP_UNAPPROVED": "No expense system is connected.",
        "EXP_RECEIPT_MISSING": "No expense system is connected.",
        "VENDOR_COST_UNMATCHED": "No procurement system is connected.",
    }
)
NO_THRESHOLD = "The contract has no margin threshold."
NO_COST = "The cost of the work is not known in the contract's currency."

# code -> passed, failed
SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "CONTRACT_NOT_ACTIVE": (
            "Contract {contract} is {contract_state}.",
            "Contract {contract} is {contract_state}; only active, completed or terminated contracts are billed.",
        ),
        "PROJECT_STATUS_INVALID": (
            "Project {projects} is {project_state}.",
            "Project {projects} is {project_state}; only active, on hold or closing projects are billed.",
        ),
        "CUSTOMER_INCOMPLETE": (
            "{customer} is active in the ERP and has a complete billing address.",
            "{customer} cannot be invoiced: {customer_gaps}.",
        ),
        "CUSTOMER_ON_HOLD": ("{customer} is not on billing hold.", "{customer} is on billing hold in the ERP."),
        "CREDIT_HOLD": ("{customer} is not on credit hold.", "{customer} is on credit hold in the ERP."),
        "PO_MISSING": (
            "Purchase order {po} is recorded.",
            "Contract {contract} requires a purchase order and none is recorded.",
        ),
        "PO_EXPIRED": (
            "Purchase order {po} is valid on the invoice date, {invoice_date}.",
            "Purchase order {po} ended on {po_expires}; the invoice is dated {invoice_date}.",
        ),
        "PO_INSUFFICIENT": (
            "Purchase order {po} has {po_remaining} left for {net}.",
            "Purchase order {po} has {po_remaining} left; {net} is to be billed.",
        ),
        "TAX_NOT_DETERMINED": (
            "Every line has a tax treatment on {invoice_date}.",
            "No tax treatment for {customer} on {invoice_date}: {tax_because}",
        ),
        "XREF_MISSING": (
            "Projects and customer are known to every connected system.",
            "Not linked: {xref_missing}.",
        ),
        "FX_MISSING": (
            "{currency} converts to the entity's currency, {functional}, on {invoice_date}.",
            "No exchange rate from {currency} to {functional} within 7 days before {invoice_date}.",
        ),
        "PERIOD_CLOSED": (
            "The accounting period of {invoice_date} is open in {entity}.",
            "The accounting period of {invoice_date} is {period_state} in {entity}.",
        ),
        "TERMS_MISSING": (
            "Payment terms are {terms}.",
            "{customer} has no payment terms a due date follows from (given: {terms_given}).",
        ),
        "CHANGE_ORDER_PENDING": (
            "No change order waits for a decision.",
            "Change order {orders} takes effect by {period_end} and is not applied yet.",
        ),
        "TIME_UNAPPROVED": (
            "All billable time of the period is decided.",
            "{unapproved} billable hours from {group_start} to {group_end} are submitted and not approved.",
        ),
        "TIME_MISSING": (
            "No timesheet of the period is missing.",
            "Weekly timesheets of the period not handed in: {timesheets}.",
        ),
        "EXP_UNAPPROVED": ("No expense waits for approval.", "Expenses that wait for approval: {expenses}."),
        "EXP_RECEIPT_MISSING": ("Every expense has its receipt.", "Expenses without a receipt: {receipts}."),
        "TXN_UNRATED": (
            "Every item of the group has a price ({count} in all).",
            "Items of the group without a price yet: {unrated} of {count}.",
        ),
        "MILESTONE_NOT_ACCEPTED": (
            "Every milestone due by {group_end} is accepted.",
            "Not accepted: {milestones}.",
        ),
        "CAP_OVERAGE": (
            "Nothing is held above the cap of contract {contract}.",
            "{overage} is held: it exceeds the cap of contract {contract}.",
        ),
        "DUPLICATE_SUSPECTED": (
            "No entry of the group is suspected to be a duplicate.",
            "Entries of the group that look like duplicates: {duplicates}.",
        ),
        "COST_CENTER_UNMAPPED": (
            "Every cost center of the group has a ledger account.",
            "Items of the group whose cost center has no ledger account: {unmapped}.",
        ),
        "OPEN_EXCEPTION": (
            "No blocking exception is open for this group.",
            "Blocking exceptions open for this group: {exceptions} ({exception_codes}).",
        ),
        "PRIOR_INVOICE_OPEN": (
            "Every earlier period of contract {contract} is billed.",
            "Earlier periods of contract {contract} not billed yet: {prior}.",
        ),
        "RETAINER_UNAVAILABLE": (
            "Retainer {retainer} is posted.",
            "Retainer {retainer} is {retainer_state}; its own invoice has to be posted first.",
        ),
        "RETAINER_LOW": (
            "Retainer {retainer} has {retainer_left} left.",
            "Retainer {retainer} has {retainer_left} left, less than the agreed {retainer_threshold}.",
        ),
        "VENDOR_COST_UNMATCHED": (
            "All supplier cost is matched.",
            "Supplier cost of this group is not matched with the suppliers' invoices.",
        ),
        "NET_NOT_POSITIVE": ("{net} is to be billed.", "{net} is to be billed: there is nothing to invoice."),
        "BELOW_MINIMUM": (
            "{net} reaches the agreed minimum of {minimum}.",
            "{net} is below the agreed minimum of {minimum}.",
        ),
        "MARGIN_LOW": (
            "The margin of {margin} % reaches the threshold of {margin_threshold} %.",
            "The margin is {margin} %, below the threshold of {margin_threshold} %.",
        ),
        "RECON_VARIANCE": (
            "No difference between hub and ledger is open for this contract.",
            "Differences between hub and ledger open for this contract: {variances}.",
        ),
    }
)
