"""What time posting exports: commands, the posting workflow, subscriptions, the intake sweep."""

from datetime import timedelta

from contracts.call import Call
from contracts.events import Event, ExceptionResolved, ExceptionWaived, TimeApproved, TimeCorrected, TimeVoided
from contracts.process.time_posting import TimePosting
from process_apis.registers.unit import Unit
from process_apis.time_posting import accept, correct, intake, posting, reversal
from process_apis.time_posting.commands import TransactionCommands
from runtime.data.database import Connection
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.process import Delivery, Process
from runtime.work.sweeps import Sweep
from runtime.work.unit import unit_of_work

SWEEP_S = 10
RECHECK_S = 15
_HOURLY = timedelta(hours=1)
_RECHECK_BATCH = 200
_STALE = """
select source_id from billable_transaction where tenant = $1 and state = 'exception' and kind = 'time'
  and updated_at < $2 group by source_id order by min(updated_at) limit $3
"""
_LOCKED = """
select distinct object_id from business_exception where tenant = $1 and code in ('INVOICE_LOCKED', 'ALREADY_INVOICED')
  and state in ('open', 'acknowledged', 'in_progress') limit $2
"""
# Excluded work whose cost the ERP did not take is offered again.
_OFFER_AGAIN = """
update billable_transaction set posting_run_id = null where tenant = $1 and state = 'excluded' and erp_ref is null
  and posting_run_id is not null and updated_at < least($2, now() - interval '2 minutes')
"""
# When anything last changed that may clear a cause: cheap to ask, as these tables are small.
_LAST_CHANGE = """
select greatest(
  (select max(updated_at) from rate_card where tenant = $1), (select max(updated_at) from contract where tenant = $1),
  (select max(updated_at) from project where tenant = $1), (select max(updated_at) from cost_center_map where tenant = $1),
  (select max(changed_at) from replica where tenant = $1 and kind in ('fiscal_period', 'worker', 'legal_entity')))
"""


def build(services: Services) -> Process:
    """The process `time_posting`."""

    async def on_approved(connection: Connection, call: Call, event: TimeApproved) -> None:
        await accept.approved(Unit(connection, call, services.clock.now()), event)

    async def on_restated(connection: Connection, call: Call, event: TimeCorrected | TimeVoided) -> None:
        await correct.corrected(Unit(connection, call, services.clock.now()), event)

    async def on_settled(connection: Connection, call: Call, event: ExceptionResolved | ExceptionWaived) -> None:
        if event.subject.startswith("tme_"):
            unit = Unit(connection, call, services.clock.now())
            if not await accept.again(unit, event.subject):
                await correct.looked_at_again(unit, event.subject)

    async def on_delivery(connection: Connection, call: Call, delivery: Delivery) -> None:
        await intake.accept(connection, call, delivery, services.clock.now())

    async def recheck() -> None:
        for tenant in services.ports.connections.tenants():
            await _recheck(services, tenant)

    subscriptions: dict[type[Event], object] = {
        TimeApproved: on_approved,
        TimeCorrected: on_restated,
        TimeVoided: on_restated,
        ExceptionResolved: on_settled,
        ExceptionWaived: on_settled,
    }
    return Process(
        name="time_posting",
        contract=TimePosting,
        implementation=TransactionCommands(services),
        workflows=(posting.PostTime(services), reversal.ReverseTime(services)),
        subscriptions=subscriptions,  # type: ignore[arg-type]
        inbox={intake.KIND: on_delivery},
        sweeps=(
            Sweep("time intake", SWEEP_S, lambda: intake.sweep(services)),
            Sweep("time posting", posting.GATHER_S, lambda: posting.gather(services)),
            Sweep("time recheck", RECHECK_S, recheck),
        ),
    )


async def _recheck(services: Services, tenant: str) -> None:
    """Look again at exceptions when something relevant changed since, and hourly (auto-resolve, section 6)."""
    hourly = services.clock.now() - _HOURLY
    changed = await services.database.fetchval(_LAST_CHANGE, tenant)
    before = max(hourly, changed) if changed else hourly
    call = system_call(tenant, "system:time-recheck")
    for row in await services.database.fetch(_STALE, tenant, before, _RECHECK_BATCH):
        async with unit_of_work(services.database) as connection:
            await accept.again(Unit(connection, call, services.clock.now()), row["source_id"])
    for row in await services.database.fetch(_LOCKED, tenant, _RECHECK_BATCH):
        async with unit_of_work(services.database) as connection:
            await correct.looked_at_again(Unit(connection, call, services.clock.now()), row["object_id"])
    async with unit_of_work(services.database) as connection:
        await connection.execute(_OFFER_AGAIN, tenant, before)
