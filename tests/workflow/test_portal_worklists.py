"""Exceptions and held work as pages: what is shown, previewed and done, without script."""

from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from msgspec.structs import replace

from contracts.process.exception_objects import BusinessException
from contracts.process.held_desk import HeldWork
from process_apis.held.commands import HeldCommands
from process_apis.registers import exceptions
from process_apis.registers.commands import RegisterCommands
from process_apis.registers.exceptions import Finding
from runtime.connections import Connections
from runtime.data.database import Database
from tests.support.portal import fields, sign_in
from tests.workflow.invoice_stage import ANALYST, Office
from tests.workflow.test_held import Readers, delivery, project


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def opened(office: Office, about: str = "cus_1", code: str = "FX_MISSING") -> str:
    finding = Finding(code=code, object_id=about, amount_at_risk=Decimal("1200.00"), currency="EUR")
    async with office.unit() as unit:
        return (await exceptions.open_(unit, finding)).id


async def found(office: Office, exception_id: str) -> BusinessException:
    return await RegisterCommands(office.services).get_exception(ANALYST, exception_id)


async def held(office: Office) -> tuple[HeldWork, ...]:
    return (await HeldCommands(office.services).list_held(ANALYST)).items


async def looked(client: httpx.AsyncClient, desk: str, action: str, *items: str) -> httpx.Response:
    return await client.get(f"/portal/{desk}/preview", params=[("action", action), *(("item", one) for one in items)])


async def done(
    client: httpx.AsyncClient, desk: str, action: str, page: httpx.Response, told: str = ""
) -> httpx.Response:
    return await client.post(f"/portal/{desk}/actions/{action}", data={**fields(page.text), "told": told})


async def test_an_exception_is_listed_with_amount_owner_and_deadline_and_opens_with_how_to_fix_it(
    office: Office, manager: httpx.AsyncClient
) -> None:
    exception_id = await opened(office)
    listed = (await manager.get("/portal/exceptions")).text
    for said in ("FX missing", "€1,200.00", "Nobody yet", "fixed by finance controller"):
        assert said in listed
    page = (await manager.get(f"/portal/exceptions/{exception_id}")).text
    for said in ("At risk", "Blocks billing or posting", "Finance controller", "How to fix it", exception_id):
        assert said in page
    assert "Nothing matches" in (await manager.get("/portal/exceptions?code=ETC_STALE")).text
    assert "Nothing is late" in (await manager.get("/portal/exceptions?view=late")).text
    office.clock.advance(timedelta(days=30))
    await sign_in(manager, "billing-manager")
    assert "d late" in (await manager.get("/portal/exceptions?view=late")).text


async def test_an_exception_leads_to_the_record_that_has_to_be_mended_where_the_way_is_known(
    office: Office, manager: httpx.AsyncClient
) -> None:
    facts = {
        "entry_ref": "certinia:timecard:a0X/1",
        "project_ref": "netsuite:job:7",
        "worker_ref": "elsewhere:worker:9",
    }
    finding = Finding(code="RATE_MISSING", object_id="tme_1", facts=facts)
    async with office.unit() as unit:
        exception_id = (await exceptions.open_(unit, finding)).id
    assert "Open the entry" not in (await manager.get(f"/portal/exceptions/{exception_id}")).text
    known = [
        replace(
            one, settings={"record_url": "https://acme.example.com/{kind}/{id}"} if one.instance == "certinia" else {}
        )
        for one in office.services.ports.connections.all()
    ]
    office.services.ports.connections = Connections(tuple(known))
    page = (await manager.get(f"/portal/exceptions/{exception_id}")).text
    assert 'href="https://acme.example.com/timecard/a0X%2F1">Open the entry in Certinia PSA</a>' in page
    assert "Open the project" not in page and "Open the worker" not in page


async def test_an_exception_is_taken_and_is_mine_by_name(office: Office, manager: httpx.AsyncClient) -> None:
    exception_id = await opened(office)
    assert "Nothing is yours" in (await manager.get("/portal/exceptions?view=mine")).text
    page = await looked(manager, "exceptions", "take", exception_id)
    assert "Nothing is changed yet" in page.text and (await found(office, exception_id)).assignee is None
    assert "All done" in (await done(manager, "exceptions", "take", page)).text
    assert (await found(office, exception_id)).assignee == "billing-manager"
    mine = (await manager.get("/portal/exceptions?view=mine")).text
    assert "<strong>Billing manager</strong>" in mine and ">billing-manager<" not in mine


async def test_an_exception_is_given_to_somebody_of_the_tenant_by_name(
    office: Office, manager: httpx.AsyncClient
) -> None:
    exception_id = await opened(office)
    page = await looked(manager, "exceptions", "give", exception_id)
    assert '<option value="project-manager">Project manager</option>' in page.text
    assert 'value="executive"' not in page.text and "Outsider" not in page.text
    refused = await done(manager, "exceptions", "give", page, "outsider")
    assert refused.status_code == 422 and "Choose somebody from the list." in refused.text
    assert (await found(office, exception_id)).assignee is None
    assert "Project manager has it." in (await done(manager, "exceptions", "give", page, "project-manager")).text
    assert (await found(office, exception_id)).assignee == "project-manager"


async def test_resolving_needs_a_note_and_tells_what_was_settled_already(
    office: Office, manager: httpx.AsyncClient
) -> None:
    first, second = await opened(office), await opened(office, "cus_2")
    page = await looked(manager, "exceptions", "resolve", first, second, "exc_none")
    assert "1 item left out" in page.text and "Resolve 2 exceptions" in page.text
    refused = await done(manager, "exceptions", "resolve", page)
    assert refused.status_code == 422 and "Say what was done" in refused.text
    assert (await found(office, first)).state == "open"
    assert (await done(manager, "exceptions", "resolve", page, "Rate loaded.")).status_code == 200
    assert [(await found(office, one)).state for one in (first, second)] == ["resolved", "resolved"]
    assert "It is resolved already." in (await looked(manager, "exceptions", "resolve", first)).text


async def test_who_only_reads_is_offered_nothing_and_refused_when_asking(
    office: Office, controller: httpx.AsyncClient
) -> None:
    await project(office)
    await Readers(office, "posting").relay()
    (one,) = await held(office)
    page = (await controller.get(f"/portal/held/{one.id}")).text
    assert "What a replay does" in page and "Replay</a>" not in page
    tried = await looked(controller, "held", "replay", one.id)
    assert (await done(controller, "held", "replay", tried, "Now.")).status_code == 422
    assert [h.id for h in await held(office)] == [one.id]


async def test_held_work_is_listed_looked_into_and_discarded_with_a_reason(
    office: Office, manager: httpx.AsyncClient
) -> None:
    await project(office)
    await Readers(office, "posting").relay()
    (one,) = await held(office)
    listed = (await manager.get("/portal/held")).text
    for tab, count in (("All", 1), ("Runs", 0), ("Events", 1), ("Deliveries", 0)):
        assert f'>{tab} <span class="count">{count}</span>' in listed
    assert "No rate for this role." in listed and f'href="/portal/held/{one.id}"' in listed
    page = (await manager.get(f"/portal/held/{one.id}")).text
    assert "What discarding does" in page and "hunter2" not in page
    asked = await looked(manager, "held", "discard", one.id)
    assert "This cannot be taken back" in asked.text
    assert (await done(manager, "held", "discard", asked)).status_code == 422
    assert "All done" in (await done(manager, "held", "discard", asked, "Entered by hand.")).text
    assert await held(office) == () and "Nothing is held" in (await manager.get("/portal/held")).text


async def test_what_is_alike_is_replayed_at_once(office: Office, manager: httpx.AsyncClient) -> None:
    readers = Readers(office, "time")
    await delivery(office)
    await readers.drain()
    (one,) = await held(office)
    page = await looked(manager, "held", "replay", one.id, "dl_none")
    assert "1 item left out" in page.text and "Replay 1 item" in page.text
    assert "All done" in (await done(manager, "held", "replay", page, "The reader is mended.")).text
    readers.broken.clear()
    await readers.drain()
    assert readers.read == ["time"] and await held(office) == ()
