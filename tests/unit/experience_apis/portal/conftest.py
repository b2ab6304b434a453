"""The portal behind a real gateway with all contracts, over a database of its own."""

from collections.abc import AsyncIterator, Callable
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
from tests.support.portal import browser
from tests.support.tokens import BASE

Build = Callable[..., Gateway]


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
