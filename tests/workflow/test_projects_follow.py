"""Projects of the register follow the PSA, which owns their dates, manager and status (2.1); time goes by what it says."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.process.register_objects import RegisteredProject
from process_apis.reference_data.following import follow
from process_apis.reference_data.process import OFTEN, SELDOM, Refresher
from tests.workflow.time_stage import ANALYST, TimeFirm

CODE, PERSON = "PRJ-2108", "E2006"
WEDNESDAY = date(2026, 11, 18)


async def _project(firm: TimeFirm) -> RegisteredProject:
    (found,) = (await firm.registers.list_projects(ANALYST, code=CODE)).items
    return found


async def _changed(firm: TimeFirm, **fields: Any) -> RegisteredProject:
    """The project after the PSA's was changed and read again."""
    await firm.pass_time(minutes=1)
    await firm.systems.change_project(CODE, **fields)
    await firm.refresh("project")
    await follow(firm.services)
    return await _project(firm)


async def _events(firm: TimeFirm, project_id: str) -> list[str]:
    rows = await firm.database.fetch("select type from outbox where subject = $1 order by position", project_id)
    return [row["type"] for row in rows]


async def test_what_both_say_alike_changes_nothing(sleeping_firm: TimeFirm) -> None:
    before = (await sleeping_firm.registers.list_projects(ANALYST, limit=200)).items
    await sleeping_firm.refresh("project")
    await follow(sleeping_firm.services)
    assert (await sleeping_firm.registers.list_projects(ANALYST, limit=200)).items == before


async def test_dates_and_manager_are_the_psas(sleeping_firm: TimeFirm) -> None:
    before = await _project(sleeping_firm)
    moved = await _changed(sleeping_firm, pse__End_Date__c="2027-12-31", pse__Start_Date__c="2026-02-01")
    assert (moved.start, moved.end, moved.version) == (date(2026, 2, 1), date(2027, 12, 31), before.version + 1)
    assert (moved.name, moved.refs, moved.manager_name) == (before.name, before.refs, before.manager_name)
    told = await sleeping_firm.database.fetchrow("select command, facts from history where object_id = $1", moved.id)
    assert told is not None and (told["command"], told["facts"]["end"]) == ("restate", "2027-12-31")


async def test_work_beyond_the_end_goes_on_once_the_project_is_longer(time_firm: TimeFirm) -> None:
    await _changed(time_firm, pse__End_Date__c=str(WEDNESDAY - timedelta(days=1)))
    entry = await time_firm.sheet(CODE, PERSON, WEDNESDAY, "8")
    await time_firm.hear(entry)
    await time_firm.quiet()
    assert await time_firm.codes(entry.ref) == ["DATE_OUT_OF_RANGE"]
    await _changed(time_firm, pse__End_Date__c="2027-12-31")
    await time_firm.pass_time(minutes=1)
    await time_firm.recheck()
    assert [state for state, _, _ in await time_firm.states(entry.ref)] == ["rated"]


async def test_a_held_project_takes_earlier_work_only_until_it_is_resumed(sleeping_firm: TimeFirm) -> None:
    held = await _changed(sleeping_firm, pse__Stage__c="On Hold")
    assert (held.status, held.hold_from) == ("on_hold", sleeping_firm.clock.now().date())
    resumed = await _changed(sleeping_firm, pse__Stage__c="In Progress")
    assert (resumed.status, resumed.hold_from) == ("active", None)
    assert await _events(sleeping_firm, held.id) == ["project.on_hold", "project.resumed"]


@pytest.mark.parametrize("stage", ["Completed", "Canceled", "Closing"])
async def test_a_project_with_unbilled_work_is_closing_until_that_is_settled(time_firm: TimeFirm, stage: str) -> None:
    await time_firm.hear(await time_firm.sheet(CODE, PERSON, WEDNESDAY, "8"))
    await time_firm.quiet()
    assert (await _changed(time_firm, pse__Stage__c=stage)).status == "closing"
    await time_firm.database.execute("update billable_transaction set state = 'invoiced'")
    await follow(time_firm.services)
    assert (await _project(time_firm)).status == ("closed" if stage == "Completed" else "closing")


async def test_a_project_that_is_closing_is_not_taken_up_by_the_psa_alone(sleeping_firm: TimeFirm) -> None:
    assert (await _changed(sleeping_firm, pse__Stage__c="Closing")).status == "closing"
    assert (await _changed(sleeping_firm, pse__Stage__c="In Progress")).status == "closing"


async def test_changes_are_read_often_and_everything_seldom(sleeping_firm: TimeFirm) -> None:
    refresher = Refresher(sleeping_firm.services)
    await _changed(sleeping_firm, pse__End_Date__c="2027-11-30")
    await refresher.refresh_what_is_due()
    await sleeping_firm.systems.change_project(CODE, pse__End_Date__c="2027-12-31")
    await sleeping_firm.database.execute("update replica set body = body || '{\"name\": \"-\"}' where kind = 'project'")
    await sleeping_firm.pass_time(seconds=OFTEN.total_seconds())
    await refresher.refresh_what_is_due()
    assert await _unread(sleeping_firm) > 1, "only the changed project was read"
    assert await sleeping_firm.database.fetchval(_END) == "2027-12-31"
    await sleeping_firm.pass_time(seconds=SELDOM.total_seconds())
    await refresher.refresh_what_is_due()
    assert await _unread(sleeping_firm) == 0


_END = "select body->>'end_on' from replica where kind = 'project' and body->>'code' = 'PRJ-2108'"


async def _unread(firm: TimeFirm) -> int:
    sql = "select count(*) from replica where kind = 'project' and body->>'name' = '-'"
    return int(await firm.database.fetchval(sql))
