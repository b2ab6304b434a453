"""A gateway over the suite's own contract, with real stores, a test issuer and a clock that stands still."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.app import Gateway, Parts, build_gateway
from gateway.config import GatewayConfig, read
from runtime.bind import Served, bind, serve_in_process
from runtime.data.database import Database
from tests.support.clock import FixedClock
from tests.support.tiny import CREATE, Desk, Notes
from tests.support.tokens import BASE, ISSUER, TestIssuer

CONFIG = f"""
[[route]]
prefix = "/process/v1"
layer = "process"
group = "standard"
visibility = "public"

[[issuer]]
issuer = "{ISSUER}"
jwks_uri = "{ISSUER}/jwks"

[policy.throttle.standard]
rate_per_s = 10
burst = 50

[policy.quota.standard]
per_month = 1000
"""


@pytest.fixture(scope="session")
def issuer() -> TestIssuer:
    return TestIssuer()


EMPTY = """
set local session_replication_role = replica;
truncate audit, audit_seal, idempotency, usage, api_key restart identity;
drop table if exists note
"""


@pytest.fixture
async def database(module_database_url: str) -> AsyncIterator[Database]:
    """A pool on the module's database, emptied after each test: cloning one per test would take most of the time."""
    opened = await Database.connect(module_database_url, application_name="tests", max_size=8)
    yield opened
    async with opened.transaction() as connection:
        await connection.execute(EMPTY)
    await opened.close()


@pytest.fixture
async def desk(database: Database) -> Desk:
    await database.execute(CREATE)
    return Desk(database)


def served_by(desk: Desk, clock: FixedClock) -> tuple[Served, ...]:
    served = serve_in_process(Notes, bind(Notes, desk, clock), "/process/v1")
    return tuple(msgspec.structs.replace(s, unit=s.operation.name != "send_note") for s in served)


Build = Callable[..., Gateway]


@pytest.fixture
def build(database: Database, desk: Desk, clock: FixedClock, issuer: TestIssuer, tmp_path: Path) -> Build:
    """Makes a gateway; `extra` is added to the configuration, keywords replace parts."""

    async def fetch(url: str) -> bytes:
        return msgspec.json.encode(issuer.jwks())

    def make(extra: str = "", config: str = CONFIG, **parts: Any) -> Gateway:
        settings: GatewayConfig = read(config + extra)
        given = {
            "config": settings,
            "database": database,
            "base_url": BASE,
            "state_dir": tmp_path,
            "served": served_by(desk, clock),
            "clock": clock,
            "fetch": fetch,
            "pool_size": 8,
        }
        return build_gateway(Parts(**given | parts))

    return make


@pytest.fixture
def gateway(build: Build) -> Gateway:
    return build()


def client_of(gateway: Gateway, token: str | None = None) -> httpx.AsyncClient:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=gateway)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)


@pytest.fixture
async def client(gateway: Gateway, issuer: TestIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """Calls with a good token."""
    async with client_of(gateway, issuer.token()) as opened:
        yield opened


@pytest.fixture
async def stranger(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """Calls without credentials."""
    async with client_of(gateway) as opened:
        yield opened
