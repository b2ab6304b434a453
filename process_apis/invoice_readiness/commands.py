"""What people do with bill groups and invoices: each command is one unit of work over the registers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from msgspec.structs import replace

from contracts.call import Call
from contracts.problems import Conflict, PreconditionFailed
from contracts.process import billing_objects as objects
from contracts.process.orders import BillGroupSort, InvoiceSort
from contracts.process.runs import RunView
from process_apis.invoice_readiness import approval, drafting, explanation, redrafting, rules, waiving
from process_apis.invoice_readiness.evaluation import evaluate
from process_apis.invoice_readiness.posting import WORKFLOW, PostingOrder
from process_apis.registers import bill_groups, contracts, invoices, replicas
from process_apis.registers.unit import Unit
from runtime.data.listing import Wanted
from runtime.services import Services
from runtime.work.runs import get_run, start_run
from runtime.work.unit import unit_of_work


class InvoiceCommands:
    """Implements contracts.process.invoice_readiness.InvoiceReadiness."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @asynccontextmanager
    async def _unit(self, call: Call) -> AsyncIterator[Unit]:
        async with unit_of_work(self._services.database) as connection:
            yield Unit(connection, call, self._services.clock.now())

    @asynccontextmanager
    async def _group(self, call: Call, bill_group_id: str) -> AsyncIterator[tuple[Unit, objects.BillGroup]]:
        """The group locked, in the version the caller named."""
        async with self._unit(call) as unit:
            await contracts.take_turn(unit, (await bill_groups.get(unit, bill_group_id)).contract_id)
            group = await bill_groups.lock(unit, bill_group_id)
            _check_version(call, group.version)
            yield _settled(unit), group

    @asynccontextmanager
    async def _invoice(self, call: Call, invoice_id: str) -> AsyncIterator[tuple[Unit, objects.DraftInvoice]]:
        """The invoice with its group locked, in the version the caller named, under the deal's correlation id (ID-4)."""
        async with self._unit(call) as unit:
            asked = await invoices.get(unit, invoice_id)
            await contracts.take_turn(unit, asked.contract_id)
            await bill_groups.lock(unit, asked.bill_group_id)
            invoice = await invoices.get(unit, invoice_id)
            _check_version(call, invoice.version)
            yield _settled(unit, invoice.correlation_id), invoice

    async def list_bill_groups(
        self,
        call: Call,
        state: objects.BillGroupState | None = None,
        contract_id: str | None = None,
        project_id: str | None = None,
        customer_id: str | None = None,
        legal_entity_id: str | None = None,
        changed_since: datetime | None = None,
        sort: BillGroupSort = "queue",
        cursor: str | None = None,
        limit: int = 50,
    ) -> objects.BillGroupPage:
        filters = {
            "state": state,
            "contract_id": contract_id,
            "project_id": project_id,
            "customer_id": customer_id,
            "legal_entity_id": legal_entity_id,
            "changed_since": changed_since,
        }
        async with self._unit(call) as unit:
            return await bill_groups.page(unit, Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit))

    async def get_bill_group(self, call: Call, bill_group_id: str) -> objects.BillGroup:
        async with self._unit(call) as unit:
            return await bill_groups.get(unit, bill_group_id)

    async def get_readiness(self, call: Call, bill_group_id: str) -> objects.Readiness:
        async with self._unit(call) as unit:
            return await bill_groups.readiness(unit, bill_group_id)

    async def recheck(self, call: Call, bill_group_id: str) -> objects.Readiness:
        async with self._unit(replace(call, expected_versions=None)) as unit:
            group = await evaluate(self._services, unit, bill_group_id)
            if group.state in ("billed", "skipped"):
                raise Conflict(f"A bill group that is {group.state} is not evaluated.", code="ILLEGAL_TRANSITION")
            return await bill_groups.readiness(unit, bill_group_id)

    async def waive(self, call: Call, bill_group_id: str, body: objects.CheckDecision) -> objects.Readiness:
        async with self._group(call, bill_group_id) as (unit, group):
            return await waiving.waive(self._services, unit, group, body)

    async def unwaive(self, call: Call, bill_group_id: str, body: objects.CheckDecision) -> objects.Readiness:
        async with self._group(call, bill_group_id) as (unit, group):
            return await waiving.unwaive(self._services, unit, group, body)

    async def draft(self, call: Call, bill_group_id: str, body: objects.DraftRequest) -> objects.DraftInvoice:
        async with self._group(call, bill_group_id) as (unit, group):
            return await drafting.draft(unit, self._services.ports.connections, group, body)

    async def skip(self, call: Call, bill_group_id: str, body: objects.Decision) -> objects.BillGroup:
        async with self._group(call, bill_group_id) as (unit, group):
            return await drafting.skip(unit, group, body.reason)

    async def list_invoices(
        self,
        call: Call,
        state: objects.InvoiceState | None = None,
        customer_id: str | None = None,
        contract_id: str | None = None,
        project_id: str | None = None,
        legal_entity_id: str | None = None,
        bill_group_id: str | None = None,
        erp_number: str | None = None,
        changed_since: datetime | None = None,
        sort: InvoiceSort = "-id",
        cursor: str | None = None,
        limit: int = 50,
    ) -> objects.DraftInvoicePage:
        filters = {
            "state": state,
            "customer_id": customer_id,
            "contract_id": contract_id,
            "project_id": project_id,
            "legal_entity_id": legal_entity_id,
            "bill_group_id": bill_group_id,
            "erp_number": erp_number,
            "changed_since": changed_since,
        }
        async with self._unit(call) as unit:
            return await invoices.page(unit, Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit))

    async def get_invoice(self, call: Call, invoice_id: str) -> objects.DraftInvoice:
        async with self._unit(call) as unit:
            return await invoices.get(unit, invoice_id)

    async def approve(self, call: Call, invoice_id: str, body: objects.Approval) -> objects.DraftInvoice:
        async with self._invoice(call, invoice_id) as (unit, invoice):
            return await approval.approve(self._services, unit, invoice, body)

    async def defer(self, call: Call, invoice_id: str, body: objects.Deferral) -> objects.DraftInvoice:
        async with self._invoice(call, invoice_id) as (unit, invoice):
            return await redrafting.defer(self._services, unit, invoice, body)

    async def send_back(self, call: Call, invoice_id: str, body: objects.Decision) -> objects.DraftInvoice:
        async with self._invoice(call, invoice_id) as (unit, invoice):
            return await invoices.change(unit, invoice, "return", reason=body.reason)

    async def resubmit(self, call: Call, invoice_id: str) -> objects.DraftInvoice:
        async with self._invoice(call, invoice_id) as (unit, invoice):
            return await invoices.change(unit, invoice, "submit")

    async def unapprove(self, call: Call, invoice_id: str, body: objects.Decision) -> objects.DraftInvoice:
        await approval.check_unposted(self._services, call, await self.get_invoice(call, invoice_id))
        async with self._invoice(call, invoice_id) as (unit, invoice):
            return await approval.unapprove(self._services, unit, invoice, body.reason)

    async def cancel(self, call: Call, invoice_id: str, body: objects.Decision) -> objects.BillGroup:
        async with self._invoice(call, invoice_id) as (unit, invoice):
            return await drafting.cancel(unit, invoice, body.reason)

    async def post(self, call: Call, invoice_id: str) -> RunView:
        async with self._invoice(call, invoice_id) as (unit, invoice):
            started = await self._started(unit, invoice)
            return started or await self._start(unit, invoice)

    async def _started(self, unit: Unit, invoice: objects.DraftInvoice) -> RunView | None:
        """The run that posts, or posted, this draft: asking again changes nothing (WF-1)."""
        if invoice.run_id is None or invoice.state == "approved":
            return None
        found = await get_run(unit.connection, unit.call, invoice.run_id)
        return found if found.status in ("running", "waiting", "completed") else None

    async def _start(self, unit: Unit, invoice: objects.DraftInvoice) -> RunView:
        refused = None if await _period_open(unit, invoice) else "PERIOD_CLOSED"
        order = PostingOrder(
            invoice_id=invoice.id,
            draft_version=invoice.draft_version,
            gross=invoice.gross,
            currency=invoice.currency,
        )
        await invoices.change(unit, invoice, "post", refused=refused)
        run = await start_run(unit.connection, unit.call, WORKFLOW, order.key, order, clock=self._services.clock)
        await invoices.bind_run(unit, invoice.id, run.id)
        return run

    async def explain(self, call: Call, subject_id: str) -> objects.Explanation:
        async with self._unit(call) as unit:
            return await explanation.explain(unit, subject_id)


def _check_version(call: Call, version: int) -> None:
    """If-Match names the version of what the command is about, not of the rows that change with it (ID-3)."""
    if not call.expects(version):
        detail = f"It changed meanwhile: it is at version {version}. Read it again."
        raise PreconditionFailed(detail, code="VERSION_CONFLICT", version=version)


def _settled(unit: Unit, correlation_id: str | None = None) -> Unit:
    """The unit for what follows the version check."""
    known = correlation_id or unit.call.correlation_id
    return unit._replace(call=replace(unit.call, expected_versions=None, correlation_id=known))


async def _period_open(unit: Unit, invoice: objects.DraftInvoice) -> bool:
    """Whether the entity's period of the invoice date is open; true while the ERP states no periods."""
    known = await replicas.periods(unit, invoice.legal_entity_id)
    return not known or rules.period_state(known, invoice.invoice_date) == "open"
