"""What onboarding exports: the command to start one, its workflows, and what makes a held run look again."""

from contracts.call import Call
from contracts.events import RateCardChanged
from contracts.problems import Conflict
from contracts.process.onboarding import Onboarding
from process_apis.onboarding.commands import OnboardingCommands
from process_apis.onboarding.provisioning import COUNTRY_WORKFLOW, OnboardCountry
from process_apis.onboarding.workflow import WORKFLOW, Onboard
from runtime.data.database import Connection
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.process import Process
from runtime.work.runs import resume_run
from runtime.work.sweeps import Sweep
from runtime.work.unit import unit_of_work

RECHECK_S = 900
_HELD = """
select id from run where tenant = $1 and workflow = any($2::text[]) and state = 'waiting'
  and waiting_for->>'kind' = 'person' and ($3::text[] is null or waiting_for->>'code' = any($3)) order by id limit 200
"""
_RATES = ["RATE_MISSING", "RATE_OVERLAP"]


def build(services: Services) -> Process:
    """The process `onboarding`."""

    async def on_rates(connection: Connection, call: Call, event: RateCardChanged) -> None:
        await _look_again(services, connection, call, _RATES)

    async def recheck() -> None:
        for tenant in services.ports.connections.tenants():
            async with unit_of_work(services.database) as connection:
                await _look_again(services, connection, system_call(tenant, "system:onboarding-recheck"), None)

    return Process(
        name="onboarding",
        contract=Onboarding,
        implementation=OnboardingCommands(services),
        workflows=(Onboard(services), OnboardCountry(services)),
        subscriptions={RateCardChanged: on_rates},
        sweeps=(Sweep("onboarding recheck", RECHECK_S, recheck),),
    )


async def _look_again(services: Services, connection: Connection, call: Call, codes: list[str] | None) -> None:
    """Held runs try their step again: it goes through when the cause is gone (auto-resolve), else nothing changes."""
    held = await connection.fetch(_HELD, call.tenant, [WORKFLOW, COUNTRY_WORKFLOW], codes)
    for row in held:
        try:
            await resume_run(connection, call, row["id"], clock=services.clock)
        except Conflict:
            continue
