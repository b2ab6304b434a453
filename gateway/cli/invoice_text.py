"""Invoices as text: one line, a page, and one invoice with its lines and totals."""

from collections.abc import Sequence

from contracts.process.billing_objects import DraftInvoice
from gateway.cli.tables import NOTHING, day, fields, money, table

_HEADS = ("INVOICE", "STATE", "CLIENT", "DATE", "GROSS", "ERP NUMBER", "RUN")
_LINES = ("LINE", "WHAT", "QUANTITY", "UNIT", "RATE", "AMOUNT", "TAX")


def line(invoice: DraftInvoice) -> str:
    """`inv_..., Kestrel Energy, USD 148,210.00 net, USD 148,210.00 gross, version 2`."""
    currency = invoice.currency
    amounts = f"{money(invoice.net, currency)} net, {money(invoice.gross, currency)} gross"
    return f"{invoice.id}, {invoice.customer_name}, {amounts}, draft version {invoice.draft_version}"


def page(invoices: Sequence[DraftInvoice]) -> str:
    """A table of invoices."""
    rows = [
        (
            i.id,
            i.state,
            i.customer_name,
            day(i.invoice_date),
            money(i.gross, i.currency),
            i.erp_number or NOTHING,
            i.run_id or NOTHING,
        )
        for i in invoices
    ]
    return table(_HEADS, rows, right="GROSS")


def whole(invoice: DraftInvoice) -> str:
    """An invoice: what it is, its lines, its totals."""
    return f"{_head(invoice)}\n\n{_lines(invoice)}\n\n{_totals(invoice)}"


def _head(invoice: DraftInvoice) -> str:
    return fields(
        (
            ("Invoice", invoice.id or "none (dry run)"),
            ("State", invoice.state),
            ("Version", invoice.draft_version),
            ("Client", invoice.customer_name),
            ("Contract", invoice.contract_id),
            ("Bill group", invoice.bill_group_id),
            ("Period", f"{day(invoice.period_start)} to {day(invoice.period_end)}"),
            ("Date", f"{day(invoice.invoice_date)}, due {day(invoice.due_date)} ({invoice.payment_terms})"),
            ("Order", invoice.po_number),
            ("Drafted by", invoice.prepared_by),
            ("Approved by", invoice.approved_by),
            ("ERP", invoice.erp_ref),
            ("ERP number", invoice.erp_number),
            ("Run", invoice.run_id),
            ("Correlation id", invoice.correlation_id),
        )
    )


def _lines(invoice: DraftInvoice) -> str:
    rows = [
        (
            i.id,
            i.description,
            i.quantity,
            i.unit,
            NOTHING if i.bill_rate is None else i.bill_rate,
            money(i.amount, ""),
            f"{i.tax_code} {i.tax_rate_pct} %",
        )
        for i in invoice.lines
    ]
    return table(_LINES, rows, right="QUANTITY RATE AMOUNT")


def _totals(invoice: DraftInvoice) -> str:
    currency, functional = invoice.currency, invoice.functional
    own = functional and f"{money(functional.gross, functional.currency)} at {functional.fx_rate}"
    return fields(
        (
            ("Net", money(invoice.net, currency)),
            *(
                (f"Tax {g.tax_code}", f"{money(g.tax, currency)} of {money(g.base, currency)}")
                for g in invoice.tax_groups
            ),
            ("Gross", money(invoice.gross, currency)),
            ("In the entity's currency", own if functional and functional.currency != currency else None),
            ("Open", money(invoice.open_amount, currency)),
        )
    )
