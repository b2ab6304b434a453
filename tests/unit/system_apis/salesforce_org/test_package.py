"""The PSA package in the org: timecards and their splits, projects from templates, bookings, milestones, approved time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from .orgs import ROOT, error, org, signed_in, soql

RULE = (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
HEADERS = f"{ROOT}/sobjects/pse__Timecard_Header__c"
CLONE = "/services/apexrest/ledgerway/v1/projects"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with signed_in(org()) as client:
        yield client


async def one(client: httpx.AsyncClient, text: str) -> dict[str, Any]:
    return (await soql(client, text))[0]


async def timecard(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    """A week across a month's end for somebody assigned in the seed."""
    booked = await one(
        client,
        "SELECT Id, pse__Resource__c, pse__Project__c, pse__Bill_Rate__c, pse__Role__c, pse__Cost_Rate_Amount__c "
        "FROM pse__Assignment__c WHERE pse__Project__r.Project_Code__c = 'PRJ-2102'",
    )
    body = {
        "pse__Resource__c": booked["pse__Resource__c"],
        "pse__Assignment__c": booked["Id"],
        "pse__Start_Date__c": "2026-03-30",
        "pse__End_Date__c": "2026-04-05",
        "pse__Monday_Hours__c": 8,
        "pse__Tuesday_Hours__c": 7.5,
        "pse__Wednesday_Hours__c": 6,
        "pse__Wednesday_Notes__c": "Workshop",
        "Wednesday_Time_Type__c": "overtime",
        **changes,
    }
    return await client.post(HEADERS, json=body)


async def approved(client: httpx.AsyncClient) -> str:
    path = f"{HEADERS}/{(await timecard(client)).json()['id']}"
    submit = {"pse__Submitted__c": True, "pse__Status__c": "Submitted"}
    assert (await client.patch(path, json=submit)).status_code == 204
    assert (await client.patch(path, json={"pse__Status__c": "Approved"})).status_code == 204
    return path


async def test_a_saved_timecard_copies_rates_and_totals(client: httpx.AsyncClient) -> None:
    created = await timecard(client)
    header = (await client.get(f"{HEADERS}/{created.json()['id']}")).json()
    assert header["pse__Total_Hours__c"] == 21.5 and header["pse__Status__c"] == "Saved"
    assert header["pse__Bill_Rate__c"] and header["pse__Project__c"] and header["pse__Billable__c"] is True
    assert header["Name"].startswith("TCH-03-11-2026-") and header["Role_Code__c"] == "ANA"
    assert await soql(client, f"SELECT Id FROM pse__Timecard__c WHERE pse__Timecard_Header__c = '{header['Id']}'") == []


async def test_assignments_and_timecards_have_what_a_timecard_client_asks_for(client: httpx.AsyncClient) -> None:
    booked = await soql(
        client,
        "select Id, pse__Project__r.pse__Is_Billable__c from pse__Assignment__c where "
        "Open_up_Assignment_for_Time_entry__c = false and pse__Closed_for_Time_Entry__c = false and "
        "pse__Exclude_from_Planners__c = false",
    )
    assert booked
    id_ = (await timecard(client, pse__Location_Mon__c="Office")).json()["id"]
    shown = await one(
        client,
        "select PROJECT_ID__c, pse__Location_Mon__c, LastViewedDate, LastReferencedDate from pse__Timecard_Header__c "
        f"where Id = '{id_}'",
    )
    assert (shown["PROJECT_ID__c"], shown["pse__Location_Mon__c"]) == ("PRJ-2102", "Office")
    assert (shown["LastViewedDate"], shown["LastReferencedDate"]) == (None, None)


async def test_approval_makes_one_split_a_month_with_its_days(client: httpx.AsyncClient) -> None:
    path = await approved(client)
    header = (await client.get(path)).json()
    assert header["Approved_On__c"] == "2026-03-11T08:00:00.000+0000"
    assert header["pse__Approved__c"] and header["pse__Include_In_Financials__c"] and header["pse__Approver__c"]
    splits = await soql(
        client,
        "SELECT pse__Start_Date__c, pse__End_Date__c, pse__Total_Hours__c, pse__Eligible_for_Billing__c, "
        "pse__Time_Period__r.Name, (SELECT pse__Date__c, pse__Hours__c, Notes__c, Time_Type__c FROM pse__Time_Dates__r) "
        f"FROM pse__Timecard__c WHERE pse__Timecard_Header__c = '{header['Id']}' ORDER BY pse__Start_Date__c",
    )
    shown = [(s["pse__Start_Date__c"], s["pse__End_Date__c"], s["pse__Total_Hours__c"]) for s in splits]
    assert shown == [("2026-03-30", "2026-03-31", 15.5), ("2026-04-01", "2026-04-05", 6.0)]
    assert splits[0]["pse__Time_Period__r"]["Name"] == "March 2026" and splits[0]["pse__Eligible_for_Billing__c"]
    day = splits[1]["pse__Time_Dates__r"]["records"][0]
    assert (day["pse__Date__c"], day["Notes__c"], day["Time_Type__c"]) == ("2026-04-01", "Workshop", "overtime")


async def test_approved_time_is_locked_until_admin_edit_and_for_good_once_billed(client: httpx.AsyncClient) -> None:
    path = await approved(client)
    hours = {"pse__Monday_Hours__c": 4}
    assert error(await client.patch(path, json=hours)) == (400, "ENTITY_IS_LOCKED")
    assert (await client.patch(path, json={"Monday_Posting__c": "ns:1"})).status_code == 204
    assert (await client.patch(path, json={**hours, "pse__Admin_Global_Edit__c": True})).status_code == 204
    of_header = f"FROM pse__Timecard__c WHERE pse__Timecard_Header__c = '{path[-18:]}' ORDER BY pse__Start_Date__c"
    split = await one(client, f"SELECT Id, pse__Total_Hours__c {of_header}")
    assert split["pse__Total_Hours__c"] == 11.5
    await client.patch(path, json={"pse__Admin_Global_Edit__c": False})
    split_path = f"{ROOT}/sobjects/pse__Timecard__c/{split['Id']}"
    assert error(await client.patch(split_path, json={"pse__Monday_Hours__c": 5})) == (
        400,
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    )
    assert (await client.patch(split_path, json={"pse__Billed__c": True})).status_code == 204
    refused = await client.patch(path, json={"pse__Monday_Hours__c": 5})
    assert refused.json() == [{
        "message": "Timecard Header may not be changed after it is Billed or Invoiced.",
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": [],
    }]  # fmt: skip


async def test_a_rejected_timecard_loses_its_splits(client: httpx.AsyncClient) -> None:
    path = await approved(client)
    assert (await client.patch(path, json={"pse__Status__c": "Rejected"})).status_code == 204
    where = f"WHERE pse__Timecard_Header__c = '{path[-18:]}'"
    assert await soql(client, f"SELECT Id FROM pse__Timecard__c {where}") == []
    header = (await client.get(path)).json()
    assert not (header["pse__Approved__c"] or header["pse__Submitted__c"] or header["pse__Include_In_Financials__c"])


@pytest.mark.parametrize(
    "changes",
    [
        {"pse__Start_Date__c": "2026-03-31"},
        {"pse__Monday_Hours__c": 24.5},
        {"pse__Assignment__c": None, "pse__Project__c": None},
        {"pse__Start_Date__c": "2020-03-30", "pse__End_Date__c": "2020-04-05"},
        {"pse__Status__c": "Approved"},
    ],
)
async def test_timecards_that_break_a_rule(client: httpx.AsyncClient, changes: dict[str, Any]) -> None:
    assert error(await timecard(client, **changes)) == RULE


async def test_closed_projects_and_periods_take_no_time(client: httpx.AsyncClient) -> None:
    await client.post("/_sandbox/faults", json={"kind": "closed_period"})
    assert error(await timecard(client)) == RULE
    project = await one(client, "SELECT Id FROM pse__Proj__c WHERE Project_Code__c = 'PRJ-2102'")
    close = {"pse__Closed_for_Time_Entry__c": True}
    await client.patch(f"{ROOT}/sobjects/pse__Proj__c/{project['Id']}", json=close)
    assert error(await timecard(client)) == RULE


async def test_a_project_is_cloned_from_its_template_with_tasks(client: httpx.AsyncClient) -> None:
    template = await one(client, "SELECT Id FROM pse__Proj__c WHERE Project_Code__c = 'TPL-DATA-TM'")
    deal = await one(client, "SELECT Id, AccountId FROM Opportunity WHERE Deal_Number__c = 'D-2204'")
    sent = {
        "Name": "Lab data platform", "pse__Opportunity__c": deal["Id"], "pse__Account__c": deal["AccountId"],
        "Ext_Id__c": "prj_1", "Project_Code__c": "PRJ-9", "CurrencyIsoCode": "EUR",
        "pse__Start_Date__c": "2026-03-11", "pse__End_Date__c": "2026-09-30",
    }  # fmt: skip
    body = {"templateId": template["Id"], "project": sent}
    made = (await client.post(CLONE, json=body)).json()
    project = (await client.get(f"{ROOT}/sobjects/pse__Proj__c/{made['projectId']}")).json()
    assert project["pse__Stage__c"] == "Draft" and not project["pse__Is_Template__c"]
    assert project["Service_Line__c"] == "DATA" and project["CurrencyIsoCode"] == "EUR"
    tasks = await soql(
        client,
        "SELECT Task_Code__c, pse__Start_Date__c FROM pse__Project_Task__c "
        f"WHERE pse__Project__c = '{made['projectId']}' ORDER BY Id",
    )
    assert [task["Task_Code__c"] for task in tasks] == ["ANALYSIS", "BUILD", "ROLLOUT", "STEERING"]
    assert tasks[0]["pse__Start_Date__c"] == "2026-03-11" and len(made["taskIds"]) == 4
    assert error(await client.post(CLONE, json=body)) == (400, "DUPLICATE_VALUE")
    assert error(await client.post(CLONE, json={**body, "templateId": deal["Id"]})) == RULE


async def test_a_booking_follows_its_schedule_and_fills_its_request(client: httpx.AsyncClient) -> None:
    project = await one(client, "SELECT Id FROM pse__Proj__c WHERE Project_Code__c = 'PRJ-2102'")
    person = await one(client, "SELECT Id FROM Contact WHERE Employee_Number__c = 'E1009'")
    dates = {"pse__Start_Date__c": "2026-03-16", "pse__End_Date__c": "2026-03-20"}

    async def create(name: str, body: dict[str, Any]) -> str:
        return str((await client.post(f"{ROOT}/sobjects/{name}", json=body)).json()["id"])

    wanted = {"pse__Project__c": project["Id"], "pse__Resource_Role__c": "DEV", "pse__SOW_Hours__c": 40}
    request = await create("pse__Resource_Request__c", {**dates, **wanted})
    schedule = await create("pse__Schedule__c", {**dates, "pse__Monday_Hours__c": 8, "pse__Friday_Hours__c": 4})
    booking = {"pse__Project__c": project["Id"], "pse__Resource__c": person["Id"], "pse__Resource_Request__c": request}
    refused = await client.post(f"{ROOT}/sobjects/pse__Assignment__c", json=booking)
    assert error(refused) == (400, "REQUIRED_FIELD_MISSING")
    assignment = await create("pse__Assignment__c", {**booking, "pse__Schedule__c": schedule})
    await client.patch(f"{ROOT}/sobjects/pse__Schedule__c/{schedule}", json={"pse__End_Date__c": "2026-03-27"})
    row = (await client.get(f"{ROOT}/sobjects/pse__Assignment__c/{assignment}")).json()
    assert (row["pse__End_Date__c"], row["pse__Scheduled_Hours__c"]) == ("2026-03-27", 24.0)
    filled = (await client.get(f"{ROOT}/sobjects/pse__Resource_Request__c/{request}")).json()
    assert (filled["pse__Status__c"], filled["pse__Assignment__c"]) == ("Assigned", assignment)


async def test_milestones_need_sign_off_dates_and_approval(client: httpx.AsyncClient) -> None:
    fields = "Id, pse__Status__c, Ext_Id__c FROM pse__Milestone__c"
    row = await one(client, f"SELECT {fields} WHERE pse__Status__c = 'Planned' ORDER BY Id LIMIT 1")
    path = f"{ROOT}/sobjects/pse__Milestone__c/{row['Id']}"
    assert error(await client.patch(path, json={"pse__Include_In_Financials__c": True})) == RULE
    assert error(await client.patch(path, json={"pse__Approved__c": True})) == RULE
    assert error(await client.patch(path, json={"pse__Status__c": "Approved"})) == RULE
    accepted = {"pse__Status__c": "Approved", "Acceptance_Reference__c": "ACC-1"}
    assert (await client.patch(path, json=accepted)).status_code == 204
    after = (await client.get(path)).json()
    assert after["pse__Actual_Date__c"] == "2026-03-11" and after["pse__Eligible_for_Billing__c"]
    assert (await client.patch(path, json={"pse__Billed__c": True})).status_code == 204
    assert error(await client.patch(path, json={"pse__Milestone_Amount__c": 1})) == RULE


async def test_invoicing_an_event_reaches_the_billed_record(client: httpx.AsyncClient) -> None:
    row = await one(client, "SELECT Id, pse__Project__c FROM pse__Milestone__c WHERE Ext_Id__c = 'MS-2113-2'")

    async def create(name: str, body: dict[str, Any]) -> str:
        return str((await client.post(f"{ROOT}/sobjects/{name}", json=body)).json()["id"])

    batch = await create("pse__Billing_Event_Batch__c", {})
    owner = {"pse__Project__c": row["pse__Project__c"]}
    event = await create("pse__Billing_Event__c", {**owner, "pse__Billing_Event_Batch__c": batch})
    item = await create("pse__Billing_Event_Item__c", {"pse__Billing_Event__c": event, "pse__Milestone__c": row["Id"]})
    told = f"SELECT pse__Invoiced__c, pse__Is_Released__c FROM pse__Billing_Event_Item__c WHERE Id = '{item}'"
    assert [(await one(client, told))[name] for name in ("pse__Invoiced__c", "pse__Is_Released__c")] == ["No", "No"]
    invoice = {"pse__Invoiced__c": True, "pse__Invoice_Number__c": "INV-1"}
    await client.patch(f"{ROOT}/sobjects/pse__Billing_Event__c/{event}", json=invoice)
    after = (await client.get(f"{ROOT}/sobjects/pse__Milestone__c/{row['Id']}")).json()
    assert after["pse__Billed__c"] and after["pse__Invoiced__c"] and after["pse__Invoice_Number__c"] == "INV-1"
    assert after["pse__Eligible_for_Billing__c"] is False
    assert [(await one(client, told))[name] for name in ("pse__Invoiced__c", "pse__Is_Released__c")] == ["Yes", "No"]


async def test_an_approved_report_approves_its_expenses(client: httpx.AsyncClient) -> None:
    row = await one(
        client, "SELECT Id, pse__Expense_Report__c FROM pse__Expense__c WHERE pse__Status__c = 'Submitted' LIMIT 1"
    )
    report = f"{ROOT}/sobjects/pse__Expense_Report__c/{row['pse__Expense_Report__c']}"
    assert (await client.patch(report, json={"pse__Status__c": "Approved"})).status_code == 204
    path = f"{ROOT}/sobjects/pse__Expense__c/{row['Id']}"
    after = (await client.get(path)).json()
    assert after["pse__Approved__c"] and after["pse__Eligible_for_Billing__c"]
    assert error(await client.patch(path, json={"pse__Amount__c": 1})) == (400, "ENTITY_IS_LOCKED")


async def test_approved_time_for_payroll_in_batches(client: httpx.AsyncClient) -> None:
    await approved(client)
    asked = {"StartDate": "2026-03-30", "EndDate": "2026-04-30", "BatchLimit": "2", "CorrelationIds": ["E1018"]}
    path = "/services/apexrest/pse/v1.0/timecards/"
    first = (await client.post(path, json=[asked])).json()[0]
    regular = [{"TimeEntryDate": "2026-03-30", "Hours": "8.00"}, {"TimeEntryDate": "2026-03-31", "Hours": "7.50"}]
    overtime = [{"TimeEntryDate": "2026-04-01", "Hours": "6.00"}]
    second = (await client.post(path, json=[first["NextPageRequest"]])).json()[0]
    codes = {t["EarningsCode"]: t["TimeEntryDetails"] for t in (*first["Timecards"], *second["Timecards"])}
    assert sorted(codes) == ["OT", "REG"] and codes["OT"] == overtime and second["NextPageRequest"] == {}
    assert [d for page in (first, second) for t in page["Timecards"] if t["EarningsCode"] == "REG"
            for d in t["TimeEntryDetails"]] == regular  # fmt: skip
    assert set((await client.post(path, json={})).json()) == {"Message"}


async def test_the_seed_shows_the_firm_under_the_orgs_own_ids(client: httpx.AsyncClient) -> None:
    won = await soql(client, "SELECT Id FROM Opportunity WHERE IsWon = true AND Ledgerway_Project__c = null")
    assert len(won) == 5
    headers = await soql(
        client,
        "SELECT pse__Approved__c, pse__Approver__r.Name, pse__Project_Task__r.Task_Code__c, "
        "pse__Resource__r.Employee_Number__c FROM pse__Timecard_Header__c",
    )
    assert len(headers) > 200 and {h["pse__Approved__c"] for h in headers} == {True, False}
    assert all(h["pse__Approver__r"] for h in headers if h["pse__Approved__c"])
    templates = await soql(client, "SELECT Id FROM pse__Proj__c WHERE pse__Is_Template__c = true")
    assert len(templates) == 8
