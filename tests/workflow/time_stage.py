"""The demo firm with its simulated systems, a worker without sweeps, and what happens there to approved time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from contracts.call import Call
from contracts.canon.timesheet import TimeEntry
from contracts.process.exception_objects import BusinessException, Resolution
from contracts.process.register_objects import NewRateCard, NewRateLine, ScopeRef
from contracts.process.time_posting import Transaction
from gateway.demo_data import DemoData
from process_apis.reference_data.feeds import FEEDS
from process_apis.reference_data.process import refresh
from process_apis.registers import time_entries, transactions
from process_apis.registers.commands import RegisterCommands
from process_apis.registers.hooks import ExceptionHooks
from process_apis.registers.time_entries import Statement
from process_apis.registers.unit import Unit
from process_apis.time_posting import intake, posting, recheck
from process_apis.time_posting import process as time_posting
from process_apis.time_posting.commands import TransactionCommands
from runtime.data.database import Database
from runtime.services import Services
from runtime.settings import Settings
from runtime.work import runs
from runtime.work.calls import PORT_SCOPES, system_call
from runtime.work.process import Process
from runtime.work.unit import unit_of_work
from runtime.work.worker import Worker
from system_apis.platforms.firm import firm
from tests.contract.vendors.salesforce_org import AS_OF
from tests.support.clock import FixedClock
from tests.support.conservation import conservation
from tests.workflow.stage import FAST, eventually
from tests.workflow.time_systems import Systems

TENANT = "demo"
ANALYST = Call(tenant=TENANT, principal="ben", client="tests", correlation_id="cor-web", request_id="req-1")
MANAGER = replace(ANALYST, principal="mia")
_NEW_ONLY = "insert into cursor (tenant, feed, position, swept_at) values ($1, 'time:certinia', $2, $3)"
_BUSY = """
select (select count(*) from inbox where processed_at is null) + (select count(*) from outbox where relayed_at is null)
  + (select count(*) from run where state <> 'completed' and waiting_for->>'kind' is distinct from 'person')
"""


class TimeFirm:
    """What happens in the firm, what people do, and what the hub says about it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.clock, self.database = FixedClock(), database
        self.systems = Systems(folder, self.clock)
        self.services = Services(database=database, ports=self.systems.ports, settings=Settings(), clock=self.clock)
        self.process = time_posting.build(self.services)
        self.registers, self.commands = RegisterCommands(self.services), TransactionCommands(self.services)

    async def load(self) -> None:
        """What the hub owns, and the copies of what others own."""
        await self.systems.tell_time()
        await DemoData(self.services, firm(AS_OF), TENANT).load()
        await self.refresh()

    async def refresh(self, *kinds: str) -> None:
        """Read the reference data of some kinds, or all, again."""
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
        await self.pass_time(minutes=10)
        await self.database.execute(_NEW_ONLY, TENANT, {"since": self.clock.now().isoformat()}, self.clock.now())

    async def pass_time(self, **parts: float) -> None:
        """For us and for every system."""
        self.clock.advance(**parts)
        await self.systems.tell_time()

    async def sheet(self, project: str, person: str, on: date, hours: str, **more: Any) -> TimeEntry:
        """An approved entry as an adapter would state it, without a timesheet behind it."""
        refs = await self.database.fetchval("select body->'refs' from project where code = $1", project)
        known: dict[str, Any] = {
            "ref": f"certinia:time:{uuid4().hex[:15]}-{on}",
            "worker_ref": f"certinia:worker:{person}",
            "worker_number": person,
            "project_ref": next(ref for ref in refs if ref.startswith("certinia")),
            "worked_on": on,
            "hours": Decimal(hours).quantize(Decimal("0.0001")),
            "description": f"Workshop {uuid4().hex[:6]}",
            "status": "approved",
            "approved_at": self.clock.now(),
            "changed_at": self.clock.now(),
        }
        return TimeEntry(**{**known, **more})

    async def hear(self, *entries: TimeEntry) -> None:
        """States of entries, one after the other, before anybody decides about any of them."""
        async with self.unit() as unit:
            stated = [Statement(unit=unit, connection="certinia", entry=entry) for entry in entries]
            await time_entries.accept(unit, stated)

    async def take_in(self) -> None:
        """Read the time tool, and wait until everything that told has been decided about."""
        await intake.sweep(self.services)
        await self.quiet()

    async def post(self) -> None:
        """Take what waits to the ERP."""
        await posting.gather(self.services)
        await self.quiet()

    async def settle(self) -> None:
        """In from the time tool, out to the ERP, and the echo of that."""
        await self.take_in()
        await self.post()
        await self.take_in()

    async def recheck(self) -> None:
        """What the worker does every few seconds about what waits, a little later."""
        await self.pass_time(seconds=1)
        await recheck.look(self.services)
        await self.quiet()

    async def quiet(self) -> None:
        """Until nothing moves any more by itself."""

        async def still() -> bool:
            return bool(await self.database.fetchval(_BUSY) == 0)

        await eventually(still, 30)

    async def live(self, ref: str) -> list[Transaction]:
        """The transactions of an entry that count, by part."""
        return sorted((t for t in await self.every(ref) if t.state != "reversed"), key=lambda t: (t.part, t.id))

    async def every(self, ref: str) -> list[Transaction]:
        """All transactions an entry ever had, oldest first."""
        found = (await self.commands.list_transactions(ANALYST, source_ref=ref, limit=200)).items
        return list(found)

    async def states(self, ref: str) -> list[tuple[str, str, Decimal]]:
        """(state, part, hours) of what counts."""
        return [(t.state, t.part, t.hours) for t in await self.live(ref)]

    async def entry(self, ref: str) -> str:
        """Our id of an entry."""
        return str(await self.database.fetchval("select id from time_entry where source_ref = $1", ref))

    async def exceptions(self, ref: str | None = None, state: str = "open") -> list[BusinessException]:
        """Those about an entry, or all."""
        found = (await self.registers.list_exceptions(ANALYST, state=state, limit=200)).items
        return [e for e in found if ref is None or e.object_id == await self.entry(ref)]

    async def codes(self, ref: str, state: str = "open") -> list[str]:
        return sorted(e.code for e in await self.exceptions(ref, state))

    async def resolve(self, ref: str, code: str) -> None:
        (found,) = [e for e in await self.exceptions(ref) if e.code == code]
        await self.registers.resolve_exception(ANALYST, found.id, Resolution(note="Decided."))
        await self.quiet()

    async def price(self, project: str, role: str, rate: str, *, since: date = date(2026, 1, 1), **more: Any) -> None:
        """A card for a role on a project, proposed by one person and approved by another."""
        where = await self.database.fetchrow(
            "select id, body->>'currency' as currency from project where code = $1", project
        )
        assert where is not None
        new = NewRateCard(
            name=f"{project} {role}",
            scope="project_role",
            scope_ref=ScopeRef(project_id=where["id"]),
            currency=where["currency"],
            effective_from=since,
            lines=(NewRateLine(role_code=role, rate=Decimal(rate), **more),),
        )
        card = await self.registers.add_rate_card(ANALYST, new)
        await self.registers.submit_rate_card(ANALYST, card.id)
        await self.registers.approve_rate_card(MANAGER, card.id)
        await self.quiet()

    async def resume(self, workflow: str) -> None:
        """What a person does about a run that waits for one."""
        for row in await self.database.fetch("select id from run where workflow = $1 and state = 'waiting'", workflow):
            async with unit_of_work(self.database) as connection:
                await runs.resume_run(connection, ANALYST, row["id"])
        await self.quiet()

    async def bill(self, ref: str, *commands: str, invoice: str | None = "inv_1") -> None:
        """What an invoice does to an entry's transactions: `draft`, `invoice`, or `undraft`."""
        async with self.unit() as unit:
            for command in commands:
                for found in await transactions.of_source(unit, await self.entry(ref)):
                    if found.part == "billable" and found.state in _BEFORE[command]:
                        await transactions.change(unit, found, command, values={"invoice_id": invoice})
        await self.quiet()

    async def faults(self) -> list[str]:
        """What is wrong with the hours in the hub, and with the ledger against the hub; empty when all is well."""
        return await conservation(self.database, TENANT) + await self._ledger_faults()

    async def _ledger_faults(self) -> list[str]:
        lines = {line["key"]: line for line in await self.systems.lines()}
        found = []
        for row in await self.database.fetch(_WANTED_LINES):
            keys = {row["key"]: 1, **({f"{row['key']}:r": -1} if row["state"] == "reversed" else {})}
            for key, sign in keys.items():
                line = lines.pop(key, None)
                wanted = (sign * row["hours"], sign * row["amount"])
                stated = (Decimal(str(line["hours"])), Decimal(str(line["amount"]))) if line else None
                if stated != wanted:
                    found.append(f"{row['id']} ({row['state']}): {key} is {stated} in the ledger, not {wanted}")
        return found + [f"nobody knows {key} in the ledger" for key in lines]


_BEFORE = {"draft": ("queued",), "invoice": ("drafted",), "undraft": ("drafted",)}
_WANTED_LINES = """
select id, state, hours, amount, posting_key as key from billable_transaction where erp_ref is not null
  and posting_key is not null
"""


@asynccontextmanager
async def at_work(office: TimeFirm, url: str, *, also: Sequence[Process] = (), **more: Any) -> AsyncIterator[None]:
    """A worker; sweeps are the test's own. `also`: processes besides time posting."""
    quiet = Process(
        name=office.process.name,
        workflows=office.process.workflows,
        subscriptions=office.process.subscriptions,
        inbox=office.process.inbox,
    )
    worker = Worker(
        office.database,
        url,
        [quiet, *also],
        hooks=ExceptionHooks(office.clock),
        scopes=PORT_SCOPES | {"hcm:cost"},
        clock=office.clock,
        tuning=replace(FAST, grace_s=0.1, **more),
    )
    running = asyncio.create_task(worker.run())
    try:
        while worker.slot is None:
            await asyncio.sleep(0.01)
            if running.done():
                running.result()
        yield
    finally:
        worker.stop()
        await running
