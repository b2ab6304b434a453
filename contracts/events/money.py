"""What happens to billable transactions, bill groups and invoices (domain rules 3.1)."""

from datetime import date, datetime
from typing import ClassVar

from contracts.canon.ref import CurrencyCode
from contracts.events.event import Event
from contracts.money import Exact
from contracts.process.billing_objects import ApprovedValue, BillGroup, Check


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
    approved_at: datetime | None = None
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
    """The bill group after any change, whole (EVT-3): what views are made of.

    `transaction_ids` are those on its invoice; `unbilled` is the value it holds that is not invoiced yet.
    """

    type: ClassVar[str] = "queue_item.changed"
    source: ClassVar[str] = "/r2r/queue_item"
    group: BillGroup
    state_before: str | None = None
    checks: tuple[Check, ...] = ()
    transaction_ids: tuple[str, ...] = ()
    unbilled: tuple[ApprovedValue, ...] = ()


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
