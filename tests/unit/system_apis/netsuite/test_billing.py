"""Invoices, credit notes, open items and receipts against the simulated account, answers lost on the way included."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from contracts.call import Call
from contracts.canon.billing import NewCreditNote, SendRequest
from contracts.problems import (
    OutcomeUnknown,
)
from tests.unit.system_apis.netsuite.conftest import Adapters, Sandbox
from tests.unit.system_apis.netsuite.requests import customer, draft

D = Decimal


async def test_an_invoice_is_posted_once_and_carries_the_accounts_totals(adapters: Adapters, call: Call) -> None:
    owner = await adapters.billing.put_customer(call, customer())
    assert (await adapters.billing.find_invoices(call, "post:inv_1:1")).items == ()
    body = draft(owner.ref, "33.33", "33.33", "33.33")
    first = await adapters.billing.post_invoice(call, body)
    again = await adapters.billing.post_invoice(call, body)
    assert again == first
    assert (first.net, first.tax, first.gross, first.open_amount) == (D("99.99"), D("19.00"), D("118.99"), D("118.99"))
    assert (first.number, first.status, first.po_number) == ("INV-DE01-1001", "open", "PO-7")
    assert (await adapters.billing.find_invoices(call, "post:inv_1:1")).items == (first,)
    assert (await adapters.billing.get_invoice(call, first.ref)) == first
    unbilled = [b.amount for b in (await adapters.erp.list_balances(call, "DE01")).items if b.kind == "unbilled"]
    assert unbilled == [D("-99.99")]


async def test_a_lost_answer_to_a_posting_is_looked_for(sandbox: Sandbox, adapters: Adapters, call: Call) -> None:
    owner = await adapters.billing.put_customer(call, customer())
    await sandbox.fault(kind="lost_response", method="PUT", path="invoice")
    invoice = await adapters.billing.post_invoice(call, draft(owner.ref, "100.00"))
    assert invoice.gross == D("119.00")
    await sandbox.fault(kind="timeout", method="PUT", path="invoice", delay_s=0)
    with pytest.raises(OutcomeUnknown):
        await adapters.billing.post_invoice(call, draft(owner.ref, "100.00", key="post:inv_2:1"))
    assert await sandbox.rows("SELECT COUNT(*) AS n FROM transaction WHERE tranid LIKE 'INV-DE01-%'") == [{"n": "1"}]


async def test_an_invoice_is_sent_once(sandbox: Sandbox, adapters: Adapters, call: Call) -> None:
    owner = await adapters.billing.put_customer(call, customer())
    invoice = await adapters.billing.post_invoice(call, draft(owner.ref, "100.00"))
    assert invoice.sent_at is None
    sent = await adapters.billing.send_invoice(call, invoice.ref, SendRequest(email="ap@quillon.example"))
    assert sent.sent_at == sandbox.clock.now()
    sandbox.clock.advance(minutes=30)
    assert (await adapters.billing.send_invoice(call, invoice.ref, SendRequest())).sent_at == sent.sent_at
    assert (await sandbox.get(f"invoice/{invoice.ref.rpartition(':')[2]}"))["email"] == "ap@quillon.example"


async def test_a_credit_note_settles_what_it_credits(adapters: Adapters, call: Call) -> None:
    owner = await adapters.billing.put_customer(call, customer())
    body = draft(owner.ref, "60.00", "40.00")
    invoice = await adapters.billing.post_invoice(call, body)
    negated = msgspec.structs.replace(body.lines[0], amount=D("-60.00"), quantity=D("-3.0000"))
    note = NewCreditNote(
        key="crn:1", invoice_ref=invoice.ref, credit_date=date(2026, 11, 20), reason="Wrong rate", lines=(negated,)
    )
    first = await adapters.billing.post_credit_note(call, note)
    assert await adapters.billing.post_credit_note(call, note) == first
    assert (first.gross, first.number) == (D("-71.40"), "CM-DE01-1001")
    after = await adapters.billing.get_invoice(call, invoice.ref)
    assert (after.open_amount, after.status) == (D("47.60"), "partially_paid")


async def test_open_items_and_receipts_page_by_key(sandbox: Sandbox, adapters: Adapters, call: Call) -> None:
    pages, cursor = [], None
    while True:
        page = await adapters.billing.list_receipts(call, cursor=cursor, limit=20)
        pages.append(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
        await sandbox.fault(kind="page_shift")
    receipts = [receipt for page in pages for receipt in page]
    assert len({r.ref for r in receipts}) == len(receipts) > 40
    assert [len(p) for p in pages[:-1]] == [20] * (len(pages) - 1)
    assert (await adapters.billing.list_receipts(call, datetime(2026, 11, 25, tzinfo=UTC))).items == ()
    items = (await adapters.billing.list_open_items(call, limit=3)).items
    assert len(items) == 3
    assert all(item.open_amount > 0 for item in items)
    invoice = await adapters.billing.get_invoice(call, items[0].invoice_ref)
    assert (invoice.open_amount, invoice.number) == (items[0].open_amount, items[0].number)


async def test_a_payment_made_in_the_ledger_arrives(sandbox: Sandbox, adapters: Adapters, call: Call) -> None:
    owner = await adapters.billing.put_customer(call, customer())
    invoice = await adapters.billing.post_invoice(call, draft(owner.ref, "100.00"))
    number = invoice.ref.rpartition(":")[2]
    await sandbox.http.post(f"/services/rest/record/v1/invoice/{number}/!transform/customerPayment", json={})
    receipts = (await adapters.billing.list_receipts(call, sandbox.clock.now())).items
    assert [(r.invoice_ref, r.amount, r.currency) for r in receipts] == [(invoice.ref, D("119.00"), "EUR")]
    assert (await adapters.billing.get_invoice(call, invoice.ref)).status == "paid"
