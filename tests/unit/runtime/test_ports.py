"""Ports: the adapter of a connection, made once, kept until the connection changes, and checked like a call over HTTP."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from contracts.call import Call
from contracts.operation import operations
from contracts.problems import Forbidden, Internal, InvalidRequest, NotFound
from contracts.system import PORTS
from runtime.connections import Connection, Connections
from runtime.ports import Ports, system_operations

URL = "http://workday.test"
CALL = Call(
    tenant="demo",
    principal="p",
    client="c",
    scopes=frozenset({"hcm:read"}),
    correlation_id="cor",
    request_id="req",
)


class Tenant:
    """A Workday tenant that has one calendar."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.transports = 0

    def transport(self, base_url: str) -> httpx.AsyncBaseTransport:
        self.transports += 1
        return httpx.MockTransport(self._answer)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer"})
        return httpx.Response(200, json={"Report_Entry": []})


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"client_id": "c", "client_secret": "s", "refresh_token": "r"}))
    return Connection(
        tenant="demo",
        instance="people",
        vendor="workday",
        ports=("hcm",),
        base_url=URL,
        secret=f"file:{secret}",
        settings={"tenant": "t", "report_owner": "o"},
    )


@pytest.fixture
async def ports(tenant: Tenant, connection: Connection) -> AsyncIterator[Ports]:
    made = Ports(Connections((connection,)), transport=tenant.transport)
    yield made
    await made.close()


async def test_an_adapter_is_made_once_and_only_when_needed(ports: Ports, tenant: Tenant):
    assert [one["used"] for one in ports.health()] == [False]
    for _ in range(3):
        assert (await ports.hcm(CALL).list_calendars(CALL)).items == ()
    assert ports.hcm(CALL) is ports.at(CALL, "hcm", "people")
    assert [one["used"] for one in ports.health()] == [True]
    assert sum(path.endswith("/token") for path in tenant.asked) == 1


async def test_a_changed_connection_makes_a_new_adapter(ports: Ports, connection: Connection):
    before = ports.hcm(CALL)
    ports.connections._rows = (replace(connection, settings={**connection.settings, "report_owner": "other"}),)
    ports.connections.generation += 1
    assert ports.hcm(CALL) is not before


async def test_another_tenant_has_no_such_port(ports: Ports):
    for ask in (lambda call: ports.hcm(call), lambda call: ports.at(call, "hcm", "people")):
        with pytest.raises(NotFound):
            ask(replace(CALL, tenant="other"))
    with pytest.raises(NotFound):
        ports.crm(CALL)


async def test_a_call_in_this_process_refuses_what_one_over_http_would(ports: Ports, tenant: Tenant):
    hcm: Any = ports.hcm(CALL)
    with pytest.raises(InvalidRequest) as refused:
        await hcm.list_workers(CALL, limit=0)
    assert [(v.parameter, v.in_) for v in refused.value.errors] == [("limit", "query")]
    with pytest.raises(InvalidRequest):
        await hcm.get_worker(CALL, "no reference")
    with pytest.raises(Internal):
        await hcm.get_worker(CALL)
    with pytest.raises(Internal):
        await hcm.list_workers(CALL, sort="name")
    with pytest.raises(Forbidden):
        await hcm.list_calendars(replace(CALL, scopes=frozenset()))
    assert tenant.asked == []


async def test_the_system_layer_serves_every_operation_of_every_port_for_any_connection(ports: Ports):
    served = {one.operation.id: one for one in system_operations(ports)}
    assert served.keys() == {o.id for port in PORTS.values() for o in operations(port)}
    assert not any(one.unit for one in served.values())
    assert served["hcm.get_worker"].path == "/system/v1/{instance}/workers/{worker_ref}"
    invoke = served["hcm.list_calendars"].invoke
    assert (await invoke(CALL, {"instance": "people"})).items == ()
    with pytest.raises(NotFound):
        await invoke(CALL, {"instance": "erp"})
    with pytest.raises(NotFound):
        await invoke(replace(CALL, tenant="other"), {"instance": "people"})
