"""Amounts that are given up for good: one person asks, another decides, above the limit finance control."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from contracts.problems import Conflict, PreconditionFailed, RuleViolated
from contracts.process.register_objects import NewPolicy
from contracts.process.time_posting import Hold, Transaction
from process_apis.registers.policies import CONTROLLER
from tests.workflow.time_stage import ANALYST, MANAGER, TimeFirm

WEDNESDAY = date(2026, 11, 18)
ASKED, AGREED = Hold(reason="Training of our own."), Hold(reason="Agreed.")
FINANCE = replace(MANAGER, principal="finn", scopes=frozenset({CONTROLLER}))


async def _queued(firm: TimeFirm) -> tuple[str, Transaction]:
    ref = await firm.systems.approve("PRJ-2108", "E2006", WEDNESDAY, "8")
    await firm.settle()
    (made,) = await firm.live(ref)
    return ref, made


async def test_what_one_person_asks_another_gives_up_and_the_hours_stay_accounted_for(time_firm: TimeFirm) -> None:
    ref, made = await _queued(time_firm)
    asked = await time_firm.commands.request_write_off(ANALYST, made.id, ASKED)
    assert asked.write_off is not None
    assert (asked.state, asked.write_off.requested_by, asked.write_off.reason) == ("queued", "ben", ASKED.reason)
    with pytest.raises(RuleViolated, match="SOD-1"):
        await time_firm.commands.write_off(ANALYST, made.id, AGREED)
    gone = await time_firm.commands.write_off(MANAGER, made.id, AGREED)
    assert gone.state == "written_off"
    told = "select count(*) from outbox where type = 'transaction.written_off'"
    assert await time_firm.database.fetchval(told) == 1
    assert await time_firm.states(ref) == [("written_off", "billable", Decimal(8))]
    assert await time_firm.faults() == []
    with pytest.raises(Conflict):
        await time_firm.commands.request_write_off(ANALYST, made.id, ASKED)


async def test_nothing_is_given_up_that_nobody_asked_for_or_that_was_declined(time_firm: TimeFirm) -> None:
    _, made = await _queued(time_firm)
    with pytest.raises(RuleViolated, match="Nobody asked"):
        await time_firm.commands.write_off(MANAGER, made.id, AGREED)
    await time_firm.commands.request_write_off(ANALYST, made.id, ASKED)
    kept = await time_firm.commands.decline_write_off(MANAGER, made.id, Hold(reason="It is billable."))
    assert (kept.state, kept.write_off) == ("queued", None)
    with pytest.raises(RuleViolated, match="Nobody asked"):
        await time_firm.commands.write_off(MANAGER, made.id, AGREED)


async def test_above_the_limit_finance_control_decides(time_firm: TimeFirm) -> None:
    _, made = await _queued(time_firm)
    limit = NewPolicy(
        kind="write_down", scope="global", values={"limit": Decimal("100.00")}, effective_from=date(2026, 1, 1)
    )
    await time_firm.registers.add_policy(FINANCE, limit)
    await time_firm.commands.request_write_off(ANALYST, made.id, ASKED)
    with pytest.raises(RuleViolated, match="finance control decides") as refused:
        await time_firm.commands.write_off(MANAGER, made.id, AGREED)
    assert refused.value.facts["code"] == "APPROVAL_LIMIT"
    (opened,) = [e for e in await time_firm.exceptions() if e.code == "APPROVAL_LIMIT"]
    assert (opened.object_id, opened.owner_role, opened.amount_at_risk) == (made.id, "FC", made.amount)
    assert (await time_firm.commands.write_off(FINANCE, made.id, AGREED)).state == "written_off"
    assert [e for e in await time_firm.exceptions() if e.code == "APPROVAL_LIMIT"] == []
    assert await time_firm.faults() == []


async def test_unbillable_work_has_nothing_to_give_up(time_firm: TimeFirm) -> None:
    ref = await time_firm.systems.approve("PRJ-2113", "E2007", WEDNESDAY, "4")
    await time_firm.settle()
    (made,) = await time_firm.live(ref)
    with pytest.raises((Conflict, RuleViolated)):
        await time_firm.commands.request_write_off(ANALYST, made.id, ASKED)


async def test_a_request_names_the_version_it_was_made_for(time_firm: TimeFirm) -> None:
    _, made = await _queued(time_firm)
    with pytest.raises(PreconditionFailed):
        await time_firm.commands.request_write_off(
            replace(ANALYST, expected_versions=(made.version - 1,)), made.id, ASKED
        )
    current = replace(ANALYST, expected_versions=(made.version,))
    assert (await time_firm.commands.request_write_off(current, made.id, ASKED)).version == made.version + 1
