"""NetSuite's wire -> canon and back: master data, postings, journals. Pure. Sales documents are in `sales.py`."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from contracts.canon.ledger import (
    Balance,
    Dimension,
    FiscalPeriod,
    FxQuote,
    Journal,
    LegalEntity,
    LineOutcome,
    NewJournal,
    NewProjectShell,
    Posting,
    PostingLine,
    ProjectShell,
    Reversal,
    TaxCode,
    TaxTreatment,
)
from contracts.canon.party import Address, BillingCustomer, NewBillingCustomer
from contracts.canon.ref import ref
from contracts.money import FX_PLACES, HOURS_PLACES, PERCENT_PLACES, negate, round_money, round_places
from contracts.problems import NotFound, VendorRefused
from system_apis.netsuite import rows, wire

_MINUTES_PER_HOUR = Decimal(60)
_BILLING_TYPES = {"time_and_materials": "1", "fixed_price": "2", "milestone": "3", "recurring": "4", "retainer": "4"}


def own_id(value: str, instance: str, kind: str) -> str:
    """The internal id in a reference. Raises NotFound when it belongs to another system or kind."""
    prefix = f"{instance}:{kind}:"
    record_id = value.removeprefix(prefix)
    if not value.startswith(prefix) or not (record_id.isascii() and record_id.isdigit()):
        raise NotFound(f"{instance} has no {kind} {value}.")
    return record_id


def instant(text: str) -> datetime:
    """A record's UTC stamp, YYYY-MM-DDTHH:MM:SSZ."""
    return datetime.fromisoformat(text).astimezone(UTC)


def code_of(linked: wire.Linked) -> str:
    """Our code of a reference record: its external id, else its name."""
    return linked.externalId or linked.refName


def entity_from_wire(row: rows.SubsidiaryRow, instance: str) -> LegalEntity:
    """A subsidiary is a legal entity."""
    return LegalEntity(
        ref=ref(instance, "subsidiary", row.id),
        code=row.code,
        name=row.name,
        country=row.country,
        functional_currency=row.currency,
        active=row.isinactive == "F",
    )


def _period_state(row: rows.PeriodRow, today: date) -> Literal["future", "open", "soft_closed", "closed"]:
    if row.closed == "T":
        return "closed"
    if "T" in (row.alllocked, row.arlocked):
        return "soft_closed"
    return "future" if row.starts > today else "open"


def period_from_wire(row: rows.PeriodRow, instance: str, today: date) -> FiscalPeriod:
    """Closed, locked for receivables or altogether (soft closed), not begun yet (future), else open."""
    return FiscalPeriod(
        ref=ref(instance, "period", f"{row.id}-{row.subsidiary}"),
        entity_code=row.entity,
        name=row.name,
        start_on=row.starts,
        end_on=row.ends,
        state=_period_state(row, today),
    )


def dimension_from_wire(row: rows.DepartmentRow, instance: str) -> Dimension:
    """A department is a cost center."""
    return Dimension(
        ref=ref(instance, "department", row.id),
        kind="cost_center",
        code=row.code or row.name,
        name=row.name,
        entity_code=row.entity,
        active=row.isinactive == "F",
    )


def tax_code_from_wire(row: rows.TaxRow, instance: str) -> TaxCode:
    """The flags of a sales tax item say its treatment; export is out of scope."""
    flags: tuple[tuple[str, TaxTreatment], ...] = (
        (row.exempt, "exempt"),
        (row.reversecharge, "reverse_charge"),
        (row.export, "out_of_scope"),
    )
    return TaxCode(
        ref=ref(instance, "taxitem", row.id),
        code=row.itemid,
        country=row.country,
        rate_pct=round_places(row.rate, PERCENT_PLACES),
        treatment=next((treatment for flag, treatment in flags if flag == "T"), "standard"),
        valid_from=row.starts,
        valid_to=row.ends,
    )


def fx_quote_from_wire(row: rows.RateRow) -> FxQuote:
    """One unit of the transaction currency in units of the base currency."""
    return FxQuote(
        from_currency=row.trans,
        to_currency=row.base,
        on=row.effective,
        rate=round_places(row.rate, FX_PLACES),
        source="NETSUITE",
    )


def receivable_from_wire(row: rows.SumRow, on: date) -> Balance:
    """Open receivables of an entity in a currency."""
    amount = round_money(row.amount, row.currency)
    return Balance(entity_code=row.entity, kind="receivables", currency=row.currency, amount=amount, on=on)


def unbilled_from_wire(posted: tuple[rows.SumRow, ...], billed: tuple[rows.SumRow, ...], on: date) -> list[Balance]:
    """Billable postings less invoiced time, which the ledger carries as negative income."""
    sums: dict[tuple[str, str], Decimal] = {}
    for row in (*posted, *billed):
        key = (row.entity, row.currency)
        sums[key] = sums.get(key, Decimal(0)) + row.amount
    return [
        Balance(entity_code=entity, kind="unbilled", currency=currency, amount=round_money(total, currency), on=on)
        for (entity, currency), total in sorted(sums.items())
    ]


def customer_from_wire(row: wire.Customer, instance: str) -> BillingCustomer:
    """A customer; the default billing address is its address, a credit hold only counts when it is switched on."""
    entry = next((e for e in row.addressBook.items if e.defaultBilling), None)
    return BillingCustomer(
        ref=ref(instance, "customer", row.id),
        key=row.externalId,
        number=row.entityId,
        name=row.companyName,
        legal_name=row.custentity_lw_legal_name or row.companyName,
        entity_code=code_of(row.subsidiary),
        currency=code_of(row.currency),
        address=_address(entry.addressBookAddress if entry else wire.Address()),
        tax_status="consumer" if row.isPerson else "business",
        tax_id=row.vatRegNumber,
        payment_terms=code_of(row.terms) if row.terms else None,
        active=not row.isInactive,
        billing_hold=row.custentity_lw_billing_hold,
        credit_hold=row.creditHoldOverride is not None and row.creditHoldOverride.id == "ON",
    )


def _address(row: wire.Address) -> Address:
    return Address(
        street=row.addr1 or "",
        city=row.city or "",
        region=row.state or "",
        postal_code=row.zip or "",
        country=row.country,
    )


def customer_from_canon(body: NewBillingCustomer) -> wire.CustomerWrite:
    """A customer to write; terms stay as they are when none are given."""
    address = wire.Address(
        addressee=body.legal_name,
        addr1=body.address.street or None,
        city=body.address.city or None,
        state=body.address.region or None,
        zip=body.address.postal_code or None,
        country=body.address.country,
    )
    return wire.CustomerWrite(
        companyName=body.name,
        subsidiary=wire.Link(externalId=body.entity_code),
        currency=wire.Link(externalId=body.currency),
        isPerson=body.tax_status == "consumer",
        terms=wire.Link(externalId=body.payment_terms) if body.payment_terms else None,
        vatRegNumber=body.tax_id,
        addressBook=wire.AddressBook((wire.AddressEntry(defaultBilling=True, addressBookAddress=address),)),
        custentity_lw_legal_name=body.legal_name,
    )


def shell_from_wire(row: wire.Job, instance: str) -> ProjectShell:
    """A job is the shell of a project."""
    return ProjectShell(
        ref=ref(instance, "job", row.id),
        key=row.externalId,
        code=row.entityId,
        name=row.companyName,
        entity_code=code_of(row.subsidiary),
        customer_ref=ref(instance, "customer", row.parent.id),
        currency=code_of(row.currency),
        active=not row.isInactive,
    )


def shell_from_canon(body: NewProjectShell, instance: str) -> wire.JobWrite:
    """A job to write, with its dimensions and contract in custom fields."""
    billing = _BILLING_TYPES.get(body.billing_method)
    return wire.JobWrite(
        entityId=body.code,
        companyName=body.name,
        parent=wire.Link(id=own_id(body.customer_ref, instance, "customer")),
        subsidiary=wire.Link(externalId=body.entity_code),
        currency=wire.Link(externalId=body.currency),
        startDate=body.start_on,
        projectedEndDate=body.end_on,
        jobBillingType=wire.Choice(billing) if billing else None,
        jobPrice=body.value,
        allowTime=True,
        custentity_lw_cost_center=wire.Link(externalId=body.cost_center_code),
        custentity_lw_contract=body.contract_id,
        custentity_lw_billing_method=body.billing_method,
        custentity_lw_revenue_method=body.revenue_method,
    )


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


def unpostable_outcome(line: PostingLine) -> LineOutcome | None:
    """Why a line cannot become a time record, or None."""
    if line.worker_number:
        return None
    reason = "A NetSuite time record needs an employee; this line has no worker number."
    return LineOutcome(key=line.key, posted=False, code="EMPLOYEE_REQUIRED", reason=reason)


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
