"""The org in memory, with Certinia's ports on it and a way to ask it directly."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.call import Call
from system_apis.certinia.adapter import connect
from tests.contract.vendors import certinia, salesforce_org


@pytest.fixture
def call() -> Call:
    return Call(tenant="demo", principal="p", client="c", correlation_id="cor", request_id="req")


@pytest.fixture
def transport() -> httpx.ASGITransport:
    return httpx.ASGITransport(salesforce_org.simulator())


@pytest.fixture
def http(transport: httpx.ASGITransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, base_url=salesforce_org.URL)


@pytest.fixture
def ports(transport: httpx.ASGITransport, tmp_path: Path) -> dict[str, Any]:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(certinia.SECRET))
    return connect(certinia.connection(f"file:{secret}"), transport=lambda _: transport)
