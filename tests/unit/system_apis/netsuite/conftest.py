"""A simulated account in memory, a signed-in HTTP client, and the adapters over it."""

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from contracts.call import Call
from runtime.connections import Connection
from system_apis.netsuite.adapter import BillingAdapter, ErpAdapter, connect
from system_apis.netsuite.sandbox import CERTIFICATE_ID, CLIENT_ID, netsuite
from tests.support.clock import FixedClock

URL = "http://netsuite.test"
TODAY = date(2026, 11, 20)
TOKEN = "/services/rest/auth/oauth2/v1/token"
RECORDS = "/services/rest/record/v1"


@pytest.fixture(scope="session")
def pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


class Sandbox:
    """What tests do with the account."""

    def __init__(self, pem: str) -> None:
        self.pem, self.clock = pem, FixedClock()
        self.app: Any = netsuite(None, TODAY, URL, private_key=pem, clock=self.clock)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=URL)

    def assertion(self, *, key: str | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        now = int(self.clock.now().timestamp())
        body = {"iss": CLIENT_ID, "scope": ["rest_webservices"], "aud": URL + TOKEN, "iat": now, "exp": now + 300}
        head = {"typ": "JWT", "alg": "ES256", "kid": CERTIFICATE_ID} | (header or {})
        return jwt.encode(head, body | claims, ECKey.import_key(key or self.pem), algorithms=[head["alg"]])

    async def token(self, assertion: str) -> httpx.Response:
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        form = {"grant_type": "client_credentials", "client_assertion_type": kind, "client_assertion": assertion}
        return await self.http.post(TOKEN, data=form)

    async def sign_in(self) -> None:
        answer = await self.token(self.assertion())
        self.http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    async def fault(self, **fault: Any) -> None:
        answer = await self.http.post("/_sandbox/faults", json=fault)
        assert answer.status_code == 201, answer.text

    async def get(self, path: str, **params: str) -> Any:
        answer = await self.http.get(f"{RECORDS}/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def put(self, path: str, body: Any, **params: str) -> httpx.Response:
        return await self.http.put(f"{RECORDS}/{path}", json=body, params=params)

    async def sql(self, statement: str, *params: str, limit: int = 1000, offset: int = 0) -> httpx.Response:
        return await self.http.post(
            "/services/rest/query/v1/suiteql",
            params={"limit": limit, "offset": offset},
            headers={"prefer": "transient"},
            json={"q": statement, "params": list(params)},
        )

    async def rows(self, statement: str, *params: str) -> list[dict[str, str]]:
        answer = await self.sql(statement, *params)
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in row.items() if k != "links"} for row in answer.json()["items"]]


@pytest.fixture
async def sandbox(pem: str) -> AsyncIterator[Sandbox]:
    account = Sandbox(pem)
    await account.sign_in()
    yield account
    await account.http.aclose()


@pytest.fixture
def connection(tmp_path: Path, pem: str) -> Connection:
    (tmp_path / "key.pem").write_text(pem)
    secret = {"client_id": CLIENT_ID, "key_id": CERTIFICATE_ID, "private_key": f"file:{tmp_path / 'key.pem'}"}
    (tmp_path / "secret.json").write_text(json.dumps(secret))
    return Connection(
        tenant="demo",
        instance="netsuite",
        vendor="netsuite",
        ports=("erp", "billing"),
        base_url=URL,
        secret=f"file:{tmp_path / 'secret.json'}",
    )


class Adapters:
    def __init__(self, sandbox: Sandbox, connection: Connection) -> None:
        found = connect(connection, lambda _url: httpx.ASGITransport(sandbox.app), sandbox.clock)
        erp, billing = found["erp"], found["billing"]
        assert isinstance(erp, ErpAdapter)
        assert isinstance(billing, BillingAdapter)
        self.erp, self.billing = erp, billing


@pytest.fixture
def adapters(sandbox: Sandbox, connection: Connection) -> Adapters:
    return Adapters(sandbox, connection)


@pytest.fixture
def call() -> Call:
    return Call(
        tenant="demo",
        principal="worker",
        client="worker",
        correlation_id="cor-1",
        request_id="req-1",
        idempotency_key="run-1/step",
    )
