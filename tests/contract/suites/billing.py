"""What a billing system promises: one customer and one invoice per key, totals of its own, credits, open items, receipts."""

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from contracts.canon.billing import Invoice, InvoiceDraft, InvoiceLine, NewCreditNote, SendRequest, TaxGroup
from contracts.canon.party import Address, BillingCustomer, NewBillingCustomer
from contracts.problems import InvalidRequest, NotFound, OutcomeUnknown, VendorRefused
from tests.contract.subject import Subject, new_key, pages


class Facts(Struct, frozen=True, kw_only=True):
    """`customer` is seeded, with `customer_name` (legal) and `tax_id`; `unpaid` and `receipts` count the seed's."""

    entity: str
    currency: str
    terms: str
    customer: str
    customer_name: str
    tax_id: str
    on_billing_hold: str
    tax_code: str
    tax_rate_pct: Decimal
    invoice_date: date
    closed_entity_date: date
    unpaid: int
    receipts: int


async def read(subject: Subject) -> BillingCustomer:
    return await subject.adapter.get_customer(subject.call, subject.facts.customer)


def _customer(subject: Subject, key: str) -> NewBillingCustomer:
    return NewBillingCustomer(
        key=key,
        name=f"Quillon {key}",
        legal_name=f"Quillon {key} Holding",
        entity_code=subject.facts.entity,
        currency=subject.facts.currency,
        address=Address(street="Hauptstr. 1", city="Köln", postal_code="50667", country="DE"),
        tax_id=f"T{key[-10:]}",
        payment_terms=subject.facts.terms,
    )


async def write(subject: Subject, key: str) -> str:
    return (await subject.adapter.put_customer(subject.call, _customer(subject, key))).ref


async def found(subject: Subject, key: str) -> tuple[str, ...]:
    page = await subject.adapter.find_customers(subject.call, key=key)
    return tuple(customer.ref for customer in page.items)


def _line(subject: Subject, name: str, amount: str) -> InvoiceLine:
    return InvoiceLine(
        id=name,
        kind="time",
        description=f"Work {name}",
        quantity=Decimal("3.0000"),
        unit="hour",
        bill_rate=Decimal("11.1100"),
        amount=Decimal(amount),
        tax_code=subject.facts.tax_code,
        tax_rate_pct=subject.facts.tax_rate_pct,
    )


def _draft(subject: Subject, **changed: Any) -> InvoiceDraft:
    """WE-32: three lines of 33.33 at 19 %."""
    facts, net = subject.facts, Decimal("99.99")
    key = new_key()
    draft = InvoiceDraft(
        key=key,
        invoice_id=f"inv_{key}",
        entity_code=facts.entity,
        customer_ref=facts.customer,
        currency=facts.currency,
        invoice_date=facts.invoice_date,
        due_date=facts.invoice_date,
        payment_terms=facts.terms,
        po_number="PO-7",
        lines=tuple(_line(subject, name, "33.33") for name in "abc"),
        net=net,
        tax_groups=(TaxGroup(tax_code=facts.tax_code, rate_pct=facts.tax_rate_pct, base=net, tax=Decimal("19.00")),),
        tax=Decimal("19.00"),
        gross=Decimal("118.99"),
    )
    return replace(draft, **changed)


async def _posted(subject: Subject, **changed: Any) -> tuple[InvoiceDraft, Invoice]:
    draft = _draft(subject, **changed)
    return draft, await subject.adapter.post_invoice(subject.call, draft)


async def promise_that_a_customer_says_what_was_put(subject: Subject) -> None:
    body = _customer(subject, new_key())
    customer = await subject.adapter.put_customer(subject.call, body)
    for name in NewBillingCustomer.__struct_fields__:
        assert getattr(customer, name) == getattr(body, name), name
    assert (customer.active, customer.billing_hold, customer.credit_hold) == (True, False, False)
    assert await subject.adapter.get_customer(subject.call, customer.ref) == customer


async def promise_that_customers_are_found_by_all_that_is_given(subject: Subject) -> None:
    facts, search = subject.facts, partial(subject.adapter.find_customers, subject.call)
    words = " ".join(reversed(facts.customer_name.lower().split()))
    for given in ({"tax_id": facts.tax_id}, {"name": words}, {"tax_id": facts.tax_id, "entity_code": facts.entity}):
        assert facts.customer in {c.ref for c in (await search(**given)).items}, given
    for given in ({"tax_id": facts.tax_id, "entity_code": "NONE"}, {"name": f"{words} xyzzy"}, {"name": "100%_"}):
        assert (await search(**given)).items == (), given


async def promise_that_holds_of_the_ledger_arrive(subject: Subject) -> None:
    held = await subject.adapter.get_customer(subject.call, subject.facts.on_billing_hold)
    assert held.billing_hold is True
    assert (await read(subject)).billing_hold is False


async def promise_that_a_customer_can_be_deactivated_twice(subject: Subject) -> None:
    ref = await write(subject, new_key())
    for _ in range(2):
        assert (await subject.adapter.deactivate_customer(subject.call, ref)).active is False


async def promise_that_unknown_terms_are_refused(subject: Subject) -> None:
    body = replace(_customer(subject, new_key()), payment_terms="NET-NEVER")
    with pytest.raises(VendorRefused):
        await subject.adapter.put_customer(subject.call, body)
    assert await found(subject, body.key) == ()


async def promise_that_an_invoice_is_posted_once_with_totals_of_its_own(subject: Subject) -> None:
    draft, invoice = await _posted(subject)
    assert (invoice.net, invoice.tax, invoice.gross) == (draft.net, draft.tax, draft.gross)
    assert (invoice.open_amount, invoice.status, invoice.key) == (draft.gross, "open", draft.key)
    assert invoice.number
    assert (invoice.customer_ref, invoice.entity_code, invoice.currency) == (
        draft.customer_ref,
        draft.entity_code,
        draft.currency,
    )
    assert (invoice.invoice_date, invoice.due_date, invoice.po_number) == (
        draft.invoice_date,
        draft.due_date,
        draft.po_number,
    )
    assert await subject.adapter.post_invoice(subject.call, draft) == invoice
    assert (await subject.adapter.find_invoices(subject.call, draft.key)).items == (invoice,)
    assert await subject.adapter.get_invoice(subject.call, invoice.ref) == invoice


async def promise_that_totals_are_not_copied_from_the_draft(subject: Subject) -> None:
    _, invoice = await _posted(subject, tax=Decimal("18.99"), gross=Decimal("118.98"))
    assert invoice.gross == Decimal("118.99")


async def promise_that_an_invoice_that_was_never_posted_is_not_there(subject: Subject) -> None:
    assert (await subject.adapter.find_invoices(subject.call, new_key())).items == ()


async def promise_that_an_invoice_whose_answer_is_lost_is_posted_once(subject: Subject) -> None:
    draft = _draft(subject)
    await subject.arm_writes("lost_response")
    with contextlib.suppress(OutcomeUnknown):
        await subject.adapter.post_invoice(subject.call, draft)
    await subject.clear()
    invoice = await subject.adapter.post_invoice(subject.call, draft)
    assert (await subject.adapter.find_invoices(subject.call, draft.key)).items == (invoice,)
    items = await pages(partial(subject.adapter.list_open_items, subject.call))
    assert [i.invoice_ref for i in items if i.number == invoice.number] == [invoice.ref]


async def promise_that_a_closed_period_refuses_an_invoice(subject: Subject) -> None:
    draft = _draft(subject, invoice_date=subject.facts.closed_entity_date)
    with pytest.raises(VendorRefused) as refused:
        await subject.adapter.post_invoice(subject.call, draft)
    assert refused.value.code == "PERIOD_CLOSED"
    assert (await subject.adapter.find_invoices(subject.call, draft.key)).items == ()


async def promise_that_an_invoice_is_sent_once(subject: Subject) -> None:
    _, invoice = await _posted(subject)
    assert invoice.sent_at is None
    sent = await subject.adapter.send_invoice(subject.call, invoice.ref, SendRequest())
    assert sent.sent_at is not None
    assert (await subject.adapter.send_invoice(subject.call, invoice.ref, SendRequest())).sent_at == sent.sent_at


async def promise_that_a_credit_note_lowers_what_is_open_once(subject: Subject) -> None:
    draft, invoice = await _posted(subject)
    line = replace(draft.lines[0], amount=Decimal("-33.33"), quantity=Decimal("-3.0000"))
    body = NewCreditNote(
        key=new_key(), invoice_ref=invoice.ref, credit_date=draft.invoice_date, reason="Wrong rate", lines=(line,)
    )
    note = await subject.adapter.post_credit_note(subject.call, body)
    assert (note.gross, note.invoice_ref, note.key) == (Decimal("-39.66"), invoice.ref, body.key)
    assert await subject.adapter.post_credit_note(subject.call, body) == note
    after = await subject.adapter.get_invoice(subject.call, invoice.ref)
    assert (after.gross, after.open_amount) == (draft.gross, draft.gross - Decimal("39.66"))


async def promise_that_open_items_are_those_not_fully_paid(subject: Subject) -> None:
    _, invoice = await _posted(subject)
    items = await pages(partial(subject.adapter.list_open_items, subject.call), limit=3)
    assert len({i.invoice_ref for i in items}) == len(items) > subject.facts.unpaid
    assert all(0 < i.open_amount <= i.gross for i in items)
    assert invoice.ref in {i.invoice_ref for i in items}


async def promise_that_receipts_come_once_each_oldest_first(subject: Subject) -> None:
    receipts = await pages(partial(subject.adapter.list_receipts, subject.call), limit=9)
    assert len({r.ref for r in receipts}) == len(receipts) == subject.facts.receipts
    assert [r.received_on for r in receipts] == sorted(r.received_on for r in receipts)
    middle = receipts[len(receipts) // 2].received_on
    since = datetime(middle.year, middle.month, middle.day, tzinfo=UTC)
    later = await pages(partial(subject.adapter.list_receipts, subject.call), changed_since=since)
    assert {r.ref for r in receipts if r.received_on >= middle} <= {r.ref for r in later}
    assert len(later) < len(receipts)


async def promise_that_a_foreign_cursor_is_refused(subject: Subject) -> None:
    for listing in (subject.adapter.list_open_items, subject.adapter.list_receipts):
        with pytest.raises(InvalidRequest):
            await listing(subject.call, cursor="bm90IGEgY3Vyc29y")


async def promise_that_references_of_others_are_not_found(subject: Subject) -> None:
    key = subject.facts.customer.split(":")[2]
    for foreign in (f"elsewhere:customer:{key}", f"{subject.instance}:invoice:{key}", f"{subject.instance}:customer:0"):
        with pytest.raises(NotFound):
            await subject.adapter.get_customer(subject.call, foreign)
    with pytest.raises(NotFound):
        await subject.adapter.get_invoice(subject.call, subject.facts.customer)
