"""The commands on the hub's own objects: each is one unit of work over a register."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime

from contracts.call import Call
from contracts.process import exception_objects
from contracts.process import register_objects as objects
from contracts.process.orders import (
    ContractSort,
    CustomerSort,
    ExceptionSort,
    MappingSort,
    PolicySort,
    ProjectSort,
    RateCardSort,
)
from contracts.process.time_posting import TransactionKind
from process_apis.registers import (
    bill_groups,
    contracts,
    cost_centers,
    cross_references,
    customers,
    exceptions,
    policies,
    projects,
    rates,
    worklist,
)
from process_apis.registers.unit import Unit
from runtime.data.listing import Wanted
from runtime.services import Services
from runtime.work.runs import resume_run
from runtime.work.unit import unit_of_work


class RegisterCommands:
    """Implements contracts.process.registers.Registers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @asynccontextmanager
    async def _unit(self, call: Call) -> AsyncIterator[Unit]:
        async with unit_of_work(self._services.database) as connection:
            yield Unit(connection, call, self._services.clock.now())

    async def add_customer(self, call: Call, body: objects.NewCustomer) -> objects.Customer:
        async with self._unit(call) as unit:
            return await customers.add(unit, body)

    async def list_customers(
        self,
        call: Call,
        status: objects.CustomerStatus | None = None,
        changed_since: datetime | None = None,
        sort: CustomerSort = "id",
        cursor: str | None = None,
        limit: int = 50,
    ) -> objects.CustomerPage:
        filters = {"status": status, "changed_since": changed_since}
        async with self._unit(call) as unit:
            return await customers.page(unit, Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit))

    async def get_customer(self, call: Call, customer_id: str) -> objects.Customer:
        async with self._unit(call) as unit:
            return await customers.get(unit, customer_id)

    async def link_customer(self, call: Call, customer_id: str, body: objects.CrossReference) -> objects.Customer:
        async with self._unit(call) as unit:
            await customers.get(unit, customer_id)
            if await cross_references.put(unit, "customer", customer_id, body, self._systems(call)):
                await bill_groups.touch_customer(unit, customer_id)
            return await customers.get(unit, customer_id)

    async def adopt_project(self, call: Call, body: objects.NewRegisteredProject) -> objects.RegisteredProject:
        async with self._unit(call) as unit:
            await customers.get(unit, body.customer_id)
            return await projects.add(unit, body)

    async def list_projects(
        self,
        call: Call,
        status: objects.ProjectStatus | None = None,
        customer_id: str | None = None,
        legal_entity_id: str | None = None,
        code: str | None = None,
        changed_since: datetime | None = None,
        sort: ProjectSort = "id",
        cursor: str | None = None,
        limit: int = 50,
    ) -> objects.RegisteredProjectPage:
        filters = {
            "status": status,
            "customer_id": customer_id,
            "legal_entity_id": legal_entity_id,
            "code": code,
            "changed_since": changed_since,
        }
        async with self._unit(call) as unit:
            return await projects.page(unit, Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit))

    async def get_project(self, call: Call, project_id: str) -> objects.RegisteredProject:
        async with self._unit(call) as unit:
            return await projects.get(unit, project_id)

    async def link_project(
        self, call: Call, project_id: str, body: objects.CrossReference
    ) -> objects.RegisteredProject:
        async with self._unit(call) as unit:
            await projects.get(unit, project_id)
            if await cross_references.put(unit, "project", project_id, body, self._systems(call)):
                await bill_groups.touch_project(unit, project_id)
            return await projects.get(unit, project_id)

    def _systems(self, call: Call) -> frozenset[str]:
        return frozenset(c.instance for c in self._services.ports.connections.of_tenant(call.tenant))

    async def add_contract(self, call: Call, body: objects.NewContract) -> objects.Contract:
        async with self._unit(call) as unit:
            await customers.get(unit, body.customer_id)
            if body.bill_to_id is not None:
                await customers.get(unit, body.bill_to_id)
            for line in body.lines:
                await projects.get(unit, line.project_id)
            return await contracts.add(unit, body)

    async def list_contracts(
        self,
        call: Call,
        state: objects.ContractState | None = None,
        customer_id: str | None = None,
        project_id: str | None = None,
        legal_entity_id: str | None = None,
        changed_since: datetime | None = None,
        sort: ContractSort = "id",
        cursor: str | None = None,
        limit: int = 50,
    ) -> objects.ContractPage:
        filters = {
            "state": state,
            "customer_id": customer_id,
            "project_id": project_id,
            "legal_entity_id": legal_entity_id,
            "changed_since": changed_since,
        }
        async with self._unit(call) as unit:
            return await contracts.page(unit, Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit))

    async def get_contract(self, call: Call, contract_id: str) -> objects.Contract:
        async with self._unit(call) as unit:
            return await contracts.get(unit, contract_id)

    async def submit_contract(self, call: Call, contract_id: str) -> objects.Contract:
        return await self._contract(call, contract_id, "submit")

    async def activate_contract(self, call: Call, contract_id: str) -> objects.Contract:
        return await self._contract(call, contract_id, "activate")

    async def suspend_contract(
        self, call: Call, contract_id: str, body: exception_objects.Resolution
    ) -> objects.Contract:
        return await self._contract(call, contract_id, "suspend", body.note)

    async def resume_contract(self, call: Call, contract_id: str) -> objects.Contract:
        return await self._contract(call, contract_id, "resume")

    async def _contract(
        self, call: Call, contract_id: str, command: str, reason: str | None = None
    ) -> objects.Contract:
        async with self._unit(call) as unit:
            return await contracts.change(unit, contract_id, command, reason)

    async def add_rate_card(self, call: Call, body: objects.NewRateCard) -> objects.RateCard:
        async with self._unit(call) as unit:
            return await rates.add(unit, body)

    async def list_rate_cards(
        self,
        call: Call,
        state: objects.CardState | None = None,
        scope: objects.CardScope | None = None,
        changed_since: datetime | None = None,
        sort: RateCardSort = "id",
        cursor: str | None = None,
        limit: int = 50,
    ) -> objects.RateCardPage:
        filters = {"state": state, "scope": scope, "changed_since": changed_since}
        async with self._unit(call) as unit:
            return await rates.page(unit, Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit))

    async def get_rate_card(self, call: Call, card_id: str) -> objects.RateCard:
        async with self._unit(call) as unit:
            return await rates.get(unit, card_id)

    async def submit_rate_card(self, call: Call, card_id: str) -> objects.RateCard:
        async with self._unit(call) as unit:
            return await rates.submit(unit, card_id)

    async def approve_rate_card(self, call: Call, card_id: str) -> objects.RateCard:
        async with self._unit(call) as unit:
            return await rates.approve(unit, card_id)

    async def add_policy(self, call: Call, body: objects.NewPolicy) -> objects.Policy:
        async with self._unit(call) as unit:
            return await policies.add(unit, body)

    async def list_policies(
        self,
        call: Call,
        kind: objects.PolicyKind | None = None,
        scope: objects.PolicyScope | None = None,
        scope_ref: str | None = None,
        changed_since: datetime | None = None,
        sort: PolicySort = "id",
        cursor: str | None = None,
        limit: int = 50,
    ) -> objects.PolicyPage:
        filters = {"kind": kind, "scope": scope, "scope_ref": scope_ref, "changed_since": changed_since}
        async with self._unit(call) as unit:
            return await policies.page(unit, Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit))

    async def put_cost_center_mappings(
        self, call: Call, body: objects.CostCenterMappings
    ) -> objects.CostCenterMappings:
        async with self._unit(call) as unit:
            await cost_centers.put(unit, body.items)
            return body

    async def list_cost_center_mappings(
        self,
        call: Call,
        cost_center: str | None = None,
        legal_entity_id: str | None = None,
        kind: TransactionKind | None = None,
        active_on: date | None = None,
        sort: MappingSort = "cost_center",
        cursor: str | None = None,
        limit: int = 50,
    ) -> objects.CostCenterMappingPage:
        filters = {"cost_center": cost_center, "legal_entity_id": legal_entity_id, "kind": kind, "active_on": active_on}
        async with self._unit(call) as unit:
            return await cost_centers.page(unit, Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit))

    async def list_exceptions(
        self,
        call: Call,
        state: str | None = None,
        code: str | None = None,
        owner_role: str | None = None,
        assignee: str | None = None,
        unsettled: bool | None = None,
        late: bool | None = None,
        severity: exception_objects.Severity | None = None,
        object_id: str | None = None,
        contract_id: str | None = None,
        changed_since: datetime | None = None,
        sort: ExceptionSort = "due_at",
        cursor: str | None = None,
        limit: int = 50,
    ) -> exception_objects.BusinessExceptionPage:
        filters = {
            "state": state,
            "code": code,
            "owner_role": owner_role,
            "assignee": assignee,
            "unsettled": unsettled,
            "late": late,
            "severity": severity,
            "object_id": object_id,
            "contract_id": contract_id,
            "changed_since": changed_since,
        }
        async with self._unit(call) as unit:
            return await worklist.page(unit, Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit))

    async def list_exception_groups(
        self, call: Call, owner_role: str | None = None, assignee: str | None = None
    ) -> exception_objects.ExceptionGroups:
        async with self._unit(call) as unit:
            return await worklist.groups(unit, owner_role, assignee)

    async def get_exception(self, call: Call, exception_id: str) -> exception_objects.BusinessException:
        async with self._unit(call) as unit:
            return await exceptions.get(unit, exception_id)

    async def acknowledge_exception(self, call: Call, exception_id: str) -> exception_objects.BusinessException:
        async with self._unit(call) as unit:
            return await exceptions.change(unit, exception_id, "acknowledge")

    async def start_exception(self, call: Call, exception_id: str) -> exception_objects.BusinessException:
        async with self._unit(call) as unit:
            return await exceptions.change(unit, exception_id, "start")

    async def assign_exception(
        self, call: Call, exception_id: str, body: exception_objects.Assignment
    ) -> exception_objects.BusinessException:
        async with self._unit(call) as unit:
            return await exceptions.assign(unit, exception_id, body.assignee)

    async def resolve_exception(
        self, call: Call, exception_id: str, body: exception_objects.Resolution
    ) -> exception_objects.BusinessException:
        return await self._settle(call, exception_id, "resolve", body.note)

    async def waive_exception(
        self, call: Call, exception_id: str, body: exception_objects.Resolution
    ) -> exception_objects.BusinessException:
        return await self._settle(call, exception_id, "waive", body.note)

    async def _settle(
        self, call: Call, exception_id: str, command: str, note: str
    ) -> exception_objects.BusinessException:
        async with self._unit(call) as unit:
            settled = await exceptions.change(unit, exception_id, command, note)
            if settled.run_id is not None:
                await resume_run(unit.connection, unit.call, settled.run_id, exception_id=settled.id)
            return settled
