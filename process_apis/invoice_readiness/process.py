"""What invoice readiness exports: commands, the posting workflow, what marks bill groups, the sweeps that evaluate them."""

from typing import Any

from contracts import events
from contracts.call import Call
from contracts.events import Event
from contracts.process.invoice_readiness import InvoiceReadiness
from process_apis.invoice_readiness import evaluation, milestones, redrafting
from process_apis.invoice_readiness.commands import InvoiceCommands
from process_apis.invoice_readiness.grouping import gather
from process_apis.invoice_readiness.posting import PostInvoice
from process_apis.registers import bill_groups
from process_apis.registers.unit import Unit
from runtime.data.database import Connection
from runtime.data.links import canonical
from runtime.services import Services
from runtime.work.process import Handler, Process
from runtime.work.sweeps import Sweep

_TRANSACTIONS = (
    events.TransactionRated,
    events.TransactionHeld,
    events.TransactionReleased,
    events.TransactionExceptionRaised,
    events.TransactionPosted,
    events.TransactionReversed,
    events.TransactionWrittenOff,
)
_TIME = (
    events.TimeSubmitted,
    events.TimeRecalled,
    events.TimeRejected,
    events.TimeApproved,
    events.TimeCorrected,
    events.TimeVoided,
)
_CONTRACT = (
    events.ContractActivated,
    events.ContractAmended,
    events.ContractSuspended,
    events.ContractResumed,
    events.ContractTerminated,
    events.ContractCompleted,
    events.ContractClosed,
)
_PROJECT = (
    events.ProjectCreated,
    events.ProjectActivated,
    events.ProjectOnHold,
    events.ProjectResumed,
    events.ProjectClosing,
    events.ProjectClosed,
    events.ProjectCancelled,
)
_EXCEPTION = (events.ExceptionOpened, events.ExceptionResolved, events.ExceptionWaived)
_CONTRACT_OF = "select contract_id from business_exception where tenant = $1 and id = $2"


def build(services: Services) -> Process:
    """The process `invoice_readiness`."""
    return Process(
        name="invoice_readiness",
        contract=InvoiceReadiness,
        implementation=InvoiceCommands(services),
        workflows=(PostInvoice(services),),
        subscriptions=_subscriptions(services),
        sweeps=(
            Sweep("readiness", evaluation.SWEEP_S, lambda: evaluation.sweep(services)),
            Sweep("readiness nightly", evaluation.NIGHTLY_S, lambda: evaluation.nightly(services)),
            Sweep("milestones due", milestones.SWEEP_S, lambda: milestones.sweep(services)),
        ),
    )


def _subscriptions(services: Services) -> dict[type[Event], Handler]:
    """Every event that touches a bill group (RDY)."""

    def unit(connection: Connection, call: Call) -> Unit:
        return Unit(connection, call, services.clock.now())

    async def on_transaction(connection: Connection, call: Call, event: events.TransactionEvent) -> None:
        await redrafting.follow(services, unit(connection, call), event)
        await gather(unit(connection, call), [event.object_id])

    async def on_time(connection: Connection, call: Call, event: events.TimeEvent) -> None:
        project_id = await canonical(connection, call.tenant, event.entry.project_ref)
        if project_id is not None:
            await bill_groups.touch_project(unit(connection, call), project_id)

    async def on_contract(connection: Connection, call: Call, event: events.ContractEvent) -> None:
        await bill_groups.touch_contract(unit(connection, call), event.object_id)

    async def on_project(connection: Connection, call: Call, event: events.ProjectEvent) -> None:
        await bill_groups.touch_project(unit(connection, call), event.object_id)

    async def on_exception(connection: Connection, call: Call, event: events.ExceptionEvent) -> None:
        contract_id = await connection.fetchval(_CONTRACT_OF, call.tenant, event.object_id)
        if contract_id is not None:
            await bill_groups.touch_contract(unit(connection, call), contract_id)

    handlers: tuple[tuple[tuple[type[Event], ...], Any], ...] = (
        (_TRANSACTIONS, on_transaction),
        (_TIME, on_time),
        (_CONTRACT, on_contract),
        (_PROJECT, on_project),
        (_EXCEPTION, on_exception),
    )
    return {kind: handler for kinds, handler in handlers for kind in kinds}
