"""Rows of our SuiteQL statements: all values are text, null columns are left out (SuiteQL help)."""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from contracts.money import RoundingMode
from system_apis.netsuite.wire import YesNo


class SubsidiaryRow(Struct, frozen=True, kw_only=True):
    """A legal entity."""

    id: str
    code: str
    name: str
    country: str
    currency: str
    isinactive: YesNo = "F"
    custrecord_lw_rounding_mode: RoundingMode | None = None
    custrecord_lw_hours_per_day: Decimal | None = None
    custrecord_lw_multipliers: str | None = None


class PeriodRow(Struct, frozen=True, kw_only=True):
    """An accounting period as one subsidiary's fiscal calendar has it."""

    id: str
    subsidiary: str
    entity: str
    name: str
    starts: date
    ends: date
    closed: YesNo
    alllocked: YesNo
    arlocked: YesNo


class DepartmentRow(Struct, frozen=True, kw_only=True):
    """A department, which is a cost center."""

    id: str
    name: str
    isinactive: YesNo = "F"
    code: str | None = None
    entity: str | None = None


class TaxRow(Struct, frozen=True, kw_only=True):
    """A sales tax item; at most one of the three flags is set."""

    id: str
    itemid: str
    country: str
    rate: Decimal
    exempt: YesNo = "F"
    export: YesNo = "F"
    reversecharge: YesNo = "F"
    starts: date
    ends: date | None = None


class RateRow(Struct, frozen=True, kw_only=True):
    """One unit of `trans` costs `rate` units of `base`."""

    id: str
    base: str
    trans: str
    effective: date
    rate: Decimal


class SumRow(Struct, frozen=True, kw_only=True):
    """A sum per entity and currency."""

    entity: str
    currency: str
    amount: Decimal = Decimal(0)


class PostingRow(Struct, frozen=True, kw_only=True):
    """A time record that carries our figures."""

    id: str
    externalid: str
    employee: str
    customer: str
    subsidiary: str
    department: str | None = None
    trandate: date
    service: date
    isbillable: YesNo
    memo: str | None = None
    transaction: str
    quantity: Decimal
    unit: str
    hours: Decimal
    rate: Decimal
    amount: Decimal
    currency: str
    correlation: str | None = None


class IdRow(Struct, frozen=True, kw_only=True):
    """An internal id and its external id."""

    id: str
    externalid: str | None = None


class OpenRow(Struct, frozen=True, kw_only=True):
    """An invoice that is not fully paid."""

    id: str
    tranid: str | None = None
    entity: str
    code: str
    currency: str
    total: Decimal
    remaining: Decimal
    due: date | None = None


class ReceiptRow(Struct, frozen=True, kw_only=True):
    """What a payment settles of an invoice. `changed` is the account's wall clock, YYYY-MM-DD HH:MM:SS."""

    payment: str
    invoice: str
    amount: Decimal
    currency: str
    received: date
    changed: str
