"""Billing: receivables customers, invoices, credit notes, receipts."""

from datetime import datetime
from typing import Protocol

from contracts.call import Call
from contracts.canon.billing import (
    CreditNote,
    Invoice,
    InvoiceDraft,
    InvoicePage,
    NewCreditNote,
    OpenItemPage,
    ReceiptPage,
    SendRequest,
)
from contracts.canon.party import BillingCustomer, BillingCustomerPage, NewBillingCustomer
from contracts.canon.ref import Code, Cursor, Limit, Ref
from contracts.operation import operation
from contracts.problems import NotFound, OutcomeUnknown, VendorRefused, VendorUnavailable

_READ = (NotFound, VendorRefused, VendorUnavailable)
_WRITE = (*_READ, OutcomeUnknown)


class Billing(Protocol):
    """Invoices as the fiscal system holds them."""

    @operation("GET", "/customers/search", scope="billing:read", problems=_READ)
    async def find_customers(
        self,
        call: Call,
        key: Code | None = None,
        tax_id: str | None = None,
        name: str | None = None,
        entity_code: Code | None = None,
    ) -> BillingCustomerPage:
        """Find customers by our key, by tax id, or by words of the name; all that are given must hold."""
        ...

    @operation("GET", "/customers/{customer_ref}", scope="billing:read", problems=_READ)
    async def get_customer(self, call: Call, customer_ref: Ref) -> BillingCustomer:
        """Read one customer with its terms and holds."""
        ...

    @operation("POST", "/customers", scope="billing:write", status=201, problems=_WRITE)
    async def put_customer(self, call: Call, body: NewBillingCustomer) -> BillingCustomer:
        """Create a customer, or update the one with the same key."""
        ...

    @operation("POST", "/customers/{customer_ref}/deactivation", scope="billing:write", problems=_WRITE)
    async def deactivate_customer(self, call: Call, customer_ref: Ref) -> BillingCustomer:
        """Make a customer inactive; an inactive one stays so."""
        ...

    @operation("GET", "/invoices/search", scope="billing:read", problems=_READ)
    async def find_invoices(self, call: Call, key: Code) -> InvoicePage:
        """Find the invoice posted under our key. Empty means never posted."""
        ...

    @operation("POST", "/invoices", scope="billing:write", status=201, problems=_WRITE)
    async def post_invoice(self, call: Call, body: InvoiceDraft) -> Invoice:
        """Post an invoice; the fiscal number is in the answer. A repeated key answers with the first one."""
        ...

    @operation("GET", "/invoices/{invoice_ref}", scope="billing:read", problems=_READ)
    async def get_invoice(self, call: Call, invoice_ref: Ref) -> Invoice:
        """Read an invoice."""
        ...

    @operation("POST", "/invoices/{invoice_ref}/sending", scope="billing:write", problems=_WRITE)
    async def send_invoice(self, call: Call, invoice_ref: Ref, body: SendRequest) -> Invoice:
        """Send an invoice to the client. Repeating it sends nothing twice."""
        ...

    @operation("POST", "/credit-notes", scope="billing:write", status=201, problems=_WRITE)
    async def post_credit_note(self, call: Call, body: NewCreditNote) -> CreditNote:
        """Post a credit note. A repeated key answers with the first one."""
        ...

    @operation("GET", "/open-items", scope="billing:read", problems=_READ)
    async def list_open_items(self, call: Call, cursor: Cursor | None = None, limit: Limit = 50) -> OpenItemPage:
        """List invoices that are not fully paid."""
        ...

    @operation("GET", "/receipts", scope="billing:read", problems=_READ)
    async def list_receipts(
        self, call: Call, changed_since: datetime | None = None, cursor: Cursor | None = None, limit: Limit = 50
    ) -> ReceiptPage:
        """List payments that were applied at or after an instant (UTC), oldest first."""
        ...
