"""Records of the simulated account: upserts, sublists, totals, periods, lists, jobs and what goes wrong on purpose."""

from typing import Any

import httpx
import pytest

from tests.unit.system_apis.netsuite.conftest import RECORDS, URL, Sandbox

COLLECTION = "application/vnd.oracle.resource+json; type=collection"


def _error(answer: Any) -> tuple[int, str, str]:
    detail = answer.json()["o:errorDetails"][0]
    return answer.status_code, detail["o:errorCode"], detail["detail"]


def _invoice(*lines: tuple[str, str], day: str = "2026-11-15", entity: str = "RHEINWERK", sub: str = "DE01") -> Any:
    items = [
        {"item": {"externalId": "LW-SERVICES"}, "amount": float(amount), "taxCode": {"externalId": code}}
        for amount, code in lines
    ]
    return {
        "entity": {"externalId": entity},
        "subsidiary": {"externalId": sub},
        "tranDate": day,
        "item": {"items": items},
    }


def _time(key: str, **changed: Any) -> dict[str, Any]:
    body = {"externalId": key, "employee": {"externalId": "E1005"}, "hours": "4:30", "tranDate": "2026-11-10"}
    return body | changed


async def test_an_upsert_converges_on_one_record(sandbox: Sandbox) -> None:
    body = {"companyName": "Quillon", "subsidiary": {"externalId": "US01"}}
    first = await sandbox.put("customer/eid:cus_1", body)
    again = await sandbox.put("customer/eid:cus_1", body | {"companyName": "Quillon Ltd", "comments": None})
    assert (first.status_code, first.content) == (204, b"")
    assert again.headers["location"] == first.headers["location"]
    row = await sandbox.get("customer/eid:cus_1")
    assert row["companyName"] == "Quillon Ltd"
    assert row["currency"]["refName"] == "USD"
    taken = await sandbox.http.post(f"{RECORDS}/customer", json=body | {"externalId": "cus_1"})
    assert _error(taken)[:2] == (400, "USER_ERROR")


async def test_totals_and_tax_are_the_accounts_own_per_tax_group(sandbox: Sandbox) -> None:
    """WE-32: three lines of 33.33 at 19 % make 19.00 of tax, not 18.99."""
    answer = await sandbox.put("invoice/eid:i1", _invoice(*[("33.33", "DE-S19")] * 3, ("10.00", "DE-RC")))
    row = await sandbox.get("invoice/eid:i1")
    assert answer.status_code == 204
    assert (row["subtotal"], row["taxTotal"], row["total"]) == (109.99, 19.00, 128.99)
    assert row["amountRemaining"] == 128.99
    assert row["status"] == {"id": "A", "refName": "Open"}
    assert (row["tranId"], row["dueDate"]) == ("INV-DE01-1001", "2026-12-15")
    assert row["postingPeriod"]["refName"] == "Nov 2026"


async def test_lines_are_appended_unless_replaced(sandbox: Sandbox) -> None:
    body = _invoice(("10.00", "DE-RC"))
    for _ in range(2):
        await sandbox.put("invoice/eid:i1", body)
    assert (await sandbox.get("invoice/eid:i1"))["total"] == 20.00
    await sandbox.put("invoice/eid:i1", body, replace="item")
    row = await sandbox.get("invoice/eid:i1", expandSubResources="true", simpleEnumFormat="true")
    assert row["total"] == 10.00
    assert len(row["item"]["items"]) == 1
    assert row["status"] == "A"


async def test_a_closed_period_is_named_and_nothing_is_written(sandbox: Sandbox) -> None:
    answer = await sandbox.put("invoice/eid:old", _invoice(("10.00", "DE-RC"), day="2026-09-30"))
    status, code, text = _error(answer)
    assert (status, code) == (400, "USER_ERROR")
    assert "Sep 2026" in text
    assert (await sandbox.http.get(f"{RECORDS}/invoice/eid:old")).status_code == 404
    uk = await sandbox.put(
        "invoice/eid:uk", _invoice(("1.00", "GB-S20"), day="2026-10-30", entity="CALEDON", sub="UK01")
    )
    assert "Oct 2026" in _error(uk)[2], "this entity closed a month early"
    assert (await sandbox.put("invoice/eid:de", _invoice(("1.00", "DE-RC"), day="2026-10-30"))).status_code == 204


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"entity": {"externalId": "NOBODY"}}, "entity"),
        ({"subsidiary": {"externalId": "US01"}}, "subsidiary"),
        ({"tranDate": "2026-02-30"}, "tranDate"),
        ({"memo": 5}, "memo"),
        ({"item": {"items": [{"item": {"externalId": "LW-SERVICES"}}]}}, "item.items[0].amount"),
        ({"item": {"items": [{"amount": 5}]}}, "item.items[0].item"),
    ],
)
async def test_bad_values_are_refused_with_their_path(sandbox: Sandbox, change: Any, path: str) -> None:
    answer = await sandbox.put("invoice/eid:bad", _invoice(("1.00", "DE-RC")) | change)
    assert _error(answer)[:2] == (400, "INVALID_CONTENT")
    assert answer.json()["o:errorDetails"][0]["o:errorPath"] == path


async def test_unknown_properties_warn_unless_told_otherwise(sandbox: Sandbox) -> None:
    body = {"companyName": "Quillon", "subsidiary": {"externalId": "US01"}, "shoeSize": 43}
    answer = await sandbox.put("customer/eid:c", body)
    assert "shoeSize" in answer.headers["warning"]
    headers = {"X-NetSuite-PropertyNameValidation": "error"}
    strict = await sandbox.http.put(f"{RECORDS}/customer/eid:c", json=body, headers=headers)
    assert _error(strict)[:2] == (400, "INVALID_CONTENT")


async def test_a_payment_settles_an_invoice_and_never_more_than_is_due(sandbox: Sandbox) -> None:
    await sandbox.put("invoice/eid:i1", _invoice(("100.00", "DE-RC")))
    line = {"doc": {"externalId": "i1"}, "apply": True, "amount": 40}
    body = {"customer": {"externalId": "RHEINWERK"}, "tranDate": "2026-11-20", "apply": {"items": [line]}}
    assert (await sandbox.put("customerPayment/eid:p1", body)).status_code == 204
    row = await sandbox.get("invoice/eid:i1")
    assert (row["amountPaid"], row["amountRemaining"], row["status"]["id"]) == (40.00, 60.00, "A")
    too_much = body | {"apply": {"items": [line | {"amount": 61}]}}
    assert _error(await sandbox.put("customerPayment/eid:p2", too_much))[:2] == (400, "USER_ERROR")
    rest = await sandbox.http.post(f"{RECORDS}/invoice/{row['id']}/!transform/customerPayment", json={})
    assert rest.status_code == 204
    assert (await sandbox.get("invoice/eid:i1"))["status"]["refName"] == "Paid In Full"
    links = await sandbox.rows("SELECT foreignamount FROM NextTransactionLineLink WHERE previousdoc = ?", row["id"])
    assert sorted(link["foreignamount"] for link in links) == ["40", "60.00"]


async def test_journals_balance(sandbox: Sandbox) -> None:
    lines = [{"account": {"externalId": "1150"}, "debit": 5}, {"account": {"externalId": "4000"}, "credit": 4}]
    body = {"subsidiary": {"externalId": "DE01"}, "tranDate": "2026-11-02", "line": {"items": lines}}
    assert "balance" in _error(await sandbox.put("journalEntry/eid:j", body))[2]
    lines[1]["credit"] = 5
    assert (await sandbox.put("journalEntry/eid:j", body)).status_code == 204


async def test_lists_filter_and_page(sandbox: Sandbox) -> None:
    found = await sandbox.get("customer", q='companyName START_WITH "north" AND isInactive IS false')
    assert found["count"] == 1
    assert set(found["items"][0]) == {"id", "links"}
    either = await sandbox.get("customer", q='externalId IS "RHEINWERK" OR externalId IS "NORTHSTAR"', limit="1")
    assert (either["totalResults"], either["hasMore"], either["links"][1]["rel"]) == (2, True, "next")
    dated = await sandbox.get("invoice", q='tranDate ON_OR_AFTER "9/1/2026" AND total GREATER 1')
    assert dated["totalResults"] > 0
    for bad in ('lastModifiedDate AFTER "2026-07-01T00:00:00Z"', "total CONTAIN 5", 'shoe IS "x"', 'email IS "x'):
        answer = await sandbox.http.get(f"{RECORDS}/invoice", params={"q": bad})
        assert _error(answer)[:2] == (400, "INVALID_PARAMETER"), bad
    assert (await sandbox.http.get(f"{RECORDS}/invoice", params={"limit": 1001})).status_code == 400


async def _batch(sandbox: Sandbox, items: list[Any], key: str) -> Any:
    headers = {"prefer": "respond-async", "content-type": COLLECTION, "x-netsuite-idempotency-key": key}
    return await sandbox.http.put(f"{RECORDS}/timeBill", json={"items": items}, headers=headers)


async def test_a_list_of_ids_and_the_wrong_form_of_a_date(sandbox: Sandbox) -> None:
    first, second, *_ = (await sandbox.get("customer"))["items"]
    found = await sandbox.get("customer", ids=f"{first['id']},{second['id']},0")
    assert [item["id"] for item in found["items"]] == [first["id"], second["id"]]
    refused = await sandbox.http.get(
        f"{RECORDS}/customer", params={"q": 'lastModifiedDate AFTER "2026-07-01T00:00:00Z"'}
    )
    assert _error(refused)[:2] == (400, "INVALID_PARAMETER") and "failed with date format" in refused.text


async def test_record_types_are_named_in_any_case(sandbox: Sandbox) -> None:
    assert (await sandbox.get("customerpayment"))["totalResults"] == (await sandbox.get("customerPayment"))[
        "totalResults"
    ]
    assert (await sandbox.get("metadata-catalog/timebill"))["title"] == "timeBill"
    await sandbox.put("salesorder/eid:so", {**_invoice(("10.00", "DE-S19"))})
    made = await sandbox.http.post(f"{RECORDS}/salesorder/eid:so/!transform/INVOICE", json={"externalId": "so-i"})
    assert made.headers["location"].startswith(f"{URL}{RECORDS}/invoice/")


async def test_people_of_customers_are_contacts_and_services_are_items(sandbox: Sandbox) -> None:
    found = await sandbox.get("contact", q='email IS "alice.moreau@northstar.example"', expandRecords="true")
    (person,) = found["items"]
    assert (person["firstName"], person["company"]["externalId"]) == ("Alice", "NORTHSTAR")
    assert await sandbox.rows("SELECT itemid FROM item") == [{"itemid": "Professional Services"}]


async def test_time_names_its_task_class_and_location(sandbox: Sandbox) -> None:
    project = (await sandbox.get("job"))["items"][0]["id"]
    await sandbox.put("projectTask/eid:build", {"title": "Build", "company": {"id": project}})
    for record, key in (("classification", "north"), ("location", "berlin"), ("billingSchedule", "monthly")):
        assert (await sandbox.put(f"{record}/eid:{key}", {"name": key})).status_code == 204
    named = {"caseTaskEvent": {"externalId": "build"}, "class": {"externalId": "north"}}
    await sandbox.put("timeBill/eid:t1", _time("t1", **named, location={"externalId": "berlin"}))
    row = await sandbox.get("timeBill/eid:t1")
    assert [row[name]["refName"] for name in ("caseTaskEvent", "class", "location")] == ["Build", "north", "berlin"]
    planned = {"item": {"externalId": "LW-SERVICES"}, "amount": 10, "billingSchedule": {"externalId": "monthly"}}
    order = _invoice() | {"item": {"items": [planned]}}
    assert (await sandbox.put("salesOrder/eid:so", order)).status_code == 204
    (line,) = (await sandbox.get("salesOrder/eid:so/item"))["items"]
    assert line["billingSchedule"]["refName"] == "monthly"


async def test_a_batch_writes_what_it_can_and_names_the_rest(sandbox: Sandbox) -> None:
    items = [_time("t1"), _time("t2", employee={"externalId": "NOBODY"}), _time("t3", tranDate="2026-01-05")]
    accepted = await _batch(sandbox, items, "k1")
    assert (accepted.status_code, accepted.headers["preference-applied"]) == (202, "respond-async")
    job = accepted.headers["location"]
    assert (await sandbox.http.get(job)).json()["completed"] is True
    results = [await sandbox.http.get(f"{job}/task/{n}/result") for n in (1, 2, 3)]
    assert [r.status_code for r in results] == [204, 400, 400]
    assert results[0].headers["location"].endswith((await sandbox.get("timeBill/eid:t1"))["id"])
    assert [_error(r)[1] for r in results[1:]] == ["INVALID_CONTENT", "USER_ERROR"]
    again = await _batch(sandbox, items, "k1")
    assert (again.status_code, again.json()["title"], again.headers["location"]) == (400, "Conflict", job)


async def test_a_slow_job_is_pending_until_its_time_comes(sandbox: Sandbox) -> None:
    await sandbox.fault(kind="slow_job", delay_s=60)
    job = (await _batch(sandbox, [_time("t1")], "k1")).headers["location"]
    assert (await sandbox.http.get(job)).json()["progress"] == "pending"
    assert (await sandbox.http.get(f"{RECORDS}/timeBill/eid:t1")).status_code == 404
    sandbox.clock.advance(seconds=61)
    assert (await sandbox.http.get(job)).json()["progress"] == "succeeded"
    assert (await sandbox.http.get(f"{RECORDS}/timeBill/eid:t1")).status_code == 200


async def test_a_batch_is_asynchronous_and_at_most_a_hundred(sandbox: Sandbox) -> None:
    many = await _batch(sandbox, [_time(f"t{n}") for n in range(101)], "k1")
    assert _error(many)[:2] == (400, "INVALID_REQUEST")
    headers = {"content-type": COLLECTION}
    alone = await sandbox.http.put(f"{RECORDS}/timeBill", json={"items": [_time("t")]}, headers=headers)
    assert _error(alone)[:2] == (400, "INVALID_REQUEST")


async def test_a_late_index_hides_a_record_from_searches_for_a_while(sandbox: Sandbox) -> None:
    await sandbox.fault(kind="late_index", delay_s=5)
    location = (await sandbox.put("timeBill/eid:t1", _time("t1"))).headers["location"]
    statement = "SELECT id FROM timebill WHERE externalid = 't1'"
    assert await sandbox.rows(statement) == []
    assert (await sandbox.http.get(location)).status_code == 200
    assert (await sandbox.put("timeBill/eid:t1", _time("t1"))).headers["location"] == location
    sandbox.clock.advance(seconds=6)
    assert len(await sandbox.rows(statement)) == 1


@pytest.mark.parametrize(
    ("kind", "text"), [("lock", "changed"), ("duplicate", "exists"), ("closed_period", "Nov 2026")]
)
async def test_armed_faults_refuse_a_write_once(sandbox: Sandbox, kind: str, text: str) -> None:
    await sandbox.fault(kind=kind, path="timeBill/eid:t1")
    status, code, detail = _error(await sandbox.put("timeBill/eid:t1", _time("t1")))
    assert (status, code) == (400, "USER_ERROR")
    assert text in detail
    assert (await sandbox.put("timeBill/eid:t1", _time("t1"))).status_code == 204


async def test_the_catalog_names_record_types_and_their_fields(sandbox: Sandbox) -> None:
    names = {item["name"] for item in (await sandbox.get("metadata-catalog"))["items"]}
    assert {"customer", "job", "timeBill", "invoice", "creditMemo", "customerPayment", "journalEntry"} <= names
    fields = (await sandbox.get("metadata-catalog/timeBill"))["properties"]
    assert fields["hours"] == {"type": "string"}
    assert fields["lastModifiedDate"] == {"type": "string", "format": "date-time", "readOnly": True}


async def test_a_transformation_that_does_not_exist_is_refused(sandbox: Sandbox) -> None:
    await sandbox.put("invoice/eid:i1", _invoice(("10.00", "DE-S19")))
    for target in ("nope", "timeBill", "salesOrder"):
        for headers in ({}, {"prefer": "respond-async"}):
            path = f"{RECORDS}/invoice/eid:i1/!transform/{target}"
            refused = await sandbox.http.post(path, json={}, headers=headers)
            assert _error(refused)[:2] == (400, "INVALID_REQUEST")
    assert (await sandbox.get("invoice/eid:i1"))["externalId"] == "i1"


async def test_unknown_properties_are_told_refused_or_ignored(sandbox: Sandbox) -> None:
    body = {"companyName": "Quillon", "subsidiary": {"externalId": "US01"}, "nickname": "Q"}

    async def create(**headers: str) -> httpx.Response:
        named = {f"X-NetSuite-{name}": value for name, value in headers.items()}
        return await sandbox.http.post(f"{RECORDS}/customer", json=body, headers=named)

    assert "nickname" in (await create()).headers["warning"]
    ignored = await create(PropertyNameValidation="ignore")
    assert (ignored.status_code, ignored.headers.get("warning")) == (204, None)
    assert _error(await create(PropertyNameValidation="error"))[:2] == (400, "INVALID_CONTENT")


async def test_values_that_do_not_fit_are_refused_told_or_left_out(sandbox: Sandbox) -> None:
    body = {"companyName": "Quillon", "subsidiary": {"externalId": "US01"}, "currency": {"id": "0"}, "isPerson": "no"}

    async def create(how: str) -> httpx.Response:
        named = {"X-NetSuite-PropertyValueValidation": how} if how else {}
        return await sandbox.http.post(f"{RECORDS}/customer", json=body, headers=named)

    for strict in ("", "error", "strictly"):
        assert _error(await create(strict))[:2] == (400, "INVALID_CONTENT")
    told = await create("warning")
    assert ["currency" in told.headers["warning"], "isPerson" in told.headers["warning"]] == [True, True]
    made = (await sandbox.http.get((await create("ignore")).headers["location"])).json()
    assert (made["companyName"], made["currency"]["refName"], made["isPerson"]) == ("Quillon", "USD", False)


async def test_a_name_of_any_characters_is_warned_about(sandbox: Sandbox) -> None:
    body = {"companyName": "Quillon", "subsidiary": {"externalId": "US01"}, 'a"\r\nX-Made-Up: \u20ac': 1}
    answer = await sandbox.http.post(f"{RECORDS}/customer", json=body)
    assert answer.status_code == 204 and "x-made-up" not in answer.headers
    assert answer.headers["warning"].isascii()


async def test_the_catalogue_answers_in_the_form_that_is_asked_for(sandbox: Sandbox) -> None:
    async def ask(path: str, media: str) -> httpx.Response:
        return await sandbox.http.get(f"{RECORDS}/metadata-catalog{path}", headers={"accept": media})

    schema = await ask("/timeBill", "application/schema+json")
    assert schema.headers["content-type"] == "application/schema+json"
    named = await ask("/timeBill", "application/json")
    assert named.headers["content-type"] == "application/json" and named.json()["name"] == "timeBill"
    described = (await ask("/timeBill", "application/swagger+json")).json()
    assert described["openapi"].startswith("3.0")
    assert described["components"]["schemas"]["timeBill"]["properties"]["hours"] == {"type": "string"}
    assert {"get", "post"} <= described["paths"]["/timeBill"].keys()
    both = (await ask("?select=job,customer", "application/swagger+json")).json()
    assert both["components"]["schemas"].keys() == {"job", "customer"}


async def test_a_collection_takes_no_change_without_a_record(sandbox: Sandbox) -> None:
    refused = await sandbox.http.patch(f"{RECORDS}/customer", json={"companyName": "Quillon"})
    assert _error(refused)[:2] == (405, "METHOD_NOT_ALLOWED")


async def test_a_failing_account_says_so_in_its_own_terms(sandbox: Sandbox) -> None:
    await sandbox.fault(kind="server_error", status=503)
    broken = (await sandbox.http.get(f"{RECORDS}/customer")).json()
    assert broken["type"] == "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.6.4"
    assert broken["title"] == "Service Unavailable"
