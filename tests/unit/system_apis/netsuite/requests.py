"""What the tests ask the ledger for: a customer, a shell, a line, a draft."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from contracts.call import Call
from contracts.canon.billing import InvoiceDraft, InvoiceLine, TaxGroup
from contracts.canon.ledger import (
    NewProjectShell,
    PostingLine,
)
from contracts.canon.party import Address, NewBillingCustomer
from tests.unit.system_apis.netsuite.conftest import Adapters

D = Decimal


def customer(key: str = "cus_1", **changed: Any) -> NewBillingCustomer:
    address = Address(street="Hauptstr. 1", city="Köln", postal_code="50667", country="DE")
    body = NewBillingCustomer(
        key=key,
        name="Quillon",
        legal_name="Quillon Maschinenbau GmbH",
        entity_code="DE01",
        currency="EUR",
        address=address,
        tax_id="DE999000111",
        payment_terms="NET30",
    )
    return msgspec.structs.replace(body, **changed)


async def shell(adapters: Adapters, call: Call, **changed: Any) -> Any:
    owner = await adapters.billing.put_customer(call, customer())
    body = NewProjectShell(
        key="prj_1",
        code="P-9001",
        name="Rollout",
        entity_code="DE01",
        customer_ref=owner.ref,
        currency="EUR",
        cost_center_code="CC-310",
        contract_id="ctr_1",
        billing_method="time_and_materials",
        revenue_method="right_to_invoice",
        value=D("240000.00"),
        start_on=date(2026, 11, 1),
        end_on=date(2027, 3, 31),
    )
    return await adapters.erp.put_project_shell(call, msgspec.structs.replace(body, **changed))


def line(number: int, shell_ref: str, **changed: Any) -> PostingLine:
    body = PostingLine(
        key=f"run:post:txn_{number}",
        transaction_id=f"txn_{number}",
        entity_code="DE01",
        project_shell_ref=shell_ref,
        worker_number="E2001",
        service_date=date(2026, 10, 30),
        posting_date=date(2026, 11, 2),
        quantity=D("7.3333"),
        hours=D("7.3333"),
        bill_rate=D("165.1250"),
        amount=D("1210.91"),
        currency="EUR",
        billable=True,
        cost_center_code="CC-310",
        correlation_id="cor-1",
    )
    return msgspec.structs.replace(body, **changed)


def draft(customer_ref: str, *amounts: str, key: str = "post:inv_1:1", **changed: Any) -> InvoiceDraft:
    lines = tuple(
        InvoiceLine(
            id=f"l{n}",
            kind="time",
            description=f"Work {n}",
            quantity=D("3.0000"),
            unit="hour",
            bill_rate=D("11.1100"),
            amount=D(amount),
            tax_code="DE-S19",
            tax_rate_pct=D("19.00"),
        )
        for n, amount in enumerate(amounts)
    )
    net = sum((one.amount for one in lines), D(0))
    body = InvoiceDraft(
        key=key,
        invoice_id="inv_1",
        entity_code="DE01",
        customer_ref=customer_ref,
        currency="EUR",
        invoice_date=date(2026, 11, 19),
        due_date=date(2026, 12, 19),
        payment_terms="NET30",
        po_number="PO-7",
        lines=lines,
        net=net,
        tax_groups=(TaxGroup(tax_code="DE-S19", rate_pct=D("19.00"), base=net, tax=D("19.00")),),
        tax=D("19.00"),
        gross=net + D("19.00"),
    )
    return msgspec.structs.replace(body, **changed)
