"""A layer that runs alone, on a real socket: what its neighbours get, and what strangers get."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from msgspec.structs import replace

from contracts.call import Call
from contracts.operation import operations
from contracts.problems import Internal, NotFound, OutcomeUnknown, Problem, TooLarge, VendorUnavailable
from runtime.bind import bind, serve_in_process
from runtime.http.arguments import BODY_LIMIT
from runtime.http.hop import HEADER, HopTokens, fingerprint
from runtime.http.remote import Remote
from runtime.http.serve import layer
from tests.support.samples import TEXTS
from tests.support.tiny import NewNote, Note, NotePage, Notes

from .conftest import Vendor, address_of, answer, hang_up

KEY, PREFIX = b"k" * 32, "/process/v1"
AT = datetime(2026, 11, 20, tzinfo=UTC)
CALL = Call(
    tenant="acme",
    principal="ada",
    client="desk",
    scopes=frozenset(o.scope for o in operations(Notes)),
    correlation_id="cor-7",
    request_id="req",
)


class Desk:
    """Answers every note with its own id and text."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def get_note(self, call: Call, note_id: str) -> Note:
        self.asked.append(note_id)
        if note_id == "none":
            raise NotFound("No note none.", note="none")
        return Note(id=note_id, text=call.tenant, written_at=call.deadline or AT)

    async def list_notes(self, call: Call, **given: Any) -> NotePage:
        self.asked.append(given)
        return NotePage(items=())

    async def write_note(self, call: Call, body: NewNote) -> Note:
        self.asked.append(body)
        return Note(id="n1", text=body.text, amount=body.amount, written_at=AT)

    find_notes = replace_note = send_note = start = get_run = write_note


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def url(desk: Desk) -> AsyncIterator[str]:
    app = layer(serve_in_process(Notes, bind(Notes, desk), PREFIX), HopTokens(KEY))
    config = uvicorn.Config(app, port=0, http="httptools", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    yield address_of(server.servers[0].sockets[0])
    server.should_exit = True
    await serving


@pytest.fixture
async def notes(url: str) -> AsyncIterator[Any]:
    remote = Remote(url, HopTokens(KEY))
    yield remote.client(Notes, PREFIX)
    await remote.close()


async def _problem(asking: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        await asking
    return caught.value


async def test_names_of_any_kind_arrive(notes: Any, desk: Desk):
    for text in (*TEXTS, "...", "%", "%2e%2e", "a b", "?", "#", "//", "\\", ";", "é" * 10):
        if len(text) <= 60:
            assert (await notes.get_note(CALL, text)).id == text
            await notes.list_notes(CALL, cursor=text, since=AT)
            assert desk.asked[-1]["cursor"] == text
            assert desk.asked[-1]["since"] == AT


async def test_problems_come_back_as_themselves(notes: Any):
    problem = await _problem(notes.get_note(CALL, "none"))
    assert (type(problem), problem.detail, problem.facts) == (NotFound, "No note none.", {"note": "none"})


async def test_a_body_beyond_the_limit_is_too_large(notes: Any, desk: Desk):
    body = NewNote(text="x", tags=tuple(["t" * 60] * (BODY_LIMIT // 60)))
    assert isinstance(await _problem(notes.write_note(CALL, body)), TooLarge)
    assert desk.asked == []


def _signed(method: str, path: str, query: str = "", body: bytes = b"", call: Call = CALL) -> dict[str, str]:
    token = HopTokens(KEY).sign(call, fingerprint(method, path, query, body))
    return {HEADER: token, "content-type": "application/json"}


async def test_strangers_get_nothing(url: str, desk: Desk):
    path, body = f"{PREFIX}/notes", b'{"text":"a"}'
    async with httpx.AsyncClient(base_url=url) as http:
        taken = await http.post(path, content=body, headers=_signed("POST", path, body=body))
        assert taken.status_code == 201
        desk.asked.clear()
        refused = [
            await http.post(path, content=body),
            await http.post(path, content=body, headers={"x-tenant": "acme", "authorization": "Bearer x"}),
            await http.post(path, content=b'{"text":"b"}', headers=_signed("POST", path, body=body)),
            await http.post(f"{path}/n1/sending", headers=_signed("POST", path)),
            await http.get(path, params={"exact": "true"}, headers=_signed("GET", path)),
            await http.get(f"{path}/a%2Fb", headers=_signed("GET", f"{path}/a/b")),
        ]
    assert [r.status_code for r in refused] == [401] * len(refused)
    assert {r.headers["content-type"] for r in refused} == {"application/problem+json"}
    assert desk.asked == []


async def test_problems_say_which_request_they_belong_to(url: str):
    path = f"{PREFIX}/notes/none"
    async with httpx.AsyncClient(base_url=url) as http:
        found = (await http.get(path, headers=_signed("GET", path))).json()
    assert (found["status"], found["correlation_id"]) == (404, "cor-7")


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("DELETE", f"{PREFIX}/notes"), ("GET", "/%FF")])
async def test_what_is_not_served_is_not_there(url: str, method: str, path: str):
    async with httpx.AsyncClient(base_url=url) as http:
        answered = await http.request(method, path)
    assert (answered.status_code, answered.json()["code"]) == (404, "not-found")


async def test_a_path_that_is_no_text_is_refused(url: str):
    path = f"{PREFIX}/notes/%FF"
    async with httpx.AsyncClient(base_url=url) as http:
        answered = await http.get(path, headers=_signed("GET", path))
    assert (answered.status_code, answered.json()["code"]) == (400, "invalid-request")


async def test_neighbours_with_another_key_or_address_are_our_fault_not_the_callers(url: str):
    for remote, prefix in ((Remote(url, HopTokens(b"o" * 32)), PREFIX), (Remote(url, HopTokens(KEY)), "/process/v9")):
        problem = await _problem(remote.client(Notes, prefix).get_note(CALL, "n1"))
        assert isinstance(problem, Internal)
        assert "notes.get_note" in problem.detail
        await remote.close()


@pytest.mark.parametrize(
    ("play", "read", "write"),
    [
        (hang_up, VendorUnavailable, OutcomeUnknown),
        (answer(503, b"<html>busy"), VendorUnavailable, VendorUnavailable),
        (answer(502, b"<html>bad gateway"), VendorUnavailable, OutcomeUnknown),
        (answer(404, b"<html>nothing"), Internal, Internal),
        (answer(200, b"<html>log in", content_type="text/html"), Internal, Internal),
        (answer(404, b'{"code":"not-found"}', content_type="application/json"), Internal, Internal),
    ],
)
async def test_what_stands_between_layers_is_not_mistaken_for_one(vendor: Vendor, play: Any, read: type, write: type):
    remote = Remote(vendor.url, HopTokens(KEY))
    notes: Any = remote.client(Notes, PREFIX)
    vendor.script = [play]
    assert type(await _problem(notes.get_note(CALL, "n1"))) is read
    assert type(await _problem(notes.write_note(CALL, NewNote(text="a")))) is write
    await remote.close()


async def test_a_layer_that_is_away_is_unavailable_for_reads_and_writes(nobody: str):
    remote = Remote(nobody, HopTokens(KEY))
    notes: Any = remote.client(Notes, PREFIX)
    assert isinstance(await _problem(notes.get_note(CALL, "n1")), VendorUnavailable)
    assert isinstance(await _problem(notes.write_note(CALL, NewNote(text="a"))), VendorUnavailable)
    await remote.close()


async def test_a_call_keeps_its_tenant(notes: Any):
    assert (await notes.get_note(replace(CALL, tenant="other"), "n1")).text == "other"
