"""The last word: all cross references are there, the project is active, the deal says so (4a.9)."""

from msgspec.structs import replace

from contracts.call import Call
from contracts.canon.deal import Deal, DealAnnotation
from contracts.canon.project import Project
from contracts.wire import convert
from process_apis.onboarding.plan import Branch, Onboarded, Provisioned, Provisions
from process_apis.onboarding.register import AUTHOR
from process_apis.registers import contracts, exceptions, projects
from process_apis.registers.unit import Unit
from runtime.data.links import refs_of
from runtime.services import Services
from runtime.work.runs import get_run
from runtime.work.unit import unit_of_work


async def activate_project(
    services: Services, run_id: str, branch: Branch, shown: Project, provisioned: Provisioned, call: Call
) -> Provisioned:
    """`project.created`, then `project.activated`; what is active already stays so.

    Raises RuleViolated (XREF_MISSING; CONTRACT_NOT_ACTIVE; PROJECT_STATUS_INVALID while nobody manages the project).
    """
    project_id, lines = branch.country.project_id, (branch.country.line_id,)
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, replace(call, principal=AUTHOR), services.clock.now())
        project = await projects.get(unit, project_id)
        if project.status == "provisioning":
            refused = await _unlinked(unit, branch, project.refs, provisioned)
            project = await projects.change(unit, project_id, "provisioned", refused=refused, line_ids=lines)
        if project.status == "ready":
            contract = await contracts.get(unit, branch.contract_id)
            managed = shown.manager_name or project.manager_name
            refused = "CONTRACT_NOT_ACTIVE" if contract.state != "active" else None
            refused = refused or (None if managed else "PROJECT_STATUS_INVALID")
            await projects.change(unit, project_id, "activate", refused=refused, line_ids=lines)
        await exceptions.clear_run(unit, run_id)
    return provisioned


async def _unlinked(unit: Unit, branch: Branch, refs: tuple[str, ...], made: Provisioned) -> str | None:
    """XREF_MISSING unless PSA project, ERP shell, receivables customer and every demand are linked."""
    customer = await refs_of(unit.connection, unit.tenant, branch.customer_id)
    demands = [await refs_of(unit.connection, unit.tenant, demand.id) for demand in branch.country.demands]
    linked = {made.psa_ref, made.erp_ref} <= set(refs) and branch.customer_ref in customer and all(demands)
    return None if linked else "XREF_MISSING"


async def read_branches(services: Services, child_ids: tuple[str, ...], call: Call) -> Provisions:
    """What the runs of the countries that went through ended with."""
    views = [await get_run(services.database, call, child_id) for child_id in child_ids]
    return Provisions(items=tuple(convert(v.result, Provisioned) for v in views if v.status == "completed"))


async def annotate_deal(services: Services, run_id: str, onboarded: Onboarded, call: Call) -> Deal:
    """Tells the CRM which project the deal became, and closes what was open about the run."""
    codes = ", ".join(project.code for project in onboarded.projects)
    note = f"Onboarded by Ledgerway: project {codes}, contract {onboarded.contract_id}."
    annotation = DealAnnotation(project_code=onboarded.projects[0].code, status="active", note=note)
    deal = await services.ports.crm(call).annotate_deal(call, onboarded.deal_ref, annotation)
    async with unit_of_work(services.database) as connection:
        await exceptions.clear_run(Unit(connection, call, services.clock.now()), run_id)
    return deal
