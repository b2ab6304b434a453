"""The demo firm for the tests of time: its registers are loaded once a run and cloned for each test. And the portal of the office
that a module has as its fixture `office`, with people signed in."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec.structs import replace

from experience_apis import app as experience
from gateway.app import Gateway, Parts, build_gateway
from gateway.config import load
from process_apis import app as process
from runtime.data.database import Database
from tests.support import servers as machinery
from tests.support.portal import browser, sign_in
from tests.support.servers import Servers
from tests.support.tokens import BASE
from tests.workflow.invoice_stage import Office
from tests.workflow.time_stage import TimeFirm, at_work


@pytest.fixture(scope="session")
async def firm_servers(servers: Servers) -> AsyncIterator[Servers]:
    """Servers whose template is the demo firm's database."""
    url = machinery.clone(servers)
    database = await Database.connect(url)
    with tempfile.TemporaryDirectory() as folder:
        made = TimeFirm(database, Path(folder))
        await made.load()
        await made.services.close()
    yield replace(servers, template=urlsplit(url).path.lstrip("/"))
    machinery.drop(servers, url)


@pytest.fixture
def firm_url(firm_servers: Servers) -> str:
    """The address of a database of this test's own, with the demo firm in it."""
    return machinery.clone(firm_servers)


@pytest.fixture
async def sleeping_firm(firm_servers: Servers, firm_url: str, tmp_path: Path) -> AsyncIterator[TimeFirm]:
    """The firm without a worker, its seeded time not taken in yet."""
    database = await Database.connect(firm_url, max_size=8)
    made = TimeFirm(database, tmp_path)
    await made.systems.tell_time()
    yield made
    await made.services.close()
    machinery.drop(firm_servers, firm_url)


@pytest.fixture
async def time_firm(sleeping_firm: TimeFirm, firm_url: str) -> AsyncIterator[TimeFirm]:
    """The firm at work; its seeded time is left alone."""
    await sleeping_firm.from_now_on()
    async with at_work(sleeping_firm, firm_url):
        yield sleeping_firm


@pytest.fixture
def gateway(office: Office, tmp_path: Path) -> Gateway:
    services = office.services
    processes, views = process.processes(services), experience.views(services)
    return build_gateway(
        Parts(
            config=load(),
            database=office.database,
            base_url=BASE,
            state_dir=tmp_path,
            tenant="acme",
            served=(*process.served(processes, services), *experience.served(views, services)),
            clock=office.clock,
        )
    )


@pytest.fixture
async def analyst(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(gateway) as opened:
        await sign_in(opened, "billing-analyst")
        yield opened


@pytest.fixture
async def manager(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(gateway) as opened:
        await sign_in(opened, "billing-manager")
        yield opened


@pytest.fixture
async def controller(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(gateway) as opened:
        await sign_in(opened, "finance-controller")
        yield opened
