"""Waivers of blocking checks: by finance control, for the checks that allow it, until they are taken back."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.problems import Conflict, RuleViolated
from contracts.process import billing_objects as objects
from contracts.process.register_objects import PurchaseOrder
from runtime.data.database import Database
from tests.workflow.invoice_books import period
from tests.workflow.invoice_stage import ANALYST, CONTROLLER, MANAGER, Office

PO = PurchaseOrder(number="PO-9", amount=Decimal("500.00"), expires_on=date(2026, 12, 31))
AGREED = "The client raises the order; mail of 3 Nov."
WAIVE = objects.CheckDecision(code="PO_INSUFFICIENT", reason=AGREED)


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def _short_of_order(office: Office) -> objects.BillGroup:
    await office.open()
    await office.work(await office.contract(po_required=True, po=PO))
    await office.settle()
    group = await office.group()
    assert (group.state, group.failed) == ("blocked", ("PO_INSUFFICIENT",))
    return group


async def test_a_waived_check_fails_and_warns_only_and_its_reason_is_kept(office: Office) -> None:
    group = await _short_of_order(office)
    before = await office.commands.get_readiness(ANALYST, group.id)
    found = await office.commands.waive(CONTROLLER, group.id, WAIVE)
    assert (found.status, found.percent) == ("ready_with_warnings", before.percent)
    (check,) = [c for c in found.checks if c.status == "failed"]
    assert check.waived is not None
    assert (check.code, check.severity, check.waived.waived_by) == ("PO_INSUFFICIENT", "blocking", CONTROLLER.principal)
    assert (check.waived.reason, check.waived.evidence) == (AGREED, check.evidence)
    group = await office.group()
    assert (group.failed, group.warnings) == ((), ("PO_INSUFFICIENT",))
    assert await office.events("invoice.") == ["invoice.ready"]
    facts = await office.database.fetchval("select facts from history where command = 'waive'")
    assert facts == {"code": "PO_INSUFFICIENT"}


async def test_a_waived_group_is_drafted_with_an_acknowledgement_and_approved(office: Office) -> None:
    group = await _short_of_order(office)
    await office.commands.waive(CONTROLLER, group.id, WAIVE)
    with pytest.raises(RuleViolated, match="warns"):
        await office.commands.draft(ANALYST, group.id, objects.DraftRequest())
    asked = objects.DraftRequest(acknowledge_warnings="Finance control waived it.")
    invoice = await office.commands.draft(ANALYST, group.id, asked)
    approved = await office.commands.approve(MANAGER, invoice.id, objects.Approval(draft_version=1))
    assert approved.state == "approved"


async def test_a_waiver_taken_back_blocks_again(office: Office) -> None:
    group = await _short_of_order(office)
    await office.commands.waive(CONTROLLER, group.id, WAIVE)
    again = await office.commands.waive(CONTROLLER, group.id, WAIVE)
    assert again.status == "ready_with_warnings"
    assert len((await office.group()).waivers) == 1
    found = await office.commands.unwaive(CONTROLLER, group.id, WAIVE)
    assert (found.status, (await office.group()).waivers) == ("blocked", ())
    with pytest.raises(RuleViolated, match="not waived"):
        await office.commands.unwaive(CONTROLLER, group.id, WAIVE)


async def test_some_checks_nobody_waives_and_what_does_not_block_needs_no_waiver(office: Office) -> None:
    group = await office.ready()
    with pytest.raises(RuleViolated, match="does not block"):
        await office.commands.waive(CONTROLLER, group.id, WAIVE)
    with pytest.raises(RuleViolated, match="no readiness check"):
        await office.commands.waive(CONTROLLER, group.id, objects.CheckDecision(code="NO_SUCH", reason="x"))
    await office.restate("fiscal_period", "DE01/10", period("closed"))
    with pytest.raises(RuleViolated, match="cannot be waived"):
        await office.commands.waive(CONTROLLER, group.id, objects.CheckDecision(code="PERIOD_CLOSED", reason="x"))
    assert (await office.group()).state == "ready", "a refused command changes nothing"


async def test_a_group_that_is_over_takes_no_waiver(office: Office) -> None:
    group = await _short_of_order(office)
    await office.commands.skip(MANAGER, group.id, objects.Decision(reason="Next month."))
    with pytest.raises(Conflict):
        await office.commands.waive(CONTROLLER, group.id, WAIVE)
