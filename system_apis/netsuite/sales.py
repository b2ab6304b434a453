"""Invoices, credit memos, open items and receipts: wire <-> canon. Pure."""

from datetime import UTC, datetime
from decimal import Decimal

from contracts.canon.billing import (
    CreditNote,
    Invoice,
    InvoiceDraft,
    InvoiceLine,
    InvoiceStatus,
    NewCreditNote,
    OpenItem,
    Receipt,
    SendRequest,
)
from contracts.canon.party import BillingCustomer
from contracts.canon.ref import ref
from contracts.money import negate, round_money
from system_apis.netsuite import rows, wire
from system_apis.netsuite.mapping import code_of, instant, own_id

_HUNDRED = Decimal(100)


def account_stamp(moment: datetime) -> str:
    """An instant as our SuiteQL statements compare it: YYYY-MM-DD HH:MM:SS."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def matches(customer: BillingCustomer, tax_id: str | None, name: str | None, entity_code: str | None) -> bool:
    """True when a customer has all that is asked for; of a name, every word."""
    known = f"{customer.name} {customer.legal_name}".casefold()
    return (
        (tax_id is None or customer.tax_id == tax_id)
        and (entity_code is None or customer.entity_code == entity_code)
        and all(word in known for word in (name or "").casefold().split())
    )


def _sale_line(line: InvoiceLine, item: str, flip: bool) -> wire.SaleLine:
    """The amount is given, never left to quantity times rate (INV-3)."""
    return wire.SaleLine(
        item=wire.Link(externalId=item),
        description=line.description,
        quantity=negate(line.quantity) if flip else line.quantity,
        rate=line.bill_rate,
        amount=negate(line.amount) if flip else line.amount,
        taxCode=wire.Link(externalId=line.tax_code),
        custcol_lw_kind=line.kind,
        custcol_lw_line=line.id,
        custcol_lw_unit=line.unit,
    )


def invoice_from_canon(draft: InvoiceDraft, instance: str, item: str) -> wire.InvoiceWrite:
    """A draft as the invoice to write; tax and totals are the account's to compute."""
    job = own_id(draft.project_shell_ref, instance, "job") if draft.project_shell_ref else None
    return wire.InvoiceWrite(
        entity=wire.Link(id=own_id(draft.customer_ref, instance, "customer")),
        subsidiary=wire.Link(externalId=draft.entity_code),
        currency=wire.Link(externalId=draft.currency),
        job=wire.Link(id=job) if job else None,
        tranDate=draft.invoice_date,
        dueDate=draft.due_date,
        terms=wire.Link(externalId=draft.payment_terms),
        otherRefNum=draft.po_number,
        memo=draft.memo or None,
        item=wire.SaleLines(tuple(_sale_line(line, item, flip=False) for line in draft.lines)),
    )


def _status(row: wire.Invoice) -> InvoiceStatus:
    if row.status.id == "V":
        return "voided"
    if row.status.id == "B":
        return "paid"
    return "partially_paid" if row.amountPaid else "open"


def invoice_from_wire(row: wire.Invoice, instance: str) -> Invoice:
    """An invoice with the figures the account computed."""
    currency = code_of(row.currency)
    return Invoice(
        ref=ref(instance, "invoice", row.id),
        key=row.externalId,
        number=row.tranId,
        entity_code=code_of(row.subsidiary),
        customer_ref=ref(instance, "customer", row.entity.id),
        currency=currency,
        invoice_date=row.tranDate,
        due_date=row.dueDate,
        status=_status(row),
        net=round_money(row.subtotal, currency),
        tax=round_money(row.taxTotal, currency),
        gross=round_money(row.total, currency),
        open_amount=round_money(row.amountRemaining, currency),
        po_number=row.otherRefNum,
        sent_at=instant(row.custbody_lw_sent_at) if row.custbody_lw_sent_at else None,
        changed_at=instant(row.lastModifiedDate),
    )


def gross_of(lines: tuple[InvoiceLine, ...], currency: str) -> Decimal:
    """Net plus tax per code and rate, each group rounded once (INV-5)."""
    groups: dict[tuple[str, Decimal], Decimal] = {}
    for line in lines:
        key = (line.tax_code, line.tax_rate_pct)
        groups[key] = groups.get(key, Decimal(0)) + line.amount
    taxes = (round_money(base * rate / _HUNDRED, currency) for (_, rate), base in groups.items())
    return sum(groups.values(), Decimal(0)) + sum(taxes, Decimal(0))


def credit_from_canon(body: NewCreditNote, invoice: wire.Invoice, item: str) -> wire.CreditMemoWrite:
    """A credit memo carries positive amounts: negated lines (INV-8) are turned. It is applied to what is open."""
    flip = _negated(body)
    gross = abs(gross_of(body.lines, code_of(invoice.currency)))
    applied = min(gross, invoice.amountRemaining)
    line = wire.ApplyLine(doc=wire.Link(id=invoice.id), apply=True, amount=applied)
    return wire.CreditMemoWrite(
        entity=wire.Link(id=invoice.entity.id),
        subsidiary=wire.Link(id=invoice.subsidiary.id),
        currency=wire.Link(id=invoice.currency.id),
        tranDate=body.credit_date,
        memo=body.reason,
        item=wire.SaleLines(tuple(_sale_line(one, item, flip) for one in body.lines)),
        apply=wire.ApplyLines((line,)) if applied > 0 else None,
    )


def _negated(body: NewCreditNote) -> bool:
    return sum((line.amount for line in body.lines), Decimal(0)) < 0


def credit_from_wire(row: wire.CreditMemo, body: NewCreditNote, instance: str) -> CreditNote:
    """A credit memo with the sign of the lines it was asked with."""
    currency = code_of(row.currency)
    gross = round_money(row.total, currency)
    return CreditNote(
        ref=ref(instance, "creditmemo", row.id),
        key=row.externalId,
        number=row.tranId,
        invoice_ref=body.invoice_ref,
        gross=negate(gross) if _negated(body) else gross,
        currency=currency,
    )


def open_item_from_wire(row: rows.OpenRow, instance: str) -> OpenItem:
    """An invoice that is not fully paid."""
    return OpenItem(
        invoice_ref=ref(instance, "invoice", row.id),
        number=row.tranid,
        customer_ref=ref(instance, "customer", row.entity),
        entity_code=row.code,
        currency=row.currency,
        gross=round_money(row.total, row.currency),
        open_amount=round_money(row.remaining, row.currency),
        due_date=row.due,
    )


def receipt_from_wire(row: rows.ReceiptRow, instance: str) -> Receipt:
    """What a payment settles of an invoice; a payment of three invoices is three receipts."""
    return Receipt(
        ref=ref(instance, "payment", f"{row.payment}-{row.invoice}"),
        invoice_ref=ref(instance, "invoice", row.invoice),
        amount=round_money(row.amount, row.currency),
        currency=row.currency,
        received_on=row.received,
    )


def sending_from_canon(body: SendRequest, now: datetime) -> dict[str, bool | str]:
    """The fields that make the account send an invoice, and when it was asked to."""
    address: dict[str, bool | str] = {"email": body.email} if body.email else {}
    return {"toBeEmailed": True, "custbody_lw_sent_at": now.astimezone(UTC).isoformat(timespec="seconds"), **address}
