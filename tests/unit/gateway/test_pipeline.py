"""Order, headers of every answer, results on the wire."""

import httpx
import msgspec
import pytest

from contracts.problems import OutcomeUnknown
from gateway import pipeline
from runtime.http.arguments import BODY_LIMIT
from tests.support.tiny import Desk
from tests.support.tokens import TestIssuer
from tests.unit.gateway.conftest import CONFIG, Build, client_of

KEY = {"idempotency-key": '"k-1"'}


def test_the_order_is_pinned() -> None:
    names = [policy.__name__.rpartition(".")[2] for policy in pipeline.ORDER]
    assert names == ["correlation", "auth", "version", "throttle", "quota", "validation", "idempotency", "audit"]


async def test_a_read_answers_with_body_and_headers(client: httpx.AsyncClient, desk: Desk) -> None:
    answer = await client.get("/process/v1/notes/n7", headers={"x-correlation-id": "deal-9"})
    assert answer.status_code == 200
    assert answer.json()["id"] == "n7"
    assert answer.headers["x-correlation-id"] == "deal-9"
    assert answer.headers["ledgerway-mode"] == "sandbox"
    assert answer.headers["ledgerway-request-id"].startswith("req_")
    assert answer.headers["ratelimit-policy"] == '"burst";q=50;w=5, "month";q=1000;w=2592000'
    assert answer.headers["ratelimit"] == '"burst";r=49;t=1, "month";r=999;t=907200'
    assert answer.headers["etag"] == '"r17"'
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    call = desk.calls[-1][1]
    assert (call.tenant, call.principal, call.client, call.correlation_id) == ("acme", "maya", "desk", "deal-9")


async def test_a_known_version_is_not_sent_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/process/v1/notes/n7", headers={"if-none-match": 'W/"x", "r17"'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"r17"')
    assert (await client.get("/process/v1/notes/n7", headers={"if-none-match": '"r16"'})).status_code == 200


async def test_head_equals_get_without_body(client: httpx.AsyncClient) -> None:
    got, head = await client.get("/process/v1/notes/n7"), await client.head("/process/v1/notes/n7")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(got.content))


async def test_a_page_links_to_the_next_one(client: httpx.AsyncClient, desk: Desk) -> None:
    answer = await client.get("/process/v1/notes?limit=5&kind=short")
    cursor = answer.json()["next_cursor"]
    assert answer.headers["link"] == f'</process/v1/notes?limit=5&kind=short&cursor={cursor}>; rel="next"'
    assert answer.headers["cache-control"] == "no-store"
    last = await client.get(f"/process/v1/notes?kind=short&limit=7&cursor={cursor}")
    assert "link" not in last.headers
    assert desk.calls[-1][2]["cursor"] == "abc"


async def test_items_have_the_members_that_are_asked_for(client: httpx.AsyncClient, desk: Desk) -> None:
    some = (await client.get("/process/v1/notes?fields=version,id&kind=short")).json()
    assert some["items"] == [{"id": "n1", "version": 1}]
    assert some.keys() == {"items", "next_cursor", "as_of"}
    assert "fields" not in desk.calls[-1][2]
    more = await client.get(f"/process/v1/notes?kind=short&cursor={some['next_cursor']}")
    assert more.json()["items"][0].keys() == {"id", "text", "amount", "written_at", "version"}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("fields=id,versoin", "names 'versoin'; the nearest is version"),
        ("fields=zzz", "names 'zzz'; there are amount, id, text, version, written_at"),
        ("fields=", "names ''; there are amount, id, text, version, written_at"),
        ("fields=id&fields=text", "is given more than once; give it once"),
    ],
)
async def test_members_that_items_do_not_have_are_refused(client: httpx.AsyncClient, query: str, says: str) -> None:
    refused = await client.get(f"/process/v1/notes?{query}")
    assert refused.status_code == 400
    assert [(e["parameter"], e["detail"]) for e in refused.json()["errors"]] == [("fields", says)]


async def test_only_pages_have_members_to_choose(client: httpx.AsyncClient) -> None:
    assert (await client.get("/process/v1/notes/n7?fields=id")).status_code == 400


@pytest.mark.parametrize(
    "query", ["kind=short&cursor=abc", "kind=short&cursor={}A", "kind=long&cursor={}", "cursor={}"]
)
async def test_a_cursor_is_good_for_its_own_list_only(client: httpx.AsyncClient, query: str) -> None:
    cursor = (await client.get("/process/v1/notes?kind=short")).json()["next_cursor"]
    refused = await client.get(f"/process/v1/notes?{query.format(cursor)}")
    assert refused.status_code == 400
    assert [e["parameter"] for e in refused.json()["errors"]] == ["cursor"]


async def test_creating_answers_201_with_location(client: httpx.AsyncClient) -> None:
    answer = await client.post("/process/v1/notes", json={"text": "hi", "amount": "12.50"}, headers=KEY)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/process/v1/notes/{answer.json()['id']}"
    assert answer.json()["amount"] == "12.50"


async def test_long_work_answers_202_and_waits_as_preferred(client: httpx.AsyncClient, desk: Desk) -> None:
    first = await client.post("/process/v1/notes/runs", json={"text": "hi"}, headers=KEY)
    assert first.status_code == 202
    assert first.headers["location"] == "/process/v1/runs/run_1"
    assert first.headers["operation-location"] == "https://gw.example/process/v1/runs/run_1"
    assert first.json()["status"] == "running"
    waited = await client.post(
        "/process/v1/notes/runs", json={"text": "hi"}, headers={"idempotency-key": '"k-2"', "prefer": "wait=5"}
    )
    assert waited.json()["status"] == "completed"
    assert waited.headers["preference-applied"] == "wait=5"
    assert desk.looks == 1


async def test_an_unexpected_error_is_internal_and_tells_nothing(client: httpx.AsyncClient, desk: Desk) -> None:
    desk.fail_with = ZeroDivisionError("secret detail")
    answer = await client.post("/process/v1/notes", json={"text": "hi"}, headers=KEY)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["facts"] == {"correlation_id": answer.headers["x-correlation-id"]}
    assert answer.headers["proxy-status"] == "gw; error=proxy_internal_error"
    desk.fail_with = OutcomeUnknown("The answer was lost.", vendor="acme", failure="connection_terminated")
    lost = await client.post("/process/v1/notes", json={"text": "hi"}, headers={"idempotency-key": "k-lost"})
    assert (lost.status_code, lost.headers["proxy-status"]) == (504, "gw; error=connection_terminated")


async def test_a_problem_has_all_members(client: httpx.AsyncClient) -> None:
    answer = await client.get("/process/v1/notes/none")
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no note none.",
        "instance": f"/portal/requests/{answer.headers['ledgerway-request-id']}",
        "code": "not-found",
        "retryable": False,
        "correlation_id": answer.headers["x-correlation-id"],
    }


async def test_nothing_there_and_other_methods(client: httpx.AsyncClient) -> None:
    assert (await client.get("/process/v1/nothing")).json()["code"] == "not-found"
    answer = await client.delete("/process/v1/notes")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    options = await client.request("OPTIONS", "/process/v1/notes")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    for method in ("TRACE", "PROPFIND"):
        assert (await client.request(method, "/process/v1/notes")).headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_one_form_of_a_path(client: httpx.AsyncClient, desk: Desk) -> None:
    for path in ("/process/v1/notes/n7/", "/process/v1/./x/../notes/%6E7", "/process/v1/notes/n%37"):
        assert (await client.get(httpx.URL("https://gw.example", raw_path=path.encode()))).json()["id"] == "n7"
    slash = await client.get(httpx.URL("https://gw.example", raw_path=b"/process/v1/notes/a%2Fb"))
    assert slash.json()["id"] == "a/b"
    broken = await client.get(httpx.URL("https://gw.example", raw_path=b"/process/v1/notes/%zz"))
    assert broken.status_code == 400


async def test_sizes_are_bounded(client: httpx.AsyncClient) -> None:
    large = await client.post(
        "/process/v1/notes", content=b"x" * 1_048_577, headers={**KEY, "content-type": "application/json"}
    )
    assert (large.status_code, large.json()["code"]) == (413, "too-large")
    assert (await client.get("/process/v1/notes?cursor=" + "x" * 9000)).status_code == 414
    assert (await client.get("/process/v1/notes", headers={"x-long": "x" * 40_000})).status_code == 431


async def test_a_trace_goes_on(client: httpx.AsyncClient, desk: Desk) -> None:
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    await client.get("/process/v1/notes/n7", headers={"traceparent": f"00-{trace}-{span}-01"})
    version, ours, child, flags = desk.calls[-1][1].traceparent.split("-")
    assert (version, ours, flags) == ("00", trace, "01")
    assert child != span
    for bad in (
        f"ff-{trace}-{span}-01",
        f"00-{'0' * 32}-{span}-01",
        f"00-{trace}-{span}-01-x",
        f"00-{trace.upper()}-{span}-01",
    ):
        await client.get("/process/v1/notes/n7", headers={"traceparent": bad})
        assert trace not in desk.calls[-1][1].traceparent


async def test_deprecation_is_announced_and_ends_in_410(build: Build, issuer: TestIssuer) -> None:
    ending = """
[[policy.version]]
prefix = "/process/v1/notes"
deprecated_at = 2026-01-01T00:00:00Z
sunset_at = {sunset}
successor = "/process/v2/notes"
docs = "/docs/migrate-v2"
"""
    async with client_of(build(ending.format(sunset="2027-01-01T00:00:00Z")), issuer.token()) as client:
        answer = await client.get("/process/v1/notes/n7")
        assert answer.status_code == 200
        assert answer.headers["deprecation"] == "@1767225600"
        assert answer.headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
        assert '</process/v2/notes>; rel="successor-version"' in answer.headers["link"]
        refused = [
            await client.get("/process/v1/notes/n7", headers={"authorization": "Bearer bad"}),
            await client.get("/process/v1/notes/n7", headers={"authorization": f"Bearer {issuer.token(scope='x')}"}),
            await client.delete("/process/v1/notes"),
            await client.options("/process/v1/notes"),
            await client.post("/process/v1/notes", content=b" " * (BODY_LIMIT + 1)),
            await client.get("/process/v1/notes/n7/nothing"),
        ]
        assert [one.status_code for one in refused] == [401, 403, 405, 204, 413, 404]
        assert [one.headers.get_list("deprecation") for one in refused] == [["@1767225600"]] * 6
        assert "deprecation" not in (await client.get("/process/v1/runs/r1")).headers
    async with client_of(build(ending.format(sunset="2026-06-01T00:00:00Z")), issuer.token()) as client:
        answer = await client.get("/process/v1/notes/n7")
        assert (answer.status_code, answer.json()["facts"]) == (410, {"successor": "/process/v2/notes"})
        assert answer.headers["deprecation"] == "@1767225600"


async def test_browsers_of_listed_origins_only(build: Build, issuer: TestIssuer) -> None:
    gateway = build(config='origins = ["https://desk.example"]\n' + CONFIG)
    async with client_of(gateway, issuer.token()) as client:
        ours = await client.get("/process/v1/notes/n7", headers={"origin": "https://desk.example"})
        assert ours.headers["access-control-allow-origin"] == "https://desk.example"
        assert "RateLimit" in ours.headers["access-control-expose-headers"]
        other = await client.get("/process/v1/notes/n7", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
        assert other.headers["vary"] == "Origin"


async def test_reply_is_json_of_the_result(client: httpx.AsyncClient) -> None:
    answer = await client.get("/process/v1/notes?since=2026-11-01T00:00:00%2B01:00&exact=true&limit=900")
    assert msgspec.json.decode(answer.content)["items"][0]["text"] == "hello"
