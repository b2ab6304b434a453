"""Canonical facts, named after their type (domain rules 3.1), and the CloudEvents envelope they travel in.

Business dedup key = type:object_id:version (EVT-1). Money travels as amount strings next to a `currency`; cost never travels (SOD-2).
"""

from datetime import date, datetime
from typing import Any, ClassVar

from msgspec import Struct

from contracts.canon.ref import CurrencyCode
from contracts.canon.timesheet import TimeEntry
from contracts.money import Exact
from contracts.process.billing_objects import BillGroup, Check


class Event(Struct, frozen=True, kw_only=True):
    """What all events carry. `full_state` marks a state-carrying event (EVT-3)."""

    type: ClassVar[str]
    source: ClassVar[str]

    object_id: str
    version: int
    occurred_at: datetime
    actor: str
    reason: str | None = None
    full_state: bool = False

    @property
    def partitionkey(self) -> str:
        """Order holds within one partition key only (EVT-5)."""
        return self.object_id

    @property
    def dedup_key(self) -> str:
        """EVT-1."""
        return f"{self.type}:{self.object_id}:{self.version}"


class ContractEvent(Event, frozen=True, kw_only=True):
    """Something happened to a contract."""

    source: ClassVar[str] = "/r2r/contract"
    contract_version: int
    effective_date: date | None = None
    change_order_id: str | None = None


class ContractActivated(ContractEvent, frozen=True, kw_only=True):
    """The contract is in force."""

    type: ClassVar[str] = "contract.activated"


class ContractAmended(ContractEvent, frozen=True, kw_only=True):
    """A change order was applied."""

    type: ClassVar[str] = "contract.amended"


class ContractSuspended(ContractEvent, frozen=True, kw_only=True):
    """No work is billed until it resumes."""

    type: ClassVar[str] = "contract.suspended"


class ContractResumed(ContractEvent, frozen=True, kw_only=True):
    """In force again."""

    type: ClassVar[str] = "contract.resumed"


class ContractTerminated(ContractEvent, frozen=True, kw_only=True):
    """Ended early."""

    type: ClassVar[str] = "contract.terminated"


class ContractCompleted(ContractEvent, frozen=True, kw_only=True):
    """Ended as agreed."""

    type: ClassVar[str] = "contract.completed"


class ContractClosed(ContractEvent, frozen=True, kw_only=True):
    """Nothing left to bill."""

    type: ClassVar[str] = "contract.closed"


class ProjectEvent(Event, frozen=True, kw_only=True):
    """Something happened to a project."""

    source: ClassVar[str] = "/r2r/project"
    code: str
    legal_entity_id: str
    contract_line_ids: tuple[str, ...] = ()
    xrefs: dict[str, str] = {}


class ProjectCreated(ProjectEvent, frozen=True, kw_only=True):
    """All required cross references exist."""

    type: ClassVar[str] = "project.created"


class ProjectActivated(ProjectEvent, frozen=True, kw_only=True):
    """Time may be booked and billed."""

    type: ClassVar[str] = "project.activated"


class ProjectOnHold(ProjectEvent, frozen=True, kw_only=True):
    """No work from a day on."""

    type: ClassVar[str] = "project.on_hold"


class ProjectResumed(ProjectEvent, frozen=True, kw_only=True):
    """Work goes on."""

    type: ClassVar[str] = "project.resumed"


class ProjectClosing(ProjectEvent, frozen=True, kw_only=True):
    """Only earlier work is still booked."""

    type: ClassVar[str] = "project.closing"


class ProjectClosed(ProjectEvent, frozen=True, kw_only=True):
    """Nothing left to bill or book."""

    type: ClassVar[str] = "project.closed"


class ProjectCancelled(ProjectEvent, frozen=True, kw_only=True):
    """Never started."""

    type: ClassVar[str] = "project.cancelled"


class RateCardChanged(Event, frozen=True, kw_only=True):
    """A version of a rate card became active, or ended."""

    type: ClassVar[str] = "rate_card.changed"
    source: ClassVar[str] = "/r2r/rate_card"
    card_version: int
    scope: str
    scope_ref: dict[str, str] = {}
    effective_from: date
    changed_on: date


class RateCardExpired(RateCardChanged, frozen=True, kw_only=True):
    """Its last day passed."""

    type: ClassVar[str] = "rate_card.expired"


class TimeEvent(Event, frozen=True, kw_only=True):
    """A version of a time entry; the whole entry travels. `connection` is the instance it came from."""

    source: ClassVar[str] = "/r2r/time"
    connection: str
    entry: TimeEntry
    supersedes_version: int | None = None


class TimeSubmitted(TimeEvent, frozen=True, kw_only=True):
    """Waits for approval."""

    type: ClassVar[str] = "time.submitted"


class TimeRecalled(TimeEvent, frozen=True, kw_only=True):
    """Taken back by the person."""

    type: ClassVar[str] = "time.recalled"


class TimeRejected(TimeEvent, frozen=True, kw_only=True):
    """Sent back by the approver."""

    type: ClassVar[str] = "time.rejected"


class TimeApproved(TimeEvent, frozen=True, kw_only=True):
    """Approved: billable value begins here."""

    type: ClassVar[str] = "time.approved"


class TimeCorrected(TimeEvent, frozen=True, kw_only=True):
    """A new approved version replaces an approved one."""

    type: ClassVar[str] = "time.corrected"


class TimeVoided(TimeEvent, frozen=True, kw_only=True):
    """An approved entry no longer counts."""

    type: ClassVar[str] = "time.voided"


class TransactionEvent(Event, frozen=True, kw_only=True):
    """Something happened to a billable transaction; `version` follows ID-3. Never carries cost."""

    source: ClassVar[str] = "/r2r/transaction"
    contract_id: str
    contract_line_id: str
    project_id: str
    rating_version: int
    state: str
    part: str
    kind: str
    hours: Exact
    amount: Exact
    currency: CurrencyCode
    service_date: date
    codes: tuple[str, ...] = ()
    erp_ref: str | None = None
    invoice_id: str | None = None

    @property
    def partitionkey(self) -> str:
        """Transactions of one contract keep their order."""
        return self.contract_id


class TransactionValidated(TransactionEvent, frozen=True, kw_only=True):
    """All checks of 4c.2 passed."""

    type: ClassVar[str] = "transaction.validated"


class TransactionRated(TransactionEvent, frozen=True, kw_only=True):
    """Has a price."""

    type: ClassVar[str] = "transaction.rated"


class TransactionHeld(TransactionEvent, frozen=True, kw_only=True):
    """Waits: cap, manual hold or pending change order."""

    type: ClassVar[str] = "transaction.held"


class TransactionReleased(TransactionEvent, frozen=True, kw_only=True):
    """Waits no more."""

    type: ClassVar[str] = "transaction.released"


class TransactionExcluded(TransactionEvent, frozen=True, kw_only=True):
    """Cost only, or not billable."""

    type: ClassVar[str] = "transaction.excluded"


class TransactionExceptionRaised(TransactionEvent, frozen=True, kw_only=True):
    """A check or the rating failed."""

    type: ClassVar[str] = "transaction.exception"


class TransactionReversed(TransactionEvent, frozen=True, kw_only=True):
    """Undone exactly."""

    type: ClassVar[str] = "transaction.reversed"


class TransactionWrittenOff(TransactionEvent, frozen=True, kw_only=True):
    """Given up with approval."""

    type: ClassVar[str] = "transaction.written_off"


class TransactionPosted(TransactionEvent, frozen=True, kw_only=True):
    """Acknowledged by the ERP's workbench: queued."""

    type: ClassVar[str] = "transaction.posted"


class TransactionInvoiced(TransactionEvent, frozen=True, kw_only=True):
    """On a posted invoice."""

    type: ClassVar[str] = "transaction.invoiced"


class BillGroupEvent(Event, frozen=True, kw_only=True):
    """Something happened to a bill group; `version` is the readiness version."""

    source: ClassVar[str] = "/r2r/queue_item"
    status: str
    percent: int
    net_amount: Exact
    currency: CurrencyCode
    failed: tuple[str, ...] = ()


class InvoiceReady(BillGroupEvent, frozen=True, kw_only=True):
    """Nothing blocks the bill group."""

    type: ClassVar[str] = "invoice.ready"


class InvoiceUnready(BillGroupEvent, frozen=True, kw_only=True):
    """It was ready and is blocked now."""

    type: ClassVar[str] = "invoice.unready"


class InvoiceDrafted(BillGroupEvent, frozen=True, kw_only=True):
    """A draft holds its transactions."""

    type: ClassVar[str] = "invoice.drafted"


class InvoiceSkipped(BillGroupEvent, frozen=True, kw_only=True):
    """Its items roll to the next period."""

    type: ClassVar[str] = "invoice.skipped"


class BillGroupChanged(Event, frozen=True, kw_only=True):
    """The bill group after any change, whole (EVT-3): what views are made of. `transaction_ids` are those on its invoice."""

    type: ClassVar[str] = "queue_item.changed"
    source: ClassVar[str] = "/r2r/queue_item"
    group: BillGroup
    state_before: str | None = None
    checks: tuple[Check, ...] = ()
    transaction_ids: tuple[str, ...] = ()


class InvoiceEvent(Event, frozen=True, kw_only=True):
    """Something happened to an invoice."""

    source: ClassVar[str] = "/r2r/invoice"
    bill_group: str
    draft_version: int
    currency: CurrencyCode
    net: Exact
    tax: Exact
    gross: Exact
    erp_number: str | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    transaction_ids: tuple[str, ...] = ()


class InvoiceApproved(InvoiceEvent, frozen=True, kw_only=True):
    """A second person approved it."""

    type: ClassVar[str] = "invoice.approved"


class InvoiceCancelled(InvoiceEvent, frozen=True, kw_only=True):
    """The draft is no more."""

    type: ClassVar[str] = "invoice.cancelled"


class InvoicePosted(InvoiceEvent, frozen=True, kw_only=True):
    """The ERP gave it a number."""

    type: ClassVar[str] = "invoice.posted"


class InvoicePostFailed(InvoiceEvent, frozen=True, kw_only=True):
    """The ERP refused it."""

    type: ClassVar[str] = "invoice.post_failed"


class InvoiceSent(InvoiceEvent, frozen=True, kw_only=True):
    """The client has it."""

    type: ClassVar[str] = "invoice.sent"


class ExceptionEvent(Event, frozen=True, kw_only=True):
    """Something happened to a business exception; `subject` is what it is about."""

    source: ClassVar[str] = "/r2r/exception"
    code: str
    subject: str
    severity: str
    owner_role: str
    amount_at_risk: Exact | None = None
    currency: CurrencyCode | None = None
    due_at: datetime
    run_id: str | None = None

    @property
    def partitionkey(self) -> str:
        """Exceptions about one object keep their order."""
        return self.subject


class ExceptionOpened(ExceptionEvent, frozen=True, kw_only=True):
    """Somebody has to act."""

    type: ClassVar[str] = "exception.opened"


class ExceptionResolved(ExceptionEvent, frozen=True, kw_only=True):
    """The cause is gone."""

    type: ClassVar[str] = "exception.resolved"


class ExceptionWaived(ExceptionEvent, frozen=True, kw_only=True):
    """Somebody above the owner accepted it."""

    type: ClassVar[str] = "exception.waived"


class ExceptionSlaBreached(ExceptionEvent, frozen=True, kw_only=True):
    """Due time passed; raised once."""

    type: ClassVar[str] = "exception.sla_breached"


class RunEvent(Event, frozen=True, kw_only=True):
    """Something happened to a run."""

    source: ClassVar[str] = "/r2r/workflow"
    workflow: str
    step: str | None = None
    error: dict[str, Any] | None = None


class RunCompleted(RunEvent, frozen=True, kw_only=True):
    """Reached its end."""

    type: ClassVar[str] = "workflow.completed"


class RunFailed(RunEvent, frozen=True, kw_only=True):
    """Gave up."""

    type: ClassVar[str] = "workflow.failed"


class RunCompensated(RunEvent, frozen=True, kw_only=True):
    """Everything it did was undone."""

    type: ClassVar[str] = "workflow.compensated"


def _leaves(root: type[Event]) -> list[type[Event]]:
    return [t for child in root.__subclasses__() for t in ([child] if "type" in vars(child) else []) + _leaves(child)]


EVENTS: dict[str, type[Event]] = {event.type: event for event in _leaves(Event)}
