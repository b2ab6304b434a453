"""Commands on what the hub itself owns. State changes follow the state tables (ST-1..ST-4)."""

from datetime import date
from typing import Protocol

from contracts.call import Call
from contracts.canon.ref import Code, Cursor, Limit, Text
from contracts.operation import operation
from contracts.problems import Conflict, NotFound, PreconditionFailed, RuleViolated
from contracts.process import exception_objects
from contracts.process import register_objects as objects
from contracts.process.orders import (
    ChangedSince,
    ContractSort,
    CustomerSort,
    ExceptionSort,
    MappingSort,
    PolicySort,
    ProjectSort,
    RateCardSort,
)
from contracts.process.time_posting import TransactionKind

_MOVE = (NotFound, Conflict, RuleViolated, PreconditionFailed)


class Registers(Protocol):
    """Customers, projects, contracts, rate cards, policies and exceptions."""

    @operation("POST", "/customers", scope="registers:write", status=201, problems=(RuleViolated, Conflict))
    async def add_customer(self, call: Call, body: objects.NewCustomer) -> objects.Customer:
        """Register a customer with its cross references."""
        ...

    @operation("GET", "/customers", scope="registers:read")
    async def list_customers(
        self,
        call: Call,
        status: objects.CustomerStatus | None = None,
        changed_since: ChangedSince | None = None,
        sort: CustomerSort = "id",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> objects.CustomerPage:
        """List customers."""
        ...

    @operation("GET", "/customers/{customer_id}", scope="registers:read", problems=(NotFound,))
    async def get_customer(self, call: Call, customer_id: Code) -> objects.Customer:
        """Read a customer."""
        ...

    @operation("POST", "/customers/{customer_id}/links", scope="registers:write", problems=_MOVE)
    async def link_customer(self, call: Call, customer_id: Code, body: objects.CrossReference) -> objects.Customer:
        """Say which record of a connected system the customer is, beside those of other legal entities (XREF_MISSING)."""
        ...

    @operation("POST", "/projects", scope="registers:write", status=201, problems=(RuleViolated, Conflict))
    async def adopt_project(self, call: Call, body: objects.NewRegisteredProject) -> objects.RegisteredProject:
        """Register a project that PSA and ERP already have."""
        ...

    @operation("GET", "/projects", scope="registers:read")
    async def list_projects(
        self,
        call: Call,
        status: objects.ProjectStatus | None = None,
        customer_id: Code | None = None,
        legal_entity_id: Code | None = None,
        code: Code | None = None,
        changed_since: ChangedSince | None = None,
        sort: ProjectSort = "id",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> objects.RegisteredProjectPage:
        """List projects."""
        ...

    @operation("GET", "/projects/{project_id}", scope="registers:read", problems=(NotFound,))
    async def get_project(self, call: Call, project_id: Code) -> objects.RegisteredProject:
        """Read a project."""
        ...

    @operation("POST", "/projects/{project_id}/links", scope="registers:write", problems=_MOVE)
    async def link_project(
        self, call: Call, project_id: Code, body: objects.CrossReference
    ) -> objects.RegisteredProject:
        """Say which record of a connected system the project is; the one it was there before is let go (XREF_MISSING)."""
        ...

    @operation("POST", "/contracts", scope="registers:write", status=201, problems=(RuleViolated, Conflict))
    async def add_contract(self, call: Call, body: objects.NewContract) -> objects.Contract:
        """Register a signed contract as a draft; CTR and CTL invariants hold."""
        ...

    @operation("GET", "/contracts", scope="registers:read")
    async def list_contracts(
        self,
        call: Call,
        state: objects.ContractState | None = None,
        customer_id: Code | None = None,
        project_id: Code | None = None,
        legal_entity_id: Code | None = None,
        changed_since: ChangedSince | None = None,
        sort: ContractSort = "id",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> objects.ContractPage:
        """List contracts with their lines."""
        ...

    @operation("GET", "/contracts/{contract_id}", scope="registers:read", problems=(NotFound,))
    async def get_contract(self, call: Call, contract_id: Code) -> objects.Contract:
        """Read a contract with its lines."""
        ...

    @operation("POST", "/contracts/{contract_id}/submit", scope="registers:write", problems=_MOVE)
    async def submit_contract(self, call: Call, contract_id: Code) -> objects.Contract:
        """Send a draft to review."""
        ...

    @operation("POST", "/contracts/{contract_id}/activate", scope="registers:write", problems=_MOVE)
    async def activate_contract(self, call: Call, contract_id: Code) -> objects.Contract:
        """Put a reviewed contract into force; it must be signed."""
        ...

    @operation("POST", "/contracts/{contract_id}/suspend", scope="registers:write", problems=_MOVE)
    async def suspend_contract(
        self, call: Call, contract_id: Code, body: exception_objects.Resolution
    ) -> objects.Contract:
        """Stop billing until it resumes; the note is the reason."""
        ...

    @operation("POST", "/contracts/{contract_id}/resume", scope="registers:write", problems=_MOVE)
    async def resume_contract(self, call: Call, contract_id: Code) -> objects.Contract:
        """Put a suspended contract back into force."""
        ...

    @operation("POST", "/rate-cards", scope="registers:write", status=201, problems=(RuleViolated, Conflict))
    async def add_rate_card(self, call: Call, body: objects.NewRateCard) -> objects.RateCard:
        """Register a version of a rate card as a draft."""
        ...

    @operation("GET", "/rate-cards", scope="registers:read")
    async def list_rate_cards(
        self,
        call: Call,
        state: objects.CardState | None = None,
        scope: objects.CardScope | None = None,
        changed_since: ChangedSince | None = None,
        sort: RateCardSort = "id",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> objects.RateCardPage:
        """List rate cards with their lines."""
        ...

    @operation("GET", "/rate-cards/{card_id}", scope="registers:read", problems=(NotFound,))
    async def get_rate_card(self, call: Call, card_id: Code) -> objects.RateCard:
        """Read a rate card with its lines."""
        ...

    @operation("POST", "/rate-cards/{card_id}/submit", scope="registers:write", problems=_MOVE)
    async def submit_rate_card(self, call: Call, card_id: Code) -> objects.RateCard:
        """Send a draft to review."""
        ...

    @operation("POST", "/rate-cards/{card_id}/approve", scope="rate-cards:approve", problems=_MOVE)
    async def approve_rate_card(self, call: Call, card_id: Code) -> objects.RateCard:
        """Put a card into force; the approver is not the author (SOD-1)."""
        ...

    @operation("POST", "/policies", scope="policies:write", status=201, problems=(RuleViolated, Conflict))
    async def add_policy(self, call: Call, body: objects.NewPolicy) -> objects.Policy:
        """Set a policy from a day on."""
        ...

    @operation("GET", "/policies", scope="registers:read")
    async def list_policies(
        self,
        call: Call,
        kind: objects.PolicyKind | None = None,
        scope: objects.PolicyScope | None = None,
        scope_ref: Code | None = None,
        changed_since: ChangedSince | None = None,
        sort: PolicySort = "id",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> objects.PolicyPage:
        """List policies."""
        ...

    @operation("POST", "/cost-center-mappings", scope="registers:write", problems=(RuleViolated,))
    async def put_cost_center_mappings(
        self, call: Call, body: objects.CostCenterMappings
    ) -> objects.CostCenterMappings:
        """Set where cost is booked; exceptions that waited for a mapping are looked at again."""
        ...

    @operation("GET", "/cost-center-mappings", scope="registers:read")
    async def list_cost_center_mappings(
        self,
        call: Call,
        cost_center: Code | None = None,
        legal_entity_id: Code | None = None,
        kind: TransactionKind | None = None,
        active_on: date | None = None,
        sort: MappingSort = "cost_center",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> objects.CostCenterMappingPage:
        """List mappings; of one cost center by entity, kind and start."""
        ...

    @operation("GET", "/exceptions", scope="exceptions:read")
    async def list_exceptions(
        self,
        call: Call,
        state: Code | None = None,
        code: Code | None = None,
        owner_role: Code | None = None,
        assignee: Code | None = None,
        unsettled: bool | None = None,
        late: bool | None = None,
        severity: exception_objects.Severity | None = None,
        object_id: Text | None = None,
        contract_id: Code | None = None,
        changed_since: ChangedSince | None = None,
        sort: ExceptionSort = "due_at",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> exception_objects.BusinessExceptionPage:
        """List exceptions, the earliest due first unless `sort` says otherwise.

        `unsettled`: open, acknowledged or in progress; `late`: unsettled and past their time.
        """
        ...

    @operation("GET", "/exception-groups", scope="exceptions:read")
    async def list_exception_groups(
        self, call: Call, owner_role: Code | None = None, assignee: Code | None = None
    ) -> exception_objects.ExceptionGroups:
        """Count the unsettled exceptions by code and owner, with the amounts at risk."""
        ...

    @operation("GET", "/exceptions/{exception_id}", scope="exceptions:read", problems=(NotFound,))
    async def get_exception(self, call: Call, exception_id: Code) -> exception_objects.BusinessException:
        """Read an exception with its evidence."""
        ...

    @operation("POST", "/exceptions/{exception_id}/acknowledge", scope="exceptions:write", problems=_MOVE)
    async def acknowledge_exception(self, call: Call, exception_id: Code) -> exception_objects.BusinessException:
        """Say that somebody looks at it."""
        ...

    @operation("POST", "/exceptions/{exception_id}/start", scope="exceptions:write", problems=_MOVE)
    async def start_exception(self, call: Call, exception_id: Code) -> exception_objects.BusinessException:
        """Say that somebody works on it; who calls takes it when nobody has it."""
        ...

    @operation("POST", "/exceptions/{exception_id}/assign", scope="exceptions:write", problems=_MOVE)
    async def assign_exception(
        self, call: Call, exception_id: Code, body: exception_objects.Assignment
    ) -> exception_objects.BusinessException:
        """Give it to somebody, or to nobody; its state stays."""
        ...

    @operation("POST", "/exceptions/{exception_id}/resolve", scope="exceptions:write", problems=_MOVE)
    async def resolve_exception(
        self, call: Call, exception_id: Code, body: exception_objects.Resolution
    ) -> exception_objects.BusinessException:
        """Say what was done; what waited for it goes on and looks again."""
        ...

    @operation("POST", "/exceptions/{exception_id}/waive", scope="exceptions:waive", problems=_MOVE)
    async def waive_exception(
        self, call: Call, exception_id: Code, body: exception_objects.Resolution
    ) -> exception_objects.BusinessException:
        """Accept it with a reason; only finance control may."""
        ...
