"""What the firm of the invoice tests has: customer, project, contract, queued work, and its books in the ledger."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from contracts.canon.ledger import FiscalPeriod, FxQuote, LegalEntity, TaxCode
from contracts.canon.party import Address, BillingCustomer
from contracts.money import round_money
from contracts.process.register_objects import NewContract, NewContractLine, NewCustomer, NewRegisteredProject
from contracts.process.time_posting import Rating, Transaction
from runtime.data.ids import new_id

DEAL = "cor-deal"


def customer_copy(**changed: Any) -> BillingCustomer:
    """The ledger's copy of the customer."""
    known: dict[str, Any] = {
        "ref": "netsuite:customer:7",
        "key": "cus_1",
        "number": "C-7",
        "name": "Rheinwerk",
        "legal_name": "Rheinwerk GmbH",
        "entity_code": "DE01",
        "currency": "EUR",
        "address": Address(street="Rheinuferstr. 14", city="Köln", postal_code="50668", country="DE"),
        "payment_terms": "NET30",
    }
    return BillingCustomer(**{**known, **changed})


def period(state: str, month: int = 10) -> FiscalPeriod:
    first = date(2026, month, 1)
    last = date(2026, month + 1, 1) - timedelta(days=1)
    return FiscalPeriod(
        ref=f"netsuite:period:{month}",
        entity_code="DE01",
        name=f"2026-{month}",
        start_on=first,
        end_on=last,
        state=state,  # type: ignore[arg-type]
    )


def _tax(code: str, rate: str, treatment: str) -> TaxCode:
    return TaxCode(
        ref=f"netsuite:taxitem:{code}",
        code=code,
        country="DE",
        rate_pct=Decimal(rate),
        treatment=treatment,  # type: ignore[arg-type]
        valid_from=date(2020, 1, 1),
    )


def books() -> dict[str, dict[str, Any]]:
    entity = LegalEntity(
        ref="netsuite:subsidiary:1", code="DE01", name="Fairmont GmbH", country="DE", functional_currency="EUR"
    )
    quote = FxQuote(
        from_currency="USD", to_currency="EUR", on=date(2026, 10, 30), rate=Decimal("0.9000000000"), source="BANK"
    )
    taxes = (_tax("DE-S19", "19.00", "standard"), _tax("DE-RC", "0.00", "reverse_charge"))
    return {
        "legal_entity": {"DE01": entity},
        "fiscal_period": {"DE01/10": period("open"), "DE01/11": period("open", 11)},
        "tax_code": {t.code: t for t in taxes},
        "fx_quote": {"USD/EUR": quote},
        "billing_customer": {"netsuite:customer:7": customer_copy()},
    }


CUSTOMER = NewCustomer(
    id="cus_1",
    name="Rheinwerk",
    legal_name="Rheinwerk GmbH",
    country="DE",
    tax_id="DE811111111",
    tax_id_valid=True,
    default_currency="EUR",
    refs=("netsuite:customer:7", "salesforce:account:7"),
)
PROJECT = NewRegisteredProject(
    id="prj_1",
    customer_id="cus_1",
    legal_entity_id="DE01",
    code="PRJ-1",
    name="Interfaces",
    country="DE",
    currency="EUR",
    start=date(2026, 1, 1),
    status="active",
    refs=("certinia:project:p1", "netsuite:job:9"),
)


def new_contract(**terms: Any) -> NewContract:
    line = NewContractLine(
        id="ctl_1",
        billing_method=terms.pop("billing_method", "time_and_materials"),
        value=terms.pop("value", None),
        project_id="prj_1",
        cost_center_id="CC-1",
    )
    known: dict[str, Any] = {
        "id": "ctr_1",
        "customer_id": "cus_1",
        "legal_entity_id": "DE01",
        "name": "Interfaces 2026",
        "opportunity_id": "salesforce:opportunity:d1",
        "currency": "EUR",
        "start": date(2026, 1, 1),
        "signed_on": date(2025, 12, 20),
        "payment_terms": "NET30",
        "lines": (line,),
    }
    return NewContract(**{**known, **terms})


def queued(now: datetime, contract_id: str, hours: Decimal, on: date, **more: Any) -> Transaction:
    rate = more.pop("rate", Decimal("150.0000"))
    known: dict[str, Any] = {
        "id": new_id("txn", now),
        "kind": "time",
        "source_id": new_id("tme", now),
        "source_version": 1,
        "source_ref": "certinia:timecard:t1",
        "contract_id": contract_id,
        "contract_line_id": "ctl_1",
        "project_id": "prj_1",
        "legal_entity_id": "DE01",
        "bill_to_id": "cus_1",
        "worker_number": "E1",
        "worker_name": "Ada Lang",
        "role_code": "DEV",
        "service_date": on,
        "posting_date": on,
        "approved_at": now,
        "hours": hours,
        "quantity": hours,
        "unit": "hour",
        "rating": Rating(rate_line_id="rtl_1", level="standard", base_rate=rate, base_currency="EUR", bill_rate=rate),
        "rating_version": 1,
        "amount": round_money(hours * rate, "EUR"),
        "currency": "EUR",
        "part": "billable",
        "state": "queued",
        "correlation_id": DEAL,
        "version": 1,
        "updated_at": now,
    }
    return Transaction(**{**known, **more})
