"""Bulk API 2.0 of the org simulator: ingest jobs and query jobs, their results, and a job that takes its time."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from .orgs import ROOT, error, org, signed_in, soql

JOBS = f"{ROOT}/jobs/ingest"


async def open_job(client: httpx.AsyncClient, **values: Any) -> str:
    answer = await client.post(JOBS, json={"object": "Account", "operation": "insert", **values})
    assert (answer.status_code, answer.json()["state"]) == (200, "Open"), answer.text
    return f"{JOBS}/{answer.json()['id']}"


async def upload(client: httpx.AsyncClient, job: str, text: str) -> dict[str, Any]:
    headers = {"Content-Type": "text/csv"}
    assert (await client.put(f"{job}/batches", content=text, headers=headers)).status_code == 201
    assert (await client.patch(job, json={"state": "UploadComplete"})).json()["state"] == "UploadComplete"
    return dict((await client.get(job)).json())


async def rows(client: httpx.AsyncClient, address: str, delimiter: str = ",") -> list[dict[str, str]]:
    answer = await client.get(address)
    assert answer.headers["content-type"] == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text), delimiter=delimiter))


async def test_records_are_made_and_each_failure_is_told() -> None:
    async with signed_in(org()) as client:
        job = await open_job(client)
        done = await upload(client, job, 'Name,AccountNumber\nOne,A-1\n,A-2\n"Two, Ltd",#N/A\n')
        assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("JobComplete", 3, 1)
        made = await rows(client, f"{job}/successfulResults")
        assert [(row["Name"], row["sf__Created"]) for row in made] == [("One", "true"), ("Two, Ltd", "true")]
        (failed,) = await rows(client, f"{job}/failedResults")
        assert failed["sf__Error"].startswith("REQUIRED_FIELD_MISSING") and failed["AccountNumber"] == "A-2"
        assert await rows(client, f"{job}/unprocessedRecords") == []
        found = await soql(client, f"SELECT Name FROM Account WHERE Id = '{made[1]['sf__Id']}'")
        assert [row["Name"] for row in found] == ["Two, Ltd"]


async def test_an_upsert_is_repeated_without_a_second_record() -> None:
    async with signed_in(org()) as client:
        for created in ("true", "false"):
            job = await open_job(client, operation="upsert", externalIdFieldName="Ledgerway_Id__c")
            await upload(client, job, "Ledgerway_Id__c,Name\nk-1,Keyed\n")
            (row,) = await rows(client, f"{job}/successfulResults")
            assert row["sf__Created"] == created
        assert len(await soql(client, "SELECT Id FROM Account WHERE Ledgerway_Id__c = 'k-1'")) == 1


async def test_records_are_changed_and_deleted_in_another_dialect_of_csv() -> None:
    async with signed_in(org()) as client:
        (account, *_) = await soql(client, "SELECT Id FROM Account LIMIT 1")
        formats = {"columnDelimiter": "SEMICOLON", "lineEnding": "CRLF"}
        job = await open_job(client, operation="update", **formats)
        await upload(client, job, f"Id;Name\r\n{account['Id']};Renamed\r\n")
        assert [row["sf__Created"] for row in await rows(client, f"{job}/successfulResults", ";")] == ["false"]
        assert (await soql(client, "SELECT Id FROM Account WHERE Name = 'Renamed'")) != []


async def test_a_slow_job_says_so_and_shows_nothing_yet() -> None:
    async with signed_in(org()) as client:
        await client.post("/_sandbox/faults", json={"kind": "slow_job", "delay_s": 60})
        job = await open_job(client)
        assert (await upload(client, job, "Name\nLater\n"))["state"] == "InProgress"
        assert await rows(client, f"{job}/successfulResults") == []
        await client.post("/_sandbox/clock", json={"advance_s": 61})
        assert (await client.get(job)).json()["state"] == "JobComplete"


async def test_a_query_job_pages_with_a_locator() -> None:
    async with signed_in(org()) as client:
        query = {"operation": "query", "query": "SELECT Id, Account.Name FROM Opportunity ORDER BY Id"}
        job = (await client.post(f"{ROOT}/jobs/query", json=query)).json()
        address, names, locator = f"{ROOT}/jobs/query/{job['id']}/results", [], ""
        while locator != "null":
            answer = await client.get(address, params={"maxRecords": 10, **({"locator": locator} if locator else {})})
            names += [row["Account.Name"] for row in csv.DictReader(io.StringIO(answer.text))]
            locator = answer.headers["sforce-locator"]
        wanted = await soql(client, query["query"])
        assert names == [row["Account"]["Name"] for row in wanted] and len(names) > 10


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"object": "Account", "operation": "merge"}, "InvalidJob"),
        ({"object": "Nope", "operation": "insert"}, "NOT_FOUND"),
        ({"object": "Account", "operation": "insert", "columnDelimiter": "SPACE"}, "InvalidJob"),
        ({"object": "Account", "operation": "upsert", "externalIdFieldName": "Nope"}, "NOT_FOUND"),
    ],
)
async def test_what_no_job_can_do_is_refused(body: dict[str, str], code: str) -> None:
    async with signed_in(org()) as client:
        assert error(await client.post(JOBS, json=body))[1] == code


async def test_a_job_that_is_over_takes_nothing_more_and_can_be_forgotten() -> None:
    async with signed_in(org()) as client:
        job = await open_job(client)
        assert error(await client.delete(job)) == (400, "INVALIDJOBSTATE")
        assert (await client.patch(job, json={"state": "Aborted"})).json()["state"] == "Aborted"
        late = await client.put(f"{job}/batches", content="Name\nX\n", headers={"Content-Type": "text/csv"})
        assert error(late) == (400, "INVALIDJOBSTATE")
        assert [one["state"] for one in (await client.get(JOBS)).json()["records"]] == ["Aborted"]
        assert (await client.delete(job)).status_code == 204
        assert error(await client.get(job)) == (404, "NOT_FOUND")


async def test_several_records_are_read_at_once_and_a_user_is_who_they_are() -> None:
    async with signed_in(org()) as client:
        first, second, *_ = [row["Id"] for row in await soql(client, "SELECT Id FROM Account LIMIT 2")]
        body = {"ids": [second, "001000000000000AAA", first], "fields": ["name"]}
        found = (await client.post(f"{ROOT}/composite/sobjects/Account", json=body)).json()
        assert [one and one["Id"] for one in found] == [second, None, first]
        assert found[0]["attributes"]["type"] == "Account" and found[0]["Name"]
        token = await client.post(
            "/services/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": "ledgerway-sandbox",
                "client_secret": "sandbox-salesforce-secret-0001",
            },
        )
        known = await client.get(token.json()["id"])
        assert known.json()["user_id"] == token.json()["id"].rsplit("/", 1)[1]
        assert error(await client.get(token.json()["id"][:-3] + "AAB"))[1] == "NOT_FOUND"
