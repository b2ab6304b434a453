"""The controlled billing queue: readiness, draft, approval, posting (domain rules 4f)."""

from typing import Protocol

from contracts.call import Call
from contracts.canon.ref import Code, Cursor, Limit
from contracts.operation import operation
from contracts.problems import Conflict, Forbidden, NotFound, PreconditionFailed, RuleViolated
from contracts.process import billing_objects as objects
from contracts.process.orders import BillGroupSort, ChangedSince, InvoiceSort
from contracts.process.runs import RunView

_MOVE = (NotFound, Conflict, RuleViolated, PreconditionFailed, Forbidden)


class InvoiceReadiness(Protocol):
    """Bill groups and the invoices made of them."""

    @operation("GET", "/bill-groups", scope="billing-queue:read")
    async def list_bill_groups(
        self,
        call: Call,
        state: objects.BillGroupState | None = None,
        contract_id: Code | None = None,
        project_id: Code | None = None,
        customer_id: Code | None = None,
        legal_entity_id: Code | None = None,
        changed_since: ChangedSince | None = None,
        sort: BillGroupSort = "queue",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> objects.BillGroupPage:
        """List bill groups, in the order of the queue unless `sort` says otherwise: what can be billed first, of that the earliest
        period, of that the largest amount."""
        ...

    @operation("GET", "/bill-groups/{bill_group_id}", scope="billing-queue:read", problems=(NotFound,))
    async def get_bill_group(self, call: Call, bill_group_id: Code) -> objects.BillGroup:
        """Read a bill group."""
        ...

    @operation("GET", "/bill-groups/{bill_group_id}/readiness", scope="billing-queue:read", problems=(NotFound,))
    async def get_readiness(self, call: Call, bill_group_id: Code) -> objects.Readiness:
        """Read the last evaluation: 32 checks, each with evidence, owner and what clears it."""
        ...

    @operation(
        "POST", "/bill-groups/{bill_group_id}/recheck", scope="billing-queue:recheck", problems=(NotFound, Conflict)
    )
    async def recheck(self, call: Call, bill_group_id: Code) -> objects.Readiness:
        """Evaluate again now."""
        ...

    @operation("POST", "/bill-groups/{bill_group_id}/draft", scope="invoices:draft", status=201, problems=_MOVE)
    async def draft(self, call: Call, bill_group_id: Code, body: objects.DraftRequest) -> objects.DraftInvoice:
        """Draft the invoice of a group that is not blocked and put it up for review. A dry run changes nothing."""
        ...

    @operation("POST", "/bill-groups/{bill_group_id}/skip", scope="invoices:approve", problems=_MOVE)
    async def skip(self, call: Call, bill_group_id: Code, body: objects.Decision) -> objects.BillGroup:
        """Leave the group out of this period; its items roll to the next."""
        ...

    @operation("POST", "/bill-groups/{bill_group_id}/waive", scope="exceptions:waive", problems=_MOVE)
    async def waive(self, call: Call, bill_group_id: Code, body: objects.CheckDecision) -> objects.Readiness:
        """Waive a check that blocks the group, as finance control may for some checks: it warns only, until the group is billed."""
        ...

    @operation("POST", "/bill-groups/{bill_group_id}/unwaive", scope="exceptions:waive", problems=_MOVE)
    async def unwaive(self, call: Call, bill_group_id: Code, body: objects.CheckDecision) -> objects.Readiness:
        """Take a waiver back: the check blocks again as long as it fails."""
        ...

    @operation("GET", "/invoices", scope="billing-queue:read")
    async def list_invoices(
        self,
        call: Call,
        state: objects.InvoiceState | None = None,
        customer_id: Code | None = None,
        contract_id: Code | None = None,
        project_id: Code | None = None,
        legal_entity_id: Code | None = None,
        bill_group_id: Code | None = None,
        erp_number: Code | None = None,
        changed_since: ChangedSince | None = None,
        sort: InvoiceSort = "-id",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> objects.DraftInvoicePage:
        """List invoices, newest first unless `sort` says otherwise. `erp_number` is the number the customer knows."""
        ...

    @operation("GET", "/invoices/{invoice_id}", scope="billing-queue:read", problems=(NotFound,))
    async def get_invoice(self, call: Call, invoice_id: Code) -> objects.DraftInvoice:
        """Read an invoice with lines and totals."""
        ...

    @operation("POST", "/invoices/{invoice_id}/approve", scope="invoices:approve", problems=_MOVE)
    async def approve(self, call: Call, invoice_id: Code, body: objects.Approval) -> objects.DraftInvoice:
        """Approve a draft; the approver is not the preparer (SOD-1) and readiness is checked again."""
        ...

    @operation("POST", "/invoices/{invoice_id}/defer", scope="invoices:draft", problems=_MOVE)
    async def defer(self, call: Call, invoice_id: Code, body: objects.Deferral) -> objects.DraftInvoice:
        """Move items of a draft to the next period; the draft is made again without them, as its next version."""
        ...

    @operation("POST", "/invoices/{invoice_id}/return", scope="invoices:approve", problems=_MOVE)
    async def send_back(self, call: Call, invoice_id: Code, body: objects.Decision) -> objects.DraftInvoice:
        """Send a draft back with a reason."""
        ...

    @operation("POST", "/invoices/{invoice_id}/resubmit", scope="invoices:draft", problems=_MOVE)
    async def resubmit(self, call: Call, invoice_id: Code) -> objects.DraftInvoice:
        """Put a draft that was sent back up for review again."""
        ...

    @operation("POST", "/invoices/{invoice_id}/unapprove", scope="invoices:approve", problems=_MOVE)
    async def unapprove(self, call: Call, invoice_id: Code, body: objects.Decision) -> objects.DraftInvoice:
        """Take back an approval while nothing was sent to the ERP."""
        ...

    @operation("POST", "/invoices/{invoice_id}/cancel", scope="invoices:draft", problems=_MOVE)
    async def cancel(self, call: Call, invoice_id: Code, body: objects.Decision) -> objects.BillGroup:
        """Discard a draft; its transactions go back to the queue."""
        ...

    @operation("POST", "/invoices/{invoice_id}/post", scope="invoices:post", status=202, problems=_MOVE)
    async def post(self, call: Call, invoice_id: Code) -> RunView:
        """Post an approved invoice to the ERP: a run, because the ERP may take its time."""
        ...

    @operation("GET", "/explanations/{subject_id}", scope="billing-queue:read", problems=(NotFound,))
    async def explain(self, call: Call, subject_id: Code) -> objects.Explanation:
        """Explain a bill group, an invoice or a transaction: what blocks it, the chain from each line to its deal, and every figure
        with the rules it follows from (AUD-1)."""
        ...
