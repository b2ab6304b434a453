"""Ways to find records besides queries: text search, and what changed in a span of time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from .orgs import ROOT, error, org, signed_in

SPAN = {"start": "2026-03-11T07:00:00Z", "end": "2026-03-11T09:00:00+00:00"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with signed_in(org()) as client:
        yield client


async def search(client: httpx.AsyncClient, text: str) -> list[str]:
    answer = await client.get(f"{ROOT}/search/", params={"q": text})
    assert answer.status_code == 200, answer.text
    found = answer.json()["searchRecords"]
    return [record.get("Name") or record["attributes"]["type"] for record in found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FIND {northstar} IN NAME FIELDS RETURNING Account(Id, Name)", ["Northstar Health"]),
        ("find {health north*} returning Account(Name)", ["Northstar Health"]),
        ('FIND {"health northstar"} RETURNING Account(Name)', []),
        ("FIND {norths?ar} RETURNING Account(Name), pse__Region__c(Name)", ["Northstar Health"]),
        ("FIND {orthstar} RETURNING Account(Name)", []),
        ("FIND {northstar} RETURNING Account(Name WHERE Name LIKE '%(x)%')", []),
        ("FIND {northstar} RETURNING Contact(Name WHERE LastName = 'Keller' ORDER BY Name LIMIT 1)", ["Brian Keller"]),
        ("FIND {alice.moreau\\@northstar.example} IN EMAIL FIELDS RETURNING Contact", ["Contact"]),
        ("FIND {Alice} IN PHONE FIELDS RETURNING Contact(Name)", []),
        ("FIND {Health} RETURNING Account(Name ORDER BY Name) LIMIT 1", ["Lakeside Hospital"]),
    ],
)
async def test_words_are_found_and_answered_as_asked(client: httpx.AsyncClient, text: str, found: list[str]) -> None:
    assert await search(client, text) == found


async def test_without_returning_every_object_is_looked_through(client: httpx.AsyncClient) -> None:
    assert {"Account", "Opportunity", "Contact"} <= set(await search(client, "FIND {Northstar}"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "MALFORMED_SEARCH"),
        ("FIND {}", "MALFORMED_SEARCH"),
        ("FIND {abc} IN SOME FIELDS", "MALFORMED_SEARCH"),
        ("FIND {abc} RETURNING Account(Id", "MALFORMED_SEARCH"),
        ("FIND {abc} RETURNING Account(Nope)", "INVALID_FIELD"),
        ("FIND {abc} RETURNING Nope(Id)", "INVALID_TYPE"),
        ("FIND {abc} RETURNING Account(COUNT())", "MALFORMED_SEARCH"),
        ("FIND {" + "a" * 20_000 + "}", "MALFORMED_SEARCH"),
        ("FIND {abc} RETURNING Account" + " " * 19_000 + "x", "MALFORMED_SEARCH"),
        ("FIND {abc} RETURNING Account(Id" + " " * 19_000 + "x)", "MALFORMED_QUERY"),
    ],
)
async def test_a_search_that_cannot_be_read_is_refused(client: httpx.AsyncClient, text: str, code: str) -> None:
    assert error(await client.get(f"{ROOT}/search", params={"q": text})) == (400, code)


async def test_what_was_saved_and_what_was_deleted_in_a_span(client: httpx.AsyncClient) -> None:
    kept, gone = [(await client.post(f"{ROOT}/sobjects/Account", json={"Name": n})).json()["id"] for n in "ab"]
    await client.delete(f"{ROOT}/sobjects/Account/{gone}")
    updated = (await client.get(f"{ROOT}/sobjects/Account/updated", params=SPAN)).json()
    assert updated == {"ids": [kept], "latestDateCovered": "2026-03-11T08:00:00.000+0000"}
    deleted = (await client.get(f"{ROOT}/sobjects/Account/deleted/", params=SPAN)).json()
    assert deleted["deletedRecords"] == [{"id": gone, "deletedDate": "2026-03-11T08:00:00.000+0000"}]
    assert deleted["earliestDateAvailable"] == "2026-02-09T08:00:00.000+0000"
    before = {"start": "2026-03-11T06:00:00Z", "end": "2026-03-11T07:00:00Z"}
    assert (await client.get(f"{ROOT}/sobjects/Account/updated", params=before)).json()["ids"] == []


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"start": SPAN["start"]}, "MISSING_ARGUMENT"),
        ({**SPAN, "start": "2026-01-01T00:00:00Z"}, "INVALID_REPLICATION_DATE"),
        ({**SPAN, "start": SPAN["end"]}, "INVALID_REPLICATION_DATE"),
        ({**SPAN, "end": "soon"}, "INVALID_REPLICATION_DATE"),
    ],
)
async def test_spans_that_are_refused(client: httpx.AsyncClient, span: dict[str, str], code: str) -> None:
    assert error(await client.get(f"{ROOT}/sobjects/Account/deleted", params=span)) == (400, code)
