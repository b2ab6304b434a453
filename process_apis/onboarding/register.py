"""The hub's own part: ids made once, contract and projects in the register, activated together or not at all (4a.4)."""

from msgspec.structs import replace

from contracts.call import Call
from contracts.process.register_objects import Contract, NewContract, NewRegisteredProject, ScopeRef
from process_apis.onboarding import agreement, rules
from process_apis.onboarding.intake import everything, refusal
from process_apis.onboarding.plan import (
    Billed,
    Branch,
    CountryPlan,
    Plan,
    PlannedDelivery,
    PlannedDemand,
    Registered,
)
from process_apis.onboarding.rules import Fault
from process_apis.registers import contracts, customers, exceptions, projects, rates
from process_apis.registers.prices import rate_lines
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.data.links import canonical, link
from runtime.services import Services
from runtime.work.unit import unit_of_work

# The contract is drafted by the run and checked by another principal, as people are kept apart (SOD-1).
AUTHOR, STEWARD = "system:onboarding", "system:contract-steward"
_OVER = ("cancelled", "terminated", "closed")
_UNMAPPED = "COST_CENTER_UNMAPPED"


async def make_plan(services: Services, billed: Billed, call: Call) -> Plan:
    """Ids for everything that will be written, and the PSA projects to adopt. Raises RuleViolated (PROJECT_CODE_INVALID)."""
    deal = billed.deal
    countries = rules.countries_of(deal, billed.entity_country)
    found = (await services.ports.psa(call).find_projects(call, deal_ref=deal.ref)).items
    adopted = [rules.adoptable(found, country, countries) for country in countries]
    for verdict in adopted:
        if isinstance(verdict, rules.Ambiguous):
            names = ", ".join(f"{p.code} ({p.ref})" for p in verdict.projects)
            detail = f"The PSA has several projects for the deal: {names}. Cancel all but the right one."
            raise refusal(Fault(code="PROJECT_CODE_INVALID", detail=detail), deal)
    async with unit_of_work(services.database) as connection:
        now = services.clock.now()
        known = await canonical(connection, call.tenant, deal.ref)
        plan = Plan(
            engagement_id=known or new_id("eng", now),
            contract_id=new_id("ctr", now),
            countries=tuple(
                _country(services, billed, countries, place, verdict) for place, verdict in enumerate(adopted)
            ),
        )
        await link(connection, call.tenant, plan.engagement_id, deal.ref)
    return plan


def _country(
    services: Services,
    billed: Billed,
    countries: tuple[str, ...],
    place: int,
    verdict: rules.Adopt | rules.Create | rules.Ambiguous,
) -> CountryPlan:
    deal, country, now = billed.deal, countries[place], services.clock.now()
    needs = [need for need in deal.roles if rules.country_of(need.location_code, countries) == country]
    adopted = verdict.project if isinstance(verdict, rules.Adopt) else None
    deliverables = deal.milestones if place == 0 and rules.planned_value(deal) is not None else ()
    return CountryPlan(
        country=country,
        project_id=new_id("prj", now),
        line_id=new_id("ctl", now),
        demands=tuple(PlannedDemand(id=new_id("dem", now), need=need) for need in needs),
        milestones=tuple(PlannedDelivery(id=new_id("mls", now), milestone=m) for m in deliverables),
        adopted_ref=adopted.ref if adopted else None,
        adopted_code=adopted.code if adopted else None,
    )


async def register_contract(
    services: Services, run_id: str, billed: Billed, customer_id: str, plan: Plan, call: Call
) -> Registered:
    """Contract with lines, priced roles and projects, active in one transaction; what is registered is left as it is.

    Raises RuleViolated (COST_CENTER_UNMAPPED, CONTRACT_INVALID, RATE_MISSING, RATE_OVERLAP).
    """
    deal = billed.deal
    erp = services.ports.erp(call, deal.entity_code)
    dimensions = await everything(lambda at: erp.list_dimensions(call, cursor=at))
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, replace(call, principal=AUTHOR), services.clock.now())
        known = await contracts.many(unit, [plan.contract_id])
        if plan.contract_id in known:
            return await _as_registered(unit, known[plan.contract_id], plan)
        named = await exceptions.answer(unit, run_id, _UNMAPPED)
        center = rules.cost_center(dimensions, deal.entity_code or "", deal.service_line, named)
        if center is None:
            raise refusal(_unmapped(deal.entity_code, deal.service_line), deal)
        new = agreement.contract(billed, customer_id, plan, center)
        await _check(unit, billed, new, plan)
        return await _as_registered(unit, await _register(unit, billed, new, plan), plan)


async def _as_registered(unit: Unit, contract: Contract, plan: Plan) -> Registered:
    found = await projects.many(unit, [c.project_id for c in plan.countries])
    codes = tuple(found[country.project_id].code for country in plan.countries)
    return Registered(id=contract.id, cost_center=contract.lines[0].cost_center_id, codes=codes)


def _unmapped(entity: str | None, line: str | None) -> Fault:
    detail = f"No cost center of {entity} fits service line {line}. Resolve with the code of the right one."
    return Fault(code=_UNMAPPED, detail=detail)


async def _check(unit: Unit, billed: Billed, new: NewContract, plan: Plan) -> None:
    """No other contract of the deal, invariants, a price for every role."""
    deal = billed.deal
    await contracts.take_deal(unit, deal.ref)
    other = await contracts.of_deal(unit, deal.ref)
    if other is not None and other.id != plan.contract_id and other.state not in _OVER:
        detail = f"The deal has the {other.state} contract {other.id}; new terms are a change order of it (CTR-4)."
        raise refusal(Fault(code="CONTRACT_INVALID", detail=detail), deal, contract_id=other.id)
    if found := contracts.violations(new):
        detail = " ".join(violation.detail for violation in found)
        raise refusal(Fault(code="CONTRACT_INVALID", detail=detail), deal)
    path = await customers.path(unit, new.customer_id)
    lines = rate_lines(await rates.cards_for(unit, _scopes(new, plan, path)))
    fault = agreement.rate_fault(agreement.unpriced(new, plan, lines, path))
    if fault is not None:
        raise refusal(fault, deal)


def _scopes(new: NewContract, plan: Plan, path: tuple[str, ...]) -> list[tuple[str, ScopeRef]]:
    """Cards of every level a role without a person may be priced at (RATE-1)."""
    return [
        *(("project_role", ScopeRef(project_id=c.project_id)) for c in plan.countries),
        *(("contract_line", ScopeRef(contract_line_id=c.line_id)) for c in plan.countries),
        *(("client", ScopeRef(customer_id=customer)) for customer in path),
        ("standard", ScopeRef(legal_entity_id=new.legal_entity_id)),
        ("standard", ScopeRef()),
    ]


async def _register(unit: Unit, billed: Billed, new: NewContract, plan: Plan) -> Contract:
    """The author drafts and submits, the steward activates, then the projects may be provisioned."""
    added = await contracts.add(unit, new)
    for country in plan.countries:
        await _add_project(unit, billed, new, plan, country)
    await contracts.change(unit, added.id, "submit")
    steward = unit._replace(call=replace(unit.call, principal=STEWARD))
    contract = await contracts.change(steward, added.id, "activate")
    for country in plan.countries:
        await projects.change(unit, country.project_id, "provision")
    return contract


async def _add_project(unit: Unit, billed: Billed, new: NewContract, plan: Plan, country: CountryPlan) -> None:
    stem = rules.code_stem(billed.account.name)
    code = country.adopted_code or rules.next_code(stem, await projects.codes_like(unit, stem))
    project = NewRegisteredProject(
        id=country.project_id,
        engagement_id=plan.engagement_id,
        customer_id=new.customer_id,
        legal_entity_id=new.legal_entity_id,
        code=code,
        name=rules.project_name(billed.deal, country, plan),
        country=country.country,
        currency=new.currency,
        start=new.start,
        end=new.end,
        status="proposed",
        manager_name=billed.deal.owner_name,
        opportunity_id=billed.deal.ref,
    )
    await projects.add(unit, project)


async def cancel_contract(services: Services, plan: Plan, call: Call) -> str | None:
    """Undoes `register_contract`: a contract nobody signed off is cancelled, an active one terminated."""
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, replace(call, principal=AUTHOR), services.clock.now())
        found = (await contracts.many(unit, [plan.contract_id])).get(plan.contract_id)
        if found is None or found.state in _OVER:
            return None
        command = "cancel" if found.state in ("draft", "in_review") else "terminate"
        return (await contracts.change(unit, found.id, command, "The onboarding was cancelled.")).state


async def cancel_project(services: Services, branch: Branch, call: Call) -> str | None:
    """Undoes the registration of a project that never became active."""
    project_id = branch.country.project_id
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, replace(call, principal=AUTHOR), services.clock.now())
        found = (await projects.many(unit, [project_id])).get(project_id)
        if found is not None and found.status == "provisioning":
            found = await projects.change(unit, project_id, "fail")
        if found is not None and found.status in ("proposed", "ready"):
            found = await projects.change(unit, project_id, "cancel")
        return None if found is None else found.status
