"""Both ways to sign in, against the simulator's own check of them."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.call import Call
from contracts.problems import VendorCredentials, VendorUnavailable
from runtime.connections import Connection
from system_apis.platforms.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, PRIVATE_KEY, USERNAME, salesforce_org
from system_apis.salesforce.adapter import connect
from system_apis.salesforce.sandbox import CONTRIBUTION

CALL = Call(tenant="t", principal="p", client="c", correlation_id="cor", request_id="req")
URL = "http://org.test"


@pytest.fixture
def crm(tmp_path: Path) -> Callable[..., Any]:
    def make(secret: dict[str, str], daily_requests: int = 1000, **settings: Any) -> Any:
        app = salesforce_org(
            [CONTRIBUTION],
            state_dir=tmp_path / "org",
            as_of=date(2026, 11, 20),
            public_url=URL,
            daily_requests=daily_requests,
        )
        path = tmp_path / "secret.json"
        path.write_text(json.dumps(secret))
        connection = Connection(
            tenant="t",
            instance="salesforce",
            vendor="salesforce",
            ports=("crm",),
            base_url=URL,
            secret=f"file:{path}",
            settings=settings,
        )
        return connect(connection, transport=lambda _: httpx.ASGITransport(app))["crm"]

    return make


async def test_client_credentials(crm: Callable[..., Any]):
    adapter = crm({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
    assert (await adapter.list_won_deals(CALL, limit=1)).items


async def test_a_private_key_means_jwt_bearer(crm: Callable[..., Any], tmp_path: Path):
    key = f"file:{tmp_path / 'org' / PRIVATE_KEY}"
    adapter = crm({"client_id": CLIENT_ID, "username": USERNAME, "private_key": key})
    assert (await adapter.list_won_deals(CALL, limit=1)).items


async def test_an_assertion_for_another_audience_is_refused(crm: Callable[..., Any], tmp_path: Path):
    key = f"file:{tmp_path / 'org' / PRIVATE_KEY}"
    adapter = crm({"client_id": CLIENT_ID, "username": USERNAME, "private_key": key}, audience="https://elsewhere.test")
    with pytest.raises(VendorCredentials):
        await adapter.list_won_deals(CALL)


async def test_a_wrong_secret_wakes_the_operator(crm: Callable[..., Any]):
    adapter = crm({"client_id": CLIENT_ID, "client_secret": "wrong"})
    with pytest.raises(VendorCredentials) as refused:
        await adapter.list_won_deals(CALL)
    assert "wrong" not in str(refused.value.detail)


async def test_a_spent_allowance_is_not_a_refusal(crm: Callable[..., Any]):
    adapter = crm({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}, daily_requests=1)
    await adapter.list_won_deals(CALL, limit=1)
    with pytest.raises(VendorUnavailable) as spent:
        await adapter.list_won_deals(CALL, limit=1)
    assert spent.value.facts["vendor_code"] == "REQUEST_LIMIT_EXCEEDED"
    assert spent.value.retry_after_s is not None
