"""A Workday tenant in memory, and the adapter signed in to it."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx
import pytest

from contracts.call import Call
from runtime.connections import Connection
from runtime.http.simulate import ASGIApp
from system_apis.workday import sandbox
from system_apis.workday.adapter import HcmAdapter, connect

AS_OF = date(2026, 8, 19)
URL = "http://workday.test"


@pytest.fixture
def tenant() -> ASGIApp:
    return sandbox.workday(None, AS_OF, URL)


@pytest.fixture
def http(tenant: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(tenant), base_url=URL)


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "secret.json"
    path.write_text(
        json.dumps(
            {
                "client_id": sandbox.CLIENT_ID,
                "client_secret": sandbox.CLIENT_SECRET,
                "refresh_token": sandbox.REFRESH_TOKEN,
            }
        )
    )
    return f"file:{path}"


@pytest.fixture
def connection(secret: str) -> Connection:
    return Connection(
        tenant="demo",
        instance="workday",
        vendor="workday",
        ports=("hcm",),
        base_url=URL,
        secret=secret,
        settings=sandbox.SETTINGS,
    )


@pytest.fixture
def hcm(tenant: ASGIApp, connection: Connection) -> HcmAdapter:
    adapter = connect(connection, transport=lambda _: httpx.ASGITransport(tenant))["hcm"]
    assert isinstance(adapter, HcmAdapter)
    return adapter


@pytest.fixture
def call() -> Callable[..., Call]:
    def make(*scopes: str) -> Call:
        return Call(
            tenant="demo",
            principal="p",
            client="c",
            scopes=frozenset(scopes),
            correlation_id="cor",
            request_id="req",
        )

    return make
