"""What the account itself decides when a record is saved: defaults, numbers, periods, tax, totals, open amounts."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from runtime.http.simulate import Row
from system_apis.netsuite.sandbox.account import Account
from system_apis.netsuite.sandbox.errors import bad_field, user_error

_PREFIX = {"invoice": "INV", "creditMemo": "CM", "customerPayment": "PYMT", "journalEntry": "JE", "salesOrder": "SO"}
_RECEIVABLE = frozenset(("invoice", "creditMemo", "customerPayment", "salesOrder"))
_NOT_IN_BOOKS = frozenset(("toBeEmailed", "email", "memo", "otherRefNum"))
_HUNDRED = Decimal(100)


def settle(account: Account, record_type: str, row: Row, before: Row | None) -> Row:
    """The row as the account saves it. Raises what the account refuses."""
    if record_type in _PREFIX or record_type == "timeBill":
        row = _dated(account, record_type, row, before)
    rule = _RULES.get(record_type)
    return rule(account, row, before) if rule else row


def after_save(account: Account, row: Row, before: Row | None, at: datetime | None = None) -> None:
    """What saving or removing (`row` empty) a payment or credit does to the invoices it is applied to."""
    touched = {line["doc"] for one in (row, before or {}) for line in one.get("apply", ()) if line.get("apply", True)}
    for invoice_id in sorted(touched):
        _reopen(account, invoice_id, at)


def open_period(account: Account, record_type: str, row: Row) -> Row:
    """The posting period of a record; refused when it is closed or locked, naming the period."""
    calendar = (account.store.get("subsidiary", row.get("subsidiary", "")) or {}).get("fiscalCalendar")
    period = account.store.get("accountingPeriod", row.get("postingPeriod", "")) or _period_of(
        account, row["tranDate"], calendar
    )
    if period is None:
        raise user_error(f"There is no accounting period for the date {row['tranDate']}.", "tranDate")
    locked = record_type in _RECEIVABLE and period.get("arLocked")
    if period.get("closed") or period.get("allLocked") or locked:
        state = "closed" if period.get("closed") else "locked"
        name = period["periodName"]
        text = f"The transaction date {row['tranDate']} falls in the {state} accounting period {name}."
        raise user_error(text, "postingPeriod" if row.get("postingPeriod") else "tranDate")
    return period


def closed_by_fault(row: Row) -> Exception:
    """The refusal of a period that somebody closed a moment ago."""
    day = date.fromisoformat(row["tranDate"]) if row.get("tranDate") else None
    name = f"{day:%b %Y}" if day else "the current period"
    return user_error(f"The transaction date {day} falls in the closed accounting period {name}.", "tranDate")


def _period_of(account: Account, day: str, calendar: str | None) -> Row | None:
    for row in account.rows("accountingPeriod").values():
        right = calendar is None or row.get("fiscalCalendar") == calendar
        if right and not row.get("isQuarter") and not row.get("isYear") and row["startDate"] <= day <= row["endDate"]:
            return row
    return None


def _dated(account: Account, record_type: str, row: Row, before: Row | None) -> Row:
    row = {"tranDate": account.today.isoformat(), **row}
    row = _inherit(account, row)
    if before is not None and _same_books(row, before):
        return row
    if before is not None:
        open_period(account, record_type, before)
        if before["tranDate"] != row["tranDate"] and before.get("postingPeriod") == row.get("postingPeriod"):
            row.pop("postingPeriod", None)
    period = open_period(account, record_type, row)
    return row if record_type == "timeBill" else {**row, "postingPeriod": period["id"]}


def _same_books(row: Row, before: Row) -> bool:
    """True when nothing that the general ledger sees has changed; such changes a closed period allows."""
    kept = {k: v for k, v in row.items() if k not in _NOT_IN_BOOKS and not k.startswith("custbody_")}
    return all(before.get(name) == value for name, value in kept.items())


def _inherit(account: Account, row: Row) -> Row:
    """Subsidiary and currency that follow from the entity."""
    source = account.holder("customer,job", row.get("entity") or row.get("customer") or "")
    if source is None and row.get("employee"):
        source = account.holder("employee", row["employee"])
    given = {name: source[1][name] for name in ("subsidiary", "currency") if source and name in source[1]}
    if row.get("subsidiary") is None and "subsidiary" in given:
        row = {**row, "subsidiary": given["subsidiary"]}
    if "hours" not in row and row.get("currency") is None:
        own = (account.store.get("subsidiary", row.get("subsidiary", "")) or {}).get("currency")
        row = {**row, "currency": given.get("currency", own)}
    return {name: value for name, value in row.items() if value is not None}


def _number(account: Account, record_type: str, row: Row) -> Row:
    """The document number, assigned once, counted per subsidiary."""
    if row.get("tranId"):
        return row
    subsidiary = account.store.get("subsidiary", row.get("subsidiary", "")) or {}
    code = subsidiary.get("externalId") or row.get("subsidiary") or "0"
    prefix = f"{_PREFIX[record_type]}-{code}"
    return {**row, "tranId": f"{prefix}-{account.store.next(prefix, 1001)}"}


def _places(account: Account, row: Row) -> Decimal:
    currency = account.store.get("currency", row.get("currency", "")) or {}
    return Decimal(1).scaleb(-int(currency.get("currencyPrecision", 2)))


def _lines(account: Account, row: Row, unit: Decimal) -> list[Row]:
    lines = []
    for place, line in enumerate(row.get("item", ())):
        if "amount" not in line and "rate" not in line:
            raise bad_field(f"item.items[{place}].amount", f"Please enter value(s) for: item.items[{place}].amount.")
        amount = line["amount"] if "amount" in line else Decimal(line.get("quantity", 1)) * Decimal(line["rate"])
        tax = account.store.get("salesTaxItem", line.get("taxCode", "")) or {}
        rounded = Decimal(amount).quantize(unit, ROUND_HALF_UP)
        lines.append({**line, "amount": rounded, "taxRate1": Decimal(tax.get("rate", 0))})
    return lines


def _tax(lines: Sequence[Row], unit: Decimal) -> Decimal:
    """Tax per tax code group, each rounded half up to minor units, not per line."""
    groups: dict[tuple[str, Decimal], Decimal] = {}
    for line in lines:
        key = (line.get("taxCode", ""), Decimal(line["taxRate1"]))
        groups[key] = groups.get(key, Decimal(0)) + Decimal(line["amount"])
    taxes = ((base * rate / _HUNDRED).quantize(unit, ROUND_HALF_UP) for (_, rate), base in groups.items())
    return sum(taxes, Decimal(0))


def _totals(account: Account, row: Row) -> Row:
    unit = _places(account, row)
    lines = _lines(account, row, unit)
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.", "item")
    subtotal = sum((Decimal(line["amount"]) for line in lines), Decimal(0)).quantize(unit)
    tax = _tax(lines, unit).quantize(unit)
    total = subtotal + tax
    if total < 0:
        raise user_error("Transaction amounts must not be negative.", "item")
    return {**row, "item": lines, "subtotal": subtotal, "taxTotal": tax, "total": total}


def _customer_of(account: Account, row: Row) -> Row:
    """The customer behind `entity`, which may be a project."""
    found = account.holder("customer,job", row["entity"])
    target, entity = found if found else ("", {})
    return entity if target == "customer" else account.store.get("customer", entity.get("parent", "")) or {}


def _sale(account: Account, record_type: str, row: Row) -> Row:
    customer = _customer_of(account, row)
    if customer.get("isInactive"):
        raise bad_field("entity")
    if row.get("subsidiary") != customer.get("subsidiary"):
        raise bad_field("subsidiary")
    job = account.store.get("job", row.get("job", ""))
    if job is not None and job.get("parent") != customer.get("id"):
        raise bad_field("job")
    row = _totals(account, row)
    return _number(account, record_type, row)


def _invoice(account: Account, row: Row, before: Row | None) -> Row:
    row = _sale(account, "invoice", row)
    terms = row.get("terms") or _customer_of(account, row).get("terms")
    if terms:
        row = {**row, "terms": terms}
    if "dueDate" not in row:
        days = (account.store.get("term", terms or "") or {}).get("daysUntilNetDue", 0)
        row = {**row, "dueDate": (date.fromisoformat(row["tranDate"]) + timedelta(days=int(days))).isoformat()}
    paid = Decimal((before or {}).get("amountPaid", 0))
    return _invoice_state({"approvalStatus": "2", **row, "amountPaid": paid})


def _invoice_state(row: Row) -> Row:
    remaining = Decimal(row["total"]) - Decimal(row["amountPaid"])
    status = "B" if remaining == 0 and row["amountPaid"] else "A"
    return {**row, "amountRemaining": remaining, "status": status}


def _reopen(account: Account, invoice_id: str, at: datetime | None) -> None:
    """Amounts of an invoice from everything applied to it."""
    invoice = account.store.get("invoice", invoice_id)
    if invoice is None:
        return
    paid = sum((amount for _, _, amount in applications(account, invoice_id)), Decimal(0))
    if paid != Decimal(invoice["amountPaid"]):
        account.save("invoice", _invoice_state({**invoice, "amountPaid": paid}), at=at)


def applications(account: Account, invoice_id: str | None = None) -> list[tuple[str, Row, Decimal]]:
    """(invoice id, payment or credit, amount) of everything applied, or of what is applied to one invoice."""
    found = []
    for record_type in ("customerPayment", "creditMemo"):
        for row in account.rows(record_type).values():
            for line in row.get("apply", ()):
                if line.get("apply", True) and invoice_id in (None, line["doc"]):
                    found.append((line["doc"], row, Decimal(line["amount"])))
    return found


def _apply(account: Account, row: Row, before: Row | None) -> tuple[list[Row], Decimal]:
    """The apply lines with their amounts, none above what is due, and their sum."""
    lines, total = [], Decimal(0)
    earlier = {
        line["doc"]: Decimal(line["amount"]) for line in (before or {}).get("apply", ()) if line.get("apply", True)
    }
    for place, line in enumerate(row.get("apply", ())):
        invoice = account.store.get("invoice", line["doc"]) or {}
        due = Decimal(invoice["amountRemaining"]) + earlier.get(line["doc"], Decimal(0))
        amount = Decimal(line.get("amount", due)) if line.get("apply", True) else Decimal(0)
        if not 0 <= amount <= due:
            text = f"The amount {amount} to apply is larger than the amount due {due}."
            raise user_error(text, f"apply.items[{place}].amount")
        total += amount
        shown = {"amount": amount, "due": due, "total": invoice["total"], "refNum": invoice.get("tranId", "")}
        lines.append({**line, **shown, "apply": line.get("apply", True)})
    return lines, total


def _credit(account: Account, row: Row, before: Row | None) -> Row:
    row = _sale(account, "creditMemo", row)
    lines, applied = _apply(account, row, before)
    return _applied(row, lines, applied, Decimal(row["total"]), ("A", "B"))


def _payment(account: Account, row: Row, before: Row | None) -> Row:
    lines, applied = _apply(account, row, before)
    amount = Decimal(row.get("payment", applied))
    row = _number(account, "customerPayment", {**row, "payment": amount})
    return _applied(row, lines, applied, amount, ("C", "C"))


def _applied(row: Row, lines: list[Row], applied: Decimal, whole: Decimal, states: tuple[str, str]) -> Row:
    if applied > whole:
        raise user_error("The applied amounts are larger than the total of this transaction.", "apply")
    status = states[applied == whole]
    return {**row, "apply": lines, "applied": applied, "unapplied": whole - applied, "status": status}


def _journal(account: Account, row: Row, before: Row | None) -> Row:
    lines = row.get("line", [])
    debit, credit = (sum((Decimal(line.get(side, 0)) for line in lines), Decimal(0)) for side in ("debit", "credit"))
    if len(lines) < 2 or debit != credit:
        raise user_error("The amounts in a journal entry must balance.", "line")
    return _number(account, "journalEntry", {"approved": True, **row})


def _unique_name(account: Account, record_type: str, row: Row) -> None:
    for other in account.rows(record_type).values():
        if other["id"] != row.get("id") and other.get("entityId") == row["entityId"]:
            raise user_error("This entity already exists. UNIQUE_CUST_ID_REQD", "entityId")


def _customer(account: Account, row: Row, before: Row | None) -> Row:
    own = (account.store.get("subsidiary", row["subsidiary"]) or {}).get("currency")
    row = {"isPerson": False, "isInactive": False, "currency": own, "entityStatus": "13", **row}
    if "entityId" not in row:
        row = {**row, "entityId": f"CUS{account.store.next('customer-number', 10001)}"}
    _unique_name(account, "customer", row)
    return row


def _job(account: Account, row: Row, before: Row | None) -> Row:
    parent = account.store.get("customer", row["parent"]) or {}
    if parent.get("subsidiary") != row["subsidiary"]:
        raise bad_field("subsidiary")
    row = {"isInactive": False, "allowTime": True, "entityStatus": "2", "currency": parent.get("currency"), **row}
    if "entityId" not in row:
        row = {**row, "entityId": f"PRJ{account.store.next('job-number', 10001)}"}
    _unique_name(account, "job", row)
    return row


def _time_bill(account: Account, row: Row, before: Row | None) -> Row:
    employee = account.store.get("employee", row["employee"]) or {}
    if employee.get("isInactive"):
        raise bad_field("employee")
    target, worked_for = account.holder("job,customer", row.get("customer", "")) or ("", {})
    if worked_for.get("isInactive") or (target == "job" and worked_for.get("allowTime") is False):
        raise bad_field("customer")
    return {"isBillable": False, "approvalStatus": "2", "timeType": "A", "posted": False, **row}


_Rule = Callable[[Account, Row, Row | None], Row]
_RULES: dict[str, _Rule] = {
    "customer": _customer,
    "job": _job,
    "timeBill": _time_bill,
    "invoice": _invoice,
    "salesOrder": lambda account, row, before: {"status": "F", **_sale(account, "salesOrder", row)},
    "creditMemo": _credit,
    "customerPayment": _payment,
    "journalEntry": _journal,
}
