"""Posting lines, reversals and journals: canon <-> timeBill and journalEntry. Pure."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from contracts.canon.ledger import Journal, LineOutcome, NewJournal, Posting, PostingLine, Reversal
from contracts.canon.ref import ref
from contracts.money import HOURS_PLACES, negate, round_money, round_places
from contracts.problems import InvalidContent, NotFound, VendorRefused
from system_apis.netsuite import rows, wire
from system_apis.netsuite.mapping import instant, own_id

T = TypeVar("T")
MOST_LINES = 200
_MINUTES_PER_HOUR = Decimal(60)


def bounded(items: Sequence[T]) -> Sequence[T]:
    """The items of one call. Raises InvalidContent above 200 (SCL-3)."""
    if len(items) > MOST_LINES:
        raise InvalidContent(f"One call takes at most {MOST_LINES} lines; send the rest in another.")
    return items


def hours_text(hours: Decimal) -> str:
    """Hours as h:mm, to the nearest minute; 7.25 -> 7:15. The exact figure travels beside it."""
    minutes = int((abs(hours) * _MINUTES_PER_HOUR).quantize(Decimal(1), ROUND_HALF_UP))
    return f"{'-' if hours < 0 and minutes else ''}{minutes // 60}:{minutes % 60:02d}"


def time_bill_from_canon(line: PostingLine, instance: str, item: str) -> wire.TimeBill:
    """A posting line with a worker becomes a time record on its posting date."""
    return wire.TimeBill(
        externalId=line.key,
        employee=wire.Link(externalId=line.worker_number),
        customer=wire.Link(id=own_id(line.project_shell_ref, instance, "job")),
        item=wire.Link(externalId=item),
        subsidiary=wire.Link(externalId=line.entity_code),
        department=wire.Link(externalId=line.cost_center_code),
        hours=hours_text(line.hours),
        tranDate=line.posting_date,
        isBillable=line.billable,
        rate=line.bill_rate,
        memo=line.memo or None,
        custcol_lw_transaction=line.transaction_id,
        custcol_lw_service_date=line.service_date,
        custcol_lw_quantity=line.quantity,
        custcol_lw_unit=line.unit,
        custcol_lw_hours=line.hours,
        custcol_lw_rate=line.bill_rate,
        custcol_lw_amount=line.amount,
        custcol_lw_currency=line.currency,
        custcol_lw_correlation=line.correlation_id or None,
    )


def reversal_from_wire(row: rows.PostingRow, reversal: Reversal, item: str) -> wire.TimeBill:
    """The exact negative of a posted line (DEC-6)."""
    hours = negate(row.hours)
    return wire.TimeBill(
        externalId=reversal.key,
        employee=wire.Link(id=row.employee),
        customer=wire.Link(id=row.customer),
        item=wire.Link(externalId=item),
        subsidiary=wire.Link(id=row.subsidiary),
        department=wire.Link(id=row.department) if row.department else None,
        hours=hours_text(hours),
        tranDate=reversal.posting_date,
        isBillable=row.isbillable == "T",
        rate=row.rate,
        memo=row.memo,
        custcol_lw_transaction=row.transaction,
        custcol_lw_service_date=row.service,
        custcol_lw_quantity=negate(row.quantity),
        custcol_lw_unit=row.unit,
        custcol_lw_hours=hours,
        custcol_lw_rate=row.rate,
        custcol_lw_amount=negate(row.amount),
        custcol_lw_currency=row.currency,
        custcol_lw_reversal_of=reversal.original_key,
        custcol_lw_correlation=row.correlation,
    )


def posting_from_wire(row: rows.PostingRow, instance: str) -> Posting:
    """A time record as a posting."""
    return Posting(
        ref=ref(instance, "timebill", row.id),
        key=row.externalid,
        amount=round_money(row.amount, row.currency),
        hours=round_places(row.hours, HOURS_PLACES),
        currency=row.currency,
        posting_date=row.trandate,
    )


def posted_outcome(key: str, record_id: str, instance: str) -> LineOutcome:
    """A line that is in the ledger."""
    return LineOutcome(key=key, posted=True, ref=ref(instance, "timebill", record_id))


def refused_outcome(key: str, refusal: VendorRefused) -> LineOutcome:
    """A line the ledger refused: the business code when there is one, else the vendor's."""
    code = refusal.code or refusal.facts.get("vendor_code")
    return LineOutcome(key=key, posted=False, code=code, reason=refusal.facts.get("vendor_message"))


def unpostable_outcome(line: PostingLine, instance: str) -> LineOutcome | None:
    """Why a line cannot become a time record, or None."""
    if not line.worker_number:
        reason = "A NetSuite time record needs an employee; this line has no worker number."
        return LineOutcome(key=line.key, posted=False, code="EMPLOYEE_REQUIRED", reason=reason)
    try:
        own_id(line.project_shell_ref, instance, "job")
    except NotFound as unknown:
        return LineOutcome(key=line.key, posted=False, code="PROJECT_CODE_INVALID", reason=unknown.detail)
    return None


def unknown_outcome(reversal: Reversal) -> LineOutcome:
    """There is nothing to reverse."""
    reason = f"No posting has the key {reversal.original_key}."
    return LineOutcome(key=reversal.key, posted=False, code="NONEXISTENT_ID", reason=reason)


def journal_from_canon(body: NewJournal) -> wire.JournalWrite:
    """Debit is positive, credit negative; accounts and departments by code."""
    lines = tuple(
        wire.JournalLine(
            account=wire.Link(externalId=line.account),
            debit=line.amount if line.amount >= 0 else None,
            credit=negate(line.amount) if line.amount < 0 else None,
            memo=line.memo or None,
            department=wire.Link(externalId=line.cost_center_code) if line.cost_center_code else None,
        )
        for line in body.lines
    )
    return wire.JournalWrite(
        subsidiary=wire.Link(externalId=body.entity_code),
        currency=wire.Link(externalId=body.currency),
        tranDate=body.posting_date,
        memo=body.memo or None,
        line=wire.JournalLines(lines),
    )


def journal_from_wire(row: wire.Journal, key: str, instance: str) -> Journal:
    """A journal entry."""
    return Journal(ref=ref(instance, "journal", row.id), key=key, number=row.tranId, posted_at=instant(row.createdDate))
