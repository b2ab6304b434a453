"""readiness.evaluate: WE-53, WE-54, every one of the 32 checks, and the verdict's bounds."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import wire
from domain.readiness import checks, evaluate, summarise
from domain.snapshot import ReadinessSnapshot

CLEAN: dict[str, Any] = {
    "invoice_date": "2026-03-31",
    "period": {"start": "2026-03-01", "end": "2026-03-31", "state": "open"},
    "contract": {"state": "active", "po_required": False, "sequential_billing": False, "partial_billing": False},
    "project": {"state": "active"},
    "customer": {"active": True, "address_complete": True, "billing_hold": False, "credit_hold": False},
    "po": None,
    "tax": {"status": "determined"},
    "xref_missing": [],
    "fx_missing": False,
    "payment_terms": "NET30",
    "change_orders": [],
    "time": {"unapproved_billable_hours": "0", "missing_timesheets": 0},
    "expenses": None,
    "transactions": [{"id": "t1", "state": "queued", "amount": "100.00"}],
    "milestones": [],
    "cap": None,
    "duplicates_open": 0,
    "unmapped_cost_centers": 0,
    "open_blocking_exceptions": 0,
    "prior_invoice_open": False,
    "retainer": None,
    "vendor_cost": None,
    "margin": None,
    "recon": {"variance_breached": False},
    "net_amount": "100.00",
}


def facts(**changed: Any) -> dict[str, Any]:
    """The clean snapshot with changes: `contract__state="draft"` sets a member of a section."""
    snapshot = copy.deepcopy(CLEAN)
    for path, value in changed.items():
        section, _, member = path.partition("__")
        if member:
            snapshot[section] = (snapshot[section] or {}) | {member: value}
        else:
            snapshot[section] = value
    return snapshot


def snapshot(**changed: Any) -> ReadinessSnapshot:
    return wire.convert(facts(**changed), ReadinessSnapshot)


def test_warnings_only(calculate: Any) -> None:  # WE-53
    answer = calculate("readiness.evaluate", **facts(time__missing_timesheets=1, prior_invoice_open=True))
    assert answer == {
        "status": "ready_with_warnings",
        "percent": 96,
        "applicable": 20,
        "failed": [
            {"code": "TIME_MISSING", "severity": "warning"},
            {"code": "PRIOR_INVOICE_OPEN", "severity": "warning"},
        ],
        "invoice_ready_emitted": True,
    }


def test_unapproved_time_blocks(calculate: Any) -> None:  # WE-54
    changed = facts(
        time__missing_timesheets=1, time__unapproved_billable_hours="2.5", transactions=[], prior_invoice_open=True
    )
    answer = calculate("readiness.evaluate", **changed)
    assert (answer["status"], answer["percent"], answer["invoice_ready_emitted"]) == ("blocked", 90, False)


def test_everything_passed_is_100(calculate: Any) -> None:
    answer = calculate("readiness.evaluate", **CLEAN)
    assert (answer["status"], answer["percent"], answer["failed"]) == ("ready", 100, [])


PO = {"number": "P1", "expires_on": "2026-03-31", "remaining": "100.00"}
ORDER = {"id": "c1", "state": "submitted", "effective_date": "2026-03-31"}
MILESTONE = {"id": "m1", "state": "completed", "acceptance_required": True}
RETAINER = {"state": "posted", "available": "10.00", "low_threshold": "10.00"}

FAILING: list[tuple[str, str, dict[str, Any]]] = [
    ("CONTRACT_NOT_ACTIVE", "blocking", {"contract__state": "suspended"}),
    ("PROJECT_STATUS_INVALID", "blocking", {"project__state": "closed"}),
    ("CUSTOMER_INCOMPLETE", "blocking", {"customer__active": False}),
    ("CUSTOMER_INCOMPLETE", "blocking", {"customer__address_complete": False}),
    ("CUSTOMER_ON_HOLD", "blocking", {"customer__billing_hold": True}),
    ("CREDIT_HOLD", "warning", {"customer__credit_hold": True}),
    ("PO_MISSING", "blocking", {"contract__po_required": True}),
    ("PO_EXPIRED", "blocking", {"po": PO | {"expires_on": "2026-03-30"}}),
    ("PO_INSUFFICIENT", "blocking", {"po": PO | {"remaining": "99.99"}}),
    ("TAX_NOT_DETERMINED", "blocking", {"tax__status": None}),
    ("XREF_MISSING", "blocking", {"xref_missing": ["prj_1"]}),
    ("FX_MISSING", "blocking", {"fx_missing": True}),
    ("PERIOD_CLOSED", "blocking", {"period__state": "soft_closed"}),
    ("TERMS_MISSING", "blocking", {"payment_terms": None}),
    ("CHANGE_ORDER_PENDING", "warning", {"change_orders": [ORDER]}),
    ("CHANGE_ORDER_PENDING", "blocking", {"change_orders": [ORDER, ORDER | {"id": "c2", "holds_billing": True}]}),
    ("TIME_UNAPPROVED", "blocking", {"time__unapproved_billable_hours": "0.25"}),
    ("TIME_MISSING", "warning", {"time__missing_timesheets": 2}),
    ("EXP_UNAPPROVED", "warning", {"expenses": {"unapproved": 1, "receipts_missing": 0}}),
    ("EXP_RECEIPT_MISSING", "blocking", {"expenses": {"unapproved": 0, "receipts_missing": 1}}),
    ("TXN_UNRATED", "blocking", {"transactions": [{"id": "t1", "state": "exception", "amount": "1"}]}),
    ("MILESTONE_NOT_ACCEPTED", "blocking", {"milestones": [MILESTONE]}),
    ("MILESTONE_NOT_ACCEPTED", "blocking", {"milestones": [{"id": "m1", "state": "in_progress"}]}),
    ("CAP_OVERAGE", "warning", {"cap": {"policy": "split", "overage_held": "480.00"}}),
    ("CAP_OVERAGE", "blocking", {"cap": {"policy": "block_entry", "overage_held": "480.00"}}),
    ("DUPLICATE_SUSPECTED", "blocking", {"duplicates_open": 1}),
    ("COST_CENTER_UNMAPPED", "blocking", {"unmapped_cost_centers": 1}),
    ("OPEN_EXCEPTION", "blocking", {"open_blocking_exceptions": 1}),
    ("PRIOR_INVOICE_OPEN", "warning", {"prior_invoice_open": True}),
    ("PRIOR_INVOICE_OPEN", "blocking", {"prior_invoice_open": True, "contract__sequential_billing": True}),
    ("RETAINER_UNAVAILABLE", "blocking", {"retainer": RETAINER | {"state": "draft"}}),
    ("RETAINER_LOW", "warning", {"retainer": RETAINER | {"available": "9.99"}}),
    ("VENDOR_COST_UNMATCHED", "warning", {"vendor_cost": {"unmatched": 1, "cost_plus": False}}),
    ("VENDOR_COST_UNMATCHED", "blocking", {"vendor_cost": {"unmatched": 1, "cost_plus": True}}),
    ("NET_NOT_POSITIVE", "blocking", {"net_amount": "0.00"}),
    ("BELOW_MINIMUM", "warning", {"contract__min_invoice_amount": "100.01"}),
    ("MARGIN_LOW", "warning", {"margin": {"pct": "24.99", "threshold": "25"}}),
    ("RECON_VARIANCE", "blocking", {"recon__variance_breached": True}),
]


@pytest.mark.parametrize(("code", "severity", "changed"), FAILING, ids=lambda value: str(value)[:40])
def test_each_check_fails_alone(code: str, severity: str, changed: dict[str, Any]) -> None:
    found = evaluate(snapshot(**changed))
    assert [(one.code, one.severity) for one in found.failed] == [(code, severity)]
    assert found.status == ("blocked" if severity == "blocking" else "ready_with_warnings")


def test_all_32_checks_were_made_to_fail() -> None:
    judged = checks(snapshot())
    assert [check.number for check in judged] == list(range(1, 33))
    assert {check.code for check in judged} == {code for code, _, _ in FAILING}


@pytest.mark.parametrize(
    "changed",
    [
        {"po": PO},
        {"change_orders": [ORDER | {"effective_date": "2026-04-01", "holds_billing": True}]},
        {"change_orders": [ORDER | {"state": "applied"}]},
        {"milestones": [{"id": "m1", "state": "completed"}, MILESTONE | {"state": "accepted"}]},
        {"retainer": RETAINER},
        {"margin": {"pct": None, "threshold": "25"}},
        {"contract__min_invoice_amount": "100.00"},
        {"contract__state": "terminated"},
    ],
)
def test_boundaries_pass(changed: dict[str, Any]) -> None:
    assert evaluate(snapshot(**changed)).percent == 100


def test_partial_billing_softens_transaction_checks() -> None:
    changed = {"contract__partial_billing": True, "time__unapproved_billable_hours": "1"}
    found = evaluate(snapshot(**changed))
    assert (found.status, found.percent) == ("ready_with_warnings", 97)  # weight 52 - 5 x 2 = 42, 41 passed
    nothing = evaluate(snapshot(transactions=[{"id": "t", "state": "held"}], **changed))
    assert nothing.status == "blocked"


def test_weight_counts_the_severity_in_force_also_when_passing() -> None:
    judged = {check.code: check for check in checks(snapshot(contract__sequential_billing=True))}
    assert (judged["PRIOR_INVOICE_OPEN"].weight, judged["PRIOR_INVOICE_OPEN"].passed) == (3, True)


def test_absent_facts_are_not_applicable_and_say_so() -> None:
    unknown = {"tax": None, "xref_missing": None, "recon": None, "time": None, "project": None, "customer": None}
    judged = {check.code: check for check in checks(snapshot(**unknown))}
    for code in ("TAX_NOT_DETERMINED", "XREF_MISSING", "RECON_VARIANCE", "TIME_MISSING", "CREDIT_HOLD"):
        assert (judged[code].applicable, judged[code].passed) == (False, None)
        assert judged[code].reason
    assert evaluate(snapshot(**unknown)).applicable == 20 - 9


def test_checks_carry_evidence_and_owner() -> None:
    judged = {
        check.code: check for check in checks(snapshot(time__unapproved_billable_hours="2.50", xref_missing=["p"]))
    }
    unapproved = judged["TIME_UNAPPROVED"]
    assert unapproved.evidence == {"time.unapproved_billable_hours": "2.50"}
    assert (unapproved.owner_role, unapproved.sla_hours, unapproved.waivable) == ("PM", 8, True)
    assert judged["XREF_MISSING"].offenders == ("p",)
    assert judged["PO_MISSING"].reason == "The contract requires no purchase order."


def test_only_some_checks_can_be_waived() -> None:
    blocked = checks(snapshot(recon__variance_breached=True))
    assert summarise(blocked, waived={"RECON_VARIANCE"}).status == "ready_with_warnings"
    closed = checks(snapshot(period__state="closed"))
    assert summarise(closed, waived={"PERIOD_CLOSED"}).status == "blocked"


@settings(max_examples=50, deadline=None)
@given(picked=st.sets(st.integers(0, len(FAILING) - 1), max_size=12))
def test_verdict_bounds(picked: set[int]) -> None:
    changed: dict[str, Any] = {}
    for index in sorted(picked):
        changed |= FAILING[index][2]
    found = evaluate(snapshot(**changed))
    assert 0 <= found.percent <= 100
    assert (found.percent == 100) == (not found.failed) == (found.status == "ready")
    assert (found.status == "blocked") == any(one.severity == "blocking" for one in found.failed)
    assert found.invoice_ready_emitted == (found.status != "blocked")


@pytest.mark.parametrize(
    ("code", "changed", "evidence"),
    [
        ("CUSTOMER_ON_HOLD", {"customer__billing_hold": True}, {"customer.billing_hold": "true"}),
        ("CREDIT_HOLD", {}, {"customer.credit_hold": "false"}),
        ("XREF_MISSING", {"xref_missing": ["a", "b"]}, {"xref_missing": "2"}),
        ("TXN_UNRATED", {}, {"transactions": "1"}),
        ("TERMS_MISSING", {}, {"payment_terms": "NET30"}),
        ("TERMS_MISSING", {"payment_terms": None}, {"payment_terms": None}),
        ("PO_EXPIRED", {"po": PO}, {"po.expires_on": "2026-03-31", "invoice_date": "2026-03-31"}),
        ("PO_INSUFFICIENT", {"po": PO}, {"net_amount": "100.00", "po.remaining": "100.00"}),
        ("PO_MISSING", {"contract__po_required": True, "po": PO}, {"po": "P1"}),
        ("DUPLICATE_SUSPECTED", {"duplicates_open": 3}, {"duplicates_open": "3"}),
        ("PO_EXPIRED", {}, {}),
    ],
)
def test_evidence_is_shown_as_people_read_it(code: str, changed: dict[str, Any], evidence: dict[str, Any]) -> None:
    judged = {check.code: check for check in checks(snapshot(**changed))}
    assert judged[code].evidence == evidence


def test_offenders_are_named_only_where_the_check_applies() -> None:
    unrated = [{"id": "t1", "state": "pending"}, {"id": "t2", "state": "queued"}, {"id": "t3", "state": "exception"}]
    judged = {check.code: check for check in checks(snapshot(transactions=unrated, milestones=None))}
    assert judged["TXN_UNRATED"].offenders == ("t1", "t3")
    assert (judged["MILESTONE_NOT_ACCEPTED"].offenders, judged["TIME_UNAPPROVED"].offenders) == ((), ())


@pytest.mark.parametrize(
    ("state", "softened"), [("rated", True), ("queued", True), ("held", False), ("drafted", False)]
)
def test_something_billable_softens(state: str, softened: bool) -> None:
    several = [{"id": "t", "state": state}, {"id": "u", "state": "held"}]
    found = evaluate(snapshot(contract__partial_billing=True, duplicates_open=1, transactions=several))
    assert found.status == ("ready_with_warnings" if softened else "blocked")
