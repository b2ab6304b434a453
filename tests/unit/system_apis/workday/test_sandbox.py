"""The Workday simulator as any client of the vendor would meet it."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from system_apis.platforms.firm import firm
from system_apis.workday import sandbox
from tests.support.clock import FixedClock

from .conftest import AS_OF, URL

TOKEN = f"/ccx/oauth2/{sandbox.TENANT}/token"
COMMON = f"/ccx/api/common/v1/{sandbox.TENANT}"
REPORTS = f"/ccx/service/customreport2/{sandbox.TENANT}/{sandbox.REPORT_OWNER}"
GRANT = {"grant_type": "refresh_token", "refresh_token": sandbox.REFRESH_TOKEN}


@pytest.fixture
async def signed_in(http: httpx.AsyncClient) -> httpx.AsyncClient:
    answer = await http.post(TOKEN, data=GRANT, auth=(sandbox.CLIENT_ID, sandbox.CLIENT_SECRET))
    body = answer.json()
    assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "Bearer", 3600)
    http.headers["authorization"] = f"Bearer {body['access_token']}"
    return http


@pytest.mark.parametrize(
    ("form", "auth", "status", "error"),
    [
        (GRANT, (sandbox.CLIENT_ID, "wrong"), 401, "invalid_client"),
        (GRANT, None, 401, "invalid_client"),
        ({**GRANT, "refresh_token": "wrong"}, (sandbox.CLIENT_ID, sandbox.CLIENT_SECRET), 400, "invalid_grant"),
        ({"grant_type": "password"}, (sandbox.CLIENT_ID, sandbox.CLIENT_SECRET), 400, "unsupported_grant_type"),
    ],
)
async def test_token_endpoint_refuses(http: httpx.AsyncClient, form, auth, status, error):
    answer = await http.post(TOKEN, data=form, auth=auth)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_without_a_token_nothing_is_served(http: httpx.AsyncClient):
    for path in (f"{COMMON}/workers", f"{REPORTS}/{sandbox.WORKERS}?format=json"):
        assert (await http.get(path)).status_code == 401


async def test_assertion_is_checked_against_the_certificate():
    key = RSAKey.generate_key(2048)
    clock = FixedClock()
    tenant = sandbox.workday(None, AS_OF, URL, public_key=key.as_pem(private=False).decode(), clock=clock)
    claims = {"iss": sandbox.CLIENT_ID, "sub": sandbox.INTEGRATION_USER, "aud": "wd"}
    in_time = int(clock.now().timestamp()) + 120
    kinds = {
        200: jwt.encode({"alg": "RS256"}, {**claims, "exp": in_time}, key),
        400: jwt.encode({"alg": "RS256"}, {**claims, "exp": in_time, "aud": "else"}, key),
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tenant), base_url=URL) as client:
        for status, assertion in kinds.items():
            form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
            assert (await client.post(TOKEN, data=form)).status_code == status


async def test_workers_are_paged_from_zero_with_a_total(signed_in: httpx.AsyncClient):
    first = (await signed_in.get(f"{COMMON}/workers")).json()
    assert (first["total"], len(first["data"])) == (40, 20)
    rest = (await signed_in.get(f"{COMMON}/workers", params={"limit": "100", "offset": "39"})).json()
    assert len(rest["data"]) == 1
    worker = first["data"][0]
    assert len(worker["id"]) == 32
    assert worker["href"] == f"{URL}{COMMON}/workers/{worker['id']}"
    assert worker["primarySupervisoryOrganization"]["descriptor"].startswith("Team of ")
    refused = await signed_in.get(f"{COMMON}/workers", params={"limit": "101"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "limit")


async def test_search_takes_any_of_the_words(signed_in: httpx.AsyncClient):
    found = (await signed_in.get(f"{COMMON}/workers", params={"search": "chau OKAFOR"})).json()
    assert {row["descriptor"] for row in found["data"]} == {"Evelyn Chau", "Daniel Okafor"}


async def test_worker_by_wid_and_by_employee_number_and_in_the_old_form(signed_in: httpx.AsyncClient):
    by_number = (await signed_in.get(f"{COMMON}/workers/Employee_ID=E1007")).json()
    old_form = f"/ccx/api/v1/{sandbox.TENANT}/workers/{by_number['id']}"
    assert (await signed_in.get(old_form)).json()["descriptor"] == "Evelyn Chau"
    assert (await signed_in.get(f"{COMMON}/workers/Employee_ID=E1020")).status_code == 404
    assert (await signed_in.get(f"{COMMON}/workers/Contingent_Worker_ID=E1020")).status_code == 200
    assert (await signed_in.get(f"/ccx/api/common/v1/other/workers/{by_number['id']}")).status_code == 404


async def test_time_off_has_units_and_status(signed_in: httpx.AsyncClient):
    absences = [absence for absence in firm(AS_OF).absences if absence.person == "E2006"]
    body = (await signed_in.get(f"{COMMON}/workers/Employee_ID=E2006/timeOffEntries")).json()
    assert body["total"] == len(absences) > 0
    entry = body["data"][0]
    assert (entry["units"], entry["unitOfTime"]["descriptor"]) == (1, "Days")
    assert entry["timeOffRequest"]["status"] == "Successfully Completed"


async def test_organizations_by_type(signed_in: httpx.AsyncClient):
    kinds = {
        row["descriptor"]: row["id"] for row in (await signed_in.get(f"{COMMON}/organizationTypes")).json()["data"]
    }
    assert set(kinds) == {"Company", "Cost Center", "Supervisory"}
    found = await signed_in.get(f"{COMMON}/organizations", params={"organizationType": kinds["Company"]})
    assert found.json()["total"] == 3
    one = found.json()["data"][0]
    assert (await signed_in.get(f"{COMMON}/organizations/{one['id']}")).json() == one


async def test_report_rows_are_text_and_empty_columns_absent(signed_in: httpx.AsyncClient):
    body = (await signed_in.get(f"{REPORTS}/{sandbox.WORKERS}", params={"format": "json"})).json()
    head = next(row for row in body["Report_Entry"] if row["Employee_ID"] == "E1001")
    assert "Manager_Employee_ID" not in head and "End_Date" not in head
    assert head["Skills_group"][0]["Verified"] in ("0", "1")
    assert (await signed_in.get(f"{REPORTS}/{sandbox.WORKERS}")).status_code == 400
    assert (await signed_in.get(f"{REPORTS}/Nothing", params={"format": "json"})).status_code == 404


async def test_reports_as_csv_and_simple_xml(signed_in: httpx.AsyncClient):
    async def run(report: str, form: str, **prompt: str) -> httpx.Response:
        return await signed_in.get(f"{REPORTS}/{report}", params={"format": form, **prompt})

    plain = (await run(sandbox.WORKERS, "json")).json()["Report_Entry"]
    table = list(csv.DictReader(io.StringIO((await run(sandbox.WORKERS, "csv")).text)))
    assert [row["Employee_ID"] for row in table] == [row["Employee_ID"] for row in plain]
    assert "Skills_group" not in table[0]

    shown = await run(sandbox.WORKERS, "simplexml")
    assert shown.headers["content-type"] == "text/xml;charset=UTF-8"
    wd = {"wd": f"urn:com.workday.report/{sandbox.WORKERS}"}
    entries = ElementTree.fromstring(shown.text).findall("wd:Report_Entry", wd)  # noqa: S314
    assert [one.findtext("wd:Worker", namespaces=wd) for one in entries] == [row["Worker"] for row in plain]
    skills = entries[0].findall("wd:Skills_group/wd:Skill_ID", wd)
    assert [skill.text for skill in skills] == [skill["Skill_ID"] for skill in plain[0].get("Skills_group", [])]

    alone = {"Worker!WID": plain[0]["Workday_ID"]}
    lone = (await run(sandbox.COST_RATES, "csv", **alone)).text.splitlines()
    assert lone[0].startswith("Workday_ID,Employee_ID,Hourly_Cost")
    assert (await run(sandbox.WORKERS, "xlsx")).status_code == 400


async def test_state_survives_a_restart_and_the_secret_is_beside_it(tmp_path: Path):
    async def workers(tenant) -> tuple[int, str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(tenant), base_url=URL) as client:
            token = await client.post(TOKEN, data=GRANT, auth=(sandbox.CLIENT_ID, sandbox.CLIENT_SECRET))
            client.headers["authorization"] = f"Bearer {token.json()['access_token']}"
            body = (await client.get(f"{COMMON}/workers")).json()
            return body["total"], body["data"][0]["id"]

    before = await workers(sandbox.workday(tmp_path, AS_OF, URL))
    assert await workers(sandbox.workday(tmp_path, AS_OF + timedelta(days=40), URL)) == before
    assert (tmp_path / sandbox.SECRET_FILE).stat().st_mode & 0o077 == 0


async def test_an_expired_token_stays_dead(signed_in: httpx.AsyncClient):
    await signed_in.post("/_sandbox/faults", json={"kind": "token_expired"})
    assert [(await signed_in.get(f"{COMMON}/workers")).status_code for _ in range(2)] == [401, 401]


async def test_tokens_die_after_an_hour(signed_in: httpx.AsyncClient):
    await signed_in.post("/_sandbox/clock", json={"advance_s": 3601})
    assert (await signed_in.get(f"{COMMON}/workers")).status_code == 401


async def test_page_shift_shows_a_worker_twice(signed_in: httpx.AsyncClient):
    await signed_in.post("/_sandbox/faults", json={"kind": "page_shift"})
    pages = [
        (await signed_in.get(f"{COMMON}/workers", params={"limit": "20", "offset": offset})).json()["data"]
        for offset in ("0", "20")
    ]
    assert pages[0][-1] == pages[1][0]
