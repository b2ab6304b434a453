"""The SuiteQL tables of the account: every record type under its own name, and the joined views that transactions have."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from runtime.http.simulate import Row as Stored
from system_apis.netsuite.sandbox.account import Account
from system_apis.netsuite.sandbox.effects import applications
from system_apis.netsuite.sandbox.schema import RECORD_TYPES, TRANSACTIONS, Field, RecordType
from system_apis.netsuite.sandbox.suiteql.evaluate import Table
from system_apis.netsuite.sandbox.suiteql.values import Row, Value

_SYSTEM = ("id", "externalid", "createddate", "lastmodifieddate")
_MASTER = [t for t in RECORD_TYPES.values() if not t.transaction]
_TRANSACTION_COLUMNS = frozenset(
    (
        *_SYSTEM,
        *("type", "tranid", "trandate", "duedate", "entity", "currency", "exchangerate", "postingperiod"),
        *("status", "terms", "memo", "otherrefnum", "foreigntotal", "foreignamountpaid", "foreignamountunpaid"),
        *("foreigntaxtotal", "voided", "tobeemailed", "custbody_lw_correlation", "custbody_lw_sent_at"),
    )
)
_LINE_COLUMNS = frozenset(
    (
        *("id", "transaction", "linesequencenumber", "mainline", "item", "memo", "quantity", "rate", "subsidiary"),
        *("entity", "foreignamount", "netamount", "department", "custcol_lw_kind", "custcol_lw_line"),
    )
)
_ADDRESS = {"nkey", "addressee", "addr1", "city", "state", "zip", "country"}


def tables(account: Account) -> Mapping[str, Table]:
    """Every table, reading only what the search index knows."""
    found = {one.name.lower(): _record_table(account, one) for one in _MASTER}
    found["item"] = found["servicesaleitem"]
    found["transaction"] = Table(_TRANSACTION_COLUMNS, lambda: _transactions(account))
    found["transactionline"] = Table(_LINE_COLUMNS, lambda: _lines(account))
    found["nexttransactionlinelink"] = Table(
        frozenset(("previousdoc", "nextdoc", "linktype", "foreignamount")), lambda: _links(account)
    )
    found["currencyrate"] = Table(
        frozenset(("id", "basecurrency", "transactioncurrency", "effectivedate", "exchangerate")),
        lambda: (_typed(row) for row in account.rows("currencyRate").values()),
    )
    found["entityaddress"] = Table(frozenset(_ADDRESS), lambda: _addresses(account))
    return found


def _record_table(account: Account, record_type: RecordType) -> Table:
    def lookup(external_id: str) -> Row | None:
        row = account.by_external_id(record_type.name, external_id)
        return _columns(account, record_type, row) if row is not None and account.knows(row) else None

    columns = frozenset((*_SYSTEM, *(name.lower() for name in record_type.fields)))
    extra = {"defaultbillingaddress"} if record_type.name == "customer" else set()
    return Table(
        columns | extra,
        lambda: (_columns(account, record_type, row) for row in account.searchable(record_type.name)),
        lookup,
    )


def _columns(account: Account, record_type: RecordType, row: Stored) -> Row:
    out: Row = _system(row)
    for name, spec in record_type.fields.items():
        column, value = name.lower(), row.get(name)
        out[column] = None if value is None else _value(spec, value)
        if spec.kind == "ref" and value is not None:
            found = account.holder(spec.target, value)
            out[f"{column}$"] = account.label(found[0], value) if found else None
        elif spec.kind == "enum" and value is not None:
            out[f"{column}$"] = spec.options.get(value, value)
        elif spec.kind == "bool":
            out[column] = bool(value)
    if record_type.name == "customer":
        out["defaultbillingaddress"] = Decimal(row["id"]) if row.get("addressBook") else None
    return out


def _system(row: Stored) -> Row:
    moments = {name.lower(): _moment(row[name]) for name in ("createdDate", "lastModifiedDate")}
    return {"id": Decimal(row["id"]), "externalid": row.get("externalId"), **moments}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _value(spec: Field, value: Any) -> Value:
    match spec.kind:
        case "number" | "money":
            return Decimal(value)
        case "ref":
            return Decimal(value)
        case "date":
            return date.fromisoformat(value)
        case "moment":
            return _moment(value)
        case "bool":
            return bool(value)
    return str(value)


def _typed(row: Stored) -> Row:
    return {
        "id": Decimal(row["id"]),
        "basecurrency": Decimal(row["baseCurrency"]),
        "transactioncurrency": Decimal(row["transactionCurrency"]),
        "effectivedate": date.fromisoformat(row["effectiveDate"]),
        "exchangerate": Decimal(row["exchangeRate"]),
    }


def _ids(row: Stored, *names: str) -> Row:
    return {name.lower(): None if row.get(name) is None else Decimal(row[name]) for name in names}


def _labelled(account: Account, row: Row) -> Row:
    targets = {"entity": "customer,job", "currency": "currency", "terms": "term"}
    targets["postingperiod"] = "accountingPeriod"
    for column, target in targets.items():
        found = account.holder(target, str(row[column])) if row.get(column) is not None else None
        row[f"{column}$"] = account.label(found[0], str(row[column])) if found else None
    return row


def _transactions(account: Account) -> Iterator[Row]:
    for name, code in TRANSACTIONS.items():
        for row in account.searchable(name):
            yield _labelled(account, _transaction(code, row))


def _transaction(code: str, row: Stored) -> Row:
    total = Decimal(row.get("total") or row.get("payment") or 0)
    paid, due = row.get("amountPaid"), row.get("dueDate")
    entity = row.get("entity") or row.get("customer")
    return {
        **dict.fromkeys(_TRANSACTION_COLUMNS),
        **_system(row),
        **_ids(row, "currency", "exchangeRate", "postingPeriod", "terms"),
        "entity": None if entity is None else Decimal(entity),
        "type": code,
        "tranid": row.get("tranId"),
        "trandate": date.fromisoformat(row["tranDate"]),
        "duedate": None if due is None else date.fromisoformat(due),
        "status": row.get("status"),
        "memo": row.get("memo"),
        "otherrefnum": row.get("otherRefNum"),
        "foreigntotal": total if code != "CustCred" else -total,
        "foreigntaxtotal": None if row.get("taxTotal") is None else Decimal(row["taxTotal"]),
        "foreignamountpaid": None if paid is None else Decimal(paid),
        "foreignamountunpaid": None if paid is None else Decimal(row["amountRemaining"]),
        "voided": row.get("status") == "V",
        "tobeemailed": bool(row.get("toBeEmailed")),
        "custbody_lw_correlation": row.get("custbody_lw_correlation"),
        "custbody_lw_sent_at": row.get("custbody_lw_sent_at"),
    }


def _lines(account: Account) -> Iterator[Row]:
    for name, code in TRANSACTIONS.items():
        for row in account.searchable(name):
            yield _main_line(code, row)
            for place, line in enumerate(row.get("item", ()), 1):
                yield _item_line(code, row, line, place)


def _line(row: Stored, place: int, amount: Decimal, line: Stored, quantity: Decimal | None = None) -> Row:
    return {
        **_ids(row, "subsidiary", "entity"),
        **_ids(line, "item", "department", "rate"),
        "id": Decimal(place),
        "transaction": Decimal(row["id"]),
        "linesequencenumber": Decimal(place),
        "mainline": place == 0,
        "memo": line.get("description", row.get("memo") if place == 0 else None),
        "quantity": quantity,
        "foreignamount": amount,
        "netamount": amount,
        "custcol_lw_kind": line.get("custcol_lw_kind"),
        "custcol_lw_line": line.get("custcol_lw_line"),
    }


def _main_line(code: str, row: Stored) -> Row:
    total = Decimal(row.get("total") or row.get("payment") or 0)
    return _line(row, 0, -total if code in ("CustCred", "CustPymt") else total, {})


def _item_line(code: str, row: Stored, line: Stored, place: int) -> Row:
    """Income lines carry the credit side: negative on an invoice, positive on a credit."""
    sign = 1 if code == "CustCred" else -1
    return _line(row, place, sign * Decimal(line["amount"]), line, sign * Decimal(line.get("quantity", 0)))


def _links(account: Account) -> Iterable[Row]:
    known = {r["id"] for name in ("customerPayment", "creditMemo") for r in account.searchable(name)}
    for invoice_id, row, amount in applications(account):
        if row["id"] in known and amount:
            yield {
                "previousdoc": Decimal(invoice_id),
                "nextdoc": Decimal(row["id"]),
                "linktype": "Payment",
                "foreignamount": amount,
            }


def _addresses(account: Account) -> Iterable[Row]:
    for row in account.searchable("customer"):
        for entry in row.get("addressBook", ())[:1]:
            address = entry.get("addressBookAddress", {})
            yield {**{name: address.get(name) for name in _ADDRESS}, "nkey": Decimal(row["id"])}
