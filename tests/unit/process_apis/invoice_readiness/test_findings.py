"""Readiness from facts: every check fails once with its figures in words, and says why when it does not apply."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.canon.ledger import FiscalPeriod, FxQuote, LegalEntity, TaxCode
from contracts.canon.party import Address, BillingCustomer
from contracts.canon.project import Milestone
from contracts.process.billing_objects import BillGroup, Check
from contracts.process.register_objects import (
    BusinessException,
    Contract,
    ContractChange,
    ContractLine,
    Customer,
    PurchaseOrder,
    RegisteredProject,
    RetainerBalance,
    VolumeTier,
)
from contracts.process.time_posting import Rating, Transaction
from domain.readiness_table import RULES
from process_apis.invoice_readiness.findings import judge
from process_apis.invoice_readiness.rules import Facts, Systems
from process_apis.invoice_readiness.sentences import SENTENCES

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _line(**changed: Any) -> ContractLine:
    known: dict[str, Any] = {
        "id": "ctl_1",
        "contract_id": "ctr_1",
        "billing_method": "time_and_materials",
        "project_id": "prj_1",
        "cost_center_id": "CC-1",
    }
    return ContractLine(**{**known, **changed})


def _contract(**changed: Any) -> Contract:
    known: dict[str, Any] = {
        "id": "ctr_1",
        "customer_id": "cus_1",
        "legal_entity_id": "DE01",
        "name": "Interfaces",
        "currency": "EUR",
        "start": date(2026, 1, 1),
        "payment_terms": "NET30",
        "lines": (_line(),),
        "state": "active",
        "contract_version": 1,
        "version": 1,
        "updated_at": NOW,
    }
    return Contract(**{**known, **changed})


def _project(**changed: Any) -> RegisteredProject:
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


def _debtor(**changed: Any) -> BillingCustomer:
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


def _transaction(**changed: Any) -> Transaction:
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


def _exception(code: str, severity: str = "blocking") -> BusinessException:
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


def _tax(code: str, treatment: str, rate: str = "0.00") -> TaxCode:
    return TaxCode(
        ref=f"netsuite:taxitem:{code}",
        code=code,
        country="DE",
        rate_pct=Decimal(rate),
        treatment=treatment,  # type: ignore[arg-type]
        valid_from=date(2020, 1, 1),
    )


def _milestone(state: str) -> Milestone:
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


def _period(state: str) -> FiscalPeriod:
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
    contracts=(_contract(),),
    projects=(_project(),),
    customer=CUSTOMER,
    debtor=_debtor(),
    debtor_ref="netsuite:customer:7",
    entity=LegalEntity(
        ref="netsuite:subsidiary:1", code="DE01", name="Fairmont", country="DE", functional_currency="EUR"
    ),
    periods=(_period("open"),),
    tax_codes=(_tax("DE-S19", "standard", "19.00"), _tax("DE-RC", "reverse_charge"), _tax("DE-EX", "out_of_scope")),
    quotes=(
        FxQuote(
            from_currency="USD", to_currency="EUR", on=date(2026, 10, 30), rate=Decimal("0.9000000000"), source="BANK"
        ),
    ),
    systems=Systems(psa=frozenset({"certinia"}), erp="netsuite", billing="netsuite", time=True),
    transactions=(_transaction(),),
    unapproved_hours=Decimal(0),
    missing_timesheets=0,
)


def facts(**changed: Any) -> Facts:
    """Facts in which everything passes, with changes; `terms` are those of the contract."""
    terms = changed.pop("terms", None)
    return replace(FACTS, **({"contracts": (_contract(**terms),)} if terms else {}), **changed)


def found(code: str, given: Facts) -> Check:
    return next(check for check in judge(given).checks if check.code == code)


RETAINER = RetainerBalance(id="ret_1", state="posted", available=Decimal("100.00"), tax_code="DE-S19")
ORDER = PurchaseOrder(number="PO-1", amount=Decimal("1000.00"), expires_on=date(2026, 10, 20))
LATER = ContractChange(id="cho_1", state="submitted", effective_date=date(2026, 10, 20))
HELD = _transaction(id="txn_2", part="overage", state="held", amount=Decimal("480.00"))

FAILING: dict[str, tuple[Facts, str]] = {
    "CONTRACT_NOT_ACTIVE": (facts(terms={"state": "suspended"}), "Contract Interfaces is suspended;"),
    "PROJECT_STATUS_INVALID": (facts(projects=(_project(status="closed"),)), "Project PRJ-1 is closed;"),
    "CUSTOMER_INCOMPLETE": (
        facts(debtor=_debtor(address=Address(city="Köln", country="DE"))),
        "Rheinwerk cannot be invoiced: the billing address has no street.",
    ),
    "CUSTOMER_ON_HOLD": (facts(debtor=_debtor(billing_hold=True)), "Rheinwerk is on billing hold in the ERP."),
    "CREDIT_HOLD": (facts(debtor=_debtor(credit_hold=True)), "Rheinwerk is on credit hold in the ERP."),
    "PO_MISSING": (facts(terms={"po_required": True}), "Contract Interfaces requires a purchase order"),
    "PO_EXPIRED": (facts(terms={"po": ORDER}), "Purchase order PO-1 ended on 20 Oct 2026; the invoice is dated 31 Oct"),
    "PO_INSUFFICIENT": (
        facts(terms={"po": ORDER}, po_consumed=Decimal("400.00")),
        "Purchase order PO-1 has 600.00 EUR left; 1,200.00 EUR is to be billed.",
    ),
    "TAX_NOT_DETERMINED": (
        facts(customer=replace(CUSTOMER, tax_id_valid=False), debtor=_debtor(address=Address(country="FR"))),
        "No tax treatment for Rheinwerk on 31 Oct 2026: A business in another country",
    ),
    "XREF_MISSING": (
        facts(projects=(_project(refs=("certinia:project:p1",)),), debtor_ref=None),
        "Not linked: project PRJ-1 in the ERP, customer Rheinwerk in the ERP.",
    ),
    "FX_MISSING": (facts(terms={"currency": "CHF"}), "No exchange rate from CHF to EUR"),
    "PERIOD_CLOSED": (facts(periods=(_period("closed"),)), "The accounting period of 31 Oct 2026 is closed in DE01."),
    "TERMS_MISSING": (
        facts(debtor=_debtor(payment_terms="Net thirty")),
        "Rheinwerk has no payment terms a due date follows from (given: Net thirty).",
    ),
    "CHANGE_ORDER_PENDING": (
        facts(terms={"change_orders": (LATER,)}),
        "Change order cho_1 takes effect by 31 Oct 2026",
    ),
    "TIME_UNAPPROVED": (facts(unapproved_hours=Decimal("2.5000")), "2.5000 billable hours from 1 Oct 2026"),
    "TIME_MISSING": (facts(missing_timesheets=2), "Weekly timesheets of the period not handed in: 2."),
    "TXN_UNRATED": (
        facts(transactions=(_transaction(), _transaction(id="txn_2", state="exception"))),
        "Items of the group without a price yet: 1 of 2.",
    ),
    "MILESTONE_NOT_ACCEPTED": (facts(milestones=(_milestone("completed"),)), "Not accepted: Go-live (completed)."),
    "CAP_OVERAGE": (
        facts(terms={"nte_amount": Decimal("1200.00")}, transactions=(_transaction(), HELD)),
        "480.00 EUR is held: it exceeds the cap",
    ),
    "DUPLICATE_SUSPECTED": (facts(exceptions=(_exception("DUPLICATE_SUSPECTED"),)), "Entries of the group that look like duplicates: 1."),
    "COST_CENTER_UNMAPPED": (
        facts(exceptions=(_exception("COST_CENTER_UNMAPPED"),)),
        "Items of the group whose cost center has no",
    ),
    "OPEN_EXCEPTION": (
        facts(exceptions=(_exception("RATE_MISSING"), _exception("NOT_ASSIGNED", "warning"))),
        "Blocking exceptions open for this group: 1 (RATE_MISSING).",
    ),
    "PRIOR_INVOICE_OPEN": (facts(prior_open=("bg_0",)), "Earlier periods of contract Interfaces not billed yet: 1."),
    "RETAINER_UNAVAILABLE": (
        facts(terms={"retainer": replace(RETAINER, state="draft")}),
        "Retainer ret_1 is draft; its own invoice has to be posted first.",
    ),
    "RETAINER_LOW": (
        facts(terms={"retainer": replace(RETAINER, low_threshold=Decimal("250.00"))}),
        "Retainer ret_1 has 100.00 EUR left, less than the agreed 250.00 EUR.",
    ),
    "NET_NOT_POSITIVE": (facts(transactions=(_transaction(state="rated"),)), "0.00 EUR is to be billed"),
    "BELOW_MINIMUM": (
        facts(terms={"min_invoice_amount": Decimal("7500.00")}),
        "1,200.00 EUR is below the agreed minimum of 7,500.00 EUR.",
    ),
    "MARGIN_LOW": (
        facts(terms={"margin_threshold_pct": Decimal("20.00")}, cost=(("USD", Decimal("1200.00")),)),
        "The margin is 10.00 %, below the threshold of 20.00 %.",
    ),
    "RECON_VARIANCE": (facts(exceptions=(_exception("RECON_VARIANCE"),)), "Differences between hub and ledger open"),
}
NOT_SUPPLIED = {
    "EXP_UNAPPROVED": "No expense system is connected.",
    "EXP_RECEIPT_MISSING": "No expense system is connected.",
    "VENDOR_COST_UNMATCHED": "No procurement system is connected.",
}


def test_every_check_of_the_table_has_sentences_and_a_case_here() -> None:
    codes = {rule.code for rule in RULES}
    assert set(SENTENCES) == codes == set(FAILING) | set(NOT_SUPPLIED)


def test_with_nothing_wrong_every_applicable_check_passes() -> None:
    judgement = judge(FACTS)
    assert judgement.verdict.status == "ready" and judgement.verdict.percent == 100
    assert judgement.net_amount == Decimal("1200.00")
    assert {c.status for c in judgement.checks} == {"passed", "not_applicable"}


@pytest.mark.parametrize("code", FAILING)
def test_a_check_fails_with_its_figures_in_words(code: str) -> None:
    given, sentence = FAILING[code]
    check = found(code, given)
    assert check.status == "failed" and check.sentence.startswith(sentence)
    assert check.owner_role and check.sla_hours > 0 and check.cleared_by and check.evidence
    assert found(code, FACTS).status != "failed"


@pytest.mark.parametrize("code", NOT_SUPPLIED)
def test_what_no_connected_system_supplies_does_not_apply_and_says_so(code: str) -> None:
    check = found(code, FACTS)
    assert (check.status, check.reason, check.sentence) == ("not_applicable", NOT_SUPPLIED[code], NOT_SUPPLIED[code])
    assert check.evidence == {}


@pytest.mark.parametrize(
    ("changed", "code", "reason"),
    [
        ({"systems": replace(FACTS.systems, time=False)}, "TIME_UNAPPROVED", "No time system is connected."),
        ({"debtor": None}, "CUSTOMER_ON_HOLD", "The ERP's copy of the customer was not read yet."),
        ({"tax_codes": ()}, "TAX_NOT_DETERMINED", "The ERP's tax codes were not read yet."),
        ({"periods": ()}, "PERIOD_CLOSED", "The ERP's accounting periods were not read yet."),
        ({}, "MARGIN_LOW", "The contract has no margin threshold."),
        ({"terms": {"margin_threshold_pct": Decimal(20)}}, "MARGIN_LOW", "The cost of the work is not known in the"),
    ],
)
def test_absent_facts_name_what_is_absent(changed: dict[str, Any], code: str, reason: str) -> None:
    check = found(code, facts(**changed))
    assert check.status == "not_applicable" and check.sentence.startswith(reason)


def test_evidence_names_what_to_open() -> None:
    given = FAILING["OPEN_EXCEPTION"][0]
    assert found("OPEN_EXCEPTION", given).evidence["exceptions"][0]["id"] == "exc_RATE_MISSING"
    unrated = found("TXN_UNRATED", FAILING["TXN_UNRATED"][0])
    assert unrated.evidence["offenders"] == ["txn_2"]


def test_a_regressed_draft_does_not_block_itself() -> None:
    given = facts(exceptions=(_exception("READINESS_REGRESSED"), _exception("POSTING_FAILED")))
    assert judge(given).verdict.status == "ready"


def test_the_erp_wins_for_terms_and_the_contract_stands_in_until_it_is_read() -> None:
    assert judge(facts(debtor=_debtor(payment_terms="NET45"))).snapshot.payment_terms == "NET45"
    assert judge(facts(debtor=None)).snapshot.payment_terms == "NET30"
    assert judge(facts(debtor=_debtor(payment_terms=None))).snapshot.payment_terms is None


def test_foreign_business_pays_by_reverse_charge_or_out_of_scope() -> None:
    for country, code in (("FR", "DE-RC"), ("CH", "DE-EX"), ("DE", "DE-S19")):
        address = Address(street="x", city="y", country=country)
        (line,) = judge(facts(debtor=_debtor(address=address))).assembly.lines
        assert line.tax_code == code


def test_a_draft_has_lines_then_discount_then_retainer() -> None:
    tiers = (VolumeTier(from_=Decimal(0), pct=Decimal(0)), VolumeTier(from_=Decimal(1000), pct=Decimal(10)))
    retainer = replace(RETAINER, available=Decimal("5000.00"), posted_on=date(2026, 1, 1))
    assembly = judge(facts(terms={"volume_tiers": tiers, "retainer": retainer})).assembly
    assert [(line.id, line.kind, line.amount) for line in assembly.lines] == [
        ("1", "time", Decimal("1200.00")),
        ("2", "discount", Decimal("-20.00")),
        ("3", "retainer", Decimal("-1180.00")),
    ]
    assert (assembly.totals.net, assembly.totals.gross, assembly.drawn) == (
        Decimal("0.00"),
        Decimal("0.00"),
        Decimal("1180.00"),
    )


def test_the_functional_amounts_convert_at_the_invoice_date() -> None:
    usd = _transaction(currency="USD")
    functional = judge(facts(terms={"currency": "USD"}, transactions=(usd,))).assembly.functional
    assert functional is not None
    assert (functional.currency, functional.fx_rate) == ("EUR", Decimal("0.9000000000"))
    assert (functional.gross, functional.tax, functional.net) == (
        Decimal("1285.20"),
        Decimal("205.20"),
        Decimal("1080.00"),
    )
