"""A small firm ready to bill over a billing system in memory, the real registers, relay and worker, and the people involved."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from contracts.call import Call
from contracts.canon.billing import Invoice, InvoiceDraft, InvoicePage
from contracts.events import EVENTS
from contracts.process import billing_objects as objects
from contracts.process.runs import RunView
from experience_apis.finance_dashboard import view
from process_apis.invoice_readiness import evaluation
from process_apis.invoice_readiness.commands import InvoiceCommands
from process_apis.invoice_readiness.process import build
from process_apis.registers import contracts, customers, projects, replicas, transactions
from process_apis.registers.hooks import ExceptionHooks
from process_apis.registers.transactions import Cost
from process_apis.registers.unit import Unit
from runtime.connections import Connection, Connections
from runtime.data.database import Database
from runtime.services import Services
from runtime.settings import Settings
from runtime.work import runs
from runtime.work.calls import PORT_SCOPES, system_call
from runtime.work.process import Process
from runtime.work.relay import Relay
from runtime.work.unit import unit_of_work
from runtime.work.worker import Worker, attempt
from tests.support.clock import FixedClock
from tests.workflow.invoice_books import CUSTOMER, DEAL, PROJECT, books, new_contract, queued
from tests.workflow.stage import FAST

ANALYST = Call(tenant="acme", principal="ben", client="tests", correlation_id="cor-web", request_id="req-1")
MANAGER = replace(ANALYST, principal="mia")
CONTROLLER = replace(ANALYST, principal="finn", scopes=frozenset({"exceptions:waive"}))
OCTOBER = date(2026, 10, 1), date(2026, 10, 31)


class Ledger:
    """A billing system in memory: what it posts stays, whatever becomes of the answer. `before` and `after` may raise."""

    def __init__(self) -> None:
        self.invoices: dict[str, Invoice] = {}
        self.drafts: list[InvoiceDraft] = []
        self.looked: list[str] = []
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self.off_by = Decimal(0)
        self.answering = asyncio.Event()
        self.answering.set()

    async def find_invoices(self, call: Call, key: str) -> InvoicePage:
        self.looked.append(key)
        return InvoicePage(items=tuple(i for i in self.invoices.values() if i.key == key))

    async def post_invoice(self, call: Call, body: InvoiceDraft) -> Invoice:
        self.before()
        self.drafts.append(body)
        ref = f"netsuite:invoice:{len(self.drafts)}"
        self.invoices[ref] = Invoice(
            ref=ref,
            key=body.key,
            number=f"INV-{len(self.drafts)}",
            entity_code=body.entity_code,
            customer_ref=body.customer_ref,
            currency=body.currency,
            invoice_date=body.invoice_date,
            due_date=body.due_date,
            status="open",
            net=body.net,
            tax=body.tax,
            gross=body.gross + self.off_by,
            open_amount=body.gross + self.off_by,
            changed_at=datetime(2026, 11, 20, tzinfo=UTC),
        )
        self.after()
        await self.answering.wait()
        return self.invoices[ref]

    async def get_invoice(self, call: Call, invoice_ref: str) -> Invoice:
        return self.invoices[invoice_ref]


class Ports:
    """Ports of the firm: what is connected, and the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.connections = Connections(
            (_connected("certinia", "psa", "time", "planning"), _connected("netsuite", "erp", "billing"))
        )

    def billing(self, call: Call, entity: str | None = None) -> Ledger:
        return self.ledger


def _connected(instance: str, *ports: str) -> Connection:
    return Connection(
        tenant="acme", instance=instance, vendor=instance, ports=ports, base_url="http://vendor", secret="env:NONE"
    )


class Office:
    """What happens in the firm, and what its people do."""

    def __init__(self, database: Database) -> None:
        self.ledger, self.clock = Ledger(), FixedClock()
        self.services = Services(
            database=database,
            ports=Ports(self.ledger),  # type: ignore[arg-type]
            settings=Settings(),
            clock=self.clock,
        )
        self.database = database
        self.commands = InvoiceCommands(self.services)
        self.process, self.view = build(self.services), view.build(self.services)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        async with unit_of_work(self.database) as connection:
            yield Unit(connection, system_call("acme", "system:tests", DEAL), self.clock.now())

    async def open(self) -> None:
        """Entity, period, taxes, one customer and one project, all linked."""
        async with self.unit() as unit:
            for kind, rows in books().items():
                await replicas.put(unit, kind, "netsuite", rows)
            await customers.add(unit, CUSTOMER)
            await projects.add(unit, PROJECT)

    async def contract(self, **terms: Any) -> str:
        """An active contract of the project."""
        async with self.unit() as unit:
            made = await contracts.add(unit, new_contract(**terms))
            for command in ("submit", "activate"):
                await contracts.change(unit, made.id, command)
            return made.id

    async def work(self, contract_id: str, hours: str = "8", on: date = date(2026, 10, 14), **more: Any) -> str:
        """A day of approved work, posted to the ledger's workbench unless `commands` say otherwise."""
        commands = more.pop("commands", ("validate", "rate", "post"))
        made = queued(self.clock.now(), contract_id, Decimal(hours), on, **more)
        async with self.unit() as unit:
            await transactions.add(unit, made, Cost(amount=Decimal("400.00"), currency="EUR"), commands)
        return made.id

    async def restate(self, kind: str, key: str, row: Any) -> None:
        """What the ledger states now about one object."""
        async with self.unit() as unit:
            await replicas.put(unit, kind, "netsuite", {key: row})

    async def deliver(self) -> None:
        """Hand everything published to process and view, as the worker's relay does."""
        relay = Relay(
            self.database,
            [self.process.subscriber, self.view.subscriber],
            EVENTS,
            call_for=lambda tenant, correlation, _key: system_call(tenant, "system:worker", correlation),
            attempt=attempt,
            hooks=ExceptionHooks(self.clock),
            delays_s=(),
        )
        await relay.drain()

    async def settle(self) -> None:
        """Deliver, let the debounce pass, evaluate, deliver what that told."""
        await self.deliver()
        self.clock.advance(timedelta(seconds=31))
        await evaluation.sweep(self.services)
        await self.deliver()

    async def groups(self) -> tuple[objects.BillGroup, ...]:
        return (await self.commands.list_bill_groups(ANALYST)).items

    async def group(self) -> objects.BillGroup:
        (only,) = await self.groups()
        return only

    async def ready(self, **terms: Any) -> objects.BillGroup:
        """A contract with one posted day, evaluated."""
        await self.open()
        await self.work(await self.contract(**terms))
        await self.settle()
        return await self.group()

    async def draft(self, group_id: str, **body: Any) -> objects.DraftInvoice:
        self.clock.advance(timedelta(seconds=1))
        return await self.commands.draft(ANALYST, group_id, objects.DraftRequest(**body))

    async def approve(self, invoice: objects.DraftInvoice, call: Call = MANAGER) -> objects.DraftInvoice:
        self.clock.advance(timedelta(seconds=1))
        return await self.commands.approve(call, invoice.id, objects.Approval(draft_version=invoice.draft_version))

    async def approved(self, **terms: Any) -> objects.DraftInvoice:
        return await self.approve(await self.draft((await self.ready(**terms)).id))

    async def check(self, group_id: str, code: str) -> objects.Check:
        readiness = await self.commands.get_readiness(ANALYST, group_id)
        return next(c for c in readiness.checks if c.code == code)

    async def exceptions(self) -> list[tuple[str, str, str]]:
        rows = await self.database.fetch("select code, object_id, state from business_exception order by id")
        return [(r["code"], r["object_id"], r["state"]) for r in rows]

    async def events(self, prefix: str) -> list[str]:
        rows = await self.database.fetch(
            "select type from outbox where starts_with(type, $1) order by position", prefix
        )
        return [r["type"] for r in rows]

    async def states(self) -> dict[str, str]:
        rows = await self.database.fetch("select id, state from billable_transaction")
        return {r["id"]: r["state"] for r in rows}

    async def until(self, run_id: str, there: Callable[[RunView], bool], within_s: float = 10.0) -> RunView:
        until = asyncio.get_running_loop().time() + within_s
        while True:
            found = await runs.get_run(self.database, ANALYST, run_id)
            if there(found):
                return found
            if asyncio.get_running_loop().time() > until:
                told = [(step.name, step.status, step.error) for step in found.steps]
                raise AssertionError(f"{found.status} {found.waiting_for} {told}")
            await asyncio.sleep(0.02)

    async def until_held(self, run_id: str, code: str) -> RunView:
        return await self.until(
            run_id, lambda v: v.waiting_for is not None and (v.waiting_for.kind, v.waiting_for.code) == ("person", code)
        )

    async def until_over(self, run_id: str, status: str = "completed") -> RunView:
        return await self.until(run_id, lambda v: v.status == status)

    async def resume(self, run_id: str) -> None:
        async with unit_of_work(self.database) as connection:
            await runs.resume_run(connection, ANALYST, run_id)


@asynccontextmanager
async def at_work(office: Office, url: str) -> AsyncIterator[None]:
    """A worker that performs the posting runs; sweeps are the test's own."""
    quiet = Process(
        name=office.process.name,
        workflows=office.process.workflows,
        subscriptions=office.process.subscriptions,
    )
    worker = Worker(
        office.database,
        url,
        [quiet, office.view],
        hooks=ExceptionHooks(office.clock),
        scopes=PORT_SCOPES,
        clock=office.clock,
        tuning=replace(FAST, grace_s=0.1),
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
