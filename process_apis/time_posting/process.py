"""What time posting exports: commands, the posting workflows, subscriptions, the sweeps."""

from collections.abc import Sequence

from contracts.call import Call
from contracts.events import (
    Event,
    ExceptionResolved,
    ExceptionWaived,
    RateCardChanged,
    TimeApproved,
    TimeCorrected,
    TimeEvent,
    TimeVoided,
)
from contracts.process.time_posting import TimePosting
from process_apis.registers.unit import Unit
from process_apis.time_posting import correct, intake, posting, recheck, rerate, reversal
from process_apis.time_posting.commands import TransactionCommands
from runtime.data.database import Connection
from runtime.services import Services
from runtime.work.process import Batched, Delivery, Handler, Process
from runtime.work.sweeps import Sweep

SWEEP_S = 10


def build(services: Services) -> Process:
    """The process `time_posting`."""

    async def on_told(connection: Connection, told: Sequence[tuple[Call, TimeEvent]]) -> None:
        now = services.clock.now()
        await correct.bring_up_all([(Unit(connection, call, now), event.object_id) for call, event in told])

    async def on_settled(connection: Connection, call: Call, event: ExceptionResolved | ExceptionWaived) -> None:
        unit = Unit(connection, call, services.clock.now())
        if event.code == rerate.WINDOW and isinstance(event, ExceptionResolved):
            await rerate.approved(unit, event.subject)
        elif event.subject.startswith("tme_"):
            await correct.bring_up(unit, event.subject)

    async def on_price(connection: Connection, call: Call, event: RateCardChanged) -> None:
        await rerate.on_changed(connection, call, event, services.clock)

    async def on_deliveries(connection: Connection, told: Sequence[tuple[Call, Delivery]]) -> None:
        await intake.accept(connection, told, services.clock.now())

    subscriptions: dict[type[Event], Handler | Batched] = {
        TimeApproved: Batched(on_told),
        TimeCorrected: Batched(on_told),
        TimeVoided: Batched(on_told),
        ExceptionResolved: on_settled,
        ExceptionWaived: on_settled,
        RateCardChanged: on_price,
    }
    return Process(
        name="time_posting",
        contract=TimePosting,
        implementation=TransactionCommands(services),
        workflows=(posting.PostTime(services), reversal.ReverseTime(services), rerate.RerateTime(services)),
        subscriptions=subscriptions,
        inbox={intake.KIND: Batched(on_deliveries)},
        sweeps=(
            Sweep("time intake", SWEEP_S, lambda: intake.sweep(services)),
            Sweep("time posting", posting.GATHER_S, lambda: posting.gather(services)),
            Sweep("time recheck", recheck.EVERY_S, lambda: recheck.look(services)),
        ),
    )
