"""Record types of the simulated account: fields, references, enumerations, sublists (names from the REST API Browser)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["text", "number", "money", "date", "moment", "bool", "ref", "enum", "hours", "part"]


@dataclass(frozen=True)
class Field:
    """One field. `target` lists the record types a reference may name, `options` an enumeration's ids, `part` a subrecord's fields."""

    kind: Kind
    target: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    part: "Mapping[str, Field]" = field(default_factory=dict)
    required: bool = False
    read_only: bool = False


Fields = Mapping[str, Field]
TEXT, NUMBER, MONEY, DATE, BOOL = Field("text"), Field("number"), Field("money"), Field("date"), Field("bool")
HOURS, MOMENT = Field("hours"), Field("moment")


def _ref(target: str) -> Field:
    return Field("ref", target=target)


def _enum(**options: str) -> Field:
    return Field("enum", options={key.lstrip("_"): label for key, label in options.items()})


def _need(one: Field) -> Field:
    return replace(one, required=True)


def _shown(one: Field) -> Field:
    return replace(one, read_only=True)


@dataclass(frozen=True)
class RecordType:
    """A record type. `label` names the field shown as refName; `transaction` is its SuiteQL type code."""

    name: str
    fields: Fields
    label: str
    sublists: Mapping[str, Fields] = field(default_factory=dict)
    transaction: str = ""


_APPROVAL = _enum(_1="Pending Approval", _2="Approved", _3="Rejected", _4="Open")
_COUNTRY = Field("text")
_ADDRESS = Field(
    "part",
    part={"addressee": TEXT, "addr1": TEXT, "city": TEXT, "state": TEXT, "zip": TEXT, "country": _COUNTRY},
)
_ENTITY: dict[str, Field] = {
    "entityId": TEXT,
    "companyName": _need(TEXT),
    "subsidiary": _need(_ref("subsidiary")),
    "currency": _ref("currency"),
    "email": TEXT,
    "isInactive": BOOL,
    "comments": TEXT,
}
_SEGMENTS = {"department": _ref("department"), "class": _ref("classification"), "location": _ref("location")}
_LINE: dict[str, Field] = {
    "line": _shown(NUMBER),
    "item": _need(_ref("serviceSaleItem")),
    "description": TEXT,
    "quantity": NUMBER,
    "rate": NUMBER,
    "amount": MONEY,
    "taxCode": _ref("salesTaxItem"),
    "taxRate1": _shown(NUMBER),
    "job": _ref("job"),
    **_SEGMENTS,
    "billingSchedule": _ref("billingSchedule"),
    "custcol_lw_kind": TEXT,
    "custcol_lw_line": TEXT,
    "custcol_lw_unit": TEXT,
}
_APPLY: dict[str, Field] = {
    "line": _shown(NUMBER),
    "doc": _need(_ref("invoice")),
    "apply": BOOL,
    "amount": MONEY,
    "due": _shown(MONEY),
    "total": _shown(MONEY),
    "refNum": _shown(TEXT),
}
_TRANSACTION: dict[str, Field] = {
    "tranId": _shown(TEXT),
    "tranDate": DATE,
    "postingPeriod": _ref("accountingPeriod"),
    "subsidiary": _ref("subsidiary"),
    "currency": _ref("currency"),
    "exchangeRate": NUMBER,
    "memo": TEXT,
    "approvalStatus": _APPROVAL,
    "custbody_lw_correlation": TEXT,
}
_SALE: dict[str, Field] = {
    **_TRANSACTION,
    "entity": _need(_ref("customer,job")),
    "job": _ref("job"),
    "otherRefNum": TEXT,
    "subtotal": _shown(MONEY),
    "taxTotal": _shown(MONEY),
    "total": _shown(MONEY),
    "createdFrom": _shown(_ref("invoice,salesOrder")),
    "toBeEmailed": BOOL,
    "email": TEXT,
    "custbody_lw_sent_at": TEXT,
}
_INVOICE_STATUS = _enum(A="Open", B="Paid In Full", V="Voided")
_CREDIT_STATUS = _enum(A="Open", B="Fully Applied", V="Voided")
_PAYMENT_STATUS = _enum(A="Unapproved Payment", B="Not Deposited", C="Deposited", R="Rejected")

_TYPES = (
    RecordType(
        "subsidiary",
        {
            "name": _need(TEXT),
            "legalName": TEXT,
            "country": _COUNTRY,
            "currency": _ref("currency"),
            "fiscalCalendar": _ref("fiscalCalendar"),
            "isInactive": BOOL,
            "custrecord_lw_rounding_mode": TEXT,
            "custrecord_lw_hours_per_day": NUMBER,
            "custrecord_lw_multipliers": TEXT,
        },
        "name",
    ),
    RecordType("fiscalCalendar", {"name": _need(TEXT)}, "name"),
    RecordType(
        "currency", {"name": _need(TEXT), "symbol": TEXT, "currencyPrecision": NUMBER, "isInactive": BOOL}, "name"
    ),
    RecordType("term", {"name": _need(TEXT), "daysUntilNetDue": NUMBER, "isInactive": BOOL}, "name"),
    RecordType("department", {"name": _need(TEXT), "subsidiary": _ref("subsidiary"), "isInactive": BOOL}, "name"),
    *(
        RecordType(name, {"name": _need(TEXT), "isInactive": BOOL}, "name")
        for name in ("classification", "location", "billingSchedule", "billingRateCard", "projectExpenseType")
    ),
    RecordType("projectTask", {"title": _need(TEXT), "company": _need(_ref("job")), "isInactive": BOOL}, "title"),
    RecordType(
        "account", {"acctNumber": _need(TEXT), "acctName": TEXT, "acctType": TEXT, "isInactive": BOOL}, "acctName"
    ),
    RecordType("serviceSaleItem", {"itemId": _need(TEXT), "displayName": TEXT, "isInactive": BOOL}, "itemId"),
    RecordType(
        "salesTaxItem",
        {
            "itemId": _need(TEXT),
            "description": TEXT,
            "rate": NUMBER,
            "country": _COUNTRY,
            "exempt": BOOL,
            "export": BOOL,
            "reverseCharge": BOOL,
            "effectiveFrom": DATE,
            "validUntil": DATE,
            "isInactive": BOOL,
        },
        "itemId",
    ),
    RecordType(
        "accountingPeriod",
        {
            "periodName": _need(TEXT),
            "startDate": _need(DATE),
            "endDate": _need(DATE),
            "fiscalCalendar": _ref("fiscalCalendar"),
            "isQuarter": BOOL,
            "isYear": BOOL,
            "arLocked": BOOL,
            "allLocked": BOOL,
            "closed": BOOL,
        },
        "periodName",
    ),
    RecordType(
        "employee",
        {
            "entityId": TEXT,
            "firstName": TEXT,
            "lastName": TEXT,
            "email": TEXT,
            "subsidiary": _need(_ref("subsidiary")),
            "department": _ref("department"),
            "hireDate": DATE,
            "releaseDate": DATE,
            "isInactive": BOOL,
        },
        "entityId",
    ),
    RecordType(
        "customer",
        {
            **_ENTITY,
            "isPerson": BOOL,
            "terms": _ref("term"),
            "entityStatus": _enum(_13="CUSTOMER-Closed Won", _16="LOST CUSTOMER", _6="LEAD-Unqualified"),
            "vatRegNumber": TEXT,
            "creditHoldOverride": _enum(AUTO="Auto", ON="On", OFF="Off"),
            "custentity_lw_legal_name": TEXT,
            "custentity_lw_billing_hold": BOOL,
        },
        "companyName",
        {
            "addressBook": {
                "line": _shown(NUMBER),
                "label": TEXT,
                "defaultBilling": BOOL,
                "defaultShipping": BOOL,
                "addressBookAddress": _ADDRESS,
            }
        },
    ),
    RecordType(
        "job",
        {
            **_ENTITY,
            "parent": _need(_ref("customer")),
            "startDate": DATE,
            "projectedEndDate": DATE,
            "scheduledEndDate": DATE,
            "jobBillingType": _enum(
                _1="Time and Materials",
                _2="Fixed Bid, Interval",
                _3="Fixed Bid, Milestone",
                _4="Charge-Based",
                _5="Non-billable",
            ),
            "entityStatus": _enum(_2="In Progress", _4="Pending", _1="Closed"),
            "jobPrice": MONEY,
            **{name: _ref(name) for name in ("billingSchedule", "billingRateCard", "projectExpenseType")},
            "projectManager": _ref("employee"),
            "allowTime": BOOL,
            "allowExpenses": BOOL,
            "projectCompletelyBilled": BOOL,
            "custentity_lw_cost_center": _ref("department"),
            "custentity_lw_contract": TEXT,
            "custentity_lw_billing_method": TEXT,
            "custentity_lw_revenue_method": TEXT,
        },
        "companyName",
    ),
    RecordType(
        "contact",
        {
            "entityId": _need(TEXT),
            "firstName": TEXT,
            "lastName": TEXT,
            "title": TEXT,
            "email": TEXT,
            "company": _ref("customer"),
            "subsidiary": _need(_ref("subsidiary")),
            "isInactive": BOOL,
        },
        "entityId",
    ),
    RecordType(
        "timeBill",
        {
            "employee": _need(_ref("employee")),
            "customer": _ref("job,customer"),
            "caseTaskEvent": _ref("projectTask"),
            "item": _ref("serviceSaleItem"),
            "hours": _need(HOURS),
            "tranDate": _need(DATE),
            "isBillable": BOOL,
            "rate": NUMBER,
            "memo": TEXT,
            "approvalStatus": _APPROVAL,
            "timeType": _enum(P="Planned", A="Actual", B="Budgeted"),
            "subsidiary": _ref("subsidiary"),
            **_SEGMENTS,
            "posted": _shown(BOOL),
            "custcol_lw_transaction": TEXT,
            "custcol_lw_service_date": DATE,
            "custcol_lw_quantity": NUMBER,
            "custcol_lw_unit": TEXT,
            "custcol_lw_hours": NUMBER,
            "custcol_lw_rate": NUMBER,
            "custcol_lw_amount": NUMBER,
            "custcol_lw_currency": TEXT,
            "custcol_lw_reversal_of": TEXT,
            "custcol_lw_correlation": TEXT,
        },
        "memo",
    ),
    RecordType(
        "salesOrder",
        {**_SALE, "status": _shown(_enum(B="Pending Fulfillment", F="Pending Billing", G="Billed"))},
        "tranId",
        {"item": _LINE},
        "SalesOrd",
    ),
    RecordType(
        "invoice",
        {
            **_SALE,
            "dueDate": DATE,
            "terms": _ref("term"),
            "amountPaid": _shown(MONEY),
            "amountRemaining": _shown(MONEY),
            "status": _shown(_INVOICE_STATUS),
        },
        "tranId",
        {"item": _LINE},
        "CustInvc",
    ),
    RecordType(
        "creditMemo",
        {**_SALE, "applied": _shown(MONEY), "unapplied": _shown(MONEY), "status": _shown(_CREDIT_STATUS)},
        "tranId",
        {"item": _LINE, "apply": _APPLY},
        "CustCred",
    ),
    RecordType(
        "customerPayment",
        {
            **_TRANSACTION,
            "customer": _need(_ref("customer")),
            "payment": MONEY,
            "account": _ref("account"),
            "undepFunds": BOOL,
            "autoApply": BOOL,
            "checkNumber": TEXT,
            "applied": _shown(MONEY),
            "unapplied": _shown(MONEY),
            "status": _shown(_PAYMENT_STATUS),
        },
        "tranId",
        {"apply": _APPLY},
        "CustPymt",
    ),
    RecordType(
        "journalEntry",
        {**_TRANSACTION, "subsidiary": _need(_ref("subsidiary")), "approved": BOOL, "reversalDate": DATE},
        "tranId",
        {
            "line": {
                "line": _shown(NUMBER),
                "account": _need(_ref("account")),
                "debit": MONEY,
                "credit": MONEY,
                "memo": TEXT,
                "department": _ref("department"),
                "entity": _ref("customer"),
            }
        },
        "Journal",
    ),
)

RECORD_TYPES: Mapping[str, RecordType] = {one.name: one for one in _TYPES}
_IN_ANY_CASE = {one.name.lower(): one for one in _TYPES}
TRANSACTIONS: Mapping[str, str] = {one.name: one.transaction for one in _TYPES if one.transaction}


def type_named(name: str) -> RecordType | None:
    """The record type of an address, which names it in any case."""
    return _IN_ANY_CASE.get(name.lower())
