"""Grouping, readiness, draft, approval, cancelling: the commands of the controlled queue on the real registers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from contracts.canon.project import Milestone
from contracts.problems import Conflict, PreconditionFailed, RuleViolated
from contracts.process import billing_objects as objects
from contracts.process.register_objects import ContractChange, NewPolicy, PurchaseOrder, RetainerBalance
from process_apis.invoice_readiness import evaluation, milestones
from process_apis.registers import policies, transactions
from runtime.data.database import Database
from tests.workflow.invoice_books import customer_copy, period
from tests.workflow.invoice_stage import ANALYST, CONTROLLER, MANAGER, Office


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def test_posted_work_gathers_in_the_group_of_its_contract_and_month_and_is_ready(office: Office) -> None:
    await office.open()
    contract = await office.contract()
    await office.work(contract)
    await office.work(contract, "4", date(2026, 10, 31))
    await office.work(contract, "2", date(2026, 11, 2))
    await office.work(contract, "3", commands=("validate", "exclude"), state="excluded", part="non_billable")
    await office.settle()
    october, november = sorted(await office.groups(), key=lambda g: g.period_start)
    assert (october.state, october.net_amount, october.hours, october.percent) == (
        "ready",
        Decimal("1800.00"),
        Decimal("12.0000"),
        100,
    )
    assert (october.period_start, october.period_end) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (november.state, november.warnings) == ("ready_with_warnings", ("PRIOR_INVOICE_OPEN",))
    assert await office.events("invoice.") == ["invoice.ready", "invoice.ready"]
    readiness = await office.commands.get_readiness(ANALYST, october.id)
    assert len(readiness.checks) == 32
    expense = readiness.checks[16]
    assert (expense.status, expense.reason) == ("not_applicable", "No expense system is connected.")


async def test_an_evaluation_that_finds_the_same_tells_nothing(office: Office) -> None:
    group = await office.ready()
    told = len(await office.events(""))
    again = await office.commands.recheck(ANALYST, group.id)
    assert again.readiness_version == group.readiness_version == 1
    assert len(await office.events("")) == told


async def test_the_debounce_holds_an_evaluation_back(office: Office) -> None:
    await office.open()
    await office.work(await office.contract())
    await office.deliver()
    office.clock.advance(seconds=29)
    await evaluation.sweep(office.services)
    assert (await office.group()).state == "collecting"
    office.clock.advance(seconds=2)
    await evaluation.sweep(office.services)
    assert (await office.group()).state == "ready"


async def test_a_block_and_its_cure_move_the_group(office: Office) -> None:
    group = await office.ready()
    await office.restate("fiscal_period", "DE01/10", period("closed"))
    blocked = await office.commands.recheck(ANALYST, group.id)
    assert blocked.status == "blocked"
    check = await office.check(group.id, "PERIOD_CLOSED")
    assert check.sentence == "The accounting period of 31 Oct 2026 is closed in DE01."
    assert (check.owner_role, check.sla_hours, check.evidence["period.state"]) == ("FC", 4, "closed")
    await office.restate("fiscal_period", "DE01/10", period("open"))
    assert (await office.commands.recheck(ANALYST, group.id)).status == "ready"
    assert await office.events("invoice.") == ["invoice.ready", "invoice.unready", "invoice.ready"]


async def test_another_invoice_date_clears_a_closed_period(office: Office) -> None:
    group = await office.ready()
    await office.restate("fiscal_period", "DE01/10", period("closed"))
    with pytest.raises(RuleViolated) as refused:
        await office.draft(group.id)
    assert [e.code for e in refused.value.errors] == ["PERIOD_CLOSED"]
    invoice = await office.draft(group.id, invoice_date=date(2026, 11, 20))
    assert (invoice.invoice_date, invoice.due_date) == (date(2026, 11, 20), date(2026, 12, 20))


async def test_a_draft_takes_what_is_queued_with_tax_due_date_and_the_deals_correlation(office: Office) -> None:
    group = await office.ready()
    waiting = await office.work("ctr_1", "1", commands=("validate", "rate"), state="rated")
    await office.settle()
    tried = await office.draft(group.id, dry_run=True)
    assert tried.id == "" and (await office.group()).state == "ready"
    assert (await office.commands.list_invoices(ANALYST)).items == ()
    invoice = await office.draft(group.id)
    assert replace(tried, id=invoice.id, state="in_review", version=invoice.version, updated_at=invoice.updated_at) == (
        invoice
    )
    assert (invoice.net, invoice.tax, invoice.gross) == (Decimal("1200.00"), Decimal("228.00"), Decimal("1428.00"))
    assert (invoice.invoice_date, invoice.due_date) == (date(2026, 10, 31), date(2026, 11, 30))
    assert (invoice.state, invoice.prepared_by, invoice.correlation_id) == ("in_review", "ben", "cor-deal")
    (line,) = invoice.lines
    assert line.description == "Ada Lang, DEV, Interfaces, 2026-10-01 to 2026-10-31"
    states = await office.states()
    assert states[waiting] == "rated" and states[line.transaction_ids[0]] == "drafted"
    assert (await office.group()).invoice_id == invoice.id
    with pytest.raises(Conflict):
        await office.draft(group.id)


async def test_warnings_need_an_acknowledgement_with_a_reason(office: Office) -> None:
    order = ContractChange(id="cho_1", state="submitted", effective_date=date(2026, 10, 20))
    group = await office.ready(change_orders=(order,))
    assert (group.state, group.warnings) == ("ready_with_warnings", ("CHANGE_ORDER_PENDING",))
    with pytest.raises(RuleViolated) as refused:
        await office.draft(group.id)
    assert refused.value.errors[0].detail == "Change order cho_1 takes effect by 31 Oct 2026 and is not applied yet."
    invoice = await office.draft(group.id, acknowledge_warnings="Agreed with the client.")
    sql = "select reason from history where object = 'queue_item' and command = 'draft'"
    assert invoice.state == "in_review" and await office.database.fetchval(sql) == "Agreed with the client."


async def test_a_retainer_pays_first_and_has_its_money_back_when_the_draft_is_cancelled(office: Office) -> None:
    retainer = RetainerBalance(
        id="ret_1", state="posted", available=Decimal("500.00"), tax_code="DE-S19", posted_on=date(2026, 1, 2)
    )
    group = await office.ready(retainer=retainer)
    assert group.net_amount == Decimal("700.00")
    invoice = await office.draft(group.id)
    assert [(line.kind, line.amount) for line in invoice.lines] == [
        ("time", Decimal("1200.00")),
        ("retainer", Decimal("-500.00")),
    ]
    assert (invoice.net, invoice.tax) == (Decimal("700.00"), Decimal("133.00"))
    balance = "select body->'retainer'->>'available' from contract"
    assert await office.database.fetchval(balance) == "0.00"
    back = await office.commands.cancel(ANALYST, invoice.id, objects.Decision(reason="Wrong month."))
    assert (back.state, back.invoice_id) == ("collecting", None)
    assert await office.database.fetchval(balance) == "500.00"
    assert set((await office.states()).values()) == {"queued"}
    await office.settle()
    assert (await office.group()).state == "ready"


async def test_the_preparer_and_the_submitter_may_not_approve(office: Office) -> None:
    invoice = await office.draft((await office.ready()).id)
    with pytest.raises(RuleViolated, match="SOD-1") as refused:
        await office.approve(invoice, ANALYST)
    assert refused.value.code == "GUARD_FAILED"
    await office.commands.send_back(MANAGER, invoice.id, objects.Decision(reason="Split by task."))
    again = await office.commands.resubmit(MANAGER, invoice.id)
    with pytest.raises(RuleViolated, match="SOD-1"):
        await office.approve(again, MANAGER)
    assert (await office.approve(again, CONTROLLER)).approved_by == "finn"


async def test_only_what_was_seen_is_approved(office: Office) -> None:
    invoice = await office.draft((await office.ready()).id)
    with pytest.raises(PreconditionFailed):
        await office.commands.approve(MANAGER, invoice.id, objects.Approval(draft_version=2))
    with pytest.raises(PreconditionFailed):
        await office.approve(invoice, replace(MANAGER, expected_versions=(invoice.version - 1,)))
    approved = await office.approve(invoice, replace(MANAGER, expected_versions=(invoice.version,)))
    assert (approved.state, approved.approved_by) == ("approved", "mia")
    taken = await office.commands.unapprove(MANAGER, invoice.id, objects.Decision(reason="Rate is wrong."))
    assert (taken.state, taken.approved_by) == ("in_review", None)


async def test_what_blocks_after_drafting_stops_the_approval_and_is_an_exception_until_cured(office: Office) -> None:
    invoice = await office.draft((await office.ready()).id)
    await office.restate("billing_customer", "netsuite:customer:7", customer_copy(billing_hold=True))
    with pytest.raises(RuleViolated) as refused:
        await office.approve(invoice)
    assert refused.value.code == "READINESS_REGRESSED"
    assert [e.code for e in refused.value.errors] == ["CUSTOMER_ON_HOLD"]
    assert await office.exceptions() == [("READINESS_REGRESSED", invoice.id, "open")]
    await office.settle()
    assert (await office.group()).failed == ("CUSTOMER_ON_HOLD",)
    await office.restate("billing_customer", "netsuite:customer:7", customer_copy())
    await office.commands.recheck(ANALYST, invoice.bill_group_id)
    assert await office.exceptions() == [("READINESS_REGRESSED", invoice.id, "resolved")]
    assert (await office.approve(invoice)).state == "approved"


async def test_above_the_limit_finance_control_approves(office: Office) -> None:
    invoice = await office.draft((await office.ready()).id)
    async with office.unit() as unit:
        limit = NewPolicy(
            kind="approval",
            scope="legal_entity",
            scope_ref="DE01",
            values={"billing_manager_limit": Decimal("1000.00")},
            effective_from=date(2026, 1, 1),
        )
        await policies.add(unit, limit)
    with pytest.raises(RuleViolated) as refused:
        await office.approve(invoice)
    assert refused.value.code == "APPROVAL_LIMIT"
    assert await office.exceptions() == [("APPROVAL_LIMIT", invoice.id, "open")]
    assert (await office.approve(invoice, CONTROLLER)).state == "approved"
    assert await office.exceptions() == [("APPROVAL_LIMIT", invoice.id, "resolved")]


async def test_late_work_and_skipped_work_go_to_the_next_open_group(office: Office) -> None:
    group = await office.ready()
    await office.draft(group.id)
    late = await office.work("ctr_1", "1")
    await office.settle()
    november = next(g for g in await office.groups() if g.id != group.id)
    assert november.period_start == date(2026, 11, 1)
    skipped = await office.commands.skip(MANAGER, november.id, objects.Decision(reason="Bill it in December."))
    assert skipped.state == "skipped"
    async with office.unit() as unit:
        (moved,) = await transactions.many(unit, [late])
    december = next(g for g in await office.groups() if g.id == moved.bill_group_id)
    assert december.period_start == date(2026, 12, 1)


async def test_the_purchase_order_counts_what_other_groups_drew(office: Office) -> None:
    po = PurchaseOrder(number="PO-9", amount=Decimal("2000.00"), expires_on=date(2026, 12, 31))
    await office.open()
    contract = await office.contract(po=po, po_required=True)
    await office.work(contract)
    await office.work(contract, "8", date(2026, 9, 10))
    await office.settle()
    october = next(g for g in await office.groups() if g.period_start.month == 10)
    check = await office.check(october.id, "PO_INSUFFICIENT")
    assert (check.status, check.sentence) == (
        "failed",
        "Purchase order PO-9 has 800.00 EUR left; 1,200.00 EUR is to be billed.",
    )


async def test_explain_leads_from_the_line_to_the_deal(office: Office) -> None:
    invoice = await office.approved()
    explained = await office.commands.explain(ANALYST, invoice.id)
    (chain,) = explained.chains
    assert [link.kind for link in chain.links] == [
        *("invoice_line", "transaction", "rating", "time_entry", "approval", "contract", "deal")
    ]
    assert chain.links[1].title == "8.0000 hour x 150.0000 = 1200.00 EUR"
    assert (chain.links[-1].id, chain.links[-1].system) == ("salesforce:opportunity:d1", "salesforce")
    assert "approved by mia" in explained.sentence


async def test_every_figure_of_a_chain_has_its_rules(office: Office) -> None:
    invoice = await office.approved()
    (chain,) = (await office.commands.explain(ANALYST, invoice.id)).chains
    alone = await office.commands.explain(ANALYST, chain.transaction_id)
    assert alone.chains == (chain,)
    assert alone.sentence.endswith("1,200.00 EUR, billable, drafted.")
    found = {figure.name: (figure.value, figure.rules) for figure in chain.figures}
    assert (found["bill_rate"], found["amount"]) == (
        ("150.0000", ("CHAIN-1", "RP-2")),
        ("1200.00", ("CHAIN-2", "RP-3", "DEC-3")),
    )
    assert all(figure.rules for figure in chain.figures)


async def test_a_transaction_on_no_invoice_is_explained_from_itself_on(office: Office) -> None:
    await office.ready()
    (one,) = await office.states()
    (chain,) = (await office.commands.explain(ANALYST, one)).chains
    assert (chain.line_id, chain.links[0].kind, chain.links[-1].kind) == (None, "transaction", "deal")


async def test_explain_says_what_blocks_a_group(office: Office) -> None:
    group = await office.ready(payment_terms=None)
    await office.restate("billing_customer", "netsuite:customer:7", customer_copy(payment_terms=None))
    await office.commands.recheck(ANALYST, group.id)
    explained = await office.commands.explain(ANALYST, group.id)
    assert [c.code for c in explained.failed] == ["TERMS_MISSING"]
    assert "Rheinwerk has no payment terms" in explained.sentence


async def test_a_due_milestone_opens_its_group_and_is_billed_once_accepted(office: Office) -> None:
    await office.open()
    await office.contract(billing_method="milestone", value=Decimal("50000.00"))
    await office.restate("milestone", "certinia:milestone:m1", milestone("completed"))
    await milestones.sweep(office.services)
    await office.settle()
    group = await office.group()
    assert group.failed == ("MILESTONE_NOT_ACCEPTED", "NET_NOT_POSITIVE") and group.transaction_count == 1
    assert (await office.check(group.id, "MILESTONE_NOT_ACCEPTED")).sentence == "Not accepted: Go-live (completed)."
    await office.restate("milestone", "certinia:milestone:m1", milestone("accepted"))
    await milestones.sweep(office.services)
    await milestones.sweep(office.services)
    await office.settle()
    group = await office.group()
    assert (group.state, group.net_amount) == ("ready", Decimal("20000.00"))
    invoice = await office.draft(group.id)
    assert [(line.kind, line.description, line.unit) for line in invoice.lines] == [
        ("milestone", "Milestone 1: Go-live", "unit")
    ]


async def test_a_milestone_above_the_line_value_is_an_exception(office: Office) -> None:
    await office.open()
    await office.contract(billing_method="milestone", value=Decimal("10000.00"))
    await office.restate("milestone", "certinia:milestone:m1", milestone("accepted"))
    await milestones.sweep(office.services)
    assert await office.exceptions() == [("MILESTONE_OVER_VALUE", "certinia:milestone:m1", "open")]
    assert await office.states() == {}


def milestone(state: str) -> Milestone:
    return Milestone(
        ref="certinia:milestone:m1",
        project_ref="certinia:project:p1",
        key=None,
        sequence=1,
        name="Go-live",
        planned_on=date(2026, 10, 20),
        amount=Decimal("20000.00"),
        currency="EUR",
        acceptance_required=True,
        state=state,  # type: ignore[arg-type]
        changed_at=datetime(2026, 10, 21, tzinfo=UTC),
    )
