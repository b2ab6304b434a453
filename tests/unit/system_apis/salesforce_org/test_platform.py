"""The data API of the org: sign-in, records, upsert, paging, bundles, budget and faults."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from system_apis.platforms.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, PRIVATE_KEY, USERNAME

from .orgs import ROOT, error, org, sign_in, signed_in, soql

TOKEN = "/services/oauth2/token"
UPSERT = f"{ROOT}/sobjects/Account/Ledgerway_Id__c"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with signed_in(org()) as client:
        yield client


async def test_client_credentials_in_basic_and_refusals(client: httpx.AsyncClient) -> None:
    grant = {"grant_type": "client_credentials"}
    signed = await client.post(TOKEN, data=grant, auth=(CLIENT_ID, CLIENT_SECRET))
    assert signed.json()["token_type"] == "Bearer" and signed.json()["instance_url"] == "http://org.test"
    assert "expires_in" not in signed.json() and isinstance(signed.json()["issued_at"], str)
    wrong = await client.post(TOKEN, data=grant, auth=(CLIENT_ID, "wrong"))
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
    unknown = await client.post(TOKEN, data={**grant, "client_id": "x", "client_secret": "y"})
    assert unknown.json()["error"] == "invalid_client_id"
    assert (await client.post(TOKEN, data={"grant_type": "password"})).json()["error"] == "unsupported_grant_type"


async def test_jwt_bearer_is_verified_with_the_registered_key(tmp_path: Path) -> None:
    app = org(tmp_path)
    key = RSAKey.import_key((tmp_path / PRIVATE_KEY).read_text())
    stranger = RSAKey.generate_key(2048)
    soon = int((datetime.now(UTC) + timedelta(minutes=3)).timestamp())
    claims = {"iss": CLIENT_ID, "sub": USERNAME, "aud": "https://login.salesforce.com", "exp": soon}

    async def grant(key: RSAKey, **changes: Any) -> httpx.Response:
        assertion = jwt.encode({"alg": "RS256"}, {**claims, **changes}, key, algorithms=["RS256"])
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        return await client.post(TOKEN, data=form)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://org.test") as client:
        signed = await grant(key)
        assert (await grant(key, exp=str(soon))).status_code == signed.status_code == 200
        headers = {"Authorization": f"Bearer {signed.json()['access_token']}"}
        assert (await client.get(f"{ROOT}/limits", headers=headers)).status_code == 200
        for refused, reason in (
            (await grant(stranger), "invalid assertion"),
            (await grant(key, aud="https://elsewhere.test"), "audience is invalid"),
            (await grant(key, exp=soon - 600), "expired authorization code"),
            (await grant(key, exp="soon"), "expired authorization code"),
            (await grant(key, sub="nobody@ledgerway.example"), "user hasn't approved this consumer"),
        ):
            assert (refused.status_code, refused.json()["error_description"]) == (400, reason)
        assert (await grant(key, iss="nobody")).json()["error"] == "invalid_client_id"


async def test_sessions_die_with_time_and_by_fault(client: httpx.AsyncClient) -> None:
    await client.post("/_sandbox/clock", json={"advance_s": 7200})
    assert error(await client.get(f"{ROOT}/limits")) == (401, "INVALID_SESSION_ID")
    await sign_in(client)
    await client.post("/_sandbox/faults", json={"kind": "token_expired", "path": "limits"})
    assert error(await client.get(f"{ROOT}/limits")) == (401, "INVALID_SESSION_ID")
    assert error(await client.get(f"{ROOT}/limits")) == (401, "INVALID_SESSION_ID")
    await sign_in(client)
    assert (await client.get(f"{ROOT}/limits")).status_code == 200


async def test_a_revoked_session_is_over(client: httpx.AsyncClient) -> None:
    token = client.headers["Authorization"].removeprefix("Bearer ")
    assert (await client.post("/services/oauth2/revoke", data={})).json()["error"] == "invalid_request"
    assert (await client.post("/services/oauth2/revoke", data={"token": token})).status_code == 200
    assert error(await client.get(f"{ROOT}/limits")) == (401, "INVALID_SESSION_ID")


async def test_the_org_and_its_user_tell_who_they_are(client: httpx.AsyncClient) -> None:
    (known,) = await soql(client, "SELECT Id, Name, IsSandbox FROM Organization")
    assert known["IsSandbox"] is True
    root = (await client.get(f"{ROOT}/")).json()
    user = (await client.get(root["identity"])).json()
    assert (user["username"], user["organization_id"]) == (USERNAME, known["Id"])
    for change in (
        client.post(f"{ROOT}/sobjects/Organization", json={}),
        client.delete(f"{ROOT}/sobjects/Organization/{known['Id']}"),
    ):
        assert error(await change) == (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")


async def test_create_read_update_delete(client: httpx.AsyncClient) -> None:
    created = await client.post(f"{ROOT}/sobjects/Opportunity/", json={
        "name": "Deal", "StageName": "Qualification", "CloseDate": "2026-04-01", "Amount": 12.345,
        "Account": {"Ledgerway_Id__c": "none"},
    })  # fmt: skip
    assert error(created) == (400, "INVALID_FIELD")
    body = {"name": "Deal", "StageName": "Qualification", "CloseDate": "2026-04-01", "Amount": 12.345}
    created = await client.post(f"{ROOT}/sobjects/Opportunity/", json=body)
    id_ = created.json()["id"]
    assert created.status_code == 201 and created.json() == {"id": id_, "success": True, "errors": []}
    assert created.headers["location"] == f"{ROOT}/sobjects/Opportunity/{id_}" and len(id_) == 18
    patched = await client.patch(f"{ROOT}/sobjects/Opportunity/{id_[:15]}", json={"StageName": "Closed Won"})
    assert (patched.status_code, patched.content) == (204, b"")
    shown = await client.get(f"{ROOT}/sobjects/Opportunity/{id_}?fields=Amount,IsWon,SystemModstamp,NextStep")
    record = shown.json()
    assert record.pop("attributes") == {"type": "Opportunity", "url": f"{ROOT}/sobjects/Opportunity/{id_}"}
    assert record == {
        "Amount": 12.35, "IsWon": True, "SystemModstamp": "2026-03-11T08:00:00.000+0000", "NextStep": None, "Id": id_,
    }  # fmt: skip
    assert '"Amount":12.35' in shown.text
    assert (await client.delete(f"{ROOT}/sobjects/Opportunity/{id_}")).status_code == 204
    assert error(await client.get(f"{ROOT}/sobjects/Opportunity/{id_}")) == (404, "ENTITY_IS_DELETED")
    query = {"q": f"SELECT IsDeleted FROM Opportunity WHERE Id = '{id_}'"}
    assert (await client.get(f"{ROOT}/query", params=query)).json()["totalSize"] == 0
    assert (await client.get(f"{ROOT}/queryAll", params=query)).json()["records"][0]["IsDeleted"] is True


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "REQUIRED_FIELD_MISSING"),
        ({"Name": "x", "Nope__c": 1}, "INVALID_FIELD"),
        ({"Name": "x" * 256}, "STRING_TOO_LONG"),
        ({"Name": 5}, "JSON_PARSER_ERROR"),
        ({"Name": "x", "Tax_Status__c": "Alien"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Name": "x", "CreatedDate": "2026-01-01"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "x", "ParentId": "0015e00000000000AA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Name": "x", "ParentId": "no-id"}, "MALFORMED_ID"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
async def test_refused_writes(client: httpx.AsyncClient, body: Any, code: str) -> None:
    assert error(await client.post(f"{ROOT}/sobjects/Account", json=body)) == (400, code)


async def test_upsert_by_external_id_in_any_case(client: httpx.AsyncClient) -> None:
    created = await client.patch(f"{UPSERT}/CUS%201%2F2", json={"Name": "One"})
    assert created.status_code == 201 and created.json()["created"] is True
    matched = await client.patch(f"{UPSERT}/cus%201%2f2", json={"Name": "Two"})
    assert (matched.status_code, matched.json()) == (200, {**created.json(), "created": False})
    old = await client.patch(f"{UPSERT.replace('v62.0', 'v42.0')}/cus%201%2F2", json={"Name": "Three"})
    assert old.status_code == 204
    read = await client.get(f"{UPSERT}/cus 1%2F2")
    assert (read.json()["Name"], read.json()["Ledgerway_Id__c"]) == ("Three", "CUS 1/2")
    assert error(await client.patch(f"{UPSERT}/new?updateOnly=true", json={"Name": "x"})) == (404, "NOT_FOUND")
    assert error(await client.patch(f"{ROOT}/sobjects/Account/Name/x", json={})) == (404, "NOT_FOUND")
    own = await client.patch(f"{UPSERT}/k", json={"Name": "x", "Ledgerway_Id__c": "k"})
    assert error(own) == (400, "INVALID_FIELD")
    other = await client.post(f"{ROOT}/sobjects/Account", json={"Name": "x", "Ledgerway_Id__c": "cus 1/2"})
    assert error(other) == (400, "DUPLICATE_VALUE")


async def test_a_large_result_comes_in_pages_that_a_restart_does_not_lose(tmp_path: Path) -> None:
    query = {"q": "SELECT Id, pse__Hours__c FROM pse__Time_Date__c"}
    async with signed_in(org(tmp_path)) as client:
        small = {"Sforce-Query-Options": "batchSize=200"}
        first = (await client.get(f"{ROOT}/query", params=query, headers=small)).json()
        whole = (await client.get(f"{ROOT}/query", params=query)).json()
        assert whole["done"] and len(first["records"]) == 200 and not first["done"]
        token = client.headers["Authorization"]
    app = org(tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://org.test") as client:
        client.headers["Authorization"] = token
        seen, page = list(first["records"]), first
        while not page["done"]:
            page = (await client.get(page["nextRecordsUrl"], headers=small)).json()
            seen += page["records"]
    assert seen == whole["records"] and len(seen) == whole["totalSize"]


async def test_collections_with_and_without_all_or_none(client: httpx.AsyncClient) -> None:
    records = [
        {"attributes": {"type": "Account"}, "Ledgerway_Id__c": k, "Name": n} for k, n in (("a", "A"), ("b", None))
    ]
    path = f"{ROOT}/composite/sobjects/Account/Ledgerway_Id__c"
    some = (await client.patch(path, json={"allOrNone": False, "records": records})).json()
    assert [item["success"] for item in some] == [True, False] and some[0]["created"] is True
    assert some[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    records[0]["Ledgerway_Id__c"] = "c"
    none = (await client.patch(path, json={"allOrNone": True, "records": records})).json()
    assert none[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert await soql(client, "SELECT Id FROM Account WHERE Ledgerway_Id__c = 'c'") == []
    renamed = {"attributes": {"type": "Account"}, "id": some[0]["id"], "Name": "A2"}
    updated = (await client.patch(f"{ROOT}/composite/sobjects", json={"records": [renamed]})).json()
    assert updated == [{"id": some[0]["id"], "success": True, "errors": []}]
    gone = await client.delete(f"{ROOT}/composite/sobjects", params={"ids": some[0]["id"], "allOrNone": "true"})
    assert gone.json()[0]["success"] is True
    assert error(await client.post(f"{ROOT}/composite/sobjects", json={"records": [{}] * 201})) == (
        400,
        "EXCEEDED_ID_LIMIT",
    )


def part(name: str, url: str, body: Any, method: str = "POST") -> dict[str, Any]:
    return {"method": method, "url": ROOT + url, "referenceId": name, "body": body}


async def test_composite_parts_build_on_each_other(client: httpx.AsyncClient) -> None:
    parts = [
        part("acc", "/sobjects/Account", {"Name": "New client"}),
        part("con", "/sobjects/Contact", {"LastName": "Kim", "AccountId": "@{acc.id}"}),
        part("read", "/sobjects/Account/@{acc.id}", None, "GET"),
        part("look", "/query?q=SELECT+Name+FROM+Contact+WHERE+AccountId='@{acc.id}'", None, "GET"),
        part("more", "/sobjects/Contact", {"LastName": "@{look.records[0].Name} jr."}),
    ]
    answer = await client.post(f"{ROOT}/composite", json={"allOrNone": True, "compositeRequest": parts})
    parts_done = answer.json()["compositeResponse"]
    assert [p["httpStatusCode"] for p in parts_done] == [201, 201, 200, 200, 201]
    assert parts_done[2]["body"]["Name"] == "New client"
    assert await soql(client, "SELECT Id FROM Contact WHERE LastName = 'Kim jr.'")


async def test_composite_all_or_none_and_the_dependents_of_a_failure(client: httpx.AsyncClient) -> None:
    parts = [
        part("ok", "/sobjects/Account", {"Name": "Kept"}),
        part("bad", "/sobjects/Account", {}),
        part("child", "/sobjects/Contact", {"LastName": "x", "AccountId": "@{bad.id}"}),
    ]
    loose = (await client.post(f"{ROOT}/composite", json={"compositeRequest": parts})).json()["compositeResponse"]
    assert [p["httpStatusCode"] for p in loose] == [201, 400, 400]
    assert loose[2]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    strict = await client.post(f"{ROOT}/composite", json={"allOrNone": True, "compositeRequest": parts})
    halted = strict.json()["compositeResponse"]
    assert [p["body"][0]["errorCode"] for p in halted] == [
        "PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED",
    ]  # fmt: skip
    assert len(await soql(client, "SELECT Id FROM Account WHERE Name = 'Kept'")) == 1


@pytest.mark.parametrize(
    "parts",
    [
        [part("x", "/limits", None, "GET")] * 26,
        [part("x", "/limits", None, "GET")] * 2,
        [{"method": "GET", "url": f"{ROOT}/limits"}],
        [{**part("x", "/limits", None, "GET"), "httpHeaders": {"authorization": "y"}}],
    ],
)
async def test_a_composite_that_is_refused_whole(client: httpx.AsyncClient, parts: list[dict[str, Any]]) -> None:
    assert (await client.post(f"{ROOT}/composite", json={"compositeRequest": parts})).status_code == 400


async def test_batch_halts_on_error(client: httpx.AsyncClient) -> None:
    requests = [{"method": "GET", "url": "v62.0/limits"}, {"method": "GET", "url": "v62.0/nope"}] * 2
    loose = (await client.post(f"{ROOT}/composite/batch", json={"batchRequests": requests})).json()
    assert loose["hasErrors"] and [r["statusCode"] for r in loose["results"]] == [200, 404, 200, 404]
    body = {"batchRequests": requests, "haltOnError": True}
    halted = (await client.post(f"{ROOT}/composite/batch", json=body)).json()
    assert [r["statusCode"] for r in halted["results"]] == [200, 404, 412, 412]


async def test_one_budget_for_the_whole_org_renewed_after_a_day() -> None:
    async with signed_in(org(daily_requests=2)) as client:
        first = await client.get(f"{ROOT}/sobjects/Account/describe")
        assert first.headers["sforce-limit-info"] == "api-usage=1/2"
        assert (await client.post("/services/apexrest/pse/v1.0/timecards/", json=[{}])).status_code == 400
        spent = await client.get(f"{ROOT}/limits")
        assert error(spent) == (403, "REQUEST_LIMIT_EXCEEDED") and "retry-after" not in spent.headers
        await client.post("/_sandbox/clock", json={"advance_s": 86400})
        await sign_in(client)
        renewed = (await client.get(f"{ROOT}/limits")).json()
        assert renewed["DailyApiRequests"] == {"Max": 2, "Remaining": 1}


async def test_vendor_faults(client: httpx.AsyncClient) -> None:
    for kind, code in (("lock", "UNABLE_TO_LOCK_ROW"), ("duplicate", "DUPLICATE_VALUE")):
        await client.post("/_sandbox/faults", json={"kind": kind})
        assert error(await client.patch(f"{UPSERT}/f", json={"Name": "F"})) == (400, code)
    assert (await client.patch(f"{UPSERT}/f", json={"Name": "F"})).status_code == 201

    found = "SELECT Id, SystemModstamp FROM Account WHERE Ledgerway_Id__c = 'f'"
    await client.post("/_sandbox/faults", json={"kind": "late_index"})
    assert await soql(client, found) == []
    before = await soql(client, found)
    await client.post("/_sandbox/clock", json={"advance_s": 60})
    await client.post("/_sandbox/faults", json={"kind": "page_shift"})
    assert await soql(client, found) == before
    assert (await soql(client, found))[0]["SystemModstamp"] > before[0]["SystemModstamp"]

    await client.post("/_sandbox/faults", json={"kind": "too_many"})
    assert error(await client.get(f"{ROOT}/limits")) == (403, "REQUEST_LIMIT_EXCEEDED")
    await client.post("/_sandbox/faults", json={"kind": "server_error"})
    assert error(await client.get(f"{ROOT}/limits")) == (503, "SERVER_UNAVAILABLE")


async def test_versions_describe_and_unknown_paths(client: httpx.AsyncClient) -> None:
    assert {"label", "url", "version"} == set((await client.get("/services/data/")).json()[0])
    described = (await client.get(f"{ROOT}/sobjects/Opportunity/describe")).json()
    stage = next(field for field in described["fields"] if field["name"] == "StageName")
    assert stage["type"] == "picklist" and stage["picklistValues"][0]["value"] == "Qualification"
    assert any(c["relationshipName"] == "OpportunityLineItems" for c in described["childRelationships"])
    assert error(await client.get(f"{ROOT}/sobjects/Nope/describe")) == (404, "NOT_FOUND")
    assert error(await client.put(f"{ROOT}/sobjects/Account")) == (405, "METHOD_NOT_ALLOWED")
    assert error(await client.get("/services/data/v62/limits")) == (404, "NOT_FOUND")
    unsigned = base64.b64encode(b"x:y").decode()
    refused = await client.get(f"{ROOT}/limits", headers={"Authorization": f"Basic {unsigned}"})
    assert error(refused) == (401, "INVALID_SESSION_ID")


async def test_a_stale_conditional_update_is_refused(client: httpx.AsyncClient) -> None:
    created = (await client.post(f"{ROOT}/sobjects/Account", json={"Name": "x"})).json()
    path = f"{ROOT}/sobjects/Account/{created['id']}"
    stale = {"If-Unmodified-Since": "Wed, 11 Mar 2026 07:59:59 GMT"}
    assert (await client.patch(path, json={"Name": "y"}, headers=stale)).status_code == 412
    fresh = {"If-Unmodified-Since": "Wed, 11 Mar 2026 08:00:00 GMT"}
    assert (await client.patch(path, json={"Name": "y"}, headers=fresh)).status_code == 204


async def test_a_record_that_did_not_change_is_not_sent_again(client: httpx.AsyncClient) -> None:
    created = (await client.post(f"{ROOT}/sobjects/Account", json={"Name": "x"})).json()
    path = f"{ROOT}/sobjects/Account/{created['id']}"
    unchanged = await client.get(path, headers={"If-Modified-Since": "Wed, 11 Mar 2026 08:00:00 GMT"})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    changed = await client.get(path, headers={"If-Modified-Since": "Wed, 11 Mar 2026 07:59:59 GMT"})
    assert changed.json()["Name"] == "x"
    assert (await client.get(path, headers={"If-Modified-Since": "yesterday"})).status_code == 400


async def test_a_tree_is_created_whole_or_not_at_all(client: httpx.AsyncClient) -> None:
    def account(reference: str | None, **fields: Any) -> dict[str, Any]:
        return {"attributes": {"type": "Account", "referenceId": reference}, **fields}

    async def plant(*records: Any) -> httpx.Response:
        return await client.post(f"{ROOT}/composite/tree/Account", json={"records": list(records)})

    planted = await plant(account("a", Name="Tree A"), account("b", Name="Tree B"))
    assert planted.status_code == 201 and planted.json()["hasErrors"] is False
    assert [one["referenceId"] for one in planted.json()["results"]] == ["a", "b"]
    names = "SELECT Name FROM Account WHERE Name LIKE 'Tree%' ORDER BY Name"
    assert [row["Name"] for row in await soql(client, names)] == ["Tree A", "Tree B"]

    halved = await plant(account("c", Name="Tree C"), account("d"))
    assert halved.status_code == 400
    assert halved.json() == {
        "hasErrors": True,
        "results": [
            {
                "referenceId": "d",
                "errors": [
                    {
                        "statusCode": "REQUIRED_FIELD_MISSING",
                        "message": "Required fields are missing: [Name]",
                        "fields": ["Name"],
                    }
                ],
            }
        ],
    }
    assert len(await soql(client, names)) == 2
    for refused in (
        (account("e", Name="x"), account("e", Name="y")),
        (account(None, Name="x"),),
        ({"attributes": {"type": "Contact", "referenceId": "f"}, "LastName": "x"},),
        tuple(account(f"r{n}", Name="x") for n in range(201)),
        (5,),
    ):
        assert (await plant(*refused)).status_code == 400


async def test_a_tree_carries_children_one_below_the_other(client: httpx.AsyncClient) -> None:
    child = {"attributes": {"type": "Contact", "referenceId": "c1"}, "LastName": "Leaf"}
    root = {"attributes": {"type": "Account", "referenceId": "a1"}, "Name": "Root", "Contacts": {"records": [child]}}
    planted = await client.post(f"{ROOT}/composite/tree/Account", json={"records": [root]})
    assert planted.status_code == 201
    ids = {one["referenceId"]: one["id"] for one in planted.json()["results"]}
    assert await soql(client, f"SELECT AccountId FROM Contact WHERE Id = '{ids['c1']}' AND AccountId = '{ids['a1']}'")
