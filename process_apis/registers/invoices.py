"""Invoices (`inv`) on their way from draft to paid. The fiscal number is the ERP's (2.1)."""

from collections.abc import Iterable, Mapping
from typing import Any

from contracts import events
from contracts.money import round_money
from contracts.problems import Conflict, NotFound
from contracts.process.billing_objects import DraftInvoice, DraftInvoicePage
from contracts.wire import convert, to_builtins
from process_apis.registers import move
from process_apis.registers.unit import Unit
from runtime.data.listing import CHANGED, CHANGED_SINCE, Column, Listing, Wanted, same

COLUMNS = """id, version, draft_version, state, bill_group_id, contract_id, customer_id, legal_entity_id, currency, net,
    tax, gross, prepared_by, approved_by, erp_ref, erp_number, run_id, body, correlation_id, updated_at"""
LISTING = Listing(
    table="invoice",
    columns=COLUMNS,
    filters={
        **same("state", "customer_id", "contract_id", "legal_entity_id", "bill_group_id", "erp_number"),
        "project_id": """bill_group_id in (
            select id from bill_group where tenant = $1 and body->'project_ids' ? {})""",
        "changed_since": CHANGED_SINCE,
    },
    orders={
        "id": (),
        "invoice_date": (Column("(body->>'invoice_date') collate \"C\""),),
        "due_date": (Column("(body->>'due_date') collate \"C\""),),
        "gross": (Column("gross", "numeric"),),
        "updated_at": (CHANGED,),
    },
)
_INSERT = """
insert into invoice (tenant, id, draft_version, state, bill_group_id, contract_id, customer_id, legal_entity_id, currency,
                     net, tax, gross, prepared_by, body, correlation_id, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)
"""
_BODY = (
    "customer_name",
    "payment_terms",
    "po_number",
    "invoice_date",
    "due_date",
    "period_start",
    "period_end",
    "lines",
    "tax_groups",
    "functional",
    "open_amount",
)
_EVENTS: dict[str, type[events.InvoiceEvent]] = {
    kind.type: kind
    for kind in (
        events.InvoiceApproved,
        events.InvoiceCancelled,
        events.InvoicePosted,
        events.InvoicePostFailed,
        events.InvoiceSent,
    )
}


def from_row(row: Any) -> DraftInvoice:
    """A row with COLUMNS as canon."""
    values = dict(row)
    values |= {name: round_money(values[name], values["currency"]) for name in ("net", "tax", "gross")}
    return convert({**values.pop("body"), **values}, DraftInvoice)


async def add(unit: Unit, new: DraftInvoice) -> DraftInvoice:
    """Store a draft and put it up for review."""
    stored = to_builtins(new)
    await unit.connection.execute(
        _INSERT,
        unit.tenant,
        new.id,
        new.draft_version,
        "draft",
        new.bill_group_id,
        new.contract_id,
        new.customer_id,
        new.legal_entity_id,
        new.currency,
        new.net,
        new.tax,
        new.gross,
        new.prepared_by,
        {k: stored[k] for k in _BODY},
        unit.call.correlation_id,
        unit.now,
    )
    return await change(unit, await get(unit, new.id), "submit")


async def get(unit: Unit, invoice_id: str) -> DraftInvoice:
    """Raises NotFound."""
    sql = f"select {COLUMNS} from invoice where tenant = $1 and id = $2"  # noqa: S608
    row = await unit.connection.fetchrow(sql, unit.tenant, invoice_id)
    if row is None:
        raise NotFound(f"No invoice {invoice_id}.")
    return from_row(row)


async def open_drafts(unit: Unit, invoice_ids: Iterable[str]) -> frozenset[str]:
    """Which of these are drafts that nobody approved yet."""
    ids = sorted(set(invoice_ids))
    if not ids:
        return frozenset()
    sql = "select id from invoice where tenant = $1 and id = any($2::text[]) and state in ('draft', 'in_review')"
    return frozenset(r["id"] for r in await unit.connection.fetch(sql, unit.tenant, ids))


async def states(unit: Unit, invoice_ids: Iterable[str]) -> dict[str, str]:
    """States of invoices by id."""
    sql = "select id, state from invoice where tenant = $1 and id = any($2::text[])"
    return {r["id"]: r["state"] for r in await unit.connection.fetch(sql, unit.tenant, sorted(set(invoice_ids)))}


async def redraft(unit: Unit, invoice: DraftInvoice, made: DraftInvoice, reason: str) -> DraftInvoice:
    """Put new content in place of an open draft's: the next draft version. Its state stays, and whoever approves names the version."""
    stored = to_builtins(made)
    sql = """update invoice set version = version + 1, draft_version = draft_version + 1, net = $3, tax = $4, gross = $5,
        body = $6, updated_at = $7 where tenant = $1 and id = $2 and state in ('draft', 'in_review') returning version"""
    body = {k: stored[k] for k in _BODY}
    values = (made.net, made.tax, made.gross, body, unit.now)
    version = await unit.connection.fetchval(sql, unit.tenant, invoice.id, *values)
    if version is None:
        raise Conflict(f"The invoice is {invoice.state} and not redrafted.", code="ILLEGAL_TRANSITION")
    moved = move.Moved(before=invoice.state, after=invoice.state, version=version, events=())
    facts = {"draft_version": invoice.draft_version + 1, "net": str(made.net), "net_before": str(invoice.net)}
    await move.record(unit, "invoice", invoice.id, "redraft", moved, reason, facts)
    return await get(unit, invoice.id)


async def page(unit: Unit, wanted: Wanted) -> DraftInvoicePage:
    """A page of them."""
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted)
    return DraftInvoicePage(items=tuple(from_row(r) for r in rows), next_cursor=more, as_of=unit.now)


async def change(
    unit: Unit,
    invoice: DraftInvoice,
    command: str,
    *,
    refused: str | None = None,
    reason: str | None = None,
    values: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
) -> DraftInvoice:
    """Move an invoice; `values` are columns, `body` terms that change with it."""
    columns = dict(values or {})
    if body:
        stored = to_builtins(invoice)
        columns["body"] = {**{k: stored[k] for k in _BODY}, **body}

    def event(moved: move.Moved) -> events.Event | None:
        kind = _EVENTS.get(moved.events[0]) if moved.events else None
        return _event(unit, invoice, kind, moved, columns, reason) if kind else None

    await move.apply(unit, "invoice", invoice.id, command, refused=refused, reason=reason, values=columns, event=event)
    return await get(unit, invoice.id)


def _event(
    unit: Unit,
    invoice: DraftInvoice,
    kind: type[events.InvoiceEvent],
    moved: move.Moved,
    columns: Mapping[str, Any],
    reason: str | None,
) -> events.InvoiceEvent:
    ids = [i for line in invoice.lines for i in line.transaction_ids]
    return kind(
        **move.common(unit, invoice.id, moved, reason),
        bill_group=invoice.bill_group_id,
        draft_version=invoice.draft_version,
        currency=invoice.currency,
        net=invoice.net,
        tax=invoice.tax,
        gross=invoice.gross,
        erp_number=columns.get("erp_number", invoice.erp_number),
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        transaction_ids=tuple(ids),
    )


async def submitters(unit: Unit, invoice_id: str) -> frozenset[str]:
    """Everybody who put the draft up for review: none of them may approve it (SOD-1)."""
    return await move.actors(unit, "invoice", invoice_id, "submit")


async def bind_run(unit: Unit, invoice_id: str, run_id: str) -> None:
    """Note which run posts the invoice; part of the `post` that was just counted as a change."""
    sql = "update invoice set run_id = $3 where tenant = $1 and id = $2"
    await unit.connection.execute(sql, unit.tenant, invoice_id, run_id)
