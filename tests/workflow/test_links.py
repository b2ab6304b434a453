"""Cross references that people state (ID-2): what a record of a connected system is, and what waited for it."""

import pytest
from msgspec.structs import replace

from contracts.call import Call
from contracts.problems import Conflict, NotFound, PreconditionFailed, RuleViolated
from contracts.process.register_objects import CrossReference
from process_apis.registers import customers, projects
from process_apis.registers.commands import RegisterCommands
from runtime.data.database import Database
from tests.workflow.invoice_books import CUSTOMER, PROJECT
from tests.workflow.invoice_stage import ANALYST, Office


def record(ref: str) -> CrossReference:
    return CrossReference(ref=ref, number="412", note="Opened in the ledger by hand.")


@pytest.fixture
async def office(database: Database) -> Office:
    made = Office(database)
    await made.open()
    return made


@pytest.fixture
def registers(office: Office) -> RegisterCommands:
    return RegisterCommands(office.services)


async def _another_project(office: Office, *refs: str) -> str:
    async with office.unit() as unit:
        return (await projects.add(unit, replace(PROJECT, id="prj_2", code="PRJ-2", refs=refs))).id


async def test_an_item_is_unblocked_by_the_record_its_project_is(office: Office, registers: RegisterCommands) -> None:
    async with office.unit() as unit:
        await unit.connection.execute("delete from link where canonical_id = 'prj_1'")
    await office.work(await office.contract())
    await office.settle()
    group = await office.group()
    assert (await office.check(group.id, "XREF_MISSING")).status == "failed"

    for ref in ("certinia:project:p2", "netsuite:job:412"):
        linked = await registers.link_project(ANALYST, "prj_1", record(ref))
    assert linked.refs == ("certinia:project:p2", "netsuite:job:412")
    await office.settle()
    assert (await office.check(group.id, "XREF_MISSING")).status == "passed"


async def test_the_record_it_was_before_is_let_go(office: Office, registers: RegisterCommands) -> None:
    before = await registers.get_project(ANALYST, "prj_1")
    linked = await registers.link_project(ANALYST, "prj_1", record("netsuite:job:412"))
    assert linked.refs == ("certinia:project:p1", "netsuite:job:412")
    assert linked.version == before.version + 1
    assert [one.refs for one in (await registers.list_projects(ANALYST)).items] == [linked.refs]
    assert await _another_project(office, "netsuite:job:9")
    told = await office.database.fetchrow("select actor, reason, facts from history where command = 'link'")
    assert told is not None and (told["actor"], told["facts"]) == ("ben", {"ref": "netsuite:job:412"})
    assert told["reason"] == "Opened in the ledger by hand."


async def test_said_again_it_changes_nothing(registers: RegisterCommands) -> None:
    first = await registers.link_customer(ANALYST, "cus_1", record("netsuite:customer:360"))
    assert await registers.link_customer(ANALYST, "cus_1", record("netsuite:customer:360")) == first
    assert first.refs == ("netsuite:customer:360", "netsuite:customer:7", "salesforce:account:7")
    assert [one.refs for one in (await registers.list_customers(ANALYST)).items] == [first.refs]


async def test_a_record_is_one_thing_only(office: Office, registers: RegisterCommands) -> None:
    await _another_project(office, "netsuite:job:10")
    with pytest.raises(Conflict, match="prj_2 already"):
        await registers.link_project(ANALYST, "prj_1", record("netsuite:job:10"))
    async with office.unit() as unit:
        await customers.add(unit, replace(CUSTOMER, id="cus_2", refs=("netsuite:customer:8",)))
    with pytest.raises(Conflict, match="cus_2 already"):
        await registers.link_customer(ANALYST, "cus_1", record("netsuite:customer:8"))
    assert (await registers.get_project(ANALYST, "prj_1")).refs == ("certinia:project:p1", "netsuite:job:9")


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("sage:job:9", "No system sage is connected; connected are certinia, netsuite."),
        ("netsuite:customer:7", "A project of ours is a job in netsuite, not a customer: `netsuite:job:...`."),
    ],
)
async def test_a_record_that_cannot_be_it_is_refused(registers: RegisterCommands, ref: str, said: str) -> None:
    with pytest.raises(RuleViolated) as refused:
        await registers.link_project(ANALYST, "prj_1", record(ref))
    assert refused.value.detail == said


async def test_only_what_is_there_in_the_version_that_was_seen_is_linked(registers: RegisterCommands) -> None:
    with pytest.raises(NotFound):
        await registers.link_project(ANALYST, "prj_none", record("netsuite:job:412"))
    stranger: Call = replace(ANALYST, tenant="other")
    with pytest.raises(NotFound):
        await registers.link_project(stranger, "prj_1", record("netsuite:job:412"))
    late = replace(ANALYST, expected_versions=(7,))
    with pytest.raises(PreconditionFailed):
        await registers.link_project(late, "prj_1", record("netsuite:job:412"))
