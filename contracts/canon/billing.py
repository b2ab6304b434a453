"""Invoices, credit notes and receipts as the ERP or billing system knows them (domain rules 2.2, 5.9)."""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from contracts.canon.ref import Code, CurrencyCode, Page, Ref, Text
from contracts.money import Exact

InvoiceStatus = Literal["open", "partially_paid", "paid", "credited", "voided"]


class InvoiceLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line; `amount` is the sum of its transactions, never quantity times rate (INV-3)."""

    id: Code
    kind: Code
    description: Text
    quantity: Exact
    unit: Code
    bill_rate: Exact | None
    amount: Exact
    tax_code: Code
    tax_rate_pct: Exact
    transaction_ids: tuple[str, ...] = ()


class TaxGroup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tax of all lines with one code and rate (INV-5)."""

    tax_code: Code
    rate_pct: Exact
    base: Exact
    tax: Exact


class InvoiceDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An approved draft to post, keyed by `key` = `post:{invoice_id}:{draft_version}`. Amounts in `currency`."""

    key: Code
    invoice_id: Code
    entity_code: Code
    customer_ref: Ref
    project_shell_ref: Ref | None = None
    currency: CurrencyCode
    invoice_date: date
    due_date: date
    payment_terms: Code
    po_number: str | None = None
    memo: str = ""
    lines: tuple[InvoiceLine, ...]
    net: Exact
    tax_groups: tuple[TaxGroup, ...]
    tax: Exact
    gross: Exact


class Invoice(Struct, frozen=True, kw_only=True):
    """An invoice as the ERP holds it. `number` is the fiscal number, which only the ERP assigns (2.1)."""

    ref: Ref
    key: str | None
    number: str | None
    entity_code: Code
    customer_ref: Ref
    currency: CurrencyCode
    invoice_date: date
    due_date: date | None
    status: InvoiceStatus
    net: Exact
    tax: Exact
    gross: Exact
    open_amount: Exact
    po_number: str | None = None
    sent_at: datetime | None = None
    changed_at: datetime


class InvoicePage(Page[Invoice], frozen=True, kw_only=True):
    """A page of invoices."""


class SendRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Send the invoice to the client; the ERP's delivery settings decide how unless an address is given."""

    email: str | None = None


class NewCreditNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A credit note that negates lines of an invoice (INV-8), keyed by `key`."""

    key: Code
    invoice_ref: Ref
    credit_date: date
    reason: Text
    lines: tuple[InvoiceLine, ...]


class CreditNote(Struct, frozen=True, kw_only=True):
    """A posted credit note."""

    ref: Ref
    key: str | None
    number: str | None
    invoice_ref: Ref
    gross: Exact
    currency: CurrencyCode


class OpenItem(Struct, frozen=True, kw_only=True):
    """An invoice that is not fully paid."""

    invoice_ref: Ref
    number: str | None
    customer_ref: Ref
    entity_code: Code
    currency: CurrencyCode
    gross: Exact
    open_amount: Exact
    due_date: date | None


class OpenItemPage(Page[OpenItem], frozen=True, kw_only=True):
    """A page of open items."""


class Receipt(Struct, frozen=True, kw_only=True):
    """A payment applied to an invoice."""

    ref: Ref
    invoice_ref: Ref
    amount: Exact
    currency: CurrencyCode
    received_on: date


class ReceiptPage(Page[Receipt], frozen=True, kw_only=True):
    """A page of receipts."""
