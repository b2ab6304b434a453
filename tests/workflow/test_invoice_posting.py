"""The posting run on the real engine: once in the ledger whatever happens, totals compared, everything acknowledged as one."""

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from contracts.problems import Conflict, OutcomeUnknown, RuleViolated, VendorRefused, VendorUnavailable
from contracts.process import billing_objects as objects
from process_apis.registers import customers
from runtime.data.database import Database
from runtime.work import runs
from runtime.work.unit import unit_of_work
from tests.workflow.invoice_books import CUSTOMER, customer_copy, period
from tests.workflow.invoice_stage import ANALYST, MANAGER, Office, at_work


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def once(problem: Exception) -> object:
    """Raises the first time only."""
    left = [problem]

    def happen() -> None:
        if left:
            raise left.pop()

    return happen


async def test_an_approved_invoice_is_posted_compared_and_acknowledged(office: Office, database_url: str) -> None:
    invoice = await office.approved()
    async with at_work(office, database_url):
        started = await office.commands.post(MANAGER, invoice.id)
        ended = await office.until_over(started.id)
        again = await office.commands.post(MANAGER, invoice.id)
    assert again.id == started.id and (ended.workflow, ended.key) == ("post_invoice", f"post:{invoice.id}:1")
    posted = await office.commands.get_invoice(ANALYST, invoice.id)
    assert (posted.state, posted.erp_number, posted.erp_ref) == ("posted", "INV-1", "netsuite:invoice:1")
    assert (posted.open_amount, posted.run_id, ended.correlation_id) == (Decimal("1428.00"), started.id, "cor-deal")
    (sent,) = office.ledger.drafts
    assert (sent.customer_ref, sent.project_shell_ref) == ("netsuite:customer:7", "netsuite:job:9")
    assert (sent.net, sent.tax, sent.gross, sent.lines) == (posted.net, posted.tax, posted.gross, posted.lines)
    assert set((await office.states()).values()) == {"invoiced"}
    assert (await office.group()).state == "billed"
    assert await office.events("invoice.") == [
        *("invoice.ready", "invoice.drafted", "invoice.approved", "invoice.posted")
    ]
    assert len(await office.events("transaction.invoiced")) == 1
    assert [(s.name, s.status) for s in ended.steps] == [
        *(("ensure invoice posted", "done"), ("compare totals", "done"), ("acknowledge", "done"))
    ]


async def test_an_invoice_goes_to_the_clients_account_with_the_entity_that_bills(
    office: Office, database_url: str
) -> None:
    """Another entity of the firm had the client first, in another currency and with other terms."""
    elsewhere = customer_copy(ref="netsuite:customer:3", entity_code="US01", payment_terms="NET90", currency="USD")
    async with office.unit() as unit:
        await customers.add(unit, replace(CUSTOMER, refs=(elsewhere.ref, *CUSTOMER.refs)))
    await office.restate("billing_customer", elsewhere.ref, elsewhere)
    invoice = await office.approved()
    assert invoice.payment_terms == "NET30"
    async with at_work(office, database_url):
        await office.until_over((await office.commands.post(MANAGER, invoice.id)).id)
    assert [sent.customer_ref for sent in office.ledger.drafts] == ["netsuite:customer:7"]


@pytest.mark.parametrize("lost", [OutcomeUnknown("No answer."), VendorUnavailable("Connection reset.")])
async def test_a_lost_answer_is_looked_for_and_nothing_is_posted_twice(
    office: Office, database_url: str, lost: Exception
) -> None:
    invoice = await office.approved()
    office.ledger.after = once(lost)  # type: ignore[assignment]
    async with at_work(office, database_url):
        await office.until_over((await office.commands.post(MANAGER, invoice.id)).id)
    assert len(office.ledger.drafts) == len(office.ledger.invoices) == 1
    assert office.ledger.looked == [f"post:{invoice.id}:1"] * 2
    assert (await office.commands.get_invoice(ANALYST, invoice.id)).state == "posted"


async def test_a_worker_that_dies_between_posting_and_recording_posts_nothing_twice(
    office: Office, database_url: str
) -> None:
    invoice = await office.approved()
    office.ledger.answering.clear()
    run_id = (await office.commands.post(MANAGER, invoice.id)).id
    async with at_work(office, database_url):
        async with asyncio.timeout(10):
            while not office.ledger.drafts:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert (await office.commands.get_invoice(ANALYST, invoice.id)).state == "posting"
    office.ledger.answering.set()
    async with at_work(office, database_url):
        await office.until_over(run_id)
    assert len(office.ledger.drafts) == 1
    assert (await office.commands.get_invoice(ANALYST, invoice.id)).erp_number == "INV-1"


async def test_a_refusal_waits_for_a_person_and_is_tried_under_the_same_key(office: Office, database_url: str) -> None:
    invoice = await office.approved()
    office.ledger.before = once(VendorRefused("The terms are unknown."))  # type: ignore[assignment]
    async with at_work(office, database_url):
        run_id = (await office.commands.post(MANAGER, invoice.id)).id
        await office.until_held(run_id, "POSTING_FAILED")
        failed = await office.commands.get_invoice(ANALYST, invoice.id)
        assert await office.exceptions() == [("POSTING_FAILED", invoice.id, "open")]
        await office.resume(run_id)
        await office.until_over(run_id)
    assert failed.state == "post_failed"
    assert [d.key for d in office.ledger.drafts] == [f"post:{invoice.id}:1"]
    assert (await office.commands.get_invoice(ANALYST, invoice.id)).state == "posted"
    assert await office.exceptions() == [("POSTING_FAILED", invoice.id, "resolved")]
    assert await office.events("invoice.post") == ["invoice.post_failed", "invoice.posted"]


async def test_an_outage_that_lasts_is_held_with_the_amount_of_the_invoice(office: Office, database_url: str) -> None:
    invoice = await office.approved()

    def away() -> None:
        raise VendorUnavailable("No answer.")

    office.ledger.before = away  # type: ignore[assignment]
    async with at_work(office, database_url):
        run_id = (await office.commands.post(MANAGER, invoice.id)).id
        await office.until_held(run_id, "SYSTEM_UNAVAILABLE")
    assert await office.exceptions() == [("SYSTEM_UNAVAILABLE", run_id, "open")]
    rows = await office.database.fetch("select amount_at_risk, currency, owner_role from business_exception")
    assert [tuple(row) for row in rows] == [(invoice.gross, invoice.currency, "IS")]


async def test_taking_back_a_refused_invoice_ends_its_run_and_posts_under_a_new_key(
    office: Office, database_url: str
) -> None:
    invoice = await office.approved()
    office.ledger.before = once(VendorRefused("The terms are unknown."))  # type: ignore[assignment]
    async with at_work(office, database_url):
        run_id = (await office.commands.post(MANAGER, invoice.id)).id
        await office.until_held(run_id, "POSTING_FAILED")
        taken = await office.commands.unapprove(MANAGER, invoice.id, objects.Decision(reason="Terms corrected."))
        await office.until_over(run_id, "compensated")
        assert (taken.state, taken.draft_version, taken.run_id) == ("in_review", 2, None)
        again = await office.commands.post(MANAGER, (await office.approve(taken)).id)
        await office.until_over(again.id)
    assert [d.key for d in office.ledger.drafts] == [f"post:{invoice.id}:2"]


async def test_other_totals_in_the_ledger_hold_the_run_until_they_agree(office: Office, database_url: str) -> None:
    invoice = await office.approved()
    office.ledger.off_by = Decimal("0.01")
    async with at_work(office, database_url):
        run_id = (await office.commands.post(MANAGER, invoice.id)).id
        held = await office.until_held(run_id, "INVOICE_TOTAL_MISMATCH")
        assert not held.cancellable
        waiting = await office.commands.get_invoice(ANALYST, invoice.id)
        assert (waiting.state, waiting.erp_number) == ("posting", None)
        rows = await office.database.fetch("select amount_at_risk, owner_role from business_exception")
        assert [tuple(row) for row in rows] == [(Decimal("0.0100"), "IS")]
        assert set((await office.states()).values()) == {"drafted"}
        for ref, posted in office.ledger.invoices.items():
            office.ledger.invoices[ref] = type(posted)(
                **{f: getattr(posted, f) for f in posted.__struct_fields__} | {"gross": invoice.gross}
            )
        await office.resume(run_id)
        await office.until_over(run_id)
    assert (await office.commands.get_invoice(ANALYST, invoice.id)).state == "posted"
    assert len(office.ledger.drafts) == 1


async def test_nothing_is_posted_into_a_closed_period_or_before_approval(office: Office) -> None:
    invoice = await office.draft((await office.ready()).id)
    with pytest.raises(Conflict):
        await office.commands.post(MANAGER, invoice.id)
    await office.approve(invoice)
    await office.restate("fiscal_period", "DE01/10", period("closed"))
    with pytest.raises(RuleViolated) as refused:
        await office.commands.post(MANAGER, invoice.id)
    assert refused.value.code == "PERIOD_CLOSED"
    assert (await office.commands.get_invoice(ANALYST, invoice.id)).state == "approved"


async def test_a_cancelled_run_leaves_an_invoice_that_says_it_is_not_posted(office: Office, database_url: str) -> None:
    invoice = await office.approved()
    run_id = (await office.commands.post(MANAGER, invoice.id)).id
    async with unit_of_work(office.database) as connection:
        await runs.cancel_run(connection, MANAGER, run_id, "Wrong client.")
    async with at_work(office, database_url):
        await office.until_over(run_id, "compensated")
    assert office.ledger.drafts == []
    assert (await office.commands.get_invoice(ANALYST, invoice.id)).state == "post_failed"


async def test_what_the_ledger_took_before_the_run_was_cancelled_is_acknowledged(
    office: Office, database_url: str
) -> None:
    invoice = await office.approved()
    office.ledger.after = once(VendorUnavailable("Connection reset.", retry_after_s=30))  # type: ignore[assignment]
    async with at_work(office, database_url):
        run_id = (await office.commands.post(MANAGER, invoice.id)).id
        await office.until(run_id, lambda view: view.waiting_for is not None)
        async with unit_of_work(office.database) as connection:
            await runs.cancel_run(connection, MANAGER, run_id, "Wrong client.")
        await office.until_over(run_id, "compensated")
    posted = await office.commands.get_invoice(ANALYST, invoice.id)
    assert (posted.state, posted.erp_number, len(office.ledger.drafts)) == ("posted", "INV-1", 1)
    assert set((await office.states()).values()) == {"invoiced"}


async def test_an_invoice_the_ledger_holds_is_not_taken_back_and_posted_again(
    office: Office, database_url: str
) -> None:
    invoice = await office.approved()
    office.ledger.after = once(VendorRefused("The answer has another shape."))  # type: ignore[assignment]
    async with at_work(office, database_url):
        run_id = (await office.commands.post(MANAGER, invoice.id)).id
        await office.until_held(run_id, "POSTING_FAILED")
        with pytest.raises(RuleViolated) as refused:
            await office.commands.unapprove(MANAGER, invoice.id, objects.Decision(reason="Once more."))
        await office.resume(run_id)
        await office.until_over(run_id)
    assert refused.value.code == "GUARD_FAILED"
    assert (await office.commands.get_invoice(ANALYST, invoice.id)).state == "posted"
    assert len(office.ledger.drafts) == 1
