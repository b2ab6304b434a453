"""The PSA's part: a project from a template with its milestones, opened for booking, read back (4a.5, 4a.8)."""

from contracts.call import Call
from contracts.canon.project import NewMilestone, NewMilestones, NewProject, Project, ProjectStatusChange, Task, Tasks
from contracts.problems import RuleViolated, VendorUnavailable
from contracts.system.psa import Psa
from process_apis.onboarding import rules
from process_apis.onboarding.intake import everything, refusal
from process_apis.onboarding.plan import Branch
from process_apis.onboarding.rules import Fault
from runtime.data.links import link
from runtime.services import Services
from runtime.work.unit import unit_of_work


def trouble(branch: Branch, code: str, detail: str) -> RuleViolated:
    """Something about a project that is held for the owner of the code."""
    return RuleViolated(
        detail,
        code=code,
        object_id=branch.country.project_id,
        contract_id=branch.contract_id,
        amount_at_risk=branch.amount,
        currency=branch.currency,
    )


async def ensure_project(services: Services, branch: Branch, call: Call) -> Project:
    """The project under our key: found, adopted or made from a template, with tasks and milestones, and linked.

    Raises RuleViolated (PROJECT_TEMPLATE_MISSING, PROJECT_CODE_INVALID).
    """
    psa = services.ports.psa(call)
    found = await _find(psa, branch, call)
    project = found or await _create(services, psa, branch, call)
    milestones = await _put_structure(psa, branch, project, call)
    async with unit_of_work(services.database) as connection:
        await link(connection, call.tenant, branch.country.project_id, project.ref, project.code)
        for milestone_id, ref in milestones.items():
            await link(connection, call.tenant, milestone_id, ref)
    return project


async def _find(psa: Psa, branch: Branch, call: Call) -> Project | None:
    keyed = (await psa.find_projects(call, key=branch.country.project_id)).items
    adopting = not keyed and branch.country.adopted_ref is not None
    of_deal = (await psa.find_projects(call, deal_ref=branch.deal_ref)).items if adopting else ()
    match rules.project_for(branch, keyed, of_deal):
        case rules.Adopt(project=project):
            return project
        case rules.Ambiguous(projects=several):
            names = ", ".join(p.ref for p in several)
            raise trouble(branch, "PROJECT_CODE_INVALID", f"The PSA has the project twice: {names}.")
        case _:
            return None


async def _create(services: Services, psa: Psa, branch: Branch, call: Call) -> Project:
    """The deal is read again for its service line: correcting it is one way to name a template."""
    deal = await services.ports.crm(call).get_deal(call, branch.deal_ref)
    template = rules.template_for(await everything(lambda at: psa.list_templates(call, cursor=at)), deal)
    if template is None:
        detail = f"The PSA has no project template for service line {deal.service_line}; add one, or correct the deal."
        raise refusal(Fault(code="PROJECT_TEMPLATE_MISSING", detail=detail), deal, contract_id=branch.contract_id)
    new = NewProject(
        key=branch.country.project_id,
        code=branch.code,
        name=branch.name,
        deal_ref=branch.deal_ref,
        account_ref=branch.account_ref,
        template_ref=template.ref,
        entity_code=branch.entity_code,
        country=branch.country.country,
        currency=branch.currency,
        billing_method=branch.billing_method,
        start_on=branch.start_on,
        end_on=branch.end_on,
    )
    return await psa.create_project(call, new)


async def _put_structure(psa: Psa, branch: Branch, project: Project, call: Call) -> dict[str, str]:
    """Deliverables as milestones, each with a task to book on besides the template's; answers milestone id -> ref.

    A task takes time until the project ends: work on a deliverable that is late is still work on it.
    """
    planned = branch.country.milestones
    if not planned:
        return {}
    tasks = tuple(
        Task(
            code=f"M{one.milestone.sequence}",
            name=one.milestone.name,
            start_on=branch.start_on,
            end_on=max(branch.end_on, one.milestone.planned_on),
        )
        for one in planned
    )
    await psa.put_tasks(call, project.ref, Tasks(items=tasks))
    wanted = tuple(
        NewMilestone(
            key=one.id,
            sequence=one.milestone.sequence,
            name=one.milestone.name,
            planned_on=one.milestone.planned_on,
            amount=one.milestone.amount,
            acceptance_required=one.milestone.acceptance_required,
        )
        for one in planned
    )
    page = await psa.put_milestones(call, project.ref, NewMilestones(items=wanted))
    return {m.key: m.ref for m in page.items if m.key}


async def cancel_project(services: Services, branch: Branch, call: Call) -> Project | None:
    """Undoes `ensure_project`: one we made is cancelled, which the PSA refuses once it has actuals; an adopted one stays."""
    psa = services.ports.psa(call)
    keyed = (await psa.find_projects(call, key=branch.country.project_id)).items
    ended: Project | None = None
    for project in keyed:
        if project.status != "cancelled":
            ended = await psa.set_project_status(call, project.ref, ProjectStatusChange(status="cancelled"))
    return ended


async def open_for_booking(services: Services, branch: Branch, project_ref: str, call: Call) -> Project:
    """The project takes time; setting the status it has changes nothing."""
    psa = services.ports.psa(call)
    return await psa.set_project_status(call, project_ref, ProjectStatusChange(status="active"))


async def read_back(services: Services, branch: Branch, project_ref: str, call: Call) -> Project:
    """What PSA and ERP show now. Raises VendorUnavailable while it is not visible yet, RuleViolated when it is wrong."""
    psa, erp = services.ports.psa(call), services.ports.erp(call, branch.entity_code)
    if branch.country.adopted_ref is None:
        found = (await psa.find_projects(call, key=branch.country.project_id)).items
    else:
        of_deal = (await psa.find_projects(call, deal_ref=branch.deal_ref)).items
        found = tuple(p for p in of_deal if p.ref == project_ref)
    shells = (await erp.find_project_shells(call, branch.country.project_id)).items
    seen = rules.read_back(branch, found, shells)
    if seen.wrong:
        raise trouble(branch, "PROJECT_CODE_INVALID", f"Project {branch.code} is not open: {'; '.join(seen.wrong)}.")
    if seen.absent:
        detail = f"Project {branch.code} does not show up yet in the {' and the '.join(seen.absent)}."
        raise VendorUnavailable(
            detail,
            code="PROJECT_CODE_INVALID",
            object_id=branch.country.project_id,
            contract_id=branch.contract_id,
        )
    return found[0]
