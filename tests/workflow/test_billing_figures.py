"""The figures above the billing queue and the data of its charts, from what really happened in a small firm."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from contracts.experience.finance_figures import BillingFigures
from experience_apis.finance_dashboard.queries import FinanceViews
from experience_apis.finance_dashboard.view import rebuild
from process_apis.registers import exceptions
from process_apis.registers.exceptions import Finding
from runtime.data.database import Database
from tests.workflow.invoice_books import period
from tests.workflow.invoice_stage import ANALYST, MANAGER, Office, at_work


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def figures(office: Office, currency: str | None = None) -> BillingFigures:
    return await FinanceViews(office.services).billing_figures(ANALYST, currency)


async def quoted(office: Office, rate: str, on: date) -> None:
    quote = {"from_currency": "USD", "to_currency": "EUR", "on": on.isoformat(), "rate": rate, "source": "BANK"}
    await office.restate("fx_quote", "USD/EUR", quote)


async def test_a_firm_without_work_has_zeros_and_no_rates(office: Office) -> None:
    found = await figures(office, "EUR")
    assert (found.ready.count, found.unbilled.amount, found.posted.count) == (0, 0, 0)
    assert (found.lag.entries, found.lag.median_days, found.straight_through.percent) == (0, None, None)
    assert found.weeks == () and found.rates_on is None and found.ready.oldest_days is None
    assert found.unbilled_by_age == ()


async def test_what_is_ready_ages_from_the_day_it_was_and_by_approval(office: Office) -> None:
    await office.ready()
    office.clock.advance(timedelta(days=4))
    found = await figures(office)
    assert found.currency == "EUR"
    assert (found.ready.count, found.ready.amount, found.ready.oldest_days) == (1, Decimal("1200.00"), 4)
    assert (found.unbilled.count, found.unbilled.amount) == (1, Decimal("1200.00"))
    ages = {(b.from_days, b.to_days): (b.ready, b.blocked) for b in found.unbilled_by_age}
    assert ages[(3, 5)] == (Decimal("1200.00"), 0) and sum(sum(pair) for pair in ages.values()) == 1200


async def test_backlogs_have_a_level_for_each_week_since_there_was_something(office: Office) -> None:
    assert (await figures(office)).levels == ()
    await office.ready()
    office.clock.advance(timedelta(days=15))
    await office.restate("fiscal_period", "DE01/10", period("closed"))
    await office.work("ctr_1", "2")
    await office.settle()
    office.clock.advance(timedelta(days=8))
    levels = (await figures(office)).levels
    today = office.clock.now().date()
    assert [(today - one.on).days for one in levels] == [21, 14, 7, 0]
    assert [one.ready for one in levels] == [1200, 1200, 0, 0]
    assert [one.blocked for one in levels] == [0, 0, 1500, 1500]
    assert [one.unbilled for one in levels] == [1200, 1200, 1500, 1500]
    office.clock.advance(timedelta(weeks=20))
    later = (await figures(office)).levels
    assert [one.blocked for one in later] == [1500] * 12


async def test_what_is_blocked_names_its_reasons_and_counts_as_blocked_in_every_age(office: Office) -> None:
    await office.ready()
    await office.restate("fiscal_period", "DE01/10", period("closed"))
    await office.work("ctr_1", "2")
    await office.settle()
    found = await figures(office)
    assert (found.ready.count, found.blocked.count, found.blocked.amount) == (0, 1, Decimal("1500.00"))
    assert found.blocked_reasons == ("PERIOD_CLOSED",)
    assert [b.blocked for b in found.unbilled_by_age] == [Decimal("1500.00"), 0, 0, 0, 0]


async def test_an_item_stays_ready_since_the_same_instant_while_warnings_come_and_go(office: Office) -> None:
    group = await office.ready()
    first = (await FinanceViews(office.services).billing_item(ANALYST, group.id)).item.since
    office.clock.advance(timedelta(days=1))
    await office.work("ctr_1", "2")
    await office.settle()
    now = (await FinanceViews(office.services).billing_item(ANALYST, group.id)).item
    assert now.net_amount == 1500 and now.since == first


async def test_money_is_converted_at_the_newest_rate_and_left_out_without_one(office: Office) -> None:
    await office.ready()
    found = await figures(office, "USD")
    assert (found.unconverted, found.ready.amount, found.ready.count) == (("EUR",), 0, 1)
    await quoted(office, "0.8000000000", date(2026, 11, 19))
    found = await figures(office, "USD")
    assert (found.unconverted, found.rates_on) == ((), date(2026, 11, 19))
    assert found.ready.amount == Decimal("1500.00")
    assert sum(b.ready for b in found.unbilled_by_age) == Decimal("1500.00")


async def test_a_posted_invoice_gives_lag_weeks_and_straight_through_billing(office: Office, database_url: str) -> None:
    invoice = await office.draft((await office.ready()).id)
    office.clock.advance(timedelta(days=2))
    async with at_work(office, database_url):
        approved = await office.approve(invoice)
        await office.until_over((await office.commands.post(MANAGER, approved.id)).id)
    await office.deliver()
    found = await figures(office)
    assert (found.posted.count, found.posted.amount) == (1, Decimal("1200.00"))
    assert (found.lag.entries, found.lag.median_days, found.lag.p90_days) == (1, Decimal("2.0"), Decimal("2.0"))
    assert [(w.week, w.entries, w.median_days) for w in found.weeks] == [(date(2026, 11, 16), 1, Decimal("2.0"))]
    assert (found.straight_through.untouched, found.straight_through.percent) == (1, Decimal("100.00"))
    assert found.unbilled.amount == 0 and found.lag_target_days == 12
    office.clock.advance(timedelta(days=40))
    later = await figures(office)
    assert [(w.week, w.count, w.amount) for w in later.posted_weeks] == [(date(2026, 11, 16), 1, Decimal("1200.00"))]
    assert (later.posted.count, later.lag.entries, later.lag_before.entries) == (0, 0, 1)
    assert (later.posted_before.count, later.posted_before.amount) == (1, Decimal("1200.00"))


async def test_an_invoice_somebody_had_to_mend_is_not_straight_through(office: Office, database_url: str) -> None:
    invoice = await office.draft((await office.ready()).id)
    async with office.unit() as unit:
        await exceptions.open_(unit, Finding(code="READINESS_REGRESSED", object_id=invoice.id))
        await exceptions.clear(unit, invoice.id)
    async with at_work(office, database_url):
        approved = await office.approve(invoice)
        await office.until_over((await office.commands.post(MANAGER, approved.id)).id)
    await office.deliver()
    found = (await figures(office)).straight_through
    assert (found.posted, found.untouched, found.percent) == (1, 0, Decimal("0.00"))


async def test_a_rebuild_gives_the_same_figures(office: Office, database_url: str) -> None:
    invoice = await office.approved()
    async with at_work(office, database_url):
        await office.until_over((await office.commands.post(MANAGER, invoice.id)).id)
    await office.work("ctr_1", "2")
    await office.settle()
    before = await figures(office)
    await rebuild(office.database, "acme")
    assert await figures(office) == before and before.posted.count == 1
