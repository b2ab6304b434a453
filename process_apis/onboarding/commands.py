"""Starting an onboarding: the deal must be there and won; everything else happens in the run."""

from msgspec.structs import replace

from contracts.call import Call
from contracts.canon.deal import Deal
from contracts.problems import NotFound, RuleViolated
from contracts.process.onboarding import Preview, StartOnboarding
from contracts.process.runs import RunView
from process_apis.onboarding.preview import preview
from process_apis.onboarding.workflow import WORKFLOW
from process_apis.registers import contracts
from process_apis.registers.unit import Unit
from runtime.services import Services
from runtime.work.runs import find_run, start_run
from runtime.work.unit import unit_of_work

_OVER = ("cancelled", "terminated", "closed")


def key_of(body: StartOnboarding) -> str:
    """What makes two starts one run (4a)."""
    return f"onboard:{body.deal_ref}:{body.contract_version}"


class OnboardingCommands:
    """Implements contracts.process.onboarding.Onboarding."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def start(self, call: Call, body: StartOnboarding) -> RunView:
        async with unit_of_work(self._services.database) as connection:
            known = await find_run(connection, call, WORKFLOW, key_of(body))
            if known is not None:
                return known
            await self._check(call, body)
            await self._check_contract(Unit(connection, call, self._services.clock.now()), body)
            return await start_run(connection, call, WORKFLOW, key_of(body), body, clock=self._services.clock)

    async def preview(self, call: Call, deal_ref: str, contract_version: int = 1) -> Preview:
        body = StartOnboarding(deal_ref=deal_ref, contract_version=contract_version)
        reader = replace(call, scopes=call.scopes | {"crm:read", "psa:read"}, expected_versions=None)
        async with unit_of_work(self._services.database) as connection:
            known = await find_run(connection, call, WORKFLOW, key_of(body))
        deal = await self._check(call, body)
        return await preview(self._services, reader, deal, None if known is None else known.id)

    async def _check(self, call: Call, body: StartOnboarding) -> Deal:
        """The deal. Raises NotFound and RuleViolated. Who may start an onboarding need not be allowed to read the CRM."""
        if body.deal_ref.count(":") < 2:
            raise NotFound(f"{body.deal_ref} is no reference to a deal; one looks like salesforce:deal:006...")
        reader = replace(call, scopes=call.scopes | {"crm:read"}, expected_versions=None)
        deal = await self._services.ports.crm(reader).get_deal(reader, body.deal_ref)
        if deal.state != "closed_won":
            detail = (
                f"The deal {deal.name} is {deal.state.replace('_', ' ')} ({deal.stage}); only a won deal is onboarded."
            )
            raise RuleViolated(detail, code="GUARD_FAILED", state=deal.state)
        return deal

    async def _check_contract(self, unit: Unit, body: StartOnboarding) -> None:
        found = await contracts.of_deal(unit, body.deal_ref)
        if found is not None and found.state not in _OVER:
            detail = f"The deal is onboarded: contract {found.id} is {found.state}. New terms are a change order of it."
            raise RuleViolated(detail, code="GUARD_FAILED", contract_id=found.id)
