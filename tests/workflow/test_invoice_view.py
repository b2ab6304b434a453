"""The finance view: what it shows of the queue, and that a rebuild from the event log gives the same rows."""

from decimal import Decimal
from typing import Any

import pytest

from contracts.call import Call
from contracts.problems import InvalidRequest, NotFound
from experience_apis.finance_dashboard import projection, sums
from experience_apis.finance_dashboard.queries import FinanceViews
from experience_apis.finance_dashboard.view import rebuild
from process_apis.registers import exceptions, replicas
from process_apis.registers.exceptions import Finding
from runtime.data.database import Database
from tests.workflow.invoice_books import period
from tests.workflow.invoice_stage import ANALYST, MANAGER, Office, at_work


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def rows(office: Office) -> dict[str, list[dict[str, Any]]]:
    async with office.unit() as unit:
        await sums.fold(unit.connection, "acme")
    found = {}
    for table in projection.TABLES:
        stored = await office.database.fetch(f"select * from {table} as t order by t::text")
        found[table] = [dict(r) for r in stored]
    return found


async def test_the_queue_shows_figures_reasons_items_and_freshness(office: Office) -> None:
    group = await office.ready()
    await office.work("ctr_1", "2", commands=("validate", "rate"), state="rated")
    await office.restate("fiscal_period", "DE01/10", period("closed"))
    await office.settle()
    async with office.unit() as unit:
        await replicas.mark_read(unit, "netsuite", "erp")
    views = FinanceViews(office.services)
    queue = await views.billing_queue(ANALYST)
    (figure,) = queue.figures
    assert (figure.state, figure.count, figure.amount, figure.currency) == ("blocked", 1, Decimal("1200.00"), "EUR")
    assert [(u.state, u.amount) for u in queue.unbilled] == [
        ("queued", Decimal("1200.00")),
        ("rated", Decimal("300.00")),
    ]
    (reason,) = queue.reasons
    assert (reason.code, reason.owner_role, reason.amount) == ("PERIOD_CLOSED", "FC", Decimal("1200.00"))
    assert reason.sentence == "No open period or invoice date closed."
    assert [i.id for i in queue.items] == [group.id] and queue.items[0].failed == ("PERIOD_CLOSED",)
    assert [(f.system, f.port, f.stale) for f in queue.freshness] == [
        ("certinia", "planning", True),
        ("certinia", "psa", True),
        ("certinia", "time", True),
        ("netsuite", "billing", True),
        ("netsuite", "erp", False),
    ]
    assert queue.as_of == office.clock.now()
    assert (await views.billing_queue(ANALYST, state="ready")).items == ()
    assert [(c.view, c.count) for c in (await views.queue_counts(ANALYST)).items] == [("blocked", 1)]


async def test_an_item_shows_its_checks_and_how_it_got_here(office: Office, database_url: str) -> None:
    invoice = await office.approved()
    office.clock.advance(seconds=1)
    async with at_work(office, database_url):
        await office.until_over((await office.commands.post(MANAGER, invoice.id)).id)
    await office.deliver()
    item = await FinanceViews(office.services).billing_item(ANALYST, invoice.bill_group_id)
    assert item.item.state == "billed" and len(item.checks) == 32
    assert [(t.system, t.what) for t in item.timeline] == [
        ("hub", "Opened"),
        ("hub", "Ready, 1,200.00 EUR"),
        ("hub", "Drafted, 1,200.00 EUR"),
        ("hub", "Invoice approved, 1,428.00 EUR gross"),
        ("hub", "Billed, 1,200.00 EUR"),
        ("erp", "Invoice posted as INV-1, 1,428.00 EUR gross"),
    ]
    queue = await FinanceViews(office.services).billing_queue(ANALYST)
    assert queue.unbilled == ()


async def test_drafted_value_is_unbilled_and_called_so(office: Office) -> None:
    await office.draft((await office.ready()).id)
    await office.deliver()
    queue = await FinanceViews(office.services).billing_queue(ANALYST)
    assert [(u.state, u.count) for u in queue.unbilled] == [("drafted", 1)]


async def test_pages_go_on_where_they_ended_and_refuse_foreign_cursors(office: Office) -> None:
    await office.open()
    contract = await office.contract()
    for month, hours in ((8, "1"), (9, "5"), (10, "3")):
        await office.work(contract, hours, period("open", month).start_on)
    await office.settle()
    views = FinanceViews(office.services)
    first = await views.billing_queue(ANALYST, sort="amount", limit=2)
    rest = await views.billing_queue(ANALYST, sort="amount", limit=2, cursor=first.next_cursor)
    assert [i.net_amount for i in (*first.items, *rest.items)] == [
        Decimal("750.00"),
        Decimal("450.00"),
        Decimal("150.00"),
    ]
    assert rest.next_cursor is None
    with pytest.raises(InvalidRequest):
        await views.billing_queue(ANALYST, sort="queue", cursor=first.next_cursor)


async def test_another_tenant_sees_nothing(office: Office) -> None:
    group = await office.ready()
    other = Call(tenant="other", principal="eve", client="tests", correlation_id="c", request_id="r")
    views = FinanceViews(office.services)
    queue = await views.billing_queue(other)
    assert (queue.figures, queue.items, queue.unbilled, queue.freshness) == ((), (), (), ())
    assert (queue.reasons, queue.matching, queue.entities) == ((), (), ())
    assert (await views.queue_counts(other)).items == ()
    with pytest.raises(NotFound):
        await views.billing_item(other, group.id)


async def test_a_rebuild_gives_the_same_rows_and_a_repeated_delivery_changes_none(
    office: Office, database_url: str
) -> None:
    invoice = await office.approved()
    async with at_work(office, database_url):
        await office.until_over((await office.commands.post(MANAGER, invoice.id)).id)
    await office.work("ctr_1", "2")
    async with office.unit() as unit:
        await exceptions.open_(unit, Finding(code="READINESS_REGRESSED", object_id=invoice.id))
    await office.settle()
    before = await rows(office)
    assert all(before.values())
    told = await rebuild(office.database, "acme")
    assert await rows(office) == before
    await office.database.execute("delete from delivered where tenant = 'acme' and subscriber = 'finance_dashboard'")
    await office.database.execute("update outbox set relayed_at = null where tenant = 'acme'")
    await office.deliver()
    assert await rows(office) == before and told > 5
