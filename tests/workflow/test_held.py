"""Held work: what is shown of it, and that either decision does once what it says."""

from typing import Any

import pytest

from contracts import events
from contracts.call import Call
from contracts.problems import NotFound, RuleViolated
from contracts.process.held_desk import HeldWork
from contracts.process.run_desk import Steering
from process_apis.held.commands import HeldCommands
from process_apis.registers.hooks import ExceptionHooks
from runtime.data.database import Connection, Database
from runtime.work.calls import system_call
from runtime.work.inbox import Inbox, receive
from runtime.work.outbox import publish
from runtime.work.process import Subscriber
from runtime.work.relay import Relay
from runtime.work.unit import unit_of_work
from runtime.work.worker import attempt
from tests.workflow.invoice_stage import ANALYST, MANAGER, Office, at_work

WHY = Steering(reason="The mapping is mended.")


class Readers:
    """Two readers of one event and one of deliveries; `broken` ones fail."""

    def __init__(self, office: Office, *broken: str) -> None:
        self.office, self.broken, self.read = office, set(broken), list[str]()

    def _reader(self, name: str) -> Any:
        async def read(connection: Connection, call: Call, found: Any) -> None:
            if name in self.broken:
                raise RuleViolated("No rate for this role.", code="RATE_MISSING")
            self.read.append(name)

        return read

    async def relay(self) -> None:
        names = ("view", "posting")
        readers = [Subscriber(name=n, handlers={events.ProjectCreated: self._reader(n)}) for n in names]
        await Relay(self.office.database, readers, events.EVENTS, **self._means()).drain()

    async def drain(self) -> None:
        await Inbox(self.office.database, {"time": self._reader("time")}, **self._means()).drain()

    def _means(self) -> dict[str, Any]:
        def call_for(tenant: str, correlation: str, _key: str) -> Call:
            return system_call(tenant, "system:worker", correlation)

        return {"call_for": call_for, "attempt": attempt, "hooks": ExceptionHooks(self.office.clock), "delays_s": ()}


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def project(office: Office) -> None:
    made = events.ProjectCreated(
        object_id="prj_1",
        version=1,
        occurred_at=office.clock.now(),
        actor="ada",
        code="P1",
        legal_entity_id="DE01",
        xrefs={"password": "hunter2"},
    )
    async with office.unit() as unit:
        await publish(unit.connection, unit.call, made)


async def delivery(office: Office) -> None:
    payload = {"id": "t1", "worker_name": "Ada Lang", "hours": "7.5"}
    async with unit_of_work(office.database) as connection:
        await receive(connection, tenant="acme", instance="psa", delivery_id="d1", kind="time", payload=payload)


async def only(office: Office) -> HeldWork:
    (held,) = (await HeldCommands(office.services).list_held(ANALYST)).items
    return held


async def exception_states(office: Office) -> list[str]:
    return [state for _, _, state in await office.exceptions()]


async def test_an_event_given_up_is_shown_and_replayed_to_its_reader_alone(office: Office) -> None:
    await project(office)
    readers, desk = Readers(office, "posting"), HeldCommands(office.services)
    await readers.relay()
    held = await only(office)
    assert (held.kind, held.what, held.where, held.attempts) == ("event", "project.created", "posting", 1)
    assert (held.problem, held.detail) == ("rule-violated", "No rate for this role.")
    assert held.exception_id and held.due_at and await exception_states(office) == ["open"]
    detail = await desk.get_held(ANALYST, held.id)
    assert detail.payload["code"] == "P1" and "hunter2" not in str(detail.payload)
    assert "The other reader has it" in detail.effect.replay
    readers.broken.clear()
    readers.read.clear()
    decided = await desk.replay_held(ANALYST, held.id, WHY)
    assert (decided.decision, decided.decided_by) == ("replayed", "ben")
    await readers.relay()
    assert readers.read == ["posting"]
    assert await exception_states(office) == ["resolved"]
    with pytest.raises(NotFound):
        await desk.replay_held(ANALYST, held.id, WHY)


async def test_what_fails_again_is_held_again_with_its_exception_open(office: Office) -> None:
    await project(office)
    readers, desk = Readers(office, "posting"), HeldCommands(office.services)
    await readers.relay()
    first = await only(office)
    await desk.replay_held(ANALYST, first.id, WHY)
    await readers.relay()
    again = await only(office)
    assert again.id == first.id and again.exception_id == first.exception_id
    assert await exception_states(office) == ["open"]


async def test_a_discarded_event_stays_away_when_another_reader_gets_it_again(office: Office) -> None:
    await project(office)
    readers, desk = Readers(office, "posting", "view"), HeldCommands(office.services)
    await readers.relay()
    held = {h.where: h.id for h in (await desk.list_held(ANALYST)).items}
    await desk.discard_held(ANALYST, held["posting"], WHY)
    readers.broken.clear()
    await desk.replay_held(ANALYST, held["view"], WHY)
    await readers.relay()
    assert readers.read == ["view"] and (await desk.list_held(ANALYST)).items == ()
    rows = await office.database.fetch("select command, actor, reason, facts from history where object = 'held_work'")
    assert [(r["command"], r["actor"], r["reason"]) for r in rows] == [
        ("discard", "ben", WHY.reason),
        ("replay", "ben", WHY.reason),
    ]
    notes = await office.database.fetch("select resolution from business_exception order by resolution")
    assert [r["resolution"] for r in notes] == [f"Discarded: {WHY.reason}", f"Replayed: {WHY.reason}"]


async def test_a_delivery_is_read_again_as_it_came_and_shows_no_person(office: Office) -> None:
    await delivery(office)
    readers, desk = Readers(office, "time"), HeldCommands(office.services)
    await readers.drain()
    held = await only(office)
    assert (held.kind, held.what, held.where) == ("delivery", "time", "psa")
    detail = await desk.get_held(ANALYST, held.id)
    assert detail.payload == {"id": "t1", "worker_name": "[hidden]", "hours": "7.5"}
    readers.broken.clear()
    await desk.replay_held(ANALYST, held.id, WHY)
    await readers.drain()
    await readers.drain()
    assert readers.read == ["time"]


async def test_what_is_alike_is_listed_together(office: Office) -> None:
    await project(office)
    await delivery(office)
    readers, desk = Readers(office, "posting", "time"), HeldCommands(office.services)
    await readers.relay()
    await readers.drain()
    page = await desk.list_held(ANALYST, limit=1)
    rest = await desk.list_held(ANALYST, limit=1, cursor=page.next_cursor)
    assert {page.items[0].kind, rest.items[0].kind} == {"event", "delivery"} and rest.next_cursor is None
    for held in (*page.items, *rest.items):
        assert [h.id for h in (await desk.list_held(ANALYST, alike=held.alike)).items] == [held.id]
    assert [h.kind for h in (await desk.list_held(ANALYST, kind="delivery")).items] == ["delivery"]


def refused() -> None:
    raise RuleViolated("The period is locked.", code="ERP_REJECTED")


async def test_a_held_run_goes_on_at_its_step_after_a_replay(office: Office, database_url: str) -> None:
    invoice, desk = await office.approved(), HeldCommands(office.services)
    office.ledger.before = refused
    async with at_work(office, database_url):
        run_id = (await office.commands.post(MANAGER, invoice.id)).id
        await office.until(run_id, lambda v: v.waiting_for is not None and v.waiting_for.kind == "person")
        held = await only(office)
        assert (held.id, held.kind, held.detail) == (run_id, "run", "The period is locked.")
        detail = await desk.get_held(ANALYST, run_id)
        assert held.where in detail.effect.replay and detail.payload["invoice_id"] == invoice.id
        office.ledger.before = lambda: None
        await desk.replay_held(ANALYST, run_id, WHY)
        await office.until_over(run_id)
    assert len(office.ledger.drafts) == 1 and (await desk.list_held(ANALYST)).items == ()


async def test_a_discarded_run_undoes_what_it_did(office: Office, database_url: str) -> None:
    invoice, desk = await office.approved(), HeldCommands(office.services)
    office.ledger.before = refused
    async with at_work(office, database_url):
        run_id = (await office.commands.post(MANAGER, invoice.id)).id
        await office.until(run_id, lambda v: v.waiting_for is not None and v.waiting_for.kind == "person")
        assert (await desk.get_held(ANALYST, run_id)).effect.discard
        await desk.discard_held(ANALYST, run_id, WHY)
        await office.until_over(run_id, "compensated")
    assert (await desk.list_held(ANALYST)).items == () and set(await exception_states(office)) == {"resolved"}
