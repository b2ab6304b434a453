"""The REST services of the Workday simulator: instances and their links, and time off in detail and on request."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from system_apis.workday import sandbox
from system_apis.workday.adapter import HcmAdapter

COMMON = f"/ccx/api/common/v1/{sandbox.TENANT}"
ABSENCE = f"/ccx/api/absenceManagement/v1/{sandbox.TENANT}"
SUBMIT = "d9e4223e446c11de98360015c5e6daf6"


@pytest.fixture
async def rest(http: httpx.AsyncClient) -> httpx.AsyncClient:
    form = {"grant_type": "refresh_token", "refresh_token": sandbox.REFRESH_TOKEN}
    credentials = (sandbox.CLIENT_ID, sandbox.CLIENT_SECRET)
    answer = await http.post(f"/ccx/oauth2/{sandbox.TENANT}/token", data=form, auth=credentials)
    http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    return http


async def rows(rest: httpx.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = await rest.get(path, params={"limit": 100, **params})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def links(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (found for name, found in value.items() if name == "href")
        yield from (link for inner in value.values() for link in links(inner))
    elif isinstance(value, list):
        yield from (link for inner in value for link in links(inner))


@pytest.mark.parametrize(
    "path",
    [
        "/workers",
        "/workers/Employee_ID=E1001",
        "/workers/Employee_ID=E2006/organizations",
        "/workers/Employee_ID=E2006/timeOffEntries",
        "/organizations",
        "/organizationTypes",
        "/supervisoryOrganizations",
    ],
)
async def test_every_link_leads_to_its_instance(rest: httpx.AsyncClient, path: str):
    shown = (await rest.get(f"{COMMON}{path}")).json()
    found = sorted(set(links(shown)))
    assert found
    for link in found:
        answer = await rest.get(link)
        assert (answer.status_code, answer.json()["href"]) == (200, link)


async def test_an_instance_that_is_not_there_is_not_found(rest: httpx.AsyncClient):
    for path in ("organizationTypes/0", "workers/Employee_ID=E1001/timeOffEntries/0", "workers/0/directReports"):
        assert (await rest.get(f"{COMMON}/{path}")).status_code == 404


async def test_teams_have_a_manager_and_workers(rest: httpx.AsyncClient):
    team = next(one for one in await rows(rest, f"{COMMON}/supervisoryOrganizations") if one["code"] == "SUP-E1001")
    assert team["manager"]["descriptor"] == "Margaret Holloway"
    workers = {one["id"] for one in await rows(rest, team["workers"])}
    reports = {one["id"] for one in await rows(rest, f"{COMMON}/workers/{team['manager']['id']}/directReports")}
    assert reports and workers == reports | {team["manager"]["id"]}


async def test_whole_units_of_time_off_are_whole_numbers(rest: httpx.AsyncClient):
    units = [
        entry["units"]
        for worker in await rows(rest, f"{COMMON}/workers")
        for entry in await rows(rest, f"{COMMON}/workers/{worker['id']}/timeOffEntries")
    ]
    assert {type(one) for one in units if one == int(one)} == {int}
    assert 7.5 in units


async def test_time_off_in_detail_is_filtered_by_days_status_and_type(rest: httpx.AsyncClient):
    path = f"{ABSENCE}/workers/Employee_ID=E2006/timeOffDetails"
    whole = await rows(rest, path)
    first = whole[0]
    assert {"id", "date", "quantity", "unit", "timeOffType", "status", "worker"} <= set(first)
    assert await rows(rest, path, fromDate=first["date"], toDate=first["date"]) == [first]
    assert await rows(rest, path, timeOffType=first["timeOffType"]["id"], status=first["status"]["id"]) != []
    statuses = {one["descriptor"]: one["id"] for one in await rows(rest, f"{ABSENCE}/values/timeOff/status")}
    submitted = await rows(rest, path, status=statuses["Submitted"])
    assert all(one["status"]["descriptor"] == "Submitted" for one in submitted)
    assert (await rest.get(path, params={"fromDate": "soon"})).json()["errors"][0]["field"] == "fromDate"


def day(kind: str, on: str = "2026-09-14", **changes: Any) -> dict[str, Any]:
    return {"date": on, "dailyQuantity": 6.5, "timeOffType": {"id": kind}, **changes}


async def eligible(rest: httpx.AsyncClient, worker: str) -> dict[str, dict[str, Any]]:
    found = await rows(rest, f"{ABSENCE}/workers/{worker}/eligibleAbsenceTypes")
    return {one["descriptor"]: one for one in found}


async def test_time_off_that_is_requested_is_seen_by_every_reader(rest: httpx.AsyncClient, hcm: HcmAdapter, call: Any):
    worker = (await rest.get(f"{COMMON}/workers/Employee_ID=E1005")).json()
    kinds = await eligible(rest, worker["id"])
    assert kinds["Vacation"]["unitOfTime"]["descriptor"] == "Hours"
    days = [day(kinds["Vacation"]["id"], comment="Wedding"), day(kinds["Vacation"]["id"], "2026-09-15")]
    body = {"businessProcessParameters": {"action": {"id": SUBMIT}}, "days": days}
    made = await rest.post(f"{ABSENCE}/workers/{worker['id']}/requestTimeOff", json=body)
    assert (made.status_code, made.json()["businessProcessParameters"]["overallStatus"]) == (
        201,
        "Successfully Completed",
    )
    entries = await rows(rest, f"{COMMON}/workers/{worker['id']}/timeOffEntries")
    assert {one["id"] for one in made.json()["days"]} <= {one["id"] for one in entries}
    detail = await rows(rest, f"{ABSENCE}/workers/{worker['id']}/timeOffDetails", fromDate="2026-09-14")
    assert [(one["quantity"], one.get("comment")) for one in detail[:2]] == [(6.5, "Wedding"), (6.5, None)]
    absences = (await hcm.list_absences(call(), f"workday:worker:{worker['id']}")).items
    assert [one.hours for one in absences if one.on.isoformat() == "2026-09-14"] == [Decimal("6.5")]
    again = await rest.post(f"{ABSENCE}/workers/{worker['id']}/requestTimeOff", json={"days": days[:1]})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (400, "A1032")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"date": None}, "A1038"),
        ({"date": "14.09.2026"}, "A1038"),
        ({"date": ["2026-09-14"]}, "A1038"),
        ({"timeOffType": None}, "A1009"),
        ({"timeOffType": {"id": "f" * 32}}, "A1041"),
        ({"dailyQuantity": None}, "A1017"),
        ({"dailyQuantity": "much"}, "A1017"),
        ({"dailyQuantity": 0}, "A1016"),
        ({"dailyQuantity": 25}, "A1016"),
    ],
)
async def test_a_day_that_cannot_be_requested_is_named(rest: httpx.AsyncClient, changes: dict[str, Any], code: str):
    kind = (await eligible(rest, "Employee_ID=E1005"))["Vacation"]["id"]
    path = f"{ABSENCE}/workers/Employee_ID=E1005/requestTimeOff"
    refused = await rest.post(path, json={"days": [day(kind, "2026-09-13"), day(kind, **changes)]})
    (wrong,) = refused.json()["errors"]
    assert (refused.status_code, wrong["code"], wrong["field"].split(".")[0]) == (400, code, "days[1]")
    assert await rows(rest, path.replace("requestTimeOff", "timeOffDetails"), fromDate="2026-09-13") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "A1038"),
        ({"days": []}, "A1038"),
        ({"days": ["Monday"]}, "A1038"),
        ({"businessProcessParameters": {"action": {"id": "0"}}, "days": []}, "A219"),
    ],
)
async def test_a_request_without_days_or_action_is_refused(rest: httpx.AsyncClient, body: dict[str, Any], code: str):
    refused = await rest.post(f"{ABSENCE}/workers/Employee_ID=E1005/requestTimeOff", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, code)


async def test_one_day_twice_or_no_object_at_all_is_refused(rest: httpx.AsyncClient):
    kind = (await eligible(rest, "Employee_ID=E1005"))["Vacation"]["id"]
    path = f"{ABSENCE}/workers/Employee_ID=E1005/requestTimeOff"
    twice = await rest.post(path, json={"days": [day(kind), day(kind)]})
    assert twice.json()["errors"][0]["code"] == "A1032"
    for body in ("[]", "{", ""):
        assert (await rest.post(path, content=body)).status_code == 400
