"""What happens in one delivery country: PSA project, ERP shell, demand, booking, activation; and that as a run of its own."""

from functools import partial

from msgspec import Struct

from process_apis.onboarding import activation, delivery, register, shell, staffing
from process_apis.onboarding.plan import Branch, Provisioned, Published
from runtime.services import Services
from runtime.work.run import Run

COUNTRY_WORKFLOW = "onboarding_country"


async def provision(run: Run, services: Services, branch: Branch) -> Provisioned:
    """Steps 5 to 9 of 4a. What undoes a step is planned before the step, so that it looks even when nobody knows (WF-4)."""
    run.about(amount_at_risk=branch.amount, currency=branch.currency)
    run.compensation("cancel registered project", partial(register.cancel_project, services, branch))
    run.compensation("cancel project", partial(delivery.cancel_project, services, branch))
    project = await run.step("ensure project", partial(delivery.ensure_project, services, branch), request=branch)
    run.compensation("deactivate shell", partial(shell.deactivate_shell, services, branch))
    made = await run.step("ensure shell", partial(shell.ensure_shell, services, branch), request=branch)
    published = Published(refs=())
    if branch.country.demands:
        run.compensation("cancel demand", partial(staffing.cancel_demand, services, branch, project.ref))
        published = await run.step("publish demand", partial(staffing.publish_demand, services, branch, project.ref))
    await run.step("open for booking", partial(delivery.open_for_booking, services, branch, project.ref))
    shown = await run.step("read back", partial(delivery.read_back, services, branch, project.ref))
    provisioned = Provisioned(
        id=branch.country.project_id,
        code=branch.code,
        country=branch.country.country,
        psa_ref=project.ref,
        erp_ref=made.ref,
        demand_refs=published.refs,
    )
    # An active project takes time from its first moment: from here on people close it, nobody undoes it.
    await run.irreversible()
    activate = partial(activation.activate_project, services, run.id, branch, shown, provisioned)
    return await run.step("activate project", activate)


class OnboardCountry:
    """The workflow `onboarding_country`: one country of a deal that is delivered in several (PRJ-2)."""

    name = COUNTRY_WORKFLOW
    version = 1
    input: type[Struct] = Branch

    def __init__(self, services: Services) -> None:
        self._services = services

    async def perform(self, run: Run, input: Branch) -> Provisioned:
        """Provision it; whoever cancels this run gives up this country only."""
        return await provision(run, self._services, input)
