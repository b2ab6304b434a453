"""A vendor on a real socket that answers what a test says, byte by byte."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from msgspec import Struct

Play = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Asked(Struct, frozen=True):
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> Play:
    """A whole answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Said", *(f"{k}: {v}" for k, v in named.items()), f"content-length: {len(body)}"]
    return partial(_write, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def raw(*pieces: bytes, pause_s: float = 0.0) -> Play:
    """Pieces with a pause after each, then the end of the connection."""

    async def play(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            await _write(piece, writer)
            await asyncio.sleep(pause_s)
        writer.close()

    return play


async def _write(data: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(data)
    await writer.drain()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """The connection ends without a byte."""
    writer.transport.abort()


async def silence(writer: asyncio.StreamWriter) -> None:
    """Nothing, for longer than anybody waits."""
    await asyncio.sleep(30)


@dataclass
class Vendor:
    """`script` is played one request at a time, its last line for ever; `asked` is what came."""

    url: str = ""
    script: list[Play] = field(default_factory=lambda: [answer()])
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not writer.is_closing():
                self.asked.append(await _read(reader))
                play = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                await play(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    return Asked(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def address_of(listening: Any) -> str:
    """Of a socket on this machine."""
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    played = Vendor()
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    played.url = address_of(server.sockets[0])
    yield played
    server.close()


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return address_of(probe)


class Badge:
    """Credentials that are a number; `forget` makes the next one."""

    def __init__(self) -> None:
        self.number, self.forgotten = 1, []

    async def headers(self, method: str, url: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.number}"}

    def forget(self, refused: Any) -> None:
        self.forgotten.append(dict(refused))
        self.number += 1

    async def close(self) -> None:
        """Nothing is open."""
