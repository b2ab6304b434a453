"""The ERP's part: a project shell with dimensions, contract and revenue method (4a.6)."""

from contracts.call import Call
from contracts.canon.ledger import NewProjectShell, ProjectShell
from process_apis.onboarding.delivery import trouble
from process_apis.onboarding.plan import Branch
from runtime.data.links import link
from runtime.services import Services
from runtime.work.unit import unit_of_work


async def ensure_shell(services: Services, branch: Branch, call: Call) -> ProjectShell:
    """The shell under our key, found or created, and linked. Raises RuleViolated (PROJECT_CODE_INVALID)."""
    erp = services.ports.erp(call, branch.entity_code)
    found = (await erp.find_project_shells(call, branch.country.project_id)).items
    if len(found) > 1:
        names = ", ".join(shell.ref for shell in found)
        raise trouble(branch, "PROJECT_CODE_INVALID", f"The ERP has the project twice: {names}.")
    shell = found[0] if found else await erp.put_project_shell(call, _wanted(branch))
    async with unit_of_work(services.database) as connection:
        await link(connection, call.tenant, branch.country.project_id, shell.ref, shell.code)
    return shell


def _wanted(branch: Branch) -> NewProjectShell:
    return NewProjectShell(
        key=branch.country.project_id,
        code=branch.code,
        name=branch.name,
        entity_code=branch.entity_code,
        customer_ref=branch.customer_ref,
        currency=branch.currency,
        cost_center_code=branch.cost_center,
        contract_id=branch.contract_id,
        billing_method=branch.billing_method,
        revenue_method=branch.revenue_method,
        value=branch.value,
        start_on=branch.start_on,
        end_on=branch.end_on,
    )


async def deactivate_shell(services: Services, branch: Branch, call: Call) -> ProjectShell | None:
    """Undoes `ensure_shell`."""
    erp = services.ports.erp(call, branch.entity_code)
    ended: ProjectShell | None = None
    for shell in (await erp.find_project_shells(call, branch.country.project_id)).items:
        if shell.active:
            ended = await erp.deactivate_project_shell(call, shell.ref)
    return ended
