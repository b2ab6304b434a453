"""How reason codes read: a short title, who fixes it, by when. Words of the catalogue are in domain/exceptions.py."""

from datetime import UTC, datetime

from msgspec import Struct

from domain.alerts import SlaQuestion, sla_due
from domain.exceptions import OWNER_ROLES, entry

_SPOKEN = {"po": "PO", "fx": "FX", "erp": "ERP", "txn": "transactions", "xref": "cross reference", "qty": "quantity"}
# What the words of the code would not say to people.
_TITLES = {"EVENT_DEAD_LETTERED": "Could not be read", "SYSTEM_UNAVAILABLE": "A system does not answer"}
_GROUPS = {
    "Finance": ("BA", "BM", "FC", "TS", "RA", "AP", "CA", "PY"),
    "Delivery": ("PM", "RM", "DL"),
    "Sales": ("SO",),
    "People": ("HR",),
    "Operator": ("IS", "DS"),
}

# What a readiness check says when it passes.
_PASSED = {
    "CONTRACT_NOT_ACTIVE": "Contract active",
    "PROJECT_STATUS_INVALID": "Project open for billing",
    "CUSTOMER_INCOMPLETE": "Customer complete",
    "CUSTOMER_ON_HOLD": "Customer not on billing hold",
    "CREDIT_HOLD": "Customer not on credit hold",
    "PO_MISSING": "Purchase order recorded",
    "PO_EXPIRED": "Purchase order in force",
    "PO_INSUFFICIENT": "Purchase order sufficient",
    "TAX_NOT_DETERMINED": "Tax determined",
    "XREF_MISSING": "Known to every system",
    "FX_MISSING": "Exchange rate known",
    "PERIOD_CLOSED": "Period open",
    "TERMS_MISSING": "Payment terms set",
    "CHANGE_ORDER_PENDING": "No change order pending",
    "TIME_UNAPPROVED": "Time approved",
    "TIME_MISSING": "Timesheets complete",
    "EXP_UNAPPROVED": "Expenses approved",
    "EXP_RECEIPT_MISSING": "Receipts attached",
    "TXN_UNRATED": "Everything rated",
    "MILESTONE_NOT_ACCEPTED": "Milestone accepted",
    "CAP_OVERAGE": "Under contract cap",
    "DUPLICATE_SUSPECTED": "No duplicate suspected",
    "COST_CENTER_UNMAPPED": "Cost centers mapped",
    "OPEN_EXCEPTION": "No exception open",
    "PRIOR_INVOICE_OPEN": "Earlier periods billed",
    "RETAINER_UNAVAILABLE": "Retainer available",
    "RETAINER_LOW": "Retainer sufficient",
    "VENDOR_COST_UNMATCHED": "Supplier costs matched",
    "NET_NOT_POSITIVE": "Net amount positive",
    "BELOW_MINIMUM": "Above minimum amount",
    "MARGIN_LOW": "Margin above threshold",
    "RECON_VARIANCE": "Reconciled",
}


class Due(Struct, frozen=True, kw_only=True):
    """A deadline as it reads: `Due in 2 d`, `Due today`, `4 d late`."""

    at: datetime
    text: str
    kind: str


def title(code: str) -> str:
    """`TIME_UNAPPROVED` -> `Time unapproved`, `PO_MISSING` -> `PO missing`."""
    if code in _TITLES:
        return _TITLES[code]
    said = " ".join(_SPOKEN.get(word, word) for word in code.lower().split("_"))
    return f"{said[:1].upper()}{said[1:]}"


def passed(code: str) -> str:
    """What a check that passed says: `TIME_UNAPPROVED` -> `Time approved`."""
    return _PASSED.get(code) or title(code)


def role(owner: str) -> str:
    """`PM` -> `Project manager`."""
    said = OWNER_ROLES.get(owner, owner)
    return f"{said[:1].upper()}{said[1:]}"


def group(owner: str) -> str:
    """`PM` -> `Delivery`."""
    return next((name for name, roles in _GROUPS.items() if owner in roles), "Operator")


def owner_of(code: str) -> str:
    """The role that fixes a code."""
    return entry(code).owner_role


def due(since: datetime, sla_hours: int, now: datetime) -> Due:
    """When something that began at `since` is due, in business hours (TIME-3)."""
    local = since.astimezone(UTC).replace(tzinfo=None)
    return deadline(sla_due(SlaQuestion(created_at=local, sla_hours=sla_hours)).due_at.replace(tzinfo=UTC), now)


def deadline(at: datetime, now: datetime) -> Due:
    """How a deadline reads."""
    days = (at.astimezone(now.tzinfo).date() - now.date()).days
    if at < now:
        late = (now - at).days
        return Due(at=at, text=f"{late} d late" if late else "Late", kind="bad")
    return Due(at=at, text="Due today" if days == 0 else f"Due in {days} d", kind="warn" if days == 0 else "neutral")


def due_of(code: str, since: datetime, now: datetime) -> Due:
    """The deadline of a reason by the catalogue."""
    return due(since, entry(code).sla_hours, now)
