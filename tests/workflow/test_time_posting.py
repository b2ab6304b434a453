"""Approved time from the PSA to the ERP's workbench, over real adapters and simulators: every hour once, whatever happens."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from contracts.canon.project import Task, Tasks
from contracts.problems import Problem
from process_apis.time_posting import intake
from process_apis.trail.process import TrailQueries
from tests.workflow.time_stage import ANALYST, TimeFirm, at_work

WEDNESDAY = date(2026, 11, 18)
PSA = replace(ANALYST, scopes=frozenset({"psa:read", "psa:write"}))
H4, H8 = Decimal(4), Decimal(8)


async def test_approved_time_is_queued_in_the_ledger_and_marked_in_its_tool(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2108", "E2006", WEDNESDAY, "8")
    await time_firm.settle()
    (made,) = await time_firm.live(ref)
    assert (made.state, made.hours, made.currency, made.posting_date) == ("queued", H8, "EUR", WEDNESDAY)
    assert made.amount == made.hours * (made.rating.bill_rate or 0)
    (line,) = await time_firm.systems.lines()
    assert made.erp_ref is not None and line["txn"] == made.id
    card = ref.split(":")[2][:-11]
    (row,) = await time_firm.systems.soql(
        f"SELECT Wednesday_Posting__c FROM pse__Timecard_Header__c WHERE Id = '{card}'"
    )
    assert row["Wednesday_Posting__c"] == made.erp_ref.split(":")[2]
    assert await time_firm.faults() == []


async def test_each_figure_of_a_stored_price_is_explained_as_it_was_made(time_firm: TimeFirm) -> None:
    """Also after the price changed: what was stored is told, nothing is calculated anew."""
    ref = await time_firm.systems.approve("PRJ-2108", "E2006", WEDNESDAY, "8")
    await time_firm.settle()
    (made,) = await time_firm.live(ref)
    before = await TrailQueries(time_firm.services).trace(ANALYST, made.id)
    found = {figure.name: figure.value for figure in before.figures}
    assert found["recorded_hours"] == "8.0000"
    assert (found["bill_rate"], found["amount"]) == (str(made.rating.bill_rate), str(made.amount))
    assert found["rate_line_id"] == made.rating.rate_line_id
    assert all(figure.rules and figure.how for figure in before.figures)
    await time_firm.database.execute("update rate_card set state = 'withdrawn'")
    after = await TrailQueries(time_firm.services).trace(ANALYST, made.id)
    assert after.figures == before.figures
    assert (await TrailQueries(time_firm.services).trace(ANALYST, made.source_id)).figures == ()


async def test_the_deals_correlation_id_travels_to_the_ledger(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2108", "E2006", WEDNESDAY, "8")
    await time_firm.settle()
    deal = await time_firm.database.fetchval("select correlation_id from project where code = 'PRJ-2108'")
    (made,), (line,) = await time_firm.live(ref), await time_firm.systems.lines()
    told = await time_firm.database.fetch(
        "select distinct correlation_id from outbox where subject = any($1::text[])", [made.id, made.source_id]
    )
    noted = await time_firm.database.fetch("select distinct correlation_id from history where object_id = $1", made.id)
    assert {made.correlation_id, line["cor"], *(r["correlation_id"] for r in (*told, *noted))} == {deal}


async def test_a_stored_price_names_the_policy_versions_that_were_in_force(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2108", "E2006", WEDNESDAY, "8")
    await time_firm.take_in()
    (made,) = await time_firm.live(ref)
    policy = await time_firm.database.fetchval("select id from policy where kind = 'retro'")
    assert made.rating.policy_versions == {f"retro/{policy}": 1}


async def test_cost_of_work_that_is_not_billed_is_posted_without_an_amount(time_firm: TimeFirm) -> None:
    fixed_price = await time_firm.systems.approve("PRJ-2113", "E2007", WEDNESDAY, "4")
    internal = await time_firm.systems.approve("PRJ-2108", "E2006", WEDNESDAY, "4", billable=False)
    await time_firm.settle()
    for ref in (fixed_price, internal):
        assert await time_firm.states(ref) == [("excluded", "non_billable", H4)]
    assert [line["amount"] for line in await time_firm.systems.lines()] == ["0.00", "0.00"]
    assert await time_firm.faults() == []


async def test_work_of_a_task_follows_what_the_psa_says_of_the_task(time_firm: TimeFirm) -> None:
    """Not chargeable: it only costs. Closed or of other days: it waits until that is put right (TSK-1)."""
    entry = await time_firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "4", task_code="NEW")
    psa = time_firm.services.ports.psa(ANALYST)

    async def state(**task: Any) -> None:
        stated = Tasks(items=(Task(code="NEW", name="New", **task),))
        await psa.put_tasks(PSA, entry.project_ref, stated)
        await time_firm.pass_time(seconds=40)
        await time_firm.refresh("task")

    await state(chargeable=False)
    free = replace(entry, ref=f"{entry.ref}-0", worked_on=WEDNESDAY - timedelta(days=1))
    await time_firm.hear(free)
    await time_firm.quiet()
    assert await time_firm.states(free.ref) == [("excluded", "non_billable", H4)]

    await state(open=False, end_on=WEDNESDAY - timedelta(days=1))
    await time_firm.hear(entry)
    await time_firm.quiet()
    assert await time_firm.codes(entry.ref) == ["DATE_OUT_OF_RANGE", "PROJECT_CODE_INVALID"]

    await state(end_on=WEDNESDAY)
    await time_firm.recheck()
    assert await time_firm.codes(entry.ref) == []
    assert await time_firm.states(entry.ref) == [("rated", "billable", H4)]


async def test_work_of_a_closed_period_is_posted_on_the_first_day_of_the_next_open_one(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2136", "E3003", date(2026, 10, 28), "3.5")
    await time_firm.settle()
    (made,), (line,) = await time_firm.live(ref), await time_firm.systems.lines()
    assert (made.state, made.service_date, made.posting_date) == ("queued", date(2026, 10, 28), date(2026, 11, 1))
    assert (line["service"], line["day"]) == ("2026-10-28", "2026-11-01")


async def test_what_is_above_a_cap_is_held_and_its_value_is_at_risk(time_firm: TimeFirm) -> None:
    first = await time_firm.sheet("PRJ-2120", "E1010", WEDNESDAY, "23")
    second = await time_firm.sheet("PRJ-2120", "E1010", WEDNESDAY - timedelta(days=1), "24")
    await time_firm.hear(first)
    await time_firm.quiet()
    await time_firm.hear(second)
    await time_firm.quiet()
    billable, overage = await time_firm.live(second.ref)
    assert (billable.state, overage.state) == ("rated", "held")
    assert (billable.hours + overage.hours, await time_firm.codes(second.ref)) == (24, ["CAP_OVERAGE_HELD"])
    (whole,) = await time_firm.live(first.ref)
    assert whole.amount + billable.amount == Decimal("9500.00")
    (opened,) = await time_firm.exceptions(second.ref)
    assert opened.amount_at_risk == overage.amount
    await time_firm.post()
    assert await time_firm.faults() == []


async def test_a_cap_that_only_warns_does_so_once_a_contract(time_firm: TimeFirm) -> None:
    days = [WEDNESDAY - timedelta(days=back) for back in range(3)]
    for day in days:
        await time_firm.hear(await time_firm.sheet("PRJ-2119", "E1017", day, "24"))
        await time_firm.quiet()
    assert [e.code for e in await time_firm.exceptions()] == ["CAP_SOFT_EXCEEDED"]
    (warned,) = await time_firm.exceptions()
    assert warned.object_id.startswith("ctr_")
    found = (await time_firm.commands.list_transactions(ANALYST, state="rated")).items
    assert [t.hours for t in found] == [24, 24, 24]


async def test_no_time_is_taken_in_before_all_it_is_rated_by_was_read(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2108", "E2006", WEDNESDAY, "8")
    await time_firm.database.execute("delete from feed where feed = 'psa/task'")
    await time_firm.take_in()
    assert await time_firm.every(ref) == []
    await time_firm.refresh("task")
    await time_firm.take_in()
    assert await time_firm.states(ref) == [("rated", "billable", H8)]


async def test_redelivered_time_changes_nothing(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2108", "E2006", WEDNESDAY, "8")
    await time_firm.settle()
    before = await time_firm.every(ref)
    await time_firm.pass_time(minutes=1)
    await time_firm.systems.touch(ref)
    earlier = {"since": (time_firm.clock.now() - timedelta(minutes=9)).isoformat()}
    await time_firm.database.execute("update cursor set position = $1", earlier)
    await time_firm.database.execute("delete from inbox")
    await time_firm.settle()
    assert [t for t in await time_firm.every(ref) if t.source_ref == ref] == before


async def test_the_whole_firm_goes_through_a_bad_day(sleeping_firm: TimeFirm, firm_url: str) -> None:
    """Two months of timesheets: pages shift under the reader, the ledger throttles, fails and loses answers."""
    firm, http = sleeping_firm, "/services/rest/record/v1/timeBill"
    await firm.systems.fault("psa", kind="page_shift", path="/query", times=2, after=1)
    await firm.systems.fault("psa", kind="server_error", path="/query", after=4)
    await firm.systems.fault("erp", kind="lost_response", method="PUT", path=http)
    await firm.systems.fault("erp", kind="too_many", method="PUT", path=http, after=2, retry_after=0)
    await firm.systems.fault("erp", kind="server_error", method="PUT", path=http, after=3)
    await firm.systems.fault("erp", kind="closed_period", method="PUT", path=http, after=40)
    async with at_work(firm, firm_url):
        for _ in range(3):
            await _swept(firm)
        await firm.quiet()
        await firm.post()
    assert await firm.systems.fired("psa") == ["page_shift", "page_shift", "server_error"]
    assert await firm.systems.fired("erp") == ["closed_period", "lost_response", "server_error", "too_many"]
    expected = await _in_the_psa(firm)
    assert await firm.database.fetchval("select count(*) from time_entry") == expected
    approved = "select count(*) from time_entry where status = 'approved'"
    assert await firm.database.fetchval(approved) > 1000
    assert await firm.database.fetchval("select count(*) from billable_transaction where state = 'rated'") == 0
    assert await firm.faults() == []


async def _swept(firm: TimeFirm) -> None:

    try:
        await intake.sweep(firm.services)
    except Problem as failed:
        assert failed.retryable


async def _in_the_psa(firm: TimeFirm) -> int:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    columns = ", ".join(f"pse__{day}_Hours__c" for day in days)
    rows = await firm.systems.soql(f"SELECT {columns} FROM pse__Timecard_Header__c")
    return sum(1 for row in rows for day in days if row[f"pse__{day}_Hours__c"])
