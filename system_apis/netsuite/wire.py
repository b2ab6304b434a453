"""NetSuite's shapes in NetSuite's names (REST API Browser 2026.1; SuiteQL tables). Custom fields have our default names."""

from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

YesNo = Literal["T", "F"]

CUSTOM_FIELDS = (
    "custcol_lw_transaction",
    "custcol_lw_service_date",
    "custcol_lw_quantity",
    "custcol_lw_unit",
    "custcol_lw_hours",
    "custcol_lw_rate",
    "custcol_lw_amount",
    "custcol_lw_currency",
    "custcol_lw_reversal_of",
    "custcol_lw_correlation",
    "custcol_lw_kind",
    "custcol_lw_line",
    "custbody_lw_sent_at",
    "custentity_lw_legal_name",
    "custentity_lw_billing_hold",
    "custentity_lw_cost_center",
    "custentity_lw_contract",
    "custentity_lw_billing_method",
    "custentity_lw_revenue_method",
)


class Link(Struct, frozen=True, omit_defaults=True):
    """A record named in a request, by internal id or by external id."""

    id: str | None = None
    externalId: str | None = None  # noqa: N815


class Linked(Struct, frozen=True):
    """A record named in an answer."""

    id: str
    refName: str = ""  # noqa: N815
    externalId: str | None = None  # noqa: N815


class Choice(Struct, frozen=True, omit_defaults=True):
    """A value of an enumeration."""

    id: str
    refName: str = ""  # noqa: N815


class Address(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """addressBookAddress."""

    addressee: str | None = None
    addr1: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None


class AddressEntry(Struct, frozen=True, kw_only=True):
    """A line of a customer's addressBook."""

    defaultBilling: bool = False  # noqa: N815
    addressBookAddress: Address = Address()  # noqa: N815


class AddressBook(Struct, frozen=True):
    """The sublist; it has no items unless sub-resources are expanded."""

    items: tuple[AddressEntry, ...] = ()


class Customer(Struct, frozen=True, kw_only=True):
    """customer."""

    id: str
    entityId: str  # noqa: N815
    companyName: str  # noqa: N815
    subsidiary: Linked
    currency: Linked
    externalId: str | None = None  # noqa: N815
    isPerson: bool = False  # noqa: N815
    isInactive: bool = False  # noqa: N815
    terms: Linked | None = None
    vatRegNumber: str | None = None  # noqa: N815
    creditHoldOverride: Choice | None = None  # noqa: N815
    addressBook: AddressBook = AddressBook()  # noqa: N815
    custentity_lw_legal_name: str | None = None
    custentity_lw_billing_hold: bool = False


class CustomerWrite(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sent for a customer."""

    companyName: str  # noqa: N815
    subsidiary: Link
    currency: Link
    isPerson: bool | None = None  # noqa: N815
    terms: Link | None = None
    vatRegNumber: str | None = None  # noqa: N815
    addressBook: AddressBook | None = None  # noqa: N815
    custentity_lw_legal_name: str


class Job(Struct, frozen=True, kw_only=True):
    """job (project)."""

    id: str
    entityId: str  # noqa: N815
    companyName: str  # noqa: N815
    subsidiary: Linked
    parent: Linked
    currency: Linked
    externalId: str | None = None  # noqa: N815
    isInactive: bool = False  # noqa: N815


class JobWrite(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sent for a project."""

    entityId: str  # noqa: N815
    companyName: str  # noqa: N815
    parent: Link
    subsidiary: Link
    currency: Link
    startDate: date  # noqa: N815
    projectedEndDate: date | None = None  # noqa: N815
    jobBillingType: Choice | None = None  # noqa: N815
    jobPrice: Decimal | None = None  # noqa: N815
    allowTime: bool | None = None  # noqa: N815
    custentity_lw_cost_center: Link
    custentity_lw_contract: str
    custentity_lw_billing_method: str
    custentity_lw_revenue_method: str


class TimeBill(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sent for a timeBill: `hours` is text h:mm, exact figures in the custom columns."""

    externalId: str  # noqa: N815
    employee: Link
    customer: Link
    item: Link
    subsidiary: Link
    department: Link | None = None
    hours: str
    tranDate: date  # noqa: N815
    isBillable: bool | None = None  # noqa: N815
    rate: Decimal
    memo: str | None = None
    custcol_lw_transaction: str
    custcol_lw_service_date: date
    custcol_lw_quantity: Decimal
    custcol_lw_unit: str
    custcol_lw_hours: Decimal
    custcol_lw_rate: Decimal
    custcol_lw_amount: Decimal
    custcol_lw_currency: str
    custcol_lw_reversal_of: str | None = None
    custcol_lw_correlation: str | None = None


class SaleLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sent for a line of an invoice or credit memo."""

    item: Link
    description: str
    quantity: Decimal
    rate: Decimal | None = None
    amount: Decimal
    taxCode: Link  # noqa: N815
    custcol_lw_kind: str
    custcol_lw_line: str
    custcol_lw_unit: str


class SaleLines(Struct, frozen=True):
    """The item sublist."""

    items: tuple[SaleLine, ...]


class InvoiceWrite(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sent for an invoice; the account computes tax, totals and the number."""

    entity: Link
    subsidiary: Link
    currency: Link
    job: Link | None = None
    tranDate: date  # noqa: N815
    dueDate: date  # noqa: N815
    terms: Link
    otherRefNum: str | None = None  # noqa: N815
    memo: str | None = None
    item: SaleLines


class Invoice(Struct, frozen=True, kw_only=True):
    """invoice. `lastModifiedDate` is UTC text."""

    id: str
    entity: Linked
    subsidiary: Linked
    currency: Linked
    tranDate: date  # noqa: N815
    status: Choice
    subtotal: Decimal
    taxTotal: Decimal  # noqa: N815
    total: Decimal
    amountPaid: Decimal  # noqa: N815
    amountRemaining: Decimal  # noqa: N815
    lastModifiedDate: str  # noqa: N815
    externalId: str | None = None  # noqa: N815
    tranId: str | None = None  # noqa: N815
    dueDate: date | None = None  # noqa: N815
    otherRefNum: str | None = None  # noqa: N815
    toBeEmailed: bool = False  # noqa: N815
    custbody_lw_sent_at: str | None = None


class ApplyLine(Struct, frozen=True, kw_only=True):
    """A document an amount is applied to."""

    doc: Link
    apply: bool
    amount: Decimal


class ApplyLines(Struct, frozen=True):
    """The apply sublist."""

    items: tuple[ApplyLine, ...]


class CreditMemoWrite(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sent for a credit memo."""

    entity: Link
    subsidiary: Link
    currency: Link
    tranDate: date  # noqa: N815
    memo: str
    item: SaleLines
    apply: ApplyLines | None = None


class CreditMemo(Struct, frozen=True, kw_only=True):
    """creditMemo."""

    id: str
    currency: Linked
    total: Decimal
    externalId: str | None = None  # noqa: N815
    tranId: str | None = None  # noqa: N815


class JournalLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a journalEntry."""

    account: Link
    debit: Decimal | None = None
    credit: Decimal | None = None
    memo: str | None = None
    department: Link | None = None


class JournalLines(Struct, frozen=True):
    """The line sublist."""

    items: tuple[JournalLine, ...]


class JournalWrite(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sent for a journalEntry."""

    subsidiary: Link
    currency: Link
    tranDate: date  # noqa: N815
    memo: str | None = None
    line: JournalLines


class Journal(Struct, frozen=True, kw_only=True):
    """journalEntry."""

    id: str
    createdDate: str  # noqa: N815
    externalId: str | None = None  # noqa: N815
    tranId: str | None = None  # noqa: N815


class ErrorDetail(Struct, frozen=True):
    """One entry of `o:errorDetails`."""

    detail: str = ""
    code: str = ""
    path: str | None = None


class AsyncJob(Struct, frozen=True):
    """async/v1/job."""

    id: str
    completed: bool
    progress: str = ""
