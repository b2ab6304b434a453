"""Drafts that are made again: a correction pulls an item and puts the new one in its place (IMP-5), a person moves items on (4f.3)."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from contracts.problems import Conflict, PreconditionFailed, RuleViolated
from contracts.process import billing_objects as objects
from contracts.process.register_objects import RetainerBalance
from process_apis.invoice_readiness import evaluation
from process_apis.invoice_readiness.commands import InvoiceCommands
from process_apis.invoice_readiness.process import build
from process_apis.registers import contracts, transactions
from runtime.data.database import Database
from runtime.work.process import Process
from tests.workflow.invoice_stage import ANALYST, MANAGER, Office
from tests.workflow.time_stage import TENANT, TimeFirm, at_work

WEDNESDAY = date(2026, 11, 18)
ACKNOWLEDGED = objects.DraftRequest(acknowledge_warnings="Agreed.")


class Billing:
    """The billing people of the demo firm."""

    def __init__(self, firm: TimeFirm) -> None:
        self.firm, self.desk = firm, InvoiceCommands(firm.services)
        self.analyst, self.manager = replace(ANALYST, tenant=TENANT), replace(MANAGER, tenant=TENANT)

    async def draft(self, ref: str) -> objects.DraftInvoice:
        """The draft of the group an entry is in."""
        (made,) = await self.firm.live(ref)
        await self.firm.pass_time(seconds=31)
        await evaluation.sweep(self.firm.services)
        return await self.desk.draft(self.analyst, made.bill_group_id or "", ACKNOWLEDGED)

    async def now(self, invoice: objects.DraftInvoice) -> objects.DraftInvoice:
        return await self.desk.get_invoice(self.analyst, invoice.id)

    async def approve(self, invoice: objects.DraftInvoice) -> objects.DraftInvoice:
        body = objects.Approval(draft_version=invoice.draft_version)
        return await self.desk.approve(self.manager, invoice.id, body)


@pytest.fixture
async def billing(sleeping_firm: TimeFirm, firm_url: str) -> AsyncIterator[Billing]:
    await sleeping_firm.from_now_on()
    made = build(sleeping_firm.services)
    quiet = Process(name=made.name, workflows=made.workflows, subscriptions=made.subscriptions)
    async with at_work(sleeping_firm, firm_url, also=[quiet]):
        yield Billing(sleeping_firm)


async def _two_days(billing: Billing) -> tuple[str, str, objects.DraftInvoice]:
    days = (WEDNESDAY, WEDNESDAY - timedelta(days=1))
    one, other = [await billing.firm.systems.approve("PRJ-2108", "E2006", on, "8") for on in days]
    await billing.firm.settle()
    await billing.firm.pass_time(minutes=5)
    return one, other, await billing.draft(one)


async def test_a_correction_takes_its_place_on_a_draft_in_review(billing: Billing) -> None:
    one, other, before = await _two_days(billing)
    await billing.firm.systems.correct(one, "6")
    await billing.firm.settle()
    (made,), (kept,) = await billing.firm.live(one), await billing.firm.live(other)
    assert (made.state, made.hours, made.invoice_id) == ("drafted", Decimal(6), before.id)
    after = await billing.now(before)
    assert (after.state, after.draft_version > before.draft_version) == ("in_review", True)
    assert after.net == made.amount + kept.amount == before.net * 14 / 16
    assert sorted(i for line in after.lines for i in line.transaction_ids) == sorted([made.id, kept.id])
    assert await billing.firm.codes(one) == []
    assert await billing.firm.faults() == []
    with pytest.raises(PreconditionFailed):
        await billing.approve(before)
    assert (await billing.approve(after)).state == "approved"


async def test_a_correction_of_an_approved_invoice_waits_until_it_is_taken_back(billing: Billing) -> None:
    one, _, before = await _two_days(billing)
    await billing.approve(before)
    await billing.firm.systems.correct(one, "6")
    await billing.firm.settle()
    assert (await billing.firm.codes(one), await billing.now(before)) == (
        ["INVOICE_LOCKED"],
        await billing.now(before),
    )
    assert (await billing.now(before)).net == before.net
    await billing.desk.unapprove(billing.manager, before.id, objects.Decision(reason="Corrected time."))
    await billing.firm.recheck()
    await billing.firm.post()
    after = await billing.now(before)
    assert (after.state, after.net) == ("in_review", before.net * 14 / 16)
    assert await billing.firm.codes(one) == []
    assert await billing.firm.faults() == []


async def test_a_void_takes_its_item_from_the_draft_and_the_last_one_the_draft(billing: Billing) -> None:
    one, other, before = await _two_days(billing)
    await billing.firm.systems.void(one)
    await billing.firm.settle()
    after = await billing.now(before)
    (kept,) = await billing.firm.live(other)
    assert (await billing.firm.live(one), after.state, after.net) == ([], "in_review", kept.amount)
    await billing.firm.pass_time(minutes=5)
    await billing.firm.systems.void(other)
    await billing.firm.settle()
    assert (await billing.now(before)).state == "cancelled"
    assert await billing.firm.faults() == []


async def test_a_draft_is_not_approved_while_it_names_what_left_it(billing: Billing) -> None:
    one, _, before = await _two_days(billing)
    (made,) = await billing.firm.live(one)
    async with billing.firm.unit() as unit:
        await transactions.change(unit, made, "undraft")
    with pytest.raises(PreconditionFailed, match="correction changes this draft"):
        await billing.approve(before)


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def _drafted(office: Office, **terms: object) -> tuple[list[str], objects.DraftInvoice]:
    await office.open()
    contract = await office.contract(**terms)
    made = [await office.work(contract, "8", date(2026, 10, day)) for day in (14, 15)]
    await office.settle()
    return made, await office.draft((await office.group()).id)


async def test_items_move_to_the_next_period_and_the_draft_is_made_again(office: Office) -> None:
    (first, second), before = await _drafted(office)
    body = objects.Deferral(transaction_ids=(second,), reason="Confirmed next month.")
    after = await office.commands.defer(ANALYST, before.id, body)
    assert (after.draft_version, after.state, after.net) == (2, "in_review", before.net / 2)
    assert [line.transaction_ids for line in after.lines] == [(first,)]
    assert await office.states() == {first: "drafted", second: "queued"}
    async with office.unit() as unit:
        (moved,) = await transactions.many(unit, [second])
    november = next(g for g in await office.groups() if g.id == moved.bill_group_id)
    assert november.period_start == date(2026, 11, 1)
    assert (await office.commands.get_bill_group(ANALYST, before.bill_group_id)).net_amount == after.net
    assert (await office.approve(after)).net == after.net


async def test_what_is_not_on_the_draft_and_all_of_it_are_not_moved(office: Office) -> None:
    made, before = await _drafted(office)
    with pytest.raises(RuleViolated) as strange:
        await office.commands.defer(ANALYST, before.id, objects.Deferral(transaction_ids=("txn_no",), reason="x"))
    assert strange.value.errors[0].pointer == "#/transaction_ids/0"
    with pytest.raises(RuleViolated, match="empty"):
        await office.commands.defer(ANALYST, before.id, objects.Deferral(transaction_ids=tuple(made), reason="x"))
    await office.approve(before)
    with pytest.raises(Conflict):
        await office.commands.defer(ANALYST, before.id, objects.Deferral(transaction_ids=(made[0],), reason="x"))
    assert set((await office.states()).values()) == {"drafted"}


async def test_the_retainer_has_back_what_the_smaller_draft_does_not_draw(office: Office) -> None:
    retainer = RetainerBalance(
        id="ret_1", state="posted", available=Decimal("2000.00"), tax_code="DE-S19", posted_on=date(2026, 1, 2)
    )
    (_, second), before = await _drafted(office, retainer=retainer)
    drawn = -sum(line.amount for line in before.lines if line.kind == "retainer")
    await office.commands.defer(ANALYST, before.id, objects.Deferral(transaction_ids=(second,), reason="Later."))
    async with office.unit() as unit:
        left = (await contracts.get(unit, before.contract_id)).retainer
    assert left is not None
    assert (drawn, left.available) == (Decimal("2000.00"), Decimal("800.00"))
