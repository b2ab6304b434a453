"""The simulator kit as a vendor sandbox and its clients see it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import uvicorn

from runtime.http.simulate import (
    ASGIApp,
    Faults,
    Refused,
    Request,
    Response,
    Route,
    SandboxClock,
    Store,
    simulator,
)


class Envelope:
    """Answers `{"fault": <name>}`."""

    def not_found(self, request: Request) -> Response:
        return Response.of(404, {"fault": "not found"})

    def method_not_allowed(self, request: Request) -> Response:
        return Response.of(405, {"fault": "method"})

    def too_large(self, request: Request) -> Response:
        return Response.of(413, {"fault": "large"})

    def too_many(self, request: Request, retry_after: int | None) -> Response:
        answer = Response.of(429, {"fault": "many"})
        return answer if retry_after is None else answer.adding(("Retry-After", str(retry_after)))

    def server_error(self, request: Request, status: int) -> Response:
        return Response.of(status, {"fault": "server"})

    def token_expired(self, request: Request) -> Response:
        return Response.of(401, {"fault": "token"})


def orders_app(path: Path | None = None) -> ASGIApp:
    store = Store(path)
    faults = Faults(store)

    def create(request: Request) -> Response:
        number = store.next("order", start=100)
        with store.transaction() as change:
            change.put("orders", str(number), request.json())
            if faults.take("lock", request):
                raise Refused(Response.of(409, {"fault": "locked"}))
        return Response.of(201, {"id": number})

    def read(request: Request) -> Response:
        row = store.get("orders", request.params["id"])
        return Response(404) if row is None else Response.of(200, row)

    async def count(request: Request) -> Response:
        return Response.of(200, {"count": len(store.rows("orders"))})

    def seed(fresh: Store) -> None:
        with fresh.transaction() as change:
            change.put("orders", "a/b c", {"total": Decimal("10.50")})

    routes = (Route("POST", "/orders", create), Route("GET", "/orders", count), Route("GET", "/orders/{id}", read))
    return simulator(
        "orders", routes, store=store, faults=faults, clock=SandboxClock(store), seed=seed, errors=Envelope()
    )


def in_memory(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://vendor.test")


@asynccontextmanager
async def over_socket(app: ASGIApp) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


def test_committed_rows_survive_a_kill_and_a_torn_line_does_not(tmp_path: Path) -> None:
    path = tmp_path / "vendor.jsonl"
    store = Store(path)
    with store.transaction() as change:
        change.put("t", "1", {"amount": Decimal("10.50")})
        change.put("t", "2", {})
        change.delete("t", "2")
    assert store.next("n", start=7) == 7
    with path.open("ab") as torn:
        torn.write(b'[["t","3",{"half')

    reopened = Store(path)
    assert dict(reopened.rows("t")) == {"1": {"amount": Decimal("10.50")}}
    assert reopened.next("n", start=7) == 8
    with reopened.transaction() as change:
        change.put("t", "4", {})
    assert set(Store(path).rows("t")) == {"1", "4"}


def test_a_failed_transaction_leaves_nothing_and_a_savepoint_only_undoes_itself() -> None:
    store = Store()
    with store.transaction() as outer:
        outer.put("t", "1", {"v": 1})
        with pytest.raises(KeyError), store.transaction() as inner:
            inner.put("t", "1", {"v": 2})
            inner.put("t", "2", {})
            store.next("n")
            raise KeyError
        assert dict(store.rows("t")) == {"1": {"v": 1}}
    assert store.next("n") == 1
    with pytest.raises(KeyError), store.transaction() as change:
        change.delete("t", "1")
        raise KeyError
    assert dict(store.rows("t")) == {"1": {"v": 1}}


async def test_routes_decode_segments_and_refuse_in_the_vendors_words() -> None:
    async with in_memory(orders_app()) as client:
        assert (await client.get("/orders/a%2Fb%20c")).text == '{"total":10.50}'
        assert (await client.get("/nothing")).json() == {"fault": "not found"}
        assert (await client.delete("/orders")).status_code == 405
        large = await client.post("/orders", content=b" " * (8 * 1024 * 1024 + 1))
        assert large.status_code == 413


async def test_generic_faults_fire_once_where_they_match() -> None:
    async with in_memory(orders_app()) as client:
        for body in (
            {"kind": "too_many", "retry_after": 3, "path": "^/orders$", "method": "get", "after": 1},
            {"kind": "too_many", "method": "PUT"},
        ):
            assert (await client.post("/_sandbox/faults", json=body)).status_code == 201
        assert (await client.get("/orders")).status_code == 200
        limited = await client.get("/orders")
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "3")
        assert (await client.get("/orders")).status_code == 200
        unbounded = await client.put("/orders")
        assert unbounded.status_code == 429 and "retry-after" not in unbounded.headers

        await client.post("/_sandbox/faults", json={"kind": "server_error", "status": 502, "times": 2})
        await client.post("/_sandbox/faults", json={"kind": "token_expired"})
        assert [(await client.get("/orders")).status_code for _ in range(4)] == [502, 502, 401, 200]
        listed = (await client.get("/_sandbox/faults")).json()
        assert listed["armed"] == [] and [hit["kind"] for hit in listed["fired"]].count("server_error") == 2


async def test_a_vendor_fault_rolls_the_write_back_and_still_counts_as_fired() -> None:
    async with in_memory(orders_app()) as client:
        await client.post("/_sandbox/faults", json={"kind": "lock"})
        assert (await client.post("/orders", json={})).status_code == 409
        assert (await client.get("/orders")).json() == {"count": 1}
        assert (await client.post("/orders", json={})).status_code == 201


@pytest.mark.parametrize(
    "body",
    [{"kind": "earthquake"}, {"kind": "lock", "path": "("}, {"kind": "lock", "times": 0}, {"kind": "lock", "x": 1}],
)
async def test_a_fault_that_cannot_be_armed_is_refused(body: dict[str, object]) -> None:
    async with in_memory(orders_app()) as client:
        refused = await client.post("/_sandbox/faults", json=body)
        assert refused.status_code == 400
        if body["kind"] == "earthquake":
            assert "lost_response" in refused.json()["error"] and "page_shift" in refused.json()["error"]


async def test_a_lost_response_is_committed_and_the_socket_closes_without_a_byte() -> None:
    async with over_socket(orders_app()) as url, httpx.AsyncClient(base_url=url) as client:
        await client.post("/_sandbox/faults", json={"kind": "lost_response"})
        with pytest.raises(httpx.TransportError):
            await client.post("/orders", json={"total": 1})
        assert (await client.get("/orders/100")).json() == {"total": 1}
        seen = (await client.get("/_sandbox/requests")).json()
        assert (seen[0]["method"], seen[0]["path"], seen[0]["status"]) == ("POST", "/orders", None)


async def test_a_timeout_is_not_executed_and_ends_when_the_client_leaves() -> None:
    async with over_socket(orders_app()) as url, httpx.AsyncClient(base_url=url) as client:
        await client.post("/_sandbox/faults", json={"kind": "timeout", "delay_s": 60})
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/orders", json={}, timeout=0.1)
        await client.post("/_sandbox/faults", json={"kind": "timeout", "delay_s": 0})
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/orders", json={})
        assert (await client.get("/orders")).json() == {"count": 1}


async def test_in_memory_a_lost_response_is_a_transport_error_too() -> None:
    async with in_memory(orders_app()) as client:
        await client.post("/_sandbox/faults", json={"kind": "lost_response"})
        with pytest.raises(httpx.TransportError):
            await client.post("/orders", json={})
        assert (await client.get("/orders")).json() == {"count": 2}


async def test_state_faults_and_clock_survive_a_restart_and_reset_seeds_again(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    async with in_memory(orders_app(path)) as client:
        await client.post("/orders", json={})
        await client.post("/_sandbox/faults", json={"kind": "server_error"})
        await client.post("/_sandbox/clock", json={"now": "2026-03-01T12:00:00Z", "frozen": True})
    async with in_memory(orders_app(path)) as client:
        assert (await client.get("/orders")).status_code == 503
        assert (await client.get("/orders")).json() == {"count": 2}
        advanced = await client.post("/_sandbox/clock", json={"advance_s": 60})
        assert advanced.json() == {"now": "2026-03-01T12:01:00+00:00", "frozen": True}
        assert (await client.post("/_sandbox/clock", json={"now": "2026-03-01"})).status_code == 400
        assert (await client.post("/_sandbox/reset")).status_code == 200
        assert (await client.get("/orders")).json() == {"count": 1}
        assert (await client.get("/_sandbox/clock")).json()["frozen"] is False
        assert (await client.get("/_sandbox/health")).json()["name"] == "orders"
