"""Corrections of time (rule IMP): wherever the older version got to, the newest takes its place once, in hub and ledger."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from contracts.call import Call
from contracts.canon.timesheet import TimeEntry
from contracts.process.time_posting import Hold
from process_apis.registers import transactions
from runtime.work.calls import system_call
from tests.workflow.time_stage import ANALYST, TENANT, TimeFirm

WEDNESDAY = date(2026, 11, 18)
H6, H8 = Decimal(6), Decimal(8)


async def _approved(firm: TimeFirm, hours: str = "8", project: str = "PRJ-2108", person: str = "E2006") -> str:
    return await firm.systems.approve(project, person, WEDNESDAY, hours)


async def _queued(firm: TimeFirm, project: str = "PRJ-2108", person: str = "E2006") -> str:
    ref = await _approved(firm, project=project, person=person)
    await firm.settle()
    await firm.pass_time(minutes=5)
    return ref


async def _in_ledger(firm: TimeFirm) -> tuple[Decimal, Decimal]:
    """Hours and amount of all lines."""
    lines = await firm.systems.lines()
    return sum(Decimal(str(x["hours"])) for x in lines), sum(Decimal(str(x["amount"])) for x in lines)


async def test_a_rated_entry_is_replaced_in_the_hub_alone(time_firm: TimeFirm) -> None:
    ref = await _approved(time_firm)
    await time_firm.take_in()
    await time_firm.pass_time(minutes=5)
    await time_firm.systems.correct(ref, "6")
    await time_firm.settle()
    assert [(t.state, t.hours) for t in await time_firm.every(ref)] == [("reversed", H8), ("queued", H6)]
    assert len(await time_firm.systems.lines()) == 1
    assert await time_firm.faults() == []


async def test_a_queued_entry_is_reversed_exactly_and_posted_again(time_firm: TimeFirm) -> None:
    ref = await _queued(time_firm)
    await time_firm.systems.correct(ref, "6")
    await time_firm.settle()
    (made,) = await time_firm.live(ref)
    assert (made.state, made.hours) == ("queued", H6)
    assert await _in_ledger(time_firm) == (H6, made.amount)
    assert len(await time_firm.systems.lines()) == 3
    assert {line["day"] for line in await time_firm.systems.lines()} == {"2026-11-18"}
    assert await time_firm.faults() == []


async def test_a_void_takes_a_queued_entry_out_of_the_ledger(time_firm: TimeFirm) -> None:
    ref = await _queued(time_firm)
    await time_firm.systems.void(ref)
    await time_firm.settle()
    assert await time_firm.live(ref) == []
    assert await _in_ledger(time_firm) == (0, 0)
    assert await time_firm.faults() == []


async def test_cost_of_unbilled_work_is_corrected_too(time_firm: TimeFirm) -> None:
    ref = await _queued(time_firm, "PRJ-2113", "E2007")
    await time_firm.systems.correct(ref, "6")
    await time_firm.settle()
    assert await time_firm.states(ref) == [("excluded", "non_billable", H6)]
    assert await _in_ledger(time_firm) == (H6, 0)
    told = "select type from outbox where type = 'transaction.reversed'"
    assert len(await time_firm.database.fetch(told)) == 1
    assert await time_firm.faults() == []


async def test_a_correction_of_what_nobody_bills_or_posts_moves_nothing(time_firm: TimeFirm) -> None:
    ref = await _queued(time_firm)
    (before,) = await time_firm.live(ref)
    stated = await _as_stated(time_firm, ref)
    await time_firm.hear(replace(stated, location_code="DE-HH", changed_at=time_firm.clock.now()))
    await time_firm.quiet()
    assert await time_firm.live(ref) == [replace(before, source_version=2)]
    assert len(await time_firm.systems.lines()) == 1


async def _as_stated(firm: TimeFirm, ref: str) -> TimeEntry:
    page = await firm.services.ports.time(_call(firm), "certinia").list_time(
        _call(firm), changed_since=firm.clock.now() - timedelta(hours=1)
    )
    return next(entry for entry in page.items if entry.ref == ref)


def _call(firm: TimeFirm) -> Call:
    return system_call(TENANT, "system:tests")


async def test_a_correction_waits_for_the_draft_that_holds_the_entry(time_firm: TimeFirm) -> None:
    ref = await _queued(time_firm)
    await time_firm.bill(ref, "draft")
    await time_firm.systems.correct(ref, "6")
    await time_firm.settle()
    assert await time_firm.states(ref) == [("drafted", "billable", H8)]
    (locked,) = await time_firm.exceptions(ref)
    (billed,) = await time_firm.live(ref)
    assert (locked.code, locked.owner_role, locked.amount_at_risk) == ("INVOICE_LOCKED", "BM", billed.amount)
    await time_firm.bill(ref, "undraft", invoice=None)
    await time_firm.recheck()
    await time_firm.post()
    assert await time_firm.states(ref) == [("queued", "billable", H6)]
    assert await time_firm.codes(ref) == []
    assert (await _in_ledger(time_firm))[0] == H6
    assert await time_firm.faults() == []


async def test_billed_time_is_adjusted_by_the_difference(time_firm: TimeFirm) -> None:
    ref = await _queued(time_firm)
    await time_firm.bill(ref, "draft", "invoice")
    await time_firm.systems.correct(ref, "6")
    await time_firm.settle()
    billed, delta = sorted(await time_firm.live(ref), key=lambda t: t.kind, reverse=True)
    assert (billed.state, billed.hours, delta.kind, delta.state) == ("invoiced", H8, "adjustment", "queued")
    assert (delta.hours, delta.quantity, delta.amount) == (-2, -1, -billed.amount / 4)
    assert delta.description.startswith("Correction of 2026-11-18")
    assert (await _in_ledger(time_firm))[1] == billed.amount * 3 / 4
    assert await time_firm.faults() == []


async def test_a_second_correction_of_billed_time_replaces_the_adjustment(time_firm: TimeFirm) -> None:
    ref = await _queued(time_firm)
    await time_firm.bill(ref, "draft", "invoice")
    for hours in ("6", "5"):
        await time_firm.systems.correct(ref, hours)
        await time_firm.settle()
        await time_firm.pass_time(minutes=5)
    live = {t.kind: t.hours for t in await time_firm.live(ref)}
    assert live == {"time": 8, "adjustment": -3}
    assert (await _in_ledger(time_firm))[0] == 5
    assert await time_firm.faults() == []


async def test_billed_time_below_a_cap_is_not_counted_against_its_own_correction(time_firm: TimeFirm) -> None:
    first = await time_firm.sheet("PRJ-2120", "E1010", WEDNESDAY, "24")
    await time_firm.hear(first)
    await time_firm.quiet()
    await time_firm.post()
    await time_firm.bill(first.ref, "draft", "invoice")
    await time_firm.pass_time(minutes=1)
    await time_firm.hear(replace(first, hours=Decimal("23.0000"), changed_at=time_firm.clock.now()))
    await time_firm.quiet()
    assert {(t.kind, t.part, t.hours) for t in await time_firm.live(first.ref)} == {
        ("time", "billable", 24),
        ("adjustment", "billable", -1),
    }
    assert await time_firm.codes(first.ref) == []


async def test_billed_time_that_became_unbillable_is_credited_and_its_cost_kept(time_firm: TimeFirm) -> None:
    ref = await _queued(time_firm)
    await time_firm.bill(ref, "draft", "invoice")
    await time_firm.systems.correct(ref, "8", pse__Billable__c=False)
    await time_firm.settle()
    found = {(t.kind, t.part): t for t in await time_firm.live(ref)}
    assert {key: t.hours for key, t in found.items()} == {
        ("time", "billable"): 8,
        ("adjustment", "billable"): -8,
        ("time", "non_billable"): 8,
    }
    assert found["time", "billable"].amount == -found["adjustment", "billable"].amount
    assert (await _in_ledger(time_firm)) == (H8, 0)
    assert await time_firm.faults() == []


async def test_a_void_of_billed_time_asks_for_a_credit_first(time_firm: TimeFirm) -> None:
    ref = await _queued(time_firm)
    await time_firm.bill(ref, "draft", "invoice")
    await time_firm.systems.void(ref)
    await time_firm.settle()
    assert await time_firm.states(ref) == [("invoiced", "billable", H8)]
    assert await time_firm.codes(ref) == ["ALREADY_INVOICED"]
    assert await time_firm.faults() == []
    async with time_firm.unit() as unit:
        (billed,) = await transactions.of_source(unit, await time_firm.entry(ref))
        await transactions.change(unit, billed, "credit")
    await time_firm.recheck()
    assert (await time_firm.live(ref), await time_firm.codes(ref)) == ([], [])


async def test_billed_time_whose_correction_has_no_price_waits_for_one(time_firm: TimeFirm) -> None:
    stated = await time_firm.sheet("PRJ-2131", "E2007", WEDNESDAY, "8", role_code="CON")
    await time_firm.hear(stated)
    await time_firm.quiet()
    await time_firm.post()
    await time_firm.bill(stated.ref, "draft", "invoice")
    await time_firm.hear(_later(stated, role_code="DEV", hours=Decimal("6.0000")))
    await time_firm.quiet()
    assert await time_firm.codes(stated.ref) == ["RATE_MISSING"]
    assert {(t.kind, t.state, t.hours) for t in await time_firm.live(stated.ref)} == {
        ("time", "invoiced", 8),
        ("adjustment", "exception", -2),
    }
    await time_firm.price("PRJ-2131", "DEV", "100.0000")
    await time_firm.recheck()
    await time_firm.post()
    found = {t.kind: t for t in await time_firm.live(stated.ref)}
    assert found["adjustment"].state == "queued"
    assert found["time"].amount + found["adjustment"].amount == 600
    assert await time_firm.codes(stated.ref) == []
    assert await time_firm.faults() == []


async def test_an_approval_and_its_correction_told_at_once_make_one_transaction(time_firm: TimeFirm) -> None:
    first = await time_firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "8")
    await time_firm.hear(first, _later(first, hours=Decimal("6.0000")))
    await time_firm.quiet()
    assert await time_firm.states(first.ref) == [("rated", "billable", H6)]
    assert await time_firm.faults() == []


async def test_a_recall_and_a_new_approval_told_at_once_replace_what_stands(time_firm: TimeFirm) -> None:
    first = await time_firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "8")
    await time_firm.hear(first)
    await time_firm.quiet()
    recalled = _later(first, status="draft")
    await time_firm.hear(recalled, _later(recalled, status="approved", hours=Decimal("6.0000")))
    await time_firm.quiet()
    assert await time_firm.states(first.ref) == [("rated", "billable", H6)]
    assert await time_firm.faults() == []


async def test_an_older_statement_that_comes_later_is_stale(time_firm: TimeFirm) -> None:
    first = await time_firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "8")
    second = _later(first, hours=Decimal("6.0000"))
    again = _later(second, changed_at=second.changed_at + timedelta(minutes=1), hours=first.hours)
    await time_firm.hear(first, again, second)
    await time_firm.quiet()
    assert await time_firm.states(first.ref) == [("rated", "billable", H8)]


def _later(entry: TimeEntry, **changed: Any) -> TimeEntry:
    return replace(entry, **{"changed_at": entry.changed_at + timedelta(seconds=1), **changed})


async def test_what_a_person_held_stays_held_in_the_corrected_version(time_firm: TimeFirm) -> None:
    ref = await _approved(time_firm)
    await time_firm.take_in()
    (made,) = await time_firm.live(ref)
    await time_firm.commands.hold_transaction(ANALYST, made.id, Hold(reason="The client asks."))
    await time_firm.pass_time(minutes=5)
    await time_firm.systems.correct(ref, "6")
    await time_firm.settle()
    assert await time_firm.states(ref) == [("held", "billable", H6)]
    (held,) = await time_firm.live(ref)
    await time_firm.commands.release_transaction(ANALYST, held.id, Hold(reason="Settled."))
    await time_firm.settle()
    assert await time_firm.states(ref) == [("queued", "billable", H6)]
    assert await time_firm.faults() == []


async def test_a_void_clears_what_was_open_about_the_entry_and_frees_its_twin(time_firm: TimeFirm) -> None:
    first = await time_firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "4", description="The same")
    second = await time_firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "4", description="The same")
    await time_firm.hear(first)
    await time_firm.quiet()
    await time_firm.hear(second)
    await time_firm.quiet()
    assert (await time_firm.codes(first.ref), await time_firm.codes(second.ref)) == ([], ["DUPLICATE_SUSPECTED"])
    await time_firm.hear(_later(first, status="voided"))
    await time_firm.quiet()
    assert await time_firm.states(second.ref) == [("rated", "billable", 4)]
    assert await time_firm.codes(second.ref) == []
    await time_firm.hear(await time_firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "4", description="The same"))
    await time_firm.quiet()
    assert [e.code for e in await time_firm.exceptions()] == ["DUPLICATE_SUSPECTED"]
    assert await time_firm.faults() == []
