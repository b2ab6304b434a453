"""Loads what the hub itself owns from the seeded firm, through the registers' own operations. Sandbox only.

Everything is looked for by name before it is added, so a load that was cut off goes on where it stopped.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from contracts.call import Call
from contracts.process import exception_objects
from contracts.process import register_objects as objects
from contracts.process.registers import Registers
from contracts.wire import convert
from process_apis.registers.commands import RegisterCommands
from runtime.bind import bind
from runtime.services import Services
from runtime.work.calls import PORT_SCOPES
from system_apis.platforms.firm import Firm

ANALYST, MANAGER = "billing-analyst", "billing-manager"
_SCOPES = frozenset({"registers:read", "registers:write", "rate-cards:approve", "policies:write"})
_STEPS: Mapping[str, tuple[str, ...]] = {
    "draft": (),
    "in_review": ("submit",),
    "active": ("submit", "activate"),
    "suspended": ("submit", "activate", "suspend"),
}


def _call(tenant: str, principal: str) -> Call:
    request = f"req_{uuid4().hex}"
    return Call(
        tenant=tenant,
        principal=principal,
        client=principal,
        scopes=_SCOPES | PORT_SCOPES,
        correlation_id=request,
        request_id=request,
    )


async def _all(ask: Callable[..., Awaitable[Any]]) -> list[Any]:
    found, cursor = [], None
    while True:
        page = await ask(cursor=cursor, limit=200)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


class _Elsewhere:
    """What the firm's objects are called in the connected systems."""

    def __init__(self, accounts: Mapping[str, str], deals: Mapping[str, Any], projects: Mapping[str, Any]) -> None:
        self.accounts, self.deals, self.projects = accounts, deals, projects


class DemoData:
    """Loads one firm for one tenant."""

    def __init__(self, services: Services, firm: Firm, tenant: str) -> None:
        self._services, self._firm, self._tenant = services, firm, tenant
        self._registers = bind(Registers, RegisterCommands(services), services.clock)
        self._analyst, self._manager = _call(tenant, ANALYST), _call(tenant, MANAGER)
        self._correlations: dict[str, str] = defaultdict(lambda: f"req_{uuid4().hex}")

    async def load(self) -> None:
        """Customers, projects, contracts, rate cards, policies, in this order."""
        elsewhere = await self._elsewhere()
        customers = await self._customers(elsewhere)
        projects = await self._projects(elsewhere, customers)
        lines = await self._contracts(elsewhere, customers, projects)
        await self._cards(customers, projects, lines)
        await self._policies()
        await self._cost_centers()

    async def _elsewhere(self) -> _Elsewhere:
        ports, call = self._services.ports, self._analyst
        crm, psa = ports.crm(call), ports.psa(call)
        deals = {d.name: d for d in await _all(lambda **page: crm.list_won_deals(call, **page))}
        projects = {p.code: p for p in await _all(lambda **page: psa.list_projects(call, **page))}
        clients = {d.name: d.client for d in self._firm.deals}
        accounts = {clients[name]: d.account_ref for name, d in deals.items() if name in clients}
        return _Elsewhere(accounts, deals, projects)

    async def _customers(self, elsewhere: _Elsewhere) -> dict[str, str]:
        there = {
            c.legal_name: c.id for c in await _all(lambda **page: self._registers.list_customers(self._analyst, **page))
        }
        ids: dict[str, str] = {}
        engaged = {p.client for p in self._firm.projects}
        parents = {c.parent for c in self._firm.clients if c.code in engaged}
        ordered = sorted(self._firm.clients, key=lambda c: (c.parent is not None, c.code))
        for client in ordered:
            if client.code in engaged | parents:
                ids[client.code] = there.get(client.legal_name) or await self._customer(client, elsewhere, ids)
        return ids

    async def _customer(self, client: Any, elsewhere: _Elsewhere, ids: Mapping[str, str]) -> str:
        billing = self._services.ports.billing(self._analyst, client.entity)
        found = (await billing.find_customers(self._analyst, name=client.name)).items if client.in_erp else ()
        exact = [c.ref for c in found if client.name in (c.name, c.legal_name) or c.legal_name == client.legal_name]
        account = elsewhere.accounts.get(client.code)
        new = objects.NewCustomer(
            name=client.name,
            legal_name=client.legal_name,
            country=client.country,
            parent_id=ids.get(client.parent or ""),
            tax_status=client.tax_status,
            tax_id=client.tax_id,
            tax_id_valid=client.tax_id_valid,
            default_currency=client.currency,
            refs=tuple(ref for ref in (account, *exact[:1]) if ref),
        )
        return (await self._registers.add_customer(self._analyst, new)).id

    async def _projects(self, elsewhere: _Elsewhere, customers: Mapping[str, str]) -> dict[str, str]:
        there = {p.code: p.id for p in await _all(lambda **page: self._registers.list_projects(self._analyst, **page))}
        return {p.code: there.get(p.code) or await self._project(p, elsewhere, customers) for p in self._firm.projects}

    async def _project(self, project: Any, elsewhere: _Elsewhere, customers: Mapping[str, str]) -> str:
        erp, deal = (
            self._services.ports.erp(self._analyst, project.entity),
            elsewhere.deals.get(self._deal(project.deal)),
        )
        shells = (await erp.find_project_shells(self._analyst, project.code)).items if project.in_erp else ()
        psa = elsewhere.projects.get(project.code)
        manager = next((p.name for p in self._firm.people if p.number == project.manager), None)
        new = objects.NewRegisteredProject(
            customer_id=customers[project.client],
            legal_entity_id=project.entity,
            code=project.code,
            name=project.name,
            country=project.country,
            currency=project.currency,
            start=project.starts_on,
            end=project.ends_on,
            status={"planned": "ready"}.get(project.stage, project.stage),
            manager_name=manager,
            opportunity_id=deal.ref if deal else None,
            refs=tuple(o.ref for o in (psa, *shells[:1]) if o),
        )
        return (await self._registers.adopt_project(self._about(project.deal), new)).id

    def _about(self, deal: str) -> Call:
        """What belongs to one deal has one correlation id (ID-4)."""
        return replace(self._analyst, correlation_id=self._correlations[deal])

    def _deal(self, code: str) -> str:
        return next(d.name for d in self._firm.deals if d.code == code)

    async def _contracts(
        self, elsewhere: _Elsewhere, customers: Mapping[str, str], projects: Mapping[str, str]
    ) -> dict[str, str]:
        """Contract line ids by the firm's codes."""
        there = {c.name: c for c in await _all(lambda **page: self._registers.list_contracts(self._analyst, **page))}
        lines: dict[str, str] = {}
        for contract in self._firm.contracts:
            name = f"{contract.code} {contract.name}"
            found = there.get(name) or await self._contract(contract, name, elsewhere, customers, projects)
            await self._raise(found, contract.state)
            lines |= {line.code: known.id for line, known in zip(contract.lines, found.lines, strict=True)}
        return lines

    async def _contract(
        self,
        contract: Any,
        name: str,
        elsewhere: _Elsewhere,
        customers: Mapping[str, str],
        projects: Mapping[str, str],
    ) -> objects.Contract:
        deal = elsewhere.deals.get(self._deal(contract.deal))
        retainer = next((r for r in self._firm.retainers if r.contract_line == contract.lines[0].code), None)
        changes = [c for c in self._firm.change_orders if c.contract == contract.code]
        same = (
            "payment_terms",
            "invoice_grouping",
            "line_detail",
            "billing_cycle",
            "po_required",
            "nte_amount",
            "currency",
        )
        more = (
            "nte_scope",
            "cap_policy",
            "rate_fallback",
            "min_invoice_amount",
            "sequential_billing",
            "partial_billing",
        )
        new = objects.NewContract(
            **{field: getattr(contract, field) for field in (*same, *more, "cap_tolerance_amount", "signed_on")},
            customer_id=customers[contract.client],
            bill_to_id=customers.get(contract.bill_to),
            legal_entity_id=contract.entity,
            name=name,
            opportunity_id=deal.ref if deal else None,
            start=contract.starts_on,
            end=contract.ends_on,
            document_ref=contract.contract_document,
            po=_order(contract.po),
            margin_threshold_pct=self._margin_threshold(),
            change_orders=tuple(_change(c) for c in changes),
            retainer=_retainer(retainer) if retainer else None,
            lines=tuple(_line(line, contract, projects) for line in contract.lines),
        )
        return await self._registers.add_contract(self._about(contract.deal), new)

    def _margin_threshold(self) -> Any:
        values = (dict(p.values).get("margin_threshold_pct") for p in self._firm.policies)
        return next((Decimal(v) for v in values if v is not None), None)

    async def _raise(self, found: objects.Contract, state: str) -> None:
        """Take a contract to its state, from wherever an earlier load left it."""
        path = ("draft", "in_review", "active", "suspended")
        for command in _STEPS.get(state, ("submit", "activate"))[
            path.index(found.state) if found.state in path else 9 :
        ]:
            reason = exception_objects.Resolution(note="Payment dispute; work is paused.")
            if command == "suspend":
                await self._registers.suspend_contract(self._manager, found.id, reason)
            elif command == "activate":
                await self._registers.activate_contract(self._manager, found.id)
            else:
                await self._registers.submit_contract(self._analyst, found.id)

    async def _cards(self, customers: Mapping[str, str], projects: Mapping[str, str], lines: Mapping[str, str]) -> None:
        there = {c.name: c for c in await _all(lambda **page: self._registers.list_rate_cards(self._analyst, **page))}
        for card in self._firm.rate_cards:
            found = there.get(card.name) or await self._registers.add_rate_card(
                self._analyst, _card(card, _scope_ref(card, customers, projects, lines))
            )
            if found.state == "draft":
                await self._registers.submit_rate_card(self._analyst, found.id)
            if found.state in ("draft", "in_review"):
                await self._registers.approve_rate_card(self._manager, found.id)

    async def _policies(self) -> None:
        there = {
            (p.kind, p.scope_ref)
            for p in await _all(lambda **page: self._registers.list_policies(self._manager, **page))
        }
        for policy in self._firm.policies:
            if (policy.kind, policy.scope_code) not in there:
                new = convert(
                    {
                        "kind": policy.kind,
                        "scope": policy.scope,
                        "scope_ref": policy.scope_code,
                        "values": dict(policy.values),
                        "effective_from": policy.starts_on,
                    },
                    objects.NewPolicy,
                )
                await self._registers.add_policy(self._manager, new)

    async def _cost_centers(self) -> None:
        start = min(p.starts_on for p in self._firm.periods)
        rows = [
            {
                "cost_center": m.cost_center,
                "legal_entity_id": m.project_entity,
                "kind": m.kind,
                "gl_account": m.gl_account,
                "target_cost_center": m.target_cost_center,
                "effective_from": start,
            }
            for m in self._firm.cost_center_maps
        ]
        await self._registers.put_cost_center_mappings(
            self._analyst, convert({"items": rows}, objects.CostCenterMappings)
        )


def _order(po: Any) -> objects.PurchaseOrder | None:
    return objects.PurchaseOrder(number=po.number, amount=po.amount, expires_on=po.expires_on) if po else None


def _change(change: Any) -> objects.ContractChange:
    return objects.ContractChange(
        id=change.code, state=change.state, effective_date=change.effective_on, holds_billing=change.holds_billing
    )


def _retainer(retainer: Any) -> objects.RetainerBalance:
    return objects.RetainerBalance(
        id=retainer.code,
        state=retainer.state,
        available=retainer.available,
        tax_code=retainer.tax_code,
        low_threshold=retainer.low_threshold,
        posted_on=retainer.posted_on,
        expires_on=retainer.expires_on,
    )


def _line(line: Any, contract: Any, projects: Mapping[str, str]) -> objects.NewContractLine:
    same = ("task_codes", "value", "nte_amount", "nte_hours", "increment_minutes", "discount_pct", "includes_time")
    more = ("includes_expenses", "tax_code_rule", "revenue_method", "service_place_rule")
    fields = {("task_ids" if f == "task_codes" else f): getattr(line, f) for f in (*same, *more)}
    return objects.NewContractLine(
        **fields,
        billing_method=line.method,
        project_id=projects[line.project],
        cost_center_id=line.cost_center,
        multipliers=dict(line.multipliers),
        description_required=contract.description_required,
    )


def _scope_ref(
    card: Any, customers: Mapping[str, str], projects: Mapping[str, str], lines: Mapping[str, str]
) -> objects.ScopeRef:
    code = card.scope_code or ""
    return {
        "standard": lambda: objects.ScopeRef(legal_entity_id=card.scope_code),
        "client": lambda: objects.ScopeRef(customer_id=customers[code]),
        "contract_line": lambda: objects.ScopeRef(contract_line_id=lines[code]),
        "project_role": lambda: objects.ScopeRef(project_id=projects[code]),
        "project_person": lambda: objects.ScopeRef(project_id=projects[code], resource_id=card.person),
    }[card.scope]()


def _card(card: Any, scope_ref: objects.ScopeRef) -> objects.NewRateCard:
    return objects.NewRateCard(
        name=card.name,
        scope=card.scope,
        scope_ref=scope_ref,
        currency=card.currency,
        effective_from=card.starts_on,
        effective_to=card.ends_on,
        lines=tuple(
            objects.NewRateLine(
                role_code=line.role,
                seniority_code=line.seniority,
                location_code=line.location,
                time_type=line.time_type,
                method=line.method,
                rate=line.rate,
                markup_pct=line.markup_pct,
                unit=line.unit,
                effective_from=line.starts_on,
                effective_to=line.ends_on,
            )
            for line in card.lines
        ),
    )
