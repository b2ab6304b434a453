"""The work list of exceptions: who has what, what is late, what is at risk, and who changed it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from contracts.money import Money
from contracts.problems import Conflict, InvalidRequest, PreconditionFailed
from contracts.process.exception_objects import Assignment, Resolution
from process_apis.registers import exceptions
from process_apis.registers.commands import RegisterCommands
from process_apis.registers.exceptions import Finding
from runtime.data.database import Database
from tests.workflow.invoice_stage import ANALYST, Office


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def opened(office: Office, code: str, about: str, amount: str | None = None, currency: str = "EUR") -> str:
    worth = {} if amount is None else {"amount_at_risk": Decimal(amount), "currency": currency}
    async with office.unit() as unit:
        return (await exceptions.open_(unit, Finding(code=code, object_id=about, **worth))).id  # type: ignore[arg-type]


async def test_groups_count_what_is_unsettled_by_code_and_currency(office: Office) -> None:
    desk = RegisterCommands(office.services)
    await opened(office, "RATE_MISSING", "txn_1", "100.00")
    await opened(office, "RATE_MISSING", "txn_2", "50.50", "USD")
    gone = await opened(office, "RATE_MISSING", "txn_3", "7.00")
    await opened(office, "FX_MISSING", "txn_4")
    await desk.resolve_exception(ANALYST, gone, Resolution(note="Rate added."))
    first, second = (await desk.list_exception_groups(ANALYST)).items
    assert (first.code, first.owner_role, first.count, first.at_risk) == ("FX_MISSING", "FC", 1, ())
    assert (second.code, second.count, second.unassigned, second.late) == ("RATE_MISSING", 2, 2, 0)
    assert second.at_risk == (Money(Decimal("100.00"), "EUR"), Money(Decimal("50.50"), "USD"))
    assert second.suggested_fixes and second.meaning
    assert [g.code for g in (await desk.list_exception_groups(ANALYST, owner_role="FC")).items] == ["FX_MISSING"]


async def test_the_list_shows_mine_late_and_unsettled(office: Office) -> None:
    desk = RegisterCommands(office.services)
    old = await opened(office, "FX_MISSING", "txn_1")
    office.clock.advance(timedelta(days=30))
    new = await opened(office, "FX_MISSING", "txn_2")
    await desk.assign_exception(ANALYST, new, Assignment(assignee=ANALYST.principal))
    assert [e.id for e in (await desk.list_exceptions(ANALYST, late=True)).items] == [old]
    assert [e.id for e in (await desk.list_exceptions(ANALYST, assignee="ben")).items] == [new]
    assert (await desk.list_exception_groups(ANALYST, assignee="ben")).items[0].count == 1
    await desk.resolve_exception(ANALYST, old, Resolution(note="Loaded."))
    assert [e.id for e in (await desk.list_exceptions(ANALYST, unsettled=True)).items] == [new]
    assert [e.id for e in (await desk.list_exceptions(ANALYST, unsettled=False)).items] == [old]
    assert (await desk.list_exceptions(ANALYST, late=True)).items == ()


async def test_a_cursor_belongs_to_its_filters(office: Office) -> None:
    desk = RegisterCommands(office.services)
    for number in range(3):
        await opened(office, "FX_MISSING", f"txn_{number}")
    first = await desk.list_exceptions(ANALYST, unsettled=True, limit=2)
    rest = await desk.list_exceptions(ANALYST, unsettled=True, limit=2, cursor=first.next_cursor)
    assert len(first.items) == 2 and len(rest.items) == 1 and rest.next_cursor is None
    with pytest.raises(InvalidRequest):
        await desk.list_exceptions(ANALYST, late=True, cursor=first.next_cursor)


async def test_who_starts_takes_it_and_who_has_it_keeps_it(office: Office) -> None:
    desk = RegisterCommands(office.services)
    mine, given = await opened(office, "FX_MISSING", "txn_1"), await opened(office, "FX_MISSING", "txn_2")
    started = await desk.start_exception(ANALYST, mine)
    assert (started.state, started.assignee) == ("in_progress", "ben")
    await desk.assign_exception(ANALYST, given, Assignment(assignee="mia"))
    assert (await desk.start_exception(ANALYST, given)).assignee == "mia"
    with pytest.raises(Conflict):
        await desk.start_exception(ANALYST, mine)


async def test_giving_it_away_is_audited_once_and_keeps_the_state(office: Office) -> None:
    desk = RegisterCommands(office.services)
    found = await opened(office, "FX_MISSING", "txn_1")
    for _ in range(2):
        given = await desk.assign_exception(ANALYST, found, Assignment(assignee="mia"))
    assert (given.state, given.assignee, given.version) == ("open", "mia", 2)
    rows = await office.database.fetch("select command, actor, facts from history where object_id = $1", found)
    assert [(r["command"], r["actor"], r["facts"]) for r in rows] == [("assign", "ben", {"assignee": "mia"})]
    assert (await desk.assign_exception(ANALYST, found, Assignment(assignee=None))).assignee is None
    with pytest.raises(PreconditionFailed):
        await desk.assign_exception(replace(ANALYST, expected_versions=(1,)), found, Assignment(assignee="ben"))


async def test_what_is_settled_is_given_to_nobody(office: Office) -> None:
    desk = RegisterCommands(office.services)
    found = await opened(office, "FX_MISSING", "txn_1")
    await desk.resolve_exception(ANALYST, found, Resolution(note="Loaded."))
    with pytest.raises(Conflict):
        await desk.assign_exception(ANALYST, found, Assignment(assignee="mia"))
