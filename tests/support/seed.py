"""The demo firm as it is once its worker had the time: objects in every register, most states reached, without a worker."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product

from msgspec.structs import replace

from contracts.call import Call
from contracts.canon.project import NewDemand, Project
from contracts.events import EVENTS
from contracts.process import billing_objects as objects
from contracts.process.onboarding import StartOnboarding
from experience_apis import app as experience
from gateway.demo_data import DemoData
from process_apis import app as process
from process_apis.invoice_readiness import evaluation
from process_apis.invoice_readiness.commands import InvoiceCommands
from process_apis.onboarding.commands import OnboardingCommands
from process_apis.reference_data.feeds import FEEDS
from process_apis.reference_data.process import refresh
from process_apis.registers import transactions
from process_apis.registers.hooks import ExceptionHooks
from process_apis.registers.unit import Unit
from process_apis.time_posting import intake
from runtime.data.trail import AuditRow, Trail
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.inbox import Inbox, receive
from runtime.work.relay import Relay
from runtime.work.unit import unit_of_work
from runtime.work.worker import attempt
from system_apis.platforms.firm import firm

TENANT = "demo"
_LINKED = """
select system || ':' || object || ':' || external_id as ref from link where tenant = $1 and valid_to is null order by 1
"""
_TABLES = {
    "customer_id": "customer",
    "project_id": "project",
    "contract_id": "contract",
    "card_id": "rate_card",
    "exception_id": "business_exception",
    "transaction_id": "billable_transaction",
    "bill_group_id": "bill_group",
    "item_id": "finance_item",
    "invoice_id": "invoice",
    "run_id": "run",
    "held_id": "dead_letter",
}


class Seed:
    """Plants one tenant."""

    def __init__(self, services: Services) -> None:
        self._services, self._call = services, system_call(TENANT, "system:seed")
        self._firm = firm(services.clock.now().date())
        self._processes = (*process.processes(services), *experience.views(services))

    async def plant(self) -> dict[str, tuple[str, ...]]:
        """Ids of what is there, by the name of the path parameter that takes them."""
        services = self._services
        await DemoData(services, self._firm, TENANT).load()
        for feed in FEEDS:
            for connected in services.ports.connections.of_port(feed.port):
                await refresh(services, feed, connected)
        await self._time()
        await self._bill()
        await self._onboard()
        await self._hold()
        await self._audit()
        await self._relay().drain()
        return await self._ids()

    async def _time(self) -> None:
        """A sample of the approved time, rated and on the ERP's workbench."""
        await intake.sweep(self._services)
        await self._services.database.execute("delete from inbox where tenant = $1 and position % 12 <> 0", TENANT)
        await self._inbox().drain()
        await self._relay().drain()
        await self._post()
        await self._relay().drain()

    def _call_for(self, tenant: str, correlation_id: str, _key: str) -> Call:
        return system_call(tenant, "system:seed", correlation_id)

    def _inbox(self) -> Inbox:
        handlers = {kind: handler for one in self._processes for kind, handler in one.inbox.items()}
        hooks = ExceptionHooks(self._services.clock)
        return Inbox(
            self._services.database, handlers, call_for=self._call_for, attempt=attempt, hooks=hooks, delays_s=(1,)
        )

    def _relay(self) -> Relay:
        subscribers = [one.subscriber for one in self._processes if one.subscriptions]
        hooks = ExceptionHooks(self._services.clock)
        return Relay(
            self._services.database,
            subscribers,
            EVENTS,
            call_for=self._call_for,
            attempt=attempt,
            hooks=hooks,
            delays_s=(1,),
        )

    async def _post(self) -> None:
        """What is rated, as if the ERP had taken it."""
        sql = "select id from billable_transaction where tenant = $1 and state = 'rated' and posting_date is not null order by id"
        ids = [row["id"] for row in await self._services.database.fetch(sql, TENANT)]
        async with unit_of_work(self._services.database) as connection:
            unit = Unit(connection, self._call, self._services.clock.now())
            for number, found in enumerate(await transactions.many(unit, ids)):
                values = {"erp_ref": f"netsuite:posting:{number}", "queued_at": unit.now}
                await transactions.change(unit, found, "post", values=values)

    async def _bill(self) -> None:
        """Groups evaluated; of those that are ready one is drafted, one approved, one on its way to the ERP."""
        services, commands = self._services, InvoiceCommands(self._services)
        await evaluation.sweep(services, debounce=timedelta(0))
        ready = [g for g in (await commands.list_bill_groups(self._call)).items if g.state.startswith("ready")]
        analyst, manager = (replace(self._call, principal=name) for name in ("billing-analyst", "billing-manager"))
        request = objects.DraftRequest(acknowledge_warnings="Agreed with the client.")
        for group, steps in zip(ready, (0, 1, 2), strict=False):
            invoice = await commands.draft(analyst, group.id, request)
            if steps > 0:
                approval = objects.Approval(draft_version=invoice.draft_version)
                await commands.approve(manager, invoice.id, approval)
            if steps > 1:
                await commands.post(manager, invoice.id)

    async def _onboard(self) -> None:
        """One onboarding that was begun; its run stands at its first step."""
        sold = {c.deal for c in self._firm.contracts}
        waiting = {d.name for d in self._firm.deals if d.stage == "won" and d.code not in sold}
        deals = (await self._services.ports.crm(self._call).list_won_deals(self._call)).items
        deal = next(d for d in deals if d.name in waiting)
        await OnboardingCommands(self._services).start(self._call, StartOnboarding(deal_ref=deal.ref))

    async def _hold(self) -> None:
        """Deliveries that nobody reads, two of each kind: held until a person decides."""
        for kind, number in product(("expense_report", "supplier_invoice"), (1, 2)):
            payload = {"id": f"{kind}-{number}", "worker_name": "Ada Lang", "amount": "120.00", "currency": "EUR"}
            async with unit_of_work(self._services.database) as connection:
                await receive(
                    connection,
                    tenant=TENANT,
                    instance="certinia",
                    delivery_id=f"{kind}-{number}",
                    kind=kind,
                    payload=payload,
                )
        await self._inbox().drain()

    async def _audit(self) -> None:
        """What the front door would have noted."""
        trail = Trail(self._services.database)
        for number in range(1, 4):
            row = AuditRow(
                tenant=TENANT,
                id=f"aud_{number}",
                at=self._services.clock.now(),
                client="billing-analyst",
                principal="billing-analyst",
                operation="registers.list_projects",
                method="GET",
                path="/process/v1/projects",
                status=200,
                problem=None,
                correlation_id=f"seen-{number}",
                request_id=f"req_{number}",
            )
            trail.append(row)
        await trail.flush()

    async def _ids(self) -> dict[str, tuple[str, ...]]:
        database, found = self._services.database, {}
        for name, table in _TABLES.items():
            rows = await database.fetch(f"select id from {table} where tenant = $1 order by id limit 40", TENANT)
            found[name] = tuple(row["id"] for row in rows)
        return found | await self._refs()

    async def _refs(self) -> dict[str, tuple[str, ...]]:
        """References into the connected systems, and the codes they share with us."""
        call, ports = self._call, self._services.ports
        crm, psa, planning, billing = ports.crm(call), ports.psa(call), ports.planning(call), ports.billing(call)
        deals, projects = (await crm.list_won_deals(call)).items, (await psa.list_projects(call)).items
        linked = await self._services.database.fetch(_LINKED, TENANT)
        demand = await planning.put_demand(call, _demand(projects[0]))
        workers = [w.ref for w in (await ports.hcm(call).list_workers(call)).items]
        entities, firm = ("US01", "DE01", "UK01"), self._firm
        return {
            "deal_ref": tuple(d.ref for d in deals),
            "account_ref": tuple(d.account_ref for d in deals),
            "project_ref": tuple(p.ref for p in projects),
            "template_ref": tuple(t.ref for t in (await psa.list_templates(call)).items),
            "demand_ref": (demand.ref,),
            "worker_ref": (*workers, *(a.worker_ref for a in (await planning.list_assignments(call)).items)),
            "customer_ref": tuple(row["ref"] for row in linked if row["ref"].startswith("netsuite:customer:")),
            "shell_ref": tuple(row["ref"] for row in linked if row["ref"].startswith("netsuite:job:")),
            "project_shell_ref": tuple(row["ref"] for row in linked if row["ref"].startswith("netsuite:job:")),
            "invoice_ref": tuple(i.invoice_ref for i in (await billing.list_open_items(call)).items),
            "ref": tuple(t.ref for t in (await ports.time(call, "certinia").list_time(call)).items),
            "legal_entity_id": entities,
            "entity_code": entities,
            "currency": ("EUR", "USD", "GBP"),
            "country": ("DE", "US", "GB"),
            "cost_center_code": tuple(c.code for c in firm.cost_centers),
            "worker_number": tuple(p.number for p in firm.people),
            "tax_code": tuple(t.code for t in firm.tax_codes),
            "payment_terms": ("NET30", "NET14"),
        }


def _demand(project: Project) -> NewDemand:
    starts = project.start_on or date(2026, 11, 1)
    return NewDemand(
        key="dem_1",
        project_ref=project.ref,
        role_code="CONSULTANT",
        start_on=starts,
        end_on=project.end_on or starts,
        hours=Decimal(40),
    )
