"""What reaches the gateway before anybody is known: messages two readers could read differently, and those that never end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import httpx
import pytest
import uvicorn
import uvloop
from uvicorn.server import ServerState

from gateway import front, protocol
from gateway.app import Gateway
from gateway.mounts import Mount
from gateway.protocol import Protocol
from process_apis.calculators.contract import Calculators
from process_apis.calculators.process import RuleDesk
from runtime.bind import bind, serve_in_process
from tests.support.clock import FixedClock
from tests.support.tokens import TestIssuer
from tests.unit.gateway.conftest import Build


@asynccontextmanager
async def listening(gateway: Gateway, lifespan: Literal["on", "off"] = "off") -> AsyncIterator[int]:
    config = uvicorn.Config(gateway, port=0, http=Protocol, ws="none", log_config=None, lifespan=lifespan)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def answer(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(10):
        got = await reader.read()
    writer.close()
    return got


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health/live HTTP/1.1\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
        b"POST /process/v1/notes HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n",
        b"POST /process/v1/notes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: a\r\nX : folded\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: a b\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: a/b\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: a, b\r\n",
        b"GET /health/live HTTP/2.0\r\nHost: a\r\n",
    ],
)
async def test_a_message_two_readers_could_read_differently_is_refused(gateway: Gateway, head: bytes) -> None:
    async with listening(gateway) as port:
        got = await answer(port, head + b"Connection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in got.lower()


async def test_a_head_without_end_is_cut_off(gateway: Gateway) -> None:
    async with listening(gateway) as port:
        got = await answer(port, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * (protocol.LARGEST_HEAD + 1))
    assert got.startswith(b"HTTP/1.1 431 ")


async def test_slow_heads_and_slow_bodies_are_cut_off(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.2)
    monkeypatch.setattr(front, "BODY_S", 0.2)
    async with listening(gateway) as port:
        head = await answer(port, b"GET / HTTP/1.1\r\nHost: a\r\n")
        body = await answer(port, b"POST /process/v1/notes HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert body.startswith(b"HTTP/1.1 400 ")


async def test_http_0_9_is_refused(gateway: Gateway) -> None:
    async with listening(gateway) as port:
        got = await answer(port, b"GET /health/live\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("host", [b"", b"gw.example:8080", b"[2001:db8::1]:80", b"127.0.0.1", b"a_b.example"])
async def test_a_host_of_the_grammar_is_taken(gateway: Gateway, host: bytes) -> None:
    async with listening(gateway) as port:
        got = await answer(port, b"GET /health/live HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 ")


async def test_what_comes_behind_a_body_is_no_header_field(gateway: Gateway) -> None:
    head = b"POST /process/v1/notes HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    late = b"X-Correlation-Id: late\r\nX-Forwarded-For: 10.0.0.1\r\nAuthorization: Bearer late\r\n\r\n"
    async with listening(gateway) as port:
        got = await answer(port, head + b"2\r\n{}\r\n0\r\n" + late)
    assert got.startswith(b"HTTP/1.1 401 ")
    assert b"late" not in got
    assert b"invalid_token" not in got


async def test_what_comes_behind_a_body_has_a_size_too(gateway: Gateway) -> None:
    head = b"POST /process/v1/notes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    async with listening(gateway) as port:
        got = await answer(port, head + b"x: y\r\n" * (protocol.LARGEST_HEAD // 6 + 1) + b"\r\n")
    assert got.startswith(b"HTTP/1.1 431 ")


async def test_a_body_for_what_is_mounted_is_whole_bounded_and_in_time(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "BODY_S", 0.2)

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": message["body"] + str(message["more_body"]).encode()})

    head = b"POST /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    async with listening(build(mounts=(Mount("/page", echo),))) as port:
        slow = await answer(port, head + b"Content-Length: 9\r\n\r\na")
        large = await answer(port, head + b"Content-Length: 99999999\r\n\r\na")
        whole = await answer(port, head + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    assert slow.startswith(b"HTTP/1.1 400 ")
    assert large.startswith(b"HTTP/1.1 413 ")
    assert b"abFalse" in whole


async def test_what_cannot_be_read_ends_the_connection_after_the_answers_that_are_due(
    gateway: Gateway, issuer: TestIssuer
) -> None:
    fields = f"Host: a\r\nAuthorization: Bearer {issuer.token()}\r\nContent-Type: application/json\r\n".encode()
    fields += b'Idempotency-Key: "k-1"\r\nContent-Length: 14\r\n\r\n'
    good = b"POST /process/v1/notes HTTP/1.1\r\n" + fields + b'{"text": "hi"}'
    async with listening(gateway) as port:
        first, second, *rest = (await answer(port, good + good.replace(b"k-1", b"k-2") + b"no request\r\n\r\n")).split(
            b"HTTP/1.1 "
        )[1:]
        broken = await answer(port, good.replace(b"Content-Length: 14", b"Transfer-Encoding: chunked") + b"\r\n")
    assert (first[:3], second[:3], rest) == (b"201", b"201", [])
    assert b"connection: close" in second
    assert broken.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("sent", "slug"),
    [
        (b"GET /health/live\r\n\r\n", "invalid-request"),
        (b"FOO /health/live HTTP/1.1\r\nHost: x\r\n\r\n", "method-unknown"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * (protocol.LARGEST_HEAD + 1), "headers-too-large"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", "request-timeout"),
        (b"GET /" + b"a" * 30_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "target-too-long"),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "target-too-long"),
        (b"GET /" + b"a" * (protocol.LARGEST_HEAD + 1), "target-too-long"),
        (b"GET /health/live?" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "target-too-long"),
    ],
)
async def test_a_refusal_at_the_socket_is_a_problem_like_any_other(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, sent: bytes, slug: str
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    async with listening(gateway, lifespan="on") as port:
        head, body = (await answer(port, sent)).split(b"\r\n\r\n", 1)
    fields = {name.lower(): value for name, _, value in (line.partition(b": ") for line in head.split(b"\r\n")[1:])}
    problem = json.loads(body)
    assert (problem["type"], problem["code"], problem["status"]) == (f"/problems/{slug}", slug, int(head[9:12]))
    assert fields[b"x-correlation-id"].decode() == problem["correlation_id"]
    assert fields[b"ledgerway-request-id"].startswith(b"req_")
    assert fields[b"ledgerway-mode"] == b"sandbox"
    assert fields[b"cache-control"] == b"no-store"


async def test_what_the_server_as_a_whole_takes(gateway: Gateway) -> None:
    async with listening(gateway) as port:
        asked = await answer(port, b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        refused = await answer(port, b"GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert asked.startswith(b"HTTP/1.1 204 ")
    assert b"allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n" in asked
    assert refused.startswith(b"HTTP/1.1 400 ")


async def test_a_connection_serves_one_request_after_the_other(gateway: Gateway) -> None:
    async with listening(gateway) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        statuses: list[Any] = [(await client.get("/health/live")).status_code for _ in range(3)]
    assert statuses == [200, 200, 200]


class Wire(asyncio.Transport):
    """A socket that remembers every write."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def connected(gateway: Gateway, **settings: Any) -> tuple[Protocol, Wire, ServerState]:
    config = uvicorn.Config(gateway, http=Protocol, ws="none", log_config=None, lifespan="off", **settings)
    config.load()
    state = ServerState()
    connection, wire = Protocol(config=config, server_state=state, app_state={}), Wire()
    connection.connection_made(wire)
    return connection, wire, state


async def sent_by(gateway: Gateway, *requests: bytes) -> Wire:
    """What a connection writes when these requests come in, all at once."""
    connection, wire, state = connected(gateway)
    connection.data_received(b"".join(requests))
    while state.tasks or connection.pipeline:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    connection.connection_lost(None)
    return wire


async def test_an_answer_is_one_write(gateway: Gateway) -> None:
    read, head = (verb + b" /health/live HTTP/1.1\r\nHost: a\r\n\r\n" for verb in (b"GET", b"HEAD"))
    wire = await sent_by(gateway, read, head, read.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert [w.split(b"\r\n")[0] for w in wire.writes] == [b"HTTP/1.1 200 OK"] * 3
    heads, bodies = zip(*(w.split(b"\r\n\r\n", 1) for w in wire.writes), strict=True)
    assert bodies[0] == bodies[2] != b"" and bodies[1] == b""
    assert [b"connection: close" in h for h in heads] == [False, False, True]
    assert wire.closed


async def test_what_comes_after_the_last_request_is_not_answered(gateway: Gateway) -> None:
    read = b"GET /health/live HTTP/1.1\r\nHost: a\r\n"
    wire = await sent_by(gateway, read + b"Connection: close\r\n\r\n", read + b"\r\n")
    assert len(wire.writes) == 1
    assert wire.closed


async def test_what_only_computes_is_answered_before_the_next_is_read(
    build: Build, issuer: TestIssuer, clock: FixedClock
) -> None:
    served = serve_in_process(Calculators, bind(Calculators, RuleDesk(), clock), "/process/v1")
    body = b'{"severity":"blocking"}'
    head = f"authorization: Bearer {issuer.token(scope='rules:read')}\r\ncontent-type: application/json\r\n"
    asked = b"POST /process/v1/calculators/alert.priority HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%b\r\n%b"
    request = asked % (len(body), head.encode(), body)
    connection, wire, state = connected(build(served=served))
    connection.data_received(request)
    while state.tasks:  # noqa: ASYNC110
        await asyncio.sleep(0.005)  # whoever comes first is looked up
    connection.data_received(request[:-9])
    assert (len(wire.writes), len(state.tasks)) == (1, 1), "the rest of the body is waited for"
    connection.data_received(request[-9:])
    while state.tasks:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    connection.data_received(request + request)
    assert len(wire.writes) == 4
    assert {w.split(b"\r\n\r\n", 1)[1] for w in wire.writes} == {b'{"priority":"P3"}'}
    connection.connection_lost(None)


def test_the_event_loop_writes_once_an_answer() -> None:
    assert uvloop.__version__ == "0.22.1"  # 0.23.0 writes twice: its CPU time for an answer is a third more


async def test_an_idle_connection_is_closed_and_a_busy_one_is_not(gateway: Gateway) -> None:
    connection, wire, _ = connected(gateway, timeout_keep_alive=0)
    connection.data_received(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
    assert not wire.closed
    async with asyncio.timeout(5):
        while not wire.closed:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert len(wire.writes) == 1
    connection.connection_lost(None)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"FOO /health/live HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"get /health/live HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"F(O /health/live HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
)
async def test_an_unknown_method_is_told_from_what_is_no_request(gateway: Gateway, sent: bytes, status: int) -> None:
    async with listening(gateway) as port:
        assert (await answer(port, sent)).startswith(f"HTTP/1.1 {status} ".encode())
