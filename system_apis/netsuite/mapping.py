"""NetSuite's wire -> canon and back: master data and project shells. Pure. `postings.py` and `sales.py` have the documents."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

from contracts.canon.ledger import (
    Balance,
    Dimension,
    FiscalPeriod,
    FxQuote,
    LegalEntity,
    NewProjectShell,
    ProjectShell,
    TaxCode,
    TaxTreatment,
)
from contracts.canon.party import Address, BillingCustomer, NewBillingCustomer
from contracts.canon.ref import ref
from contracts.money import FX_PLACES, PERCENT_PLACES, round_money, round_places
from contracts.problems import NotFound, VendorRefused
from system_apis.netsuite import rows, wire

_MULTIPLIER = re.compile(r"(?P<name>[a-z_]{1,40})\s*=\s*(?P<factor>[0-9]{1,3}(\.[0-9]{1,4})?)")
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
        rounding_mode=row.custrecord_lw_rounding_mode,
        hours_per_day=row.custrecord_lw_hours_per_day,
        multipliers=_multipliers(row.custrecord_lw_multipliers or "", row.code),
    )


def _multipliers(text: str, entity: str) -> dict[str, Decimal]:
    """`overtime=1.5, weekend=2`. Raises VendorRefused for anything else: a multiplier is never guessed."""
    found = [_MULTIPLIER.fullmatch(part.strip()) for part in text.split(",") if part.strip()]
    if not all(found):
        detail = f"The multipliers of subsidiary {entity} read {text!r}; write them like overtime=1.5, weekend=2."
        raise VendorRefused(detail, vendor="netsuite", operation="read subsidiaries", vendor_code="UNEXPECTED_SHAPE")
    return {one["name"]: Decimal(one["factor"]) for one in found if one}


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
