"""What time posting exports: commands, the posting workflows, subscriptions, the sweeps."""

from contracts.call import Call
from contracts.events import Event, ExceptionResolved, ExceptionWaived, TimeApproved, TimeCorrected, TimeVoided
from contracts.process.time_posting import TimePosting
from process_apis.registers.unit import Unit
from process_apis.time_posting import correct, intake, posting, recheck, reversal
from process_apis.time_posting.commands import TransactionCommands
from runtime.data.database import Connection
from runtime.services import Services
from runtime.work.process import Delivery, Process
from runtime.work.sweeps import Sweep

SWEEP_S = 10


def build(services: Services) -> Process:
    """The process `time_posting`."""

    async def on_told(connection: Connection, call: Call, event: TimeApproved | TimeCorrected | TimeVoided) -> None:
        await correct.bring_up(Unit(connection, call, services.clock.now()), event.object_id)

    async def on_settled(connection: Connection, call: Call, event: ExceptionResolved | ExceptionWaived) -> None:
        if event.subject.startswith("tme_"):
            await correct.bring_up(Unit(connection, call, services.clock.now()), event.subject)

    async def on_delivery(connection: Connection, call: Call, delivery: Delivery) -> None:
        await intake.accept(connection, call, delivery, services.clock.now())

    subscriptions: dict[type[Event], object] = {
        TimeApproved: on_told,
        TimeCorrected: on_told,
        TimeVoided: on_told,
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
            Sweep("time recheck", recheck.EVERY_S, lambda: recheck.look(services)),
        ),
    )
