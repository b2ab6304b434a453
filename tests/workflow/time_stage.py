"""The demo firm with its simulated systems, a worker without sweeps, and what happens there to approved time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from contracts.call import Call
from gateway.demo_data import DemoData
from process_apis.reference_data.feeds import FEEDS
from process_apis.reference_data.process import refresh
from process_apis.registers.commands import RegisterCommands
from process_apis.registers.unit import Unit
from process_apis.time_posting import intake
from process_apis.time_posting import process as time_posting
from runtime.data.database import Database
from runtime.services import Services
from runtime.settings import Settings
from runtime.work.calls import system_call
from runtime.work.unit import unit_of_work
from system_apis.platforms.firm import firm
from tests.contract.vendors.salesforce_org import AS_OF
from tests.support.clock import FixedClock
from tests.workflow.time_systems import Systems

TENANT = "demo"
ANALYST = Call(tenant=TENANT, principal="ben", client="tests", correlation_id="cor-web", request_id="req-1")
_NEW_ONLY = "insert into cursor (tenant, feed, position, swept_at) values ($1, 'time:certinia', $2, $3)"


class TimeFirm:
    """What happens in the firm, what people do, and what the hub says about it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.clock = FixedClock()
        self.systems = Systems(folder, self.clock)
        self.services = Services(database=database, ports=self.systems.ports, settings=Settings(), clock=self.clock)
        self.database = database
        self.process = time_posting.build(self.services)
        self.registers = RegisterCommands(self.services)

    async def load(self) -> None:
        """What the hub owns, and the copies of what others own."""
        await self.systems.tell_time()
        await DemoData(self.services, firm(AS_OF), TENANT).load()
        await self.refresh()

    async def refresh(self, *kinds: str) -> None:
        for feed in FEEDS:
            for connected in self.services.ports.connections.of_port(feed.port):
                if not kinds or feed.kind in kinds:
                    await refresh(self.services, feed, connected)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        async with unit_of_work(self.database) as connection:
            yield Unit(connection, system_call(TENANT, "system:tests"), self.clock.now())

    async def from_now_on(self) -> None:
        """Leave the seeded time alone: only what changes from now on is taken in."""
        self.clock.advance(minutes=10)
        await self.systems.tell_time()
        await self.database.execute(_NEW_ONLY, TENANT, {"since": self.clock.now().isoformat()}, self.clock.now())

    async def pass_time(self, **parts: float) -> None:
        self.clock.advance(**parts)
        await self.systems.tell_time()

    async def sweep(self) -> None:
        """Read the time tool, as the worker does every few seconds."""
        await intake.sweep(self.services)
