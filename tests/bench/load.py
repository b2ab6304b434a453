"""A load generator: keep-alive connections, one request in flight on each, in a process of its own.

`load` reads one JSON order from standard input and writes one JSON outcome. Without a `rate` every connection asks again as soon as it is
answered; with one, requests are due at fixed instants and latency counts from the instant a request was due.
"""

import asyncio
import sys
import time

import msgspec
import uvloop
from msgspec import Struct

KEY = b"@KEY@"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Order(Struct, frozen=True, kw_only=True):
    """What to send where. `@KEY@` in the request becomes another number each time."""

    port: int
    request: bytes
    connections: int = 32
    seconds: int = 3
    rate: int | None = None


class Outcome(Struct, frozen=True, kw_only=True):
    """Answers with status 2xx, others, latencies in microseconds, and how long it took."""

    good: int
    bad: int
    p50_us: int
    p99_us: int
    took_ns: int


class _Run:
    """What the connections share."""

    def __init__(self, order: Order, began_ns: int) -> None:
        self.order, self.ends_ns = order, began_ns + order.seconds * 1_000_000_000
        self.took: list[int] = []
        self.bad = 0
        self._number = time.time_ns()
        self._parts = order.request.split(KEY)
        self._due_ns, self._step_ns = began_ns, 1_000_000_000 // order.rate if order.rate else 0

    def request(self) -> bytes:
        self._number += 1
        return self._parts[0] if len(self._parts) == 1 else (b"%d" % self._number).join(self._parts)

    def due_ns(self) -> int:
        """When the next request is due."""
        if not self._step_ns:
            return time.perf_counter_ns()
        self._due_ns += self._step_ns
        return self._due_ns


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run, loop: asyncio.AbstractEventLoop) -> None:
        self._run, self._loop = run, loop
        self._read, self._due_ns, self._missing = b"", 0, 0
        self.ended: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def _next(self) -> None:
        self._due_ns = self._run.due_ns()
        now = time.perf_counter_ns()
        if max(now, self._due_ns) >= self._run.ends_ns:
            self._transport.close()
        elif self._due_ns > now:
            self._loop.call_later((self._due_ns - now) / 1e9, self._send)
        else:
            self._send()

    def _send(self) -> None:
        self._transport.write(self._run.request())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._read += data
        head = self._read.find(_HEAD_END)
        if head < 0:
            return
        at = self._read.find(_LENGTH) + len(_LENGTH)
        if len(self._read) < head + len(_HEAD_END) + int(self._read[at : self._read.find(b"\r", at)]):
            return
        self._run.took.append(time.perf_counter_ns() - self._due_ns)
        self._run.bad += self._read[9:10] != b"2"
        self._read = b""
        self._next()


async def run(order: Order) -> Outcome:
    """Load until the time is over."""
    loop, began = asyncio.get_running_loop(), time.perf_counter_ns()
    shared = _Run(order, began)
    made = [
        (await loop.create_connection(lambda: _Connection(shared, loop), "127.0.0.1", order.port))[1]
        for _ in range(order.connections)
    ]
    await asyncio.gather(*(one.ended for one in made))
    took = sorted(shared.took) or [0]
    return Outcome(
        good=len(shared.took) - shared.bad,
        bad=shared.bad,
        p50_us=took[len(took) // 2] // 1000,
        p99_us=took[len(took) * 99 // 100] // 1000,
        took_ns=time.perf_counter_ns() - began,
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(
        msgspec.json.encode(uvloop.run(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Order))))
    )
