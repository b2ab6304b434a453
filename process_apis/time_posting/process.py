"""What time posting exports: commands, the posting workflow, subscriptions, the intake sweep."""

from datetime import timedelta

from contracts.call import Call
from contracts.events import Event, ExceptionResolved, ExceptionWaived, TimeApproved, TimeCorrected, TimeVoided
from contracts.process.time_posting import TimePosting
from process_apis.registers.unit import Unit
from process_apis.time_posting import accept, intake, posting
from process_apis.time_posting.commands import TransactionCommands
from runtime.data.database import Connection
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.process import Delivery, Process
from runtime.work.sweeps import Sweep
from runtime.work.unit import unit_of_work

SWEEP_S = 5
RECHECK_S = 30
_RECHECK_AFTER = timedelta(seconds=45)
_RECHECK_BATCH = 100
_STALE = """
select source_id from billable_transaction where tenant = $1 and state = 'exception' and kind = 'time'
  and updated_at <= $2 group by source_id order by min(updated_at) limit $3
"""


def build(services: Services) -> Process:
    """The process `time_posting`."""

    async def on_approved(connection: Connection, call: Call, event: TimeApproved) -> None:
        await accept.approved(Unit(connection, call, services.clock.now()), event)

    async def on_restated(connection: Connection, call: Call, event: TimeCorrected | TimeVoided) -> None:
        await accept.corrected(Unit(connection, call, services.clock.now()), event)

    async def on_settled(connection: Connection, call: Call, event: ExceptionResolved | ExceptionWaived) -> None:
        if event.subject.startswith("tme_"):
            await accept.again(Unit(connection, call, services.clock.now()), event.subject)

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
        workflows=(posting.PostTime(services),),
        subscriptions=subscriptions,  # type: ignore[arg-type]
        inbox={intake.KIND: on_delivery},
        sweeps=(
            Sweep("time intake", SWEEP_S, lambda: intake.sweep(services)),
            Sweep("time posting", posting.GATHER_S, lambda: posting.gather(services)),
            Sweep("time recheck", RECHECK_S, recheck),
        ),
    )


async def _recheck(services: Services, tenant: str) -> None:
    """Exceptions whose cause may be gone: look again, the longest unlooked-at first (auto-resolve, section 6)."""
    before = services.clock.now() - _RECHECK_AFTER
    rows = await services.database.fetch(_STALE, tenant, before, _RECHECK_BATCH)
    call = system_call(tenant, "system:time-recheck")
    for row in rows:
        async with unit_of_work(services.database) as connection:
            await accept.again(Unit(connection, call, services.clock.now()), row["source_id"])
