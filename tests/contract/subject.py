"""What a port suite is run against: one vendor's adapter behind the port's guards, and the switches of its simulator.

A suite (`suites/<port>.py`) is a module with:
- `Facts`: a struct of what the suite must know about the vendor's seed;
- promises: async functions named `promise_...` that take a Subject;
- `read(subject)`: one harmless read; and, if the port writes by key: `write(subject, key)` answers the reference of what was
  put, `found(subject, key)` the references of what is there under the key.
A vendor (`vendors/<vendor>.py`) is a module with:
- `simulator()`: a fresh ASGI app; `SECRET`: the secret document; `connection(secret)`: the connection;
- `READS` and `WRITES`: (method, regular expression of the path and query) of the data requests that faults shall hit;
- `async facts(port, http)`: the facts of its seed, asked from the simulator on the vendor's own wire.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
from msgspec import Struct

from contracts.call import Call

Requests = tuple[tuple[str, str], ...]


class Subject(Struct, frozen=True, kw_only=True):
    """`adapter` is the bound port; `facts` are the suite's."""

    vendor: str
    instance: str
    adapter: Any
    call: Call
    facts: Any
    simulator: httpx.AsyncClient
    reads: Requests
    writes: Requests

    async def arm_reads(self, kind: str, **options: Any) -> None:
        """Arm a fault on data reads."""
        await self._arm(self.reads, kind, options)

    async def arm_writes(self, kind: str, **options: Any) -> None:
        """Arm a fault on data writes; a write that needs several requests meets it on the first."""
        await self._arm(self.writes, kind, options)

    async def clear(self) -> None:
        """Disarm what did not fire."""
        (await self.simulator.delete("/_sandbox/faults")).raise_for_status()

    async def _arm(self, requests: Requests, kind: str, options: dict[str, Any]) -> None:
        for method, path in requests:
            fault = {"kind": kind, "method": method, "path": path, **options}
            (await self.simulator.post("/_sandbox/faults", json=fault)).raise_for_status()


def new_key() -> str:
    """A key that nothing carries yet."""
    return f"key_{uuid4().hex[:20]}"


async def pages(ask: Callable[..., Awaitable[Any]], **arguments: Any) -> list[Any]:
    """All items of a listing, page by page."""
    items: list[Any] = []
    cursor = None
    for _ in range(1000):
        page = await ask(cursor=cursor, **arguments)
        assert len(page.items) <= arguments.get("limit", 200)
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            return items
    raise AssertionError("the listing does not come to an end")
