"""Readiness from facts: every check fails once with its figures in words, and says why when it does not apply."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.canon.party import Address
from contracts.process.billing_objects import Check
from contracts.process.register_objects import ContractChange, PurchaseOrder, RetainerBalance
from domain.readiness_table import RULES
from process_apis.invoice_readiness.findings import judge
from process_apis.invoice_readiness.rules import Facts
from process_apis.invoice_readiness.sentences import SENTENCES
from tests.unit.process_apis.invoice_readiness.billing_facts import (
    CUSTOMER,
    FACTS,
    debtor,
    exception,
    facts,
    milestone,
    period,
    project,
    tax,
    transaction,
)


def found(code: str, given: Facts) -> Check:
    return next(check for check in judge(given).checks if check.code == code)


RETAINER = RetainerBalance(id="ret_1", state="posted", available=Decimal("100.00"), tax_code="DE-S19")
ORDER = PurchaseOrder(number="PO-1", amount=Decimal("1000.00"), expires_on=date(2026, 10, 20))
LATER = ContractChange(id="cho_1", state="submitted", effective_date=date(2026, 10, 20))
HELD = transaction(id="txn_2", part="overage", state="held", amount=Decimal("480.00"))

FAILING: dict[str, tuple[Facts, str]] = {
    "CONTRACT_NOT_ACTIVE": (facts(terms={"state": "suspended"}), "Contract Interfaces is suspended;"),
    "PROJECT_STATUS_INVALID": (facts(projects=(project(status="closed"),)), "Project PRJ-1 is closed;"),
    "CUSTOMER_INCOMPLETE": (
        facts(debtor=debtor(address=Address(city="Köln", country="DE"))),
        "Rheinwerk cannot be invoiced: the billing address has no street.",
    ),
    "CUSTOMER_ON_HOLD": (facts(debtor=debtor(billing_hold=True)), "Rheinwerk is on billing hold in the ERP."),
    "CREDIT_HOLD": (facts(debtor=debtor(credit_hold=True)), "Rheinwerk is on credit hold in the ERP."),
    "PO_MISSING": (facts(terms={"po_required": True}), "Contract Interfaces requires a purchase order"),
    "PO_EXPIRED": (facts(terms={"po": ORDER}), "Purchase order PO-1 ended on 20 Oct 2026; the invoice is dated 31 Oct"),
    "PO_INSUFFICIENT": (
        facts(terms={"po": ORDER}, po_consumed=Decimal("400.00")),
        "Purchase order PO-1 has 600.00 EUR left; 1,200.00 EUR is to be billed.",
    ),
    "TAX_NOT_DETERMINED": (
        facts(customer=replace(CUSTOMER, tax_id_valid=False), debtor=debtor(address=Address(country="FR"))),
        "No tax treatment for Rheinwerk on 31 Oct 2026: A business in another country",
    ),
    "XREF_MISSING": (
        facts(projects=(project(refs=("certinia:project:p1",)),), debtor_ref=None),
        "Not linked: project PRJ-1 in the ERP, customer Rheinwerk in the ERP.",
    ),
    "FX_MISSING": (facts(terms={"currency": "CHF"}), "No exchange rate from CHF to EUR"),
    "PERIOD_CLOSED": (facts(periods=(period("closed"),)), "The accounting period of 31 Oct 2026 is closed in DE01."),
    "TERMS_MISSING": (
        facts(debtor=debtor(payment_terms="Net thirty")),
        "Rheinwerk has no payment terms a due date follows from (given: Net thirty).",
    ),
    "CHANGE_ORDER_PENDING": (
        facts(terms={"change_orders": (LATER,)}),
        "Change order cho_1 takes effect by 31 Oct 2026",
    ),
    "TIME_UNAPPROVED": (facts(unapproved_hours=Decimal("2.5000")), "2.5 billable hours from 1 Oct 2026"),
    "TIME_MISSING": (facts(missing_timesheets=2), "Weekly timesheets of the period not handed in: 2."),
    "TXN_UNRATED": (
        facts(transactions=(transaction(), transaction(id="txn_2", state="exception"))),
        "Items of the group without a price yet: 1 of 2.",
    ),
    "MILESTONE_NOT_ACCEPTED": (facts(milestones=(milestone("completed"),)), "Not accepted: Go-live (completed)."),
    "CAP_OVERAGE": (
        facts(terms={"nte_amount": Decimal("1200.00")}, transactions=(transaction(), HELD)),
        "480.00 EUR is held: it exceeds the cap",
    ),
    "DUPLICATE_SUSPECTED": (
        facts(exceptions=(exception("DUPLICATE_SUSPECTED"),)),
        "Entries of the group that look like duplicates: 1.",
    ),
    "COST_CENTER_UNMAPPED": (
        facts(exceptions=(exception("COST_CENTER_UNMAPPED"),)),
        "Items of the group whose cost center has no",
    ),
    "OPEN_EXCEPTION": (
        facts(exceptions=(exception("RATE_MISSING"), exception("NOT_ASSIGNED", "warning"))),
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
    "NET_NOT_POSITIVE": (facts(transactions=(transaction(state="rated"),)), "0.00 EUR is to be billed"),
    "BELOW_MINIMUM": (
        facts(terms={"min_invoice_amount": Decimal("7500.00")}),
        "1,200.00 EUR is below the agreed minimum of 7,500.00 EUR.",
    ),
    "MARGIN_LOW": (
        facts(terms={"margin_threshold_pct": Decimal("20.00")}, cost=(("USD", Decimal("1200.00")),)),
        "The margin is 10.00 %, below the threshold of 20.00 %.",
    ),
    "RECON_VARIANCE": (facts(exceptions=(exception("RECON_VARIANCE"),)), "Differences between hub and ledger open"),
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


def test_a_tax_id_that_the_erp_keeps_counts_as_validated() -> None:
    """The ERP is authoritative for tax ids (2.1): who enters it there clears the check, as at onboarding."""
    french = debtor(address=Address(country="FR"), tax_id="FR83404833048")
    codes = (tax("S19", "standard", "19.00"), tax("RC", "reverse_charge"))
    given = facts(customer=replace(CUSTOMER, tax_id_valid=False), debtor=french, tax_codes=codes)
    assert found("TAX_NOT_DETERMINED", given).status == "passed"
    assert found("TAX_NOT_DETERMINED", replace(given, debtor=replace(french, tax_id=None))).status == "failed"


def test_evidence_names_what_to_open() -> None:
    given = FAILING["OPEN_EXCEPTION"][0]
    assert found("OPEN_EXCEPTION", given).evidence["exceptions"][0]["id"] == "exc_RATE_MISSING"
    unrated = found("TXN_UNRATED", FAILING["TXN_UNRATED"][0])
    assert unrated.evidence["offenders"] == ["txn_2"]


def test_a_regressed_draft_does_not_block_itself() -> None:
    given = facts(exceptions=(exception("READINESS_REGRESSED"), exception("POSTING_FAILED")))
    assert judge(given).verdict.status == "ready"


def test_the_erp_wins_for_terms_and_the_contract_stands_in_until_it_is_read() -> None:
    assert judge(facts(debtor=debtor(payment_terms="NET45"))).snapshot.payment_terms == "NET45"
    assert judge(facts(debtor=None)).snapshot.payment_terms == "NET30"
    assert judge(facts(debtor=debtor(payment_terms=None))).snapshot.payment_terms is None
