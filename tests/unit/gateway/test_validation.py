"""What is refused before a layer is reached, with all violations in one problem and no key used up."""

import gzip
from typing import Any

import httpx
import pytest

from contracts.problems import InvalidRequest, PreconditionFailed, PreconditionRequired
from gateway.policies.validation import accepts_json, expected_versions
from runtime.data.database import Database
from tests.support.tiny import Desk

NOTES = "/process/v1/notes"
KEY = {"idempotency-key": '"k-1"'}


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("limt=5", "limt", "unknown-parameter"),
        ("limit=0", "limit", "number.minimum"),
        ("limit=five", "limit", "type"),
        ("limit=1.0", "limit", "type"),
        ("limit=1&limit=2", "limit", "repeated"),
        ("since=yesterday", "since", "format"),
        ("since=2026-11-01T00:00:00", "since", "format"),
        ("since=0001-01-01T00:00:00%2B23:59", "since", "format"),
        ("kind=medium", "kind", "enum"),
        ("exact=yes", "exact", "type"),
        ("cursor=", "cursor", "string.minLength"),
        ("cursor=%00", "cursor", "pattern"),
    ],
)
async def test_bad_parameters(client: httpx.AsyncClient, query: str, parameter: str, code: str) -> None:
    answer = await client.get(f"{NOTES}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
    violation = answer.json()["errors"][0]
    assert (violation["parameter"], violation["in"], violation["code"]) == (parameter, "query", code)


async def test_an_unknown_parameter_gets_the_nearest_name(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{NOTES}?limt=5&exact=maybe")
    assert answer.json()["detail"] == "limt is not a parameter here; the nearest is limit. 1 more in `errors`."
    assert len(answer.json()["errors"]) == 2


async def test_a_limit_above_the_largest_page_is_lowered(client: httpx.AsyncClient, desk: Desk) -> None:
    await client.get(f"{NOTES}?limit=99999999999999")
    assert desk.calls[-1][2] == {"limit": 200}


@pytest.mark.parametrize("query", [b"cursor=%ff", b"cursor=%zz", b"a=1&" * 101])
async def test_a_query_that_cannot_be_read(client: httpx.AsyncClient, query: bytes) -> None:
    url = httpx.URL("https://gw.example", raw_path=NOTES.encode() + b"?" + query)
    assert (await client.get(url)).status_code == 400


async def test_all_violations_of_a_body_in_one_problem(client: httpx.AsyncClient, database: Database) -> None:
    body = {"text": "", "amount": 12.5, "tags": ["a", 1], "more": True}
    answer = await client.post(NOTES, json=body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-content")
    found = {(e["pointer"], e["code"]) for e in answer.json()["errors"]}
    assert found == {
        ("#/text", "string.minLength"),
        ("#/amount", "decimal"),
        ("#/tags/1", "type"),
        ("#/more", "unknown-field"),
    }
    assert await database.fetchval("select count(*) from idempotency") == 0, "a refusal uses up no key"
    assert (await client.post(NOTES, json={"text": "hi"}, headers=KEY)).status_code == 201


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b'{"text": "hi"', "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"text": "\xff"}', "application/json", 400),
        (b'{"\xff": 1}', "application/json", 400),
        (b'{"more": "\xff"}', "application/json", 400),
        (b'{"text": ' + b"[" * 200_000, "application/json", 400),
        (b'{"text": "\\ud800"}', "application/json", 400),
        (b'{"text": "a\\u0000b"}', "application/json", 422),
        (b'{"text": "hi", "tags": [99999999999]}', "application/json", 422),
        (b'{"text": "9999999999999999999"}', "application/json", 201),
        (b'{"text": "one", "text": "two"}', "application/json", 422),
        (b'{"text": "hi"}', "application/json; charset=utf-8", 201),
        (b'{"text": "hi"}', "text/plain", 415),
        (b'{"text": "hi"}', "application/jsonp", 415),
        (b"text=hi", "application/x-www-form-urlencoded", 415),
    ],
)
async def test_bodies(client: httpx.AsyncClient, content: bytes, media: str, status: int) -> None:
    answer = await client.post(NOTES, content=content, headers={**KEY, "content-type": media})
    assert answer.status_code == status, answer.text
    if status == 415:
        assert answer.headers["accept"] == "application/json"


async def test_a_coded_body_is_told_from_a_broken_one(client: httpx.AsyncClient) -> None:
    coded = {**KEY, "content-type": "application/json", "content-encoding": "gzip"}
    answer = await client.post(NOTES, content=gzip.compress(b'{"text": "hi"}'), headers=coded)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert "gzip" in answer.json()["detail"]
    plain = {**coded, "content-encoding": "Identity"}
    assert (await client.post(NOTES, content=b'{"text": "hi"}', headers=plain)).status_code == 201


async def test_a_body_where_none_is_taken(client: httpx.AsyncClient) -> None:
    assert (await client.post(f"{NOTES}/n1/sending", json={}, headers=KEY)).status_code == 200
    answer = await client.post(f"{NOTES}/n1/sending", json={"to": "me"}, headers=KEY)
    assert (answer.status_code, answer.json()["detail"]) == (400, "This operation takes no body; send none.")


async def test_answers_are_json(client: httpx.AsyncClient) -> None:
    answer = await client.get(NOTES, headers={"accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")


@pytest.mark.parametrize(
    ("accept", "good"),
    [
        (None, True),
        ("*/*", True),
        ("text/html, application/json;q=0.5", True),
        ("application/*", True),
        ("application/json;q=0, */*", False),
        ("application/problem+json", False),
        ("text/html;q=1.0", False),
        ("application/json; q=0.000", False),
    ],
)
def test_accept(accept: str | None, good: bool) -> None:
    assert accepts_json(accept) is good


def test_if_match_becomes_the_expected_versions() -> None:
    assert expected_versions("PUT", '"r17"', None) == (17,)
    assert expected_versions("PUT", '"x", "r1" ,"r2",W/"r3", "xr4", ,', None) == (1, 2)
    assert expected_versions("PUT", "*", None) is None
    assert expected_versions("PUT", None, "*") == (0,)
    assert expected_versions("POST", None, None) is None
    for method, tag, problem in (
        ("PUT", None, PreconditionRequired),
        ("PATCH", None, PreconditionRequired),
        ("PUT", 'W/"r17"', PreconditionFailed),
        ("PUT", '"other"', PreconditionFailed),
        ("PUT", "r17", InvalidRequest),
        ("PUT", 'W/"r1", "other"', PreconditionFailed),
        ("PUT", '"r1" "r2"', InvalidRequest),
        ("PUT", '"r1", *', InvalidRequest),
        ("PUT", '"r1", r2', InvalidRequest),
        ("PUT", "", InvalidRequest),
        ("PUT", '"r1"' + ", " * 8_000 + "x", InvalidRequest),  # at once, not after trying every split of the spaces
    ):
        with pytest.raises(problem):
            expected_versions(method, tag, None)


async def test_put_needs_if_match(client: httpx.AsyncClient, desk: Desk) -> None:
    async def put(note: str, **headers: Any) -> httpx.Response:
        return await client.put(f"{NOTES}/{note}", json={"text": "hi"}, headers=headers)

    assert (await put("n1")).status_code == 428
    assert (await put("n1", **{"if-match": '"r17"'})).headers["etag"] == '"r18"'
    assert desk.calls[-1][1].expected_versions == (17,)
    assert desk.calls[-1][1].idempotency_key == desk.calls[-1][1].request_id
    assert (await put("none", **{"if-match": '"r17"'})).status_code == 404
    assert (await put("none", **{"if-match": "*"})).status_code == 412


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"r17"', 200),
        ("*", 200),
        ('"r2"', 412),
        ('W/"r17"', 412),
        ('"other"', 412),
        ("r17", 400),
        ('"r9", "r17"', 200),
        ('W/"r17", "r9"', 412),
    ],
)
async def test_a_read_of_another_version_than_the_expected_one_fails(
    client: httpx.AsyncClient, tag: str, status: int
) -> None:
    answer = await client.get(f"{NOTES}/n1", headers={"if-match": tag, "if-none-match": '"r9"'})
    assert answer.status_code == status
    first = await client.get(f"{NOTES}/n1", headers={"if-match": tag, "if-none-match": '"r17"'})
    assert first.status_code == (304 if status == 200 else status)
