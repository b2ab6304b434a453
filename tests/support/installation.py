"""The whole gateway over the whole surface, in this process: a real database, all simulated systems in memory, the demo's data.

Everything believes that it is noon of 20 Nov 2026, so that what a request meets is the same on every day.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from msgspec import Struct
from redis.asyncio import Redis

from gateway import apis
from gateway.app import Parts, build_gateway
from gateway.config import read
from runtime.connections import Connections, put
from runtime.data.database import Database
from runtime.http.outbound import AsyncBaseTransport
from runtime.http.simulate import ASGIApp
from runtime.ports import Ports
from runtime.services import Services
from runtime.settings import Settings
from tests.contract.vendors import certinia, netsuite, salesforce, salesforce_org, workday
from tests.support.clock import NOON, FixedClock
from tests.support.seed import TENANT, Seed
from tests.support.tokens import ISSUER, TestIssuer

CONFIG = f"""
[[route]]
prefix = "/process/v1"
layer = "process"
group = "standard"
visibility = "public"

[[route]]
prefix = "/experience/v1"
layer = "experience"
group = "standard"
visibility = "public"

[[route]]
prefix = "/system/v1"
layer = "system"
group = "system"

[policy.throttle.standard]
rate_per_s = 100000
burst = 100000

[policy.throttle.system]
rate_per_s = 100000
burst = 100000

[policy.quota.standard]
per_month = 100_000_000

[policy.auth]
failures_burst = 100000

[[issuer]]
issuer = "{ISSUER}"
jwks_uri = "{ISSUER}/jwks"
algorithms = ["RS256"]
"""


class Installation(Struct, frozen=True):
    """Where it is served and what it keeps its rows in. `pools` are ids of what is there, by the path parameter that names them."""

    base_url: str
    database_url: str
    issuer: TestIssuer
    scopes: tuple[str, ...]
    pools: dict[str, tuple[str, ...]]

    def token(self, principal: str = "tester", scopes: tuple[str, ...] | None = None) -> str:
        """A token for all layers; with every scope unless some are named."""
        scope = " ".join(self.scopes if scopes is None else scopes)
        claims = {"aud": self.base_url, "tenant": TENANT, "scope": scope, "sub": principal, "client_id": principal}
        return self.issuer.token(**claims)


@contextmanager
def installation(database_url: str, redis_url: str, folder: Path) -> Iterator[Installation]:
    """Seeded and served by a thread until the block ends."""
    listening = local_socket()
    server = _Server(database_url, redis_url, folder, listening)
    thread = threading.Thread(target=server.run, name="gateway")
    thread.start()
    try:
        yield server.ready()
    finally:
        server.stop()
        thread.join(30)


def local_socket() -> socket.socket:
    """A listening socket whose connections do not wait to fill packets: asyncio sees to that only for sockets it made."""
    made = socket.create_server(("127.0.0.1", 0))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


class _Server:
    def __init__(self, database_url: str, redis_url: str, folder: Path, listening: socket.socket) -> None:
        self._database_url, self._redis_url, self._folder, self._listening = database_url, redis_url, folder, listening
        self._started, self._stop = threading.Event(), threading.Event()
        self._served: Installation | None = None
        self._failed: BaseException | None = None

    def ready(self) -> Installation:
        """Waits. Raises what starting raised."""
        if not self._started.wait(120) or self._served is None:
            raise RuntimeError("the installation did not start") from self._failed
        return self._served

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failed = error
            raise
        finally:
            self._started.set()

    async def _serve(self) -> None:
        clock = FixedClock()
        database = await Database.connect(self._database_url, max_size=10)
        redis = Redis.from_url(self._redis_url, protocol=2)
        ports = await connected(database, self._folder, clock)
        services = Services(database=database, ports=ports, settings=Settings(), clock=clock)
        pools = await Seed(services).plant()
        base_url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        issuer, surface = TestIssuer(), apis.surface(services)

        async def fetch(_url: str) -> bytes:
            return json.dumps(issuer.jwks()).encode()

        gateway = build_gateway(
            Parts(
                config=read(CONFIG),
                database=database,
                base_url=base_url,
                state_dir=self._folder,
                tenant=TENANT,
                served=surface.served,
                apis=surface.apis,
                clock=clock,
                redis=redis,
                vendors=services.ports.health,
                fetch=fetch,
            )
        )
        server = uvicorn.Server(uvicorn.Config(gateway, log_level="error", server_header=False, loop="asyncio"))
        scopes = tuple(sorted({s.operation.scope for s in surface.served}))
        serving = asyncio.create_task(server.serve([self._listening]))
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self._served = Installation(base_url, self._database_url, issuer, scopes, pools)
        self._started.set()
        await asyncio.to_thread(self._stop.wait)
        server.should_exit = True
        await serving
        await services.close()
        await redis.aclose()


async def connected(database: Database, folder: Path, clock: FixedClock) -> Ports:
    """Ports of the tenant over simulators in memory, whose clocks stand where ours does."""
    apps = await _simulators(clock)
    for vendor in (salesforce, certinia, netsuite, workday):
        secret = folder / f"{vendor.__name__.rpartition('.')[2]}.json"
        secret.write_text(json.dumps(vendor.SECRET))
        await put(database, vendor.connection(f"file:{secret}"))
    connections = Connections()
    await connections.load(database)

    def transport(base_url: str) -> AsyncBaseTransport:
        return httpx.ASGITransport(apps[base_url])

    return Ports(connections, transport=transport, clock=clock)


async def _simulators(clock: FixedClock) -> dict[str, ASGIApp]:
    apps = {
        salesforce_org.URL: salesforce_org.simulator(),
        netsuite.URL: netsuite.simulator(clock),
        workday.URL: workday.simulator(clock),
    }
    for url, app in apps.items():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url) as http:
            standing = {"now": NOON.isoformat(), "frozen": True}
            (await http.post("/_sandbox/clock", json=standing)).raise_for_status()
    return apps
