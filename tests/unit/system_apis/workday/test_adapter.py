"""The Hcm port over the simulated tenant: everything the firm knows arrives, masked and bounded."""

import json
from datetime import date, timedelta
from decimal import Decimal

import httpx
import msgspec
import pytest
from joserfc.jwk import RSAKey

from contracts.problems import InvalidRequest, NotFound, VendorCredentials, VendorRefused, VendorUnavailable
from runtime.connections import Connection
from system_apis.platforms.firm import firm
from system_apis.workday import mapping, sandbox, wire
from system_apis.workday.adapter import COST_SCOPE, HcmAdapter, connect
from tests.support.clock import FixedClock

from .conftest import AS_OF, URL


async def everybody(hcm: HcmAdapter, call, limit: int = 15):
    workers, cursor = [], None
    while True:
        page = await hcm.list_workers(call, cursor=cursor, limit=limit)
        workers += page.items
        cursor = page.next_cursor
        if cursor is None:
            return workers


async def test_every_person_of_the_firm_arrives_once(hcm: HcmAdapter, call):
    found = {worker.number: worker for worker in await everybody(hcm, call())}
    people = firm(AS_OF).people
    assert len(found) == len(people) == 40
    for person in people:
        worker = found[person.number]
        assert (worker.name, worker.email, worker.worker_type) == (person.name, person.email, person.worker_type)
        assert (worker.entity_code, worker.cost_center_code) == (person.entity, person.cost_center)
        assert (worker.role_code, worker.seniority_code) == (person.role, person.seniority)
        assert (worker.location_code, worker.calendar_code) == (person.location, person.calendar)
        assert (worker.start_on, worker.end_on) == (person.hired_on, person.ends_on)
        assert worker.manager_number == person.manager
        assert [(s.code, s.level, s.verified) for s in worker.skills] == [
            (s.code, s.level, s.verified) for s in person.skills
        ]


@pytest.mark.parametrize("limit", [40, 41, 200, 1])
async def test_pages_end_where_the_list_ends(hcm: HcmAdapter, call, limit: int):
    numbers = [worker.number for worker in await everybody(hcm, call(), limit)]
    assert len(numbers) == len(set(numbers)) == 40


async def test_cost_rates_are_for_finance_only(hcm: HcmAdapter, http: httpx.AsyncClient, call):
    ref = "workday:worker:Employee_ID=E1009"
    assert (await hcm.get_worker(call("hcm:read"), ref)).cost_rates == ()
    asked = (await http.get("/_sandbox/requests")).json()
    assert not any("Cost" in request["path"] for request in asked)
    worker = await hcm.get_worker(call("hcm:read", COST_SCOPE), ref)
    person = next(p for p in firm(AS_OF).people if p.number == "E1009")
    assert [(r.rate, r.currency, r.valid_from, r.valid_to) for r in worker.cost_rates] == [
        (r.rate, r.currency, r.starts_on, r.ends_on) for r in person.cost_rates
    ]
    assert all(type(rate.rate) is Decimal for rate in worker.cost_rates)


async def test_a_worker_is_known_by_wid_afterwards(hcm: HcmAdapter, call):
    worker = await hcm.get_worker(call(), "workday:worker:Employee_ID=E1007")
    assert await hcm.get_worker(call(), worker.ref) == worker


@pytest.mark.parametrize(
    "ref", ["workday:worker:" + "0" * 32, "workday:worker:..%2fadmin", "other:worker:" + "0" * 32, "workday:absence:x"]
)
async def test_unknown_and_foreign_references_are_not_found(hcm: HcmAdapter, call, ref: str):
    with pytest.raises(NotFound):
        await hcm.get_worker(call(), ref)


async def test_absences_are_approved_ones_in_hours_and_range(hcm: HcmAdapter, call):
    mine = sorted(a.on for a in firm(AS_OF).absences if a.person == "E2006")
    page = await hcm.list_absences(call(), "workday:worker:Employee_ID=E2006")
    assert [(a.on, a.hours) for a in page.items] == [(day, Decimal("8.0000")) for day in mine]
    later = await hcm.list_absences(call(), page.items[0].worker_ref, since=mine[0] + timedelta(days=1))
    assert [a.on for a in later.items] == mine[1:]
    until = await hcm.list_absences(call(), page.items[0].worker_ref, until=mine[0])
    assert [a.on for a in until.items] == mine[:1]


async def test_requested_leave_is_not_leave_yet(hcm: HcmAdapter, call):
    asked = [a for a in firm(AS_OF).absences if a.state == "requested"]
    page = await hcm.list_absences(call(), f"workday:worker:Employee_ID={asked[0].person}")
    assert not {a.on for a in page.items} & {a.on for a in asked}


async def test_calendars(hcm: HcmAdapter, call):
    found = {c.code: c for c in (await hcm.list_calendars(call())).items}
    assert set(found) == {"CAL-US", "CAL-DE", "CAL-UK"}
    assert found["CAL-UK"].weekday_hours == (Decimal("7.5"),) * 5 + (Decimal(0),) * 2
    assert date(2026, 10, 3) in found["CAL-DE"].holidays


@pytest.mark.parametrize("cursor", ["x", "20", "20." + "g" * 32, "-1." + "0" * 32])
async def test_a_foreign_cursor_is_refused(hcm: HcmAdapter, call, cursor: str):
    with pytest.raises(InvalidRequest):
        await hcm.list_workers(call(), cursor=cursor)


async def test_past_a_capped_total_the_repeated_first_page_is_the_end():
    ids = tuple(wire.WorkerSummary(id=f"{n:032x}") for n in range(3))
    page = wire.WorkerList(total=2000, data=ids)
    seen, cursor = mapping.page_of(page, 0, None, 3, 2000)
    assert len(seen) == 3 and cursor == f"3.{ids[0].id}"
    assert mapping.page_of(page, 2000, ids[0].id, 3, 2000) == ((), None)


async def test_a_dead_token_is_renewed(hcm: HcmAdapter, http: httpx.AsyncClient, call):
    await hcm.list_calendars(call())
    await http.post("/_sandbox/faults", json={"kind": "token_expired"})
    assert len((await hcm.list_calendars(call())).items) == 3


async def test_a_busy_tenant_says_when_to_come_back(hcm: HcmAdapter, http: httpx.AsyncClient, call):
    await http.post("/_sandbox/faults", json={"kind": "too_many", "retry_after": 7, "path": "/ccx/api"})
    with pytest.raises(VendorUnavailable) as caught:
        await hcm.list_workers(call())
    assert caught.value.retry_after_s == 7


async def test_a_failing_tenant_is_unavailable(hcm: HcmAdapter, http: httpx.AsyncClient, call):
    await http.post("/_sandbox/faults", json={"kind": "server_error", "status": 500, "path": "/ccx/service"})
    with pytest.raises(VendorUnavailable):
        await hcm.list_calendars(call())


async def test_wrong_credentials_are_told_apart(tenant, connection: Connection, call, tmp_path):
    path = tmp_path / "wrong.json"
    path.write_text('{"client_id":"a","client_secret":"b","refresh_token":"c"}')
    wrong = msgspec.structs.replace(connection, secret=f"file:{path}")
    hcm = connect(wrong, transport=lambda _: httpx.ASGITransport(tenant))["hcm"]
    with pytest.raises(VendorCredentials):
        await hcm.list_calendars(call())


async def test_a_private_key_signs_an_assertion_instead(connection: Connection, call, tmp_path):
    key, clock = RSAKey.generate_key(2048), FixedClock()
    tenant = sandbox.workday(None, AS_OF, URL, public_key=key.as_pem(private=False).decode(), clock=clock)
    secret = {
        "client_id": sandbox.CLIENT_ID,
        "username": sandbox.INTEGRATION_USER,
        "private_key": key.as_pem(private=True).decode(),
    }
    (tmp_path / "signed.json").write_text(json.dumps(secret))
    signed = msgspec.structs.replace(connection, secret=f"file:{tmp_path / 'signed.json'}")
    hcm = connect(signed, transport=lambda _: httpx.ASGITransport(tenant), clock=clock)["hcm"]
    assert len((await hcm.list_calendars(call())).items) == 3


async def test_a_report_that_is_not_published_is_said_so(tenant, connection: Connection, call):
    other = msgspec.structs.replace(connection, settings={**connection.settings, "report_owner": "nobody"})
    hcm = connect(other, transport=lambda _: httpx.ASGITransport(tenant))["hcm"]
    with pytest.raises(NotFound):
        await hcm.list_calendars(call())


async def test_settings_without_a_tenant_are_refused(connection: Connection):
    with pytest.raises(VendorCredentials):
        connect(msgspec.structs.replace(connection, settings={}))


async def test_an_answer_that_is_not_as_documented_is_refused(connection: Connection, call):
    async def odd(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 60})
        return httpx.Response(200, json={"Report_Entry": {"Calendar_ID": "C"}})

    hcm = connect(connection, transport=lambda _: httpx.MockTransport(odd))["hcm"]
    with pytest.raises(VendorRefused):
        await hcm.list_calendars(call())
