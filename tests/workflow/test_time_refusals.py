"""Time that somebody or something does not take: the ledger's refusals, missing prices, suspicions, holds. It goes on when it may."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.problems import Problem, RuleViolated
from contracts.process.time_posting import Hold
from process_apis.time_posting import recheck
from tests.workflow.time_stage import ANALYST, TimeFirm

WEDNESDAY = date(2026, 11, 18)
LINES = "/services/rest/record/v1/timeBill"
REASON = Hold(reason="Asked back.")


async def _three(firm: TimeFirm) -> list[str]:
    people = ("E2004", "E2006", "E2006")
    days = (WEDNESDAY, WEDNESDAY, WEDNESDAY - timedelta(days=1))
    refs = [await firm.systems.approve("PRJ-2108", who, on, "4") for who, on in zip(people, days, strict=True)]
    await firm.take_in()
    return refs


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "lost_response"},
        {"kind": "too_many", "retry_after": 0},
        {"kind": "too_many"},
        {"kind": "server_error", "status": 502, "times": 2},
    ],
    ids=lambda fault: "-".join(str(v) for v in fault.values()),
)
async def test_a_ledger_in_trouble_loses_and_doubles_nothing(time_firm: TimeFirm, fault: dict[str, Any]) -> None:
    refs = await _three(time_firm)
    await time_firm.systems.fault("erp", method="PUT", path=LINES, **fault)
    await time_firm.post()
    assert await time_firm.systems.fired("erp") == [fault["kind"]] * fault.get("times", 1)
    assert [s for ref in refs for s, _, _ in await time_firm.states(ref)] == ["queued"] * 3
    assert len(await time_firm.systems.lines()) == 3
    assert await time_firm.faults() == []


async def test_one_line_of_a_batch_is_refused_and_the_others_are_queued(time_firm: TimeFirm) -> None:
    gone, *others = await _three(time_firm)
    await time_firm.systems.change_in_erp("employee", "E2004", {"isInactive": True})
    await time_firm.post()
    assert [s for ref in others for s, _, _ in await time_firm.states(ref)] == ["queued", "queued"]
    (refused,), (opened,) = await time_firm.live(gone), await time_firm.exceptions(gone)
    assert (refused.state, refused.codes) == ("exception", ("ERP_REJECTED",))
    assert (opened.code, opened.owner_role, opened.amount_at_risk) == ("ERP_REJECTED", "BA", refused.amount)
    assert "employee" in opened.facts["detail"]

    await time_firm.price("PRJ-2109", "PM", "100.0000")
    await time_firm.recheck()
    assert await time_firm.live(gone) == [refused], "a change elsewhere is no reason to ask the ledger again"

    await time_firm.systems.change_in_erp("employee", "E2004", {"isInactive": False})
    await time_firm.resolve(gone, "ERP_REJECTED")
    await time_firm.post()
    assert [s for s, _, _ in await time_firm.states(gone)] == ["queued"]
    assert await time_firm.faults() == []


async def test_a_refusal_stays_open_until_the_ledger_accepts(time_firm: TimeFirm) -> None:
    gone, *_ = await _three(time_firm)
    await time_firm.systems.change_in_erp("employee", "E2004", {"isInactive": True})
    await time_firm.post()
    (opened,) = await time_firm.exceptions(gone)
    for _ in range(2):
        await time_firm.pass_time(hours=1, minutes=1)
        await time_firm.recheck()
        assert [t.state for t in await time_firm.live(gone)] == ["rated"], "offered once an hour"
        await time_firm.post()
        (still,) = await time_firm.exceptions(gone)
        assert (still.id, still.due_at) == (opened.id, opened.due_at)
    await time_firm.systems.change_in_erp("employee", "E2004", {"isInactive": False})
    await time_firm.pass_time(hours=1, minutes=1)
    await time_firm.recheck()
    await time_firm.post()
    assert await time_firm.codes(gone) == []
    assert await time_firm.faults() == []


async def test_a_period_the_ledger_just_closed_shifts_the_posting_date(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2108", "E2006", date(2026, 10, 28), "8")
    await time_firm.take_in()
    period = await time_firm.database.fetchval(
        "select body->>'ref' from replica where kind = 'fiscal_period' and key = 'DE01/2026-10-01'"
    )
    await time_firm.systems.close_period(period.rsplit(":", 1)[1].split("-")[0])
    await time_firm.post()
    assert await time_firm.codes(ref) == ["PERIOD_CLOSED"]
    await time_firm.pass_time(minutes=1)
    await time_firm.refresh("fiscal_period")
    await time_firm.recheck()
    await time_firm.post()
    (made,) = await time_firm.live(ref)
    assert (made.state, made.posting_date) == ("queued", date(2026, 11, 1))
    assert await time_firm.codes(ref) == []
    assert await time_firm.faults() == []


async def test_cost_the_ledger_refused_is_offered_again(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2113", "E2007", WEDNESDAY, "4")
    await time_firm.systems.change_in_erp("employee", "E2007", {"isInactive": True})
    await time_firm.take_in()
    await time_firm.post()
    assert await time_firm.codes(ref) == ["ERP_REJECTED"]
    await time_firm.systems.change_in_erp("employee", "E2007", {"isInactive": False})
    await time_firm.pass_time(hours=1, minutes=1)
    await time_firm.recheck()
    await time_firm.post()
    (made,) = await time_firm.live(ref)
    assert (made.state, made.erp_ref is not None, await time_firm.codes(ref)) == ("excluded", True, [])
    assert await time_firm.faults() == []


async def test_a_price_that_comes_later_takes_the_time_along(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2131", "E2007", WEDNESDAY, "4")
    await time_firm.settle()
    (waiting,), (opened,) = await time_firm.live(ref), await time_firm.exceptions(ref)
    assert (waiting.state, opened.code, opened.amount_at_risk) == ("exception", "RATE_MISSING", None)
    await time_firm.price("PRJ-2131", "DEV", "132.5000")
    await time_firm.recheck()
    await time_firm.settle()
    (made,) = await time_firm.live(ref)
    assert (made.state, made.amount, made.rating_version) == ("queued", Decimal("530.00"), 2)
    assert await time_firm.codes(ref, "resolved") == ["RATE_MISSING"]
    assert await time_firm.faults() == []


async def test_a_card_that_supersedes_another_is_the_price(time_firm: TimeFirm) -> None:
    for rate in ("100.0000", "120.0000"):
        await time_firm.price("PRJ-2108", "DEV", rate)
    stated = await time_firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "8", role_code="DEV")
    await time_firm.hear(stated)
    await time_firm.quiet()
    (made,) = await time_firm.live(stated.ref)
    assert (made.state, made.rating.bill_rate) == ("rated", 120)


async def test_a_word_without_a_cure_leaves_the_exception_open(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2131", "E2007", WEDNESDAY, "4")
    await time_firm.take_in()
    (before,) = await time_firm.exceptions(ref)
    await time_firm.resolve(ref, "RATE_MISSING")
    (again,) = await time_firm.exceptions(ref)
    assert (again.id, again.state, again.resolution) == (before.id, "open", None)


async def test_a_suspected_duplicate_goes_on_when_a_person_says_it_is_none(time_firm: TimeFirm) -> None:
    twins = [await time_firm.systems.approve("PRJ-2108", "E2006", WEDNESDAY, "4", notes="Workshop") for _ in range(2)]
    await time_firm.settle()
    (suspect,) = [ref for ref in twins if await time_firm.codes(ref)]
    assert await time_firm.codes(suspect) == ["DUPLICATE_SUSPECTED"]
    await time_firm.resolve(suspect, "DUPLICATE_SUSPECTED")
    await time_firm.post()
    assert [s for ref in twins for s, _, _ in await time_firm.states(ref)] == ["queued", "queued"]
    assert await time_firm.faults() == []


async def test_old_work_needs_finance_control_and_their_word_is_about_that_day(time_firm: TimeFirm) -> None:
    old = await time_firm.sheet("PRJ-2108", "E2006", date(2026, 9, 15), "8")
    await time_firm.hear(old)
    await time_firm.quiet()
    (opened,) = await time_firm.exceptions(old.ref)
    assert (opened.code, opened.owner_role, opened.facts["age_days"]) == ("TIME_RETRO_LIMIT", "FC", 66)
    assert opened.amount_at_risk is not None and opened.amount_at_risk > 0
    await time_firm.resolve(old.ref, "TIME_RETRO_LIMIT")
    assert [s for s, _, _ in await time_firm.states(old.ref)] == ["rated"]
    moved = replace(old, worked_on=date(2026, 9, 14), changed_at=old.changed_at + timedelta(minutes=1))
    await time_firm.hear(moved)
    await time_firm.quiet()
    assert await time_firm.codes(old.ref) == ["TIME_RETRO_LIMIT"]


async def test_more_than_a_day_in_a_day_waits_until_it_is_corrected(time_firm: TimeFirm) -> None:
    sheets = [
        await time_firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "20"),
        await time_firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "8"),
    ]
    for sheet in sheets:
        await time_firm.hear(sheet)
        await time_firm.quiet()
    assert await time_firm.codes(sheets[1].ref) == ["TIME_QTY_INVALID"]
    await time_firm.hear(
        replace(sheets[0], hours=Decimal("16.0000"), changed_at=sheets[0].changed_at + timedelta(minutes=1))
    )
    await time_firm.quiet()
    assert [s for sheet in sheets for s, _, _ in await time_firm.states(sheet.ref)] == ["rated", "rated"]
    assert await time_firm.faults() == []


async def test_held_time_is_not_posted_until_it_is_released(time_firm: TimeFirm) -> None:
    ref = (await _three(time_firm))[0]
    (made,) = await time_firm.live(ref)
    await time_firm.commands.hold_transaction(ANALYST, made.id, REASON)
    await time_firm.post()
    assert [s for s, _, _ in await time_firm.states(ref)] == ["held"]
    with pytest.raises(Problem):
        await time_firm.commands.hold_transaction(ANALYST, made.id, REASON)
    await time_firm.commands.release_transaction(ANALYST, made.id, REASON)
    await time_firm.post()
    assert [s for s, _, _ in await time_firm.states(ref)] == ["queued"]
    assert await time_firm.faults() == []


async def test_overage_is_released_as_far_as_the_cap_has_room(time_firm: TimeFirm) -> None:
    first, second = [
        await time_firm.sheet("PRJ-2120", "E1010", WEDNESDAY - timedelta(days=back), "24") for back in (1, 0)
    ]
    for sheet in (first, second):
        await time_firm.hear(sheet)
        await time_firm.quiet()
    billable, overage = await time_firm.live(second.ref)
    with pytest.raises(RuleViolated) as refused:
        await time_firm.commands.release_transaction(ANALYST, overage.id, REASON)
    assert refused.value.facts["code"] == "CAP_OVERAGE_HELD"

    await time_firm.pass_time(minutes=1)
    await time_firm.hear(replace(first, hours=Decimal("23.0000"), changed_at=time_firm.clock.now()))
    await time_firm.quiet()
    released = await time_firm.commands.release_transaction(ANALYST, overage.id, REASON)
    left = [t for t in await time_firm.live(second.ref) if t.part == "overage"]
    assert (released.part, released.state) == ("billable", "rated")
    assert sum(t.hours for t in await time_firm.live(second.ref)) == 24
    assert sum(t.amount for t in left) + released.amount == overage.amount
    spent = [t.amount for ref in (first.ref, second.ref) for t in await time_firm.live(ref) if t.part == "billable"]
    assert sum(spent) == Decimal("9500.00")
    assert await time_firm.codes(second.ref) == ["CAP_OVERAGE_HELD"]
    assert billable.amount + released.amount == sum(
        t.amount for t in await time_firm.live(second.ref) if t.part == "billable"
    )
    await time_firm.post()
    assert await time_firm.faults() == []


async def test_overage_goes_on_by_itself_when_the_cap_has_room_for_all_of_it(time_firm: TimeFirm) -> None:
    first, second = [
        await time_firm.sheet("PRJ-2120", "E1010", WEDNESDAY - timedelta(days=back), "24") for back in (1, 0)
    ]
    for sheet in (first, second):
        await time_firm.hear(sheet)
        await time_firm.quiet()
    await time_firm.pass_time(minutes=1)
    await time_firm.hear(replace(first, status="voided", changed_at=time_firm.clock.now()))
    await time_firm.quiet()
    await time_firm.recheck()
    live = await time_firm.live(second.ref)
    assert ({t.part for t in live}, {t.state for t in live}, sum(t.hours for t in live)) == (
        {"billable"},
        {"rated"},
        24,
    )
    assert await time_firm.codes(second.ref) == []
    await time_firm.settle()
    assert await time_firm.faults() == []


async def test_lines_that_are_on_their_way_for_an_hour_are_told_of_once(time_firm: TimeFirm) -> None:
    refs = await _three(time_firm)
    await time_firm.database.execute("update billable_transaction set posting_run_id = 'run_1'")
    await time_firm.pass_time(minutes=61)
    for _ in range(2):
        await recheck.look(time_firm.services)
    (late,) = [e for e in await time_firm.exceptions() if e.code == "TIME_POSTING_LATE"]
    amounts = [t.amount for ref in refs for t in await time_firm.live(ref)]
    assert (late.object_id, late.facts["lines"], late.amount_at_risk) == ("run_1", 3, sum(amounts))
