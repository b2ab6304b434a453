"""What reaches the gateway before anybody is known: messages two readers could read differently, and those that never end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from gateway import front, protocol
from gateway.app import Gateway
from gateway.protocol import Protocol


@asynccontextmanager
async def listening(gateway: Gateway) -> AsyncIterator[int]:
    server = uvicorn.Server(uvicorn.Config(gateway, port=0, http=Protocol, ws="none", log_config=None, lifespan="off"))
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
        b"GET /health/live HTTP/1.1\r\nHost: a\r\nX : folded\r\n",
        b"FETCH /health/live HTTP/1.1\r\nHost: a\r\n",
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


async def test_a_connection_serves_one_request_after_the_other(gateway: Gateway) -> None:
    async with listening(gateway) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        statuses: list[Any] = [(await client.get("/health/live")).status_code for _ in range(3)]
    assert statuses == [200, 200, 200]
