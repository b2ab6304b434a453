"""Approved time on its way to the ERP's workbench (domain rules 4c)."""

from datetime import date, datetime
from typing import Literal, Protocol

from msgspec import Struct

from contracts.call import Call
from contracts.canon.ref import Code, CurrencyCode, Cursor, Limit, Page, Reason
from contracts.money import Exact
from contracts.operation import operation
from contracts.problems import Conflict, NotFound, RuleViolated
from contracts.process.orders import ChangedSince, TransactionSort

TransactionState = Literal[
    "pending",
    "validated",
    "rated",
    "excluded",
    "exception",
    "held",
    "queued",
    "drafted",
    "invoiced",
    "written_off",
    "reversed",
]
TransactionKind = Literal["time", "expense", "milestone", "recurring", "retainer", "adjustment", "vendor", "discount"]
Part = Literal["billable", "overage", "covered", "non_billable"]


class Rating(Struct, frozen=True, kw_only=True):
    """The rating snapshot (TXN-2): where the price came from, and what was done to it.

    `unit`, `quantity`, `amount` and the hours are those of the whole entry, before any cap divided it. `reasons` say of figures how
    they were made, where that was not the usual way; `agreed_rate` is the bill rate where an adjustment has its own.
    """

    rate_line_id: str | None = None
    level: str | None = None
    base_rate: Exact | None = None
    base_currency: CurrencyCode | None = None
    fx_rate: Exact | None = None
    multiplier: Exact | None = None
    discount_pct: Exact | None = None
    bill_rate: Exact | None = None
    agreed_rate: Exact | None = None
    unit: Code | None = None
    quantity: Exact | None = None
    amount: Exact | None = None
    recorded_hours: Exact | None = None
    billable_hours: Exact | None = None
    non_billable_hours: Exact | None = None
    reasons: dict[str, str] = {}
    policy_versions: dict[str, int] = {}


class WriteOffRequest(Struct, frozen=True, kw_only=True):
    """Somebody asks to give a billable amount up for good; another person decides (SOD-1)."""

    requested_by: str
    requested_at: datetime
    reason: Reason


class Transaction(Struct, frozen=True, kw_only=True):
    """A billable transaction (`txn`). Amounts in `currency`; `hours` are the recorded hours of this part. Never shows cost."""

    id: Code
    kind: TransactionKind
    source_id: str
    source_version: int
    source_ref: str
    contract_id: Code | None
    contract_line_id: Code | None
    project_id: Code | None
    legal_entity_id: Code | None
    bill_to_id: Code | None
    worker_number: str | None = None
    worker_name: str | None = None
    role_code: str | None = None
    task_code: str | None = None
    description: str = ""
    service_date: date
    posting_date: date | None
    approved_at: datetime | None
    hours: Exact
    quantity: Exact
    unit: Code
    rating: Rating
    rating_version: int
    amount: Exact
    currency: CurrencyCode | None
    part: Part
    state: TransactionState
    tax_code: str | None = None
    cost_center_id: str | None = None
    po_number: str | None = None
    codes: tuple[str, ...] = ()
    replaces_id: Code | None = None
    reversal_of: Code | None = None
    erp_ref: str | None = None
    invoice_id: Code | None = None
    bill_group_id: Code | None = None
    write_off: WriteOffRequest | None = None
    correlation_id: str
    version: int
    updated_at: datetime


class TransactionPage(Page[Transaction], frozen=True, kw_only=True):
    """A page of transactions."""


class Hold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a person decides so about it: holds, releases, writes off."""

    reason: Reason


class TimePosting(Protocol):
    """Billable transactions of time."""

    @operation("GET", "/transactions", scope="transactions:read")
    async def list_transactions(
        self,
        call: Call,
        state: TransactionState | None = None,
        project_id: Code | None = None,
        contract_id: Code | None = None,
        source_ref: str | None = None,
        bill_group_id: Code | None = None,
        kind: TransactionKind | None = None,
        invoice_id: Code | None = None,
        changed_since: ChangedSince | None = None,
        sort: TransactionSort = "id",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> TransactionPage:
        """List transactions."""
        ...

    @operation("GET", "/transactions/{transaction_id}", scope="transactions:read", problems=(NotFound,))
    async def get_transaction(self, call: Call, transaction_id: Code) -> Transaction:
        """Read a transaction with its rating snapshot."""
        ...

    @operation(
        "POST",
        "/transactions/{transaction_id}/hold",
        scope="transactions:write",
        problems=(NotFound, Conflict, RuleViolated),
    )
    async def hold_transaction(self, call: Call, transaction_id: Code, body: Hold) -> Transaction:
        """Keep a rated transaction from being billed."""
        ...

    @operation(
        "POST",
        "/transactions/{transaction_id}/release",
        scope="transactions:write",
        problems=(NotFound, Conflict, RuleViolated),
    )
    async def release_transaction(self, call: Call, transaction_id: Code, body: Hold) -> Transaction:
        """Let a held transaction go on; overage above a cap stays held while there is no headroom."""
        ...

    @operation(
        "POST",
        "/transactions/{transaction_id}/request-write-off",
        scope="transactions:write",
        problems=(NotFound, Conflict, RuleViolated),
    )
    async def request_write_off(self, call: Call, transaction_id: Code, body: Hold) -> Transaction:
        """Ask that a rated, held or queued amount is given up for good; another person decides."""
        ...

    @operation(
        "POST",
        "/transactions/{transaction_id}/write-off",
        scope="transactions:write-off",
        problems=(NotFound, Conflict, RuleViolated),
    )
    async def write_off(self, call: Call, transaction_id: Code, body: Hold) -> Transaction:
        """Give an amount up for good as somebody else asked; above the limit finance control decides."""
        ...

    @operation(
        "POST",
        "/transactions/{transaction_id}/decline-write-off",
        scope="transactions:write-off",
        problems=(NotFound, Conflict, RuleViolated),
    )
    async def decline_write_off(self, call: Call, transaction_id: Code, body: Hold) -> Transaction:
        """Decline what somebody asked; the transaction goes on as before."""
        ...
