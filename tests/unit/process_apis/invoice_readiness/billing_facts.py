"""Facts about a small bill group in which every check passes, and builders of what can be wrong with it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from contracts.canon.ledger import FiscalPeriod, FxQuote, LegalEntity, TaxCode
from contracts.canon.party import Address, BillingCustomer
from contracts.canon.project import Milestone
from contracts.process.billing_objects import BillGroup
from contracts.process.exception_objects import BusinessException
from contracts.process.register_objects import Contract, ContractLine, Customer, RegisteredProject
from contracts.process.time_posting import Rating, Transaction
from process_apis.invoice_readiness.rules import Facts, Systems

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def line(**changed: Any) -> ContractLine:
    known: dict[str, Any] = {
        "id": "ctl_1",
        "contract_id": "ctr_1",
        "billing_method": "time_and_materials",
        "project_id": "prj_1",
        "cost_center_id": "CC-1",
    }
    return ContractLine(**{**known, **changed})


def contract(**changed: Any) -> Contract:
    known: dict[str, Any] = {
        "id": "ctr_1",
        "customer_id": "cus_1",
        "legal_entity_id": "DE01",
        "name": "Interfaces",
        "currency": "EUR",
        "start": date(2026, 1, 1),
        "payment_terms": "NET30",
        "lines": (line(),),
        "state": "active",
        "contract_version": 1,
        "version": 1,
        "updated_at": NOW,
    }
    return Contract(**{**known, **changed})


def project(**changed: Any) -> RegisteredProject:
    known: dict[str, Any] = {
        "id": "prj_1",
        "customer_id": "cus_1",
        "legal_entity_id": "DE01",
        "code": "PRJ-1",
        "name": "Interfaces",
        "country": "DE",
        "currency": "EUR",
        "start": date(2026, 1, 1),
        "status": "active",
        "refs": ("certinia:project:p1", "netsuite:job:9"),
        "version": 1,
        "updated_at": NOW,
    }
    return RegisteredProject(**{**known, **changed})


def debtor(**changed: Any) -> BillingCustomer:
    known: dict[str, Any] = {
        "ref": "netsuite:customer:7",
        "key": "cus_1",
        "number": None,
        "name": "Rheinwerk",
        "legal_name": "Rheinwerk GmbH",
        "entity_code": "DE01",
        "currency": "EUR",
        "address": Address(street="Rheinuferstr. 14", city="Köln", country="DE"),
        "payment_terms": "NET30",
    }
    return BillingCustomer(**{**known, **changed})


def transaction(**changed: Any) -> Transaction:
    known: dict[str, Any] = {
        "id": "txn_1",
        "kind": "time",
        "source_id": "tme_1",
        "source_version": 1,
        "source_ref": "certinia:timecard:1",
        "contract_id": "ctr_1",
        "contract_line_id": "ctl_1",
        "project_id": "prj_1",
        "legal_entity_id": "DE01",
        "bill_to_id": "cus_1",
        "worker_number": "E1",
        "worker_name": "Ada Lang",
        "role_code": "DEV",
        "service_date": date(2026, 10, 14),
        "posting_date": date(2026, 10, 14),
        "approved_at": NOW,
        "hours": Decimal("8.0000"),
        "quantity": Decimal("8.0000"),
        "unit": "hour",
        "rating": Rating(bill_rate=Decimal("150.0000")),
        "rating_version": 1,
        "amount": Decimal("1200.00"),
        "currency": "EUR",
        "part": "billable",
        "state": "queued",
        "correlation_id": "cor-1",
        "version": 1,
        "updated_at": NOW,
    }
    return Transaction(**{**known, **changed})


def exception(code: str, severity: str = "blocking") -> BusinessException:
    return BusinessException(
        id=f"exc_{code}",
        code=code,
        meaning="",
        severity=severity,  # type: ignore[arg-type]
        object_id="tme_1",
        rule_key="",
        owner_role="BA",
        created_at=NOW,
        due_at=NOW,
        state="open",
        version=1,
        updated_at=NOW,
    )


def tax(code: str, treatment: str, rate: str = "0.00") -> TaxCode:
    return TaxCode(
        ref=f"netsuite:taxitem:{code}",
        code=code,
        country="DE",
        rate_pct=Decimal(rate),
        treatment=treatment,  # type: ignore[arg-type]
        valid_from=date(2020, 1, 1),
    )


def milestone(state: str) -> Milestone:
    return Milestone(
        ref="certinia:milestone:1",
        project_ref="certinia:project:p1",
        key=None,
        sequence=1,
        name="Go-live",
        planned_on=date(2026, 10, 20),
        amount=Decimal("100.00"),
        currency="EUR",
        acceptance_required=True,
        state=state,  # type: ignore[arg-type]
        changed_at=NOW,
    )


def period(state: str) -> FiscalPeriod:
    return FiscalPeriod(
        ref="netsuite:period:1",
        entity_code="DE01",
        name="Oct 2026",
        start_on=date(2026, 10, 1),
        end_on=date(2026, 10, 31),
        state=state,  # type: ignore[arg-type]
    )


GROUP = BillGroup(
    id="bg_1",
    key="k",
    contract_id="ctr_1",
    contract_name="Interfaces",
    customer_id="cus_1",
    customer_name="Rheinwerk",
    project_ids=("prj_1",),
    legal_entity_id="DE01",
    currency="EUR",
    billing_method="time_and_materials",
    period_start=date(2026, 10, 1),
    period_end=date(2026, 10, 31),
    state="collecting",
    readiness_version=0,
    percent=0,
    net_amount=Decimal("0.00"),
    hours=Decimal("0.0000"),
    transaction_count=0,
    evaluated_at=None,
    version=1,
    updated_at=NOW,
)
CUSTOMER = Customer(
    id="cus_1",
    name="Rheinwerk",
    legal_name="Rheinwerk GmbH",
    country="DE",
    tax_id_valid=True,
    default_currency="EUR",
    status="active",
    version=1,
    updated_at=NOW,
)
FACTS = Facts(
    invoice_date=date(2026, 10, 31),
    group=GROUP,
    contracts=(contract(),),
    projects=(project(),),
    customer=CUSTOMER,
    debtor=debtor(),
    debtor_ref="netsuite:customer:7",
    entity=LegalEntity(
        ref="netsuite:subsidiary:1", code="DE01", name="Fairmont", country="DE", functional_currency="EUR"
    ),
    periods=(period("open"),),
    tax_codes=(tax("DE-S19", "standard", "19.00"), tax("DE-RC", "reverse_charge"), tax("DE-EX", "out_of_scope")),
    quotes=(
        FxQuote(
            from_currency="USD", to_currency="EUR", on=date(2026, 10, 30), rate=Decimal("0.9000000000"), source="BANK"
        ),
    ),
    systems=Systems(psa=frozenset({"certinia"}), erp="netsuite", billing="netsuite", time=True),
    transactions=(transaction(),),
    unapproved_hours=Decimal(0),
    missing_timesheets=0,
)


def facts(**changed: Any) -> Facts:
    """Facts in which everything passes, with changes; `terms` are those of the contract."""
    terms = changed.pop("terms", None)
    return replace(FACTS, **({"contracts": (contract(**terms),)} if terms else {}), **changed)
