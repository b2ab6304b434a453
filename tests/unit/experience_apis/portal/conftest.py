"""The portal behind a real gateway with all contracts, over a database of its own."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from gateway import apis
from gateway.app import Gateway, Parts, build_gateway
from gateway.config import load
from runtime.connections import Connections
from runtime.data.database import Database
from runtime.ports import Ports
from runtime.services import Services
from runtime.settings import Settings
from tests.support.clock import FixedClock
from tests.support.tokens import BASE

Build = Callable[..., Gateway]
SignIn = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def services(database: Database, clock: FixedClock) -> Services:
    return Services(database=database, ports=Ports(Connections()), settings=Settings(), clock=clock)


@pytest.fixture
def build(services: Services, clock: FixedClock, tmp_path: Path) -> Build:
    """Makes a gateway; keywords replace parts."""

    def make(**parts: object) -> Gateway:
        surface = apis.surface(services)
        given = {
            "config": load(),
            "database": services.database,
            "base_url": BASE,
            "state_dir": tmp_path,
            "tenant": "acme",
            "served": surface.served,
            "apis": surface.apis,
            "clock": clock,
        }
        return build_gateway(Parts(**given | parts))  # type: ignore[arg-type]

    return make


@pytest.fixture
async def stranger(build: Build) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that nobody signed in with."""
    async with browser(build()) as opened:
        yield opened


def browser(gateway: Gateway) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=gateway)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=BASE)


def form_token(html: str) -> str:
    """The token of the first form of a page."""
    found = re.search(r'name="form_token" value="([^"]+)"', html)
    assert found is not None
    return found[1]


async def sign_in(client: httpx.AsyncClient, persona: str, to: str = "/portal/billing") -> httpx.Response:
    page = await client.get("/portal/sign-in")
    form = {"form_token": form_token(page.text), "persona": persona, "next": to}
    return await client.post("/portal/sign-in", data=form)
