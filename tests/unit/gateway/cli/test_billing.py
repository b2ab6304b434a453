"""The billing commands: queue, explanations, drafts, approval, posting."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from contracts.canon.billing import InvoiceLine, TaxGroup
from contracts.experience.finance_dashboard import BillingQueue, Figure, Freshness, QueueItem, Reason
from contracts.process.billing_objects import (
    Chain,
    Check,
    DraftInvoice,
    Explanation,
    Link,
    Readiness,
    Waiver,
)
from contracts.process.figures import Figure as Priced
from tests.unit.gateway.cli.conftest import TOKEN, Product, Run, problem
from tests.unit.gateway.cli.test_runs import run

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUEUE = "/experience/v1/billing-queue"
INVOICE = "/process/v1/invoices/inv_1"
DRAFT = "/process/v1/bill-groups/bg_1/draft"


def group(state: Any, **more: Any) -> QueueItem:
    return QueueItem(
        since=AT,
        id=f"bg_{state}",
        key="k",
        contract_id="ctr_1",
        contract_name="Grid telemetry",
        customer_id="cus_1",
        customer_name="Kestrel Energy",
        project_ids=("prj_1",),
        legal_entity_id="US01",
        currency="USD",
        billing_method="time_and_materials",
        period_start=date(2026, 10, 1),
        period_end=date(2026, 10, 31),
        state=state,
        readiness_version=1,
        percent=100,
        net_amount=Decimal("148210.00"),
        hours=Decimal("612.50"),
        transaction_count=80,
        evaluated_at=AT,
        version=1,
        updated_at=AT,
        **more,
    )


def queue(*items: QueueItem, **more: Any) -> BillingQueue:
    figures = tuple(
        Figure(state=state, currency="USD", count=count, amount=Decimal(amount), hours=Decimal("1.00"))
        for state, count, amount in (
            ("ready", 3, "300000.00"),
            ("ready_with_warnings", 1, "10.50"),
            ("blocked", 2, "7.00"),
        )
    )
    reasons = (
        Reason(
            code="RATE_EXPIRED",
            sentence="Rate card expired",
            owner_role="BM",
            count=2,
            currency="USD",
            amount=Decimal("7.00"),
        ),
    )
    fresh = (Freshness(system="netsuite", name="Oracle NetSuite", port="erp", read_at=AT, stale=True, limit_s=60),)
    return BillingQueue(figures=figures, unbilled=(), reasons=reasons, items=items, freshness=fresh, as_of=AT, **more)


def invoice(**more: Any) -> DraftInvoice:
    line = InvoiceLine(
        id="inl_1",
        kind="time",
        description="Developer, senior",
        quantity=Decimal("10.00"),
        unit="hour",
        bill_rate=Decimal("150.0000"),
        amount=Decimal("1500.00"),
        tax_code="VAT",
        tax_rate_pct=Decimal("20.0"),
    )
    given: dict[str, Any] = {"id": "inv_1", "state": "in_review", "draft_version": 4} | more
    return DraftInvoice(
        bill_group_id="bg_1",
        contract_id="ctr_1",
        customer_id="cus_1",
        customer_name="Kestrel Energy",
        legal_entity_id="US01",
        currency="USD",
        payment_terms="NET30",
        po_number=None,
        invoice_date=date(2026, 11, 20),
        due_date=date(2026, 12, 20),
        period_start=date(2026, 10, 1),
        period_end=date(2026, 10, 31),
        lines=(line,),
        net=Decimal("1500.00"),
        tax_groups=(
            TaxGroup(tax_code="VAT", rate_pct=Decimal("20.0"), base=Decimal("1500.00"), tax=Decimal("300.00")),
        ),
        tax=Decimal("300.00"),
        gross=Decimal("1800.00"),
        functional=None,
        prepared_by="billing-analyst",
        correlation_id="c0ffee",
        version=1,
        updated_at=AT,
        **given,
    )


CHECK = Check(
    number=7,
    code="RATE_EXPIRED",
    scope="transaction",
    severity="blocking",
    status="failed",
    sentence="Rate card expired.",
    evidence={"card": "RC-2025-US", "hours": "118.00"},
    owner_role="BM",
    sla_hours=16,
    cleared_by="extend the card",
)


def test_ready_joins_what_is_ready_with_and_without_warnings(ledgerway: Run, product: Product) -> None:
    warned = group("ready_with_warnings", warnings=("MARGIN_LOW",))
    product.on("GET", QUEUE, queue(group("ready")), queue(warned))
    said = ledgerway("billing", "ready")
    assert said.code == 0
    head, ready, with_warnings = said.out.splitlines()
    assert head.split()[:6] == ["ITEM", "CLIENT", "AMOUNT", "READY", "FOR", "CHECKS"]
    assert "612.5" in ready
    assert "USD 148,210.00" in ready
    assert "MARGIN_LOW" in with_warnings
    assert "2 of 4 items, USD 300,010.50 in all. As of netsuite" in said.err
    assert "(stale)" in said.err
    assert "ledgerway billing draft bg_ready --dry-run" in said.err
    assert [one.query["state"] for one in product.requests(QUEUE)] == [["ready"], ["ready_with_warnings"]]


def test_ready_as_json_is_one_object_of_the_api(ledgerway: Run, product: Product) -> None:
    product.on("GET", QUEUE, queue(group("ready")), queue(group("ready_with_warnings")))
    said = ledgerway("billing", "ready", "--json")
    shown = msgspec.json.decode(said.out)
    assert [item["id"] for item in shown["items"]] == ["bg_ready", "bg_ready_with_warnings"]
    assert shown["items"][0]["net_amount"] == "148210.00"
    assert said.err == ""


def test_the_limit_holds_over_both_states(ledgerway: Run, product: Product) -> None:
    product.on("GET", QUEUE, queue(group("ready")))
    ledgerway("billing", "ready", "--limit", "1")
    assert [one.query["state"] for one in product.requests(QUEUE)] == [["ready"]]


def test_blocked_names_codes_and_reasons(ledgerway: Run, product: Product) -> None:
    product.on("GET", QUEUE, queue(group("blocked", failed=("RATE_EXPIRED", "PO_MISSING"))))
    said = ledgerway("billing", "blocked")
    assert "RATE_EXPIRED PO_MISSING" in said.out
    assert "USD 7.00      2  BM     Rate card expired (RATE_EXPIRED)" in said.err
    assert "ledgerway billing explain bg_blocked" in said.err


def test_explain_tells_evidence_owner_and_fix(ledgerway: Run, product: Product) -> None:
    told = Explanation(subject="bg_1", sentence="One check fails.", bill_group=group("blocked"), failed=(CHECK,))
    product.on("GET", "/process/v1/explanations/bg_1", told)
    assert ledgerway("billing", "explain", "bg_1").out.splitlines() == [
        "One check fails.",
        "",
        "Blocked: Rate card expired (RATE_EXPIRED), USD 148,210.00, Kestrel Energy, Grid telemetry",
        "  Evidence   card RC-2025-US; hours 118.00",
        "  Who        BM, within 16 h",
        "  Fix        extend the card, then: ledgerway billing recheck bg_blocked",
    ]


def test_explain_shows_every_figure_of_a_transaction_with_its_rules(ledgerway: Run, product: Product) -> None:
    rate = Priced(
        name="bill_rate", value="180.0000", unit="EUR per hour", rules=("CHAIN-1", "RP-2"), how="rounded once"
    )
    chain = Chain(line_id=None, transaction_id="txn_1", links=(), figures=(rate,))
    product.on("GET", "/process/v1/explanations/txn_1", Explanation(subject="txn_1", sentence="8 h.", chains=(chain,)))
    head, row = ledgerway("billing", "explain", "txn_1").out.splitlines()[-2:]
    assert head.split() == ["FIGURE", "VALUE", "UNIT", "RULES", "HOW"]
    assert row.split() == ["bill", "rate", "180.0000", "EUR", "per", "hour", "CHAIN-1", "RP-2", "rounded", "once"]


def test_explain_shows_the_chain_from_line_to_deal(ledgerway: Run, product: Product) -> None:
    links = (
        Link(kind="transaction", id="txn_1", title="8 h, Developer", system="ledgerway"),
        Link(kind="timecard", id="certinia:timecard:a1", title="Approved", system="certinia", at=AT, by="R. A."),
        Link(kind="deal", id="salesforce:deal:006", title="Grid", system="salesforce", facts={"amount": "9.00"}),
    )
    chain = Chain(line_id="inl_1", transaction_id="txn_1", links=links)
    told = Explanation(subject="inv_1", sentence="Posted.", invoice=invoice(state="posted"), chains=(chain,))
    product.on("GET", "/process/v1/explanations/inv_1", told)
    lines = ledgerway("billing", "explain", "inv_1").out.splitlines()
    start = lines.index("Line inl_1, transaction txn_1")
    assert [line.split()[0] for line in lines[start + 1 :]] == ["transaction", "timecard", "deal"]
    assert "by R. A." in lines[start + 2]
    assert "salesforce:deal:006" in lines[start + 3]


def test_a_waiver_is_sent_with_its_reason_and_shown(ledgerway: Run, product: Product) -> None:
    waiver = Waiver(code=CHECK.code, reason="Agreed.", waived_by="finance-controller", waived_at=AT)
    found = Readiness(
        bill_group_id="bg_1",
        status="ready_with_warnings",
        percent=50,
        applicable=1,
        readiness_version=3,
        evaluated_at=AT,
        checks=(msgspec.structs.replace(CHECK, waived=waiver),),
        snapshot={},
    )
    product.on("POST", "/process/v1/bill-groups/bg_1/waive", found)
    ended = ledgerway("billing", "waive", "bg_1", CHECK.code, "--reason", "Agreed.")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "bg_1: ready with warnings, 0 of 1 checks passed"


def test_recheck_shows_failed_checks_first(ledgerway: Run, product: Product) -> None:
    passed = msgspec.structs.replace(CHECK, number=1, code="CONTRACT_ACTIVE", status="passed")
    found = Readiness(
        bill_group_id="bg_1",
        status="blocked",
        percent=50,
        applicable=2,
        readiness_version=2,
        evaluated_at=AT,
        checks=(passed, CHECK),
        snapshot={},
    )
    product.on("POST", "/process/v1/bill-groups/bg_1/recheck", found)
    lines = ledgerway("billing", "recheck", "bg_1").out.splitlines()
    assert lines[0] == "bg_1: blocked, 1 of 2 checks passed"
    assert lines[3].split()[:3] == ["7", "RATE_EXPIRED", "failed"]


def test_a_dry_run_says_so_and_sends_what_was_asked(ledgerway: Run, product: Product) -> None:
    product.on("POST", DRAFT, (201, invoice(id="", state="draft")))
    said = ledgerway(
        "billing", "draft", "bg_1", "--dry-run", "--acknowledge-warnings", "agreed", "--invoice-date", "2026-11-30"
    )
    assert said.code == 0
    assert "USD 1,800.00" in said.out
    assert "Nothing was changed. Next: ledgerway billing draft bg_1" in said.err
    assert msgspec.json.decode(product.requests(DRAFT)[0].body) == {
        "invoice_date": "2026-11-30",
        "acknowledge_warnings": "agreed",
        "dry_run": True,
    }


def test_a_blocked_draft_points_to_the_explanation(ledgerway: Run, product: Product) -> None:
    product.on("POST", DRAFT, problem(422, "rule-violated", "Blocked by RATE_EXPIRED."))
    said = ledgerway("billing", "draft", "bg_1")
    assert said.code == 1
    assert "Look: ledgerway billing explain bg_1" in said.err


def test_approve_takes_the_version_it_looked_at_and_asks_as_the_manager(ledgerway: Run, product: Product) -> None:
    product.on("GET", INVOICE, invoice())
    product.on("POST", f"{INVOICE}/approve", invoice(state="approved"))
    said = ledgerway("billing", "approve", "inv_1")
    assert said.code == 0
    assert "Approves inv_1, Kestrel Energy, USD 1,500.00 net" in said.err
    ledgerway("billing", "approve", "inv_1", "--draft-version", "3")
    bodies = [msgspec.json.decode(one.body) for one in product.requests(f"{INVOICE}/approve")]
    assert bodies == [{"draft_version": 4}, {"draft_version": 3}]
    assert (
        product.requests(TOKEN)[0]
        .headers["authorization"]
        .endswith("YmlsbGluZy1tYW5hZ2VyOnNhbmRib3gtYmlsbGluZy1tYW5hZ2Vy")
    )


def test_post_follows_the_run(ledgerway: Run, product: Product) -> None:
    product.on("GET", INVOICE, invoice(state="approved"))
    product.on("POST", f"{INVOICE}/post", (202, run()))
    product.on("GET", "/process/v1/runs/run_1", run("completed", result={"erp_number": "INV-7"}))
    said = ledgerway("billing", "post", "inv_1", "--follow")
    assert said.code == 0
    assert "INV-7" in said.out
    assert "ledgerway billing explain inv_1" in said.err
