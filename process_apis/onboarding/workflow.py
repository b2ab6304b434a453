"""The workflow `onboarding`: a won deal becomes customer, contract and one active project per delivery country (4a)."""

from functools import partial

from msgspec import Struct

from contracts.process.onboarding import StartOnboarding
from process_apis.onboarding import activation, billing_customer, intake, register, rules
from process_apis.onboarding.plan import Branch, Onboarded, Provisioned
from process_apis.onboarding.provisioning import COUNTRY_WORKFLOW, provision
from runtime.services import Services
from runtime.work.run import ChildRun, Compensate, Run

WORKFLOW = "onboarding"


class Onboard:
    """Steps in the order of 4a. Each looks, decides and acts as one, under ids that were recorded before (WF-3)."""

    name = WORKFLOW
    version = 1
    input: type[Struct] = StartOnboarding

    def __init__(self, services: Services) -> None:
        self._services = services

    async def perform(self, run: Run, input: StartOnboarding) -> Onboarded:
        """From deal to active projects. Cancelling undoes it in reverse order, up to the activation of a project."""
        services, deal_ref = self._services, input.deal_ref
        sold = await run.step("read deal", partial(intake.read_deal, services, deal_ref))
        run.about(amount_at_risk=sold.deal.amount, currency=sold.deal.currency)
        customer = await run.step("ensure customer", partial(intake.ensure_customer, services, run.id, sold))
        run.compensation(
            "deactivate billing customer",
            partial(billing_customer.deactivate_billing_customer, services, deal_ref, customer.id),
        )
        ensure_billing_customer = partial(
            billing_customer.ensure_billing_customer, services, run.id, deal_ref, customer.id
        )
        billed = await run.step("ensure billing customer", ensure_billing_customer)
        plan = await run.step("plan", partial(register.make_plan, services, billed))
        run.compensation("cancel contract", partial(register.cancel_contract, services, plan))
        register_contract = partial(register.register_contract, services, run.id, billed, customer.id, plan)
        registered = await run.step("register contract", register_contract, request=plan)
        places = range(len(plan.countries))
        branches = tuple(rules.branch_of(billed, customer.id, plan, registered, place) for place in places)
        projects = await self._projects(run, branches)
        onboarded = Onboarded(
            state="provisioned" if len(projects) == len(branches) else "partially_provisioned",
            deal_ref=deal_ref,
            customer_id=customer.id,
            contract_id=plan.contract_id,
            engagement_id=plan.engagement_id,
            customer_ref=billed.ref,
            projects=projects,
        )
        await run.step("annotate deal", partial(activation.annotate_deal, services, run.id, onboarded))
        return onboarded

    async def _projects(self, run: Run, branches: tuple[Branch, ...]) -> tuple[Provisioned, ...]:
        """One country is provisioned here; several each in a run of their own, so that one that is held holds no other."""
        if len(branches) == 1:
            return (await provision(run, self._services, branches[0]),)
        # Countries are given up one by one, by cancelling their runs.
        await run.irreversible()
        children = [await run.start(COUNTRY_WORKFLOW, f"{run.key}:{b.country.country}", b) for b in branches]
        for child in children:
            await _ended(run, child)
        read = partial(activation.read_branches, self._services, tuple(child.run_id for child in children))
        found = await run.step("read branches", read)
        if not found.items:
            raise Compensate("Every country of the deal was given up.")
        return found.items


async def _ended(run: Run, child: ChildRun) -> None:
    """Until a country is provisioned or given up; a run that failed may be resumed, so it is waited for on."""
    ended = await run.join(child)
    while ended.status not in ("completed", "compensated"):
        ended = await run.join(child)
