# ruff: noqa: S608 - fragments are constants of this module; values are parameters
"""Our SuiteQL statements. Pages follow keys, not offsets: a page does not move when rows before it come or go."""

import re
from collections.abc import Sequence

from msgspec import Struct

from contracts.problems import InvalidRequest, Violation

_DAY = "'YYYY-MM-DD'"
_KEY = re.compile(r"[0-9]{1,18}|[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?")
_SECOND = "'YYYY-MM-DD HH24:MI:SS'"


class Statement(Struct, frozen=True):
    """SuiteQL with its parameters."""

    text: str
    params: tuple[str, ...] = ()


def _keyset(columns: Sequence[str], cursor: str | None) -> tuple[str, tuple[str, ...]]:
    """The condition that a row comes after a cursor (its key columns joined by `|`)."""
    if cursor is None:
        return "1 = 1", ()
    values = tuple(cursor.split("|"))
    if len(values) != len(columns) or not all(_plain(v) for v in values):
        violation = Violation("CURSOR", "Not a cursor of this listing.", parameter="cursor", in_="query")
        raise InvalidRequest("The cursor is not one of this listing; start without one.", errors=(violation,))
    parts, params = [], []
    for place, column in enumerate(columns):
        equal = [f"{c} = ?" for c in columns[:place]]
        parts.append(" AND ".join([*equal, f"{column} > ?"]))
        params += [*values[:place], values[place]]
    return "(" + " OR ".join(f"({p})" for p in parts) + ")", tuple(params)


def _plain(value: str) -> bool:
    return bool(_KEY.fullmatch(value))


def _page(text: str, columns: Sequence[str], cursor: str | None, params: tuple[str, ...] = ()) -> Statement:
    condition, values = _keyset(columns, cursor)
    return Statement(f"{text} AND {condition} ORDER BY {', '.join(columns)}", (*params, *values))


def subsidiaries(cursor: str | None) -> Statement:
    """Legal entities."""
    text = (
        "SELECT s.id, s.externalid AS code, s.name, s.country, c.symbol AS currency, s.isinactive, "
        "s.custrecord_lw_rounding_mode, s.custrecord_lw_hours_per_day, s.custrecord_lw_multipliers "
        "FROM subsidiary s JOIN currency c ON c.id = s.currency WHERE s.externalid IS NOT NULL"
    )
    return _page(text, ("s.id",), cursor)


def periods(entity: str | None, cursor: str | None) -> Statement:
    """Periods of every subsidiary's calendar, or of one's; months only."""
    start = f"TO_CHAR(p.startdate, {_DAY})"
    text = (
        f"SELECT p.id, s.id AS subsidiary, s.externalid AS entity, p.periodname AS name, {start} AS starts, "
        f"TO_CHAR(p.enddate, {_DAY}) AS ends, p.closed, p.alllocked, p.arlocked "
        "FROM accountingperiod p JOIN subsidiary s ON s.fiscalcalendar = p.fiscalcalendar "
        "WHERE p.isquarter = 'F' AND p.isyear = 'F' AND s.externalid IS NOT NULL"
    )
    chosen = "" if entity is None else " AND s.externalid = ?"
    return _page(text + chosen, (start, "p.id", "s.id"), cursor, () if entity is None else (entity,))


def departments(cursor: str | None) -> Statement:
    """Cost centers."""
    text = (
        "SELECT d.id, d.externalid AS code, d.name, d.isinactive, s.externalid AS entity "
        "FROM department d LEFT JOIN subsidiary s ON s.id = d.subsidiary WHERE 1 = 1"
    )
    return _page(text, ("d.id",), cursor)


def tax_items(cursor: str | None) -> Statement:
    """Tax codes in use."""
    text = (
        f"SELECT t.id, t.itemid, t.country, t.rate, t.exempt, t.export, t.reversecharge, "
        f"TO_CHAR(t.effectivefrom, {_DAY}) AS starts, TO_CHAR(t.validuntil, {_DAY}) AS ends "
        "FROM salestaxitem t WHERE t.isinactive = 'F'"
    )
    return _page(text, ("t.id",), cursor)


def rates(since: str | None, cursor: str | None) -> Statement:
    """Exchange rates, oldest first."""
    day = f"TO_CHAR(r.effectivedate, {_DAY})"
    text = (
        f"SELECT r.id, b.symbol AS base, t.symbol AS trans, {day} AS effective, r.exchangerate AS rate "
        "FROM currencyrate r JOIN currency b ON b.id = r.basecurrency JOIN currency t ON t.id = r.transactioncurrency "
        f"WHERE {day} >= ?"
    )
    return _page(text, (day, "r.id"), cursor, (since or "0000-00-00",))


def receivables(entity: str | None) -> Statement:
    """Open invoice amounts per entity and currency."""
    text = (
        "SELECT s.externalid AS entity, c.symbol AS currency, SUM(t.foreignamountunpaid) AS amount "
        "FROM transaction t JOIN transactionline l ON l.transaction = t.id AND l.mainline = 'T' "
        "JOIN subsidiary s ON s.id = l.subsidiary JOIN currency c ON c.id = t.currency "
        "WHERE t.type = 'CustInvc' AND t.voided = 'F'"
    )
    return _per_entity(text, "c.symbol", entity)


def posted(entity: str | None) -> Statement:
    """Billable time records per entity and currency."""
    text = (
        "SELECT s.externalid AS entity, t.custcol_lw_currency AS currency, SUM(t.custcol_lw_amount) AS amount "
        "FROM timebill t JOIN subsidiary s ON s.id = t.subsidiary "
        "WHERE t.isbillable = 'T' AND t.custcol_lw_amount IS NOT NULL"
    )
    return _per_entity(text, "t.custcol_lw_currency", entity)


def billed_time(entity: str | None) -> Statement:
    """Invoiced lines of kind time; income lines are negative in the ledger."""
    text = (
        "SELECT s.externalid AS entity, c.symbol AS currency, SUM(l.foreignamount) AS amount "
        "FROM transaction t JOIN transactionline l ON l.transaction = t.id AND l.custcol_lw_kind = 'time' "
        "JOIN subsidiary s ON s.id = l.subsidiary JOIN currency c ON c.id = t.currency "
        "WHERE t.type IN ('CustInvc', 'CustCred') AND t.voided = 'F'"
    )
    return _per_entity(text, "c.symbol", entity)


def _per_entity(text: str, currency: str, entity: str | None) -> Statement:
    chosen = "" if entity is None else " AND s.externalid = ?"
    end = f" GROUP BY s.externalid, {currency} ORDER BY s.externalid, {currency}"
    return Statement(text + chosen + end, () if entity is None else (entity,))


def postings(keys: Sequence[str]) -> Statement:
    """Time records under our keys; the subsidiary and the currency as codes."""
    text = (
        "SELECT t.id, t.externalid, t.employee, t.customer, t.subsidiary, t.department, t.isbillable, t.memo, "
        f"TO_CHAR(t.trandate, {_DAY}) AS trandate, TO_CHAR(t.custcol_lw_service_date, {_DAY}) AS service, "
        "t.custcol_lw_transaction AS transaction, t.custcol_lw_quantity AS quantity, t.custcol_lw_unit AS unit, "
        "t.custcol_lw_hours AS hours, t.custcol_lw_rate AS rate, t.custcol_lw_amount AS amount, "
        "t.custcol_lw_currency AS currency, t.custcol_lw_correlation AS correlation "
        f"FROM timebill t WHERE t.externalid IN ({_marks(keys)})"
    )
    return Statement(text, tuple(keys))


def ids(table: str, keys: Sequence[str]) -> Statement:
    """Internal ids of records of a type (lower case: its table) under our keys."""
    return Statement(f"SELECT t.id, t.externalid FROM {table} t WHERE t.externalid IN ({_marks(keys)})", tuple(keys))


def _marks(keys: Sequence[str]) -> str:
    return ", ".join("?" for _ in keys)


def customers(tax_id: str | None, name: str | None, entity: str | None) -> Statement:
    """Ids of customers with that tax id and the words of that name, in that entity."""
    conditions, params = ["1 = 1"], []
    if tax_id is not None:
        conditions.append("c.vatregnumber = ?")
        params.append(tax_id)
    for word in (name or "").split():
        conditions.append("(UPPER(c.companyname) LIKE ? OR UPPER(c.custentity_lw_legal_name) LIKE ?)")
        params += [f"%{word.upper()}%"] * 2
    if entity is not None:
        conditions.append("s.externalid = ?")
        params.append(entity)
    text = "SELECT c.id, c.externalid FROM customer c JOIN subsidiary s ON s.id = c.subsidiary WHERE "
    return Statement(f"{text}{' AND '.join(conditions)} ORDER BY c.id", tuple(params))


def open_invoices(cursor: str | None) -> Statement:
    """Invoices that are not fully paid."""
    text = (
        "SELECT t.id, t.tranid, t.entity, s.externalid AS code, c.symbol AS currency, t.foreigntotal AS total, "
        f"t.foreignamountunpaid AS remaining, TO_CHAR(t.duedate, {_DAY}) AS due "
        "FROM transaction t JOIN transactionline l ON l.transaction = t.id AND l.mainline = 'T' "
        "JOIN subsidiary s ON s.id = l.subsidiary JOIN currency c ON c.id = t.currency "
        "WHERE t.type = 'CustInvc' AND t.voided = 'F' AND t.foreignamountunpaid > 0"
    )
    return _page(text, ("t.id",), cursor)


def receipts(since: str | None, cursor: str | None) -> Statement:
    """Payments and the invoices they settle, oldest change first."""
    changed = f"TO_CHAR(p.lastmodifieddate, {_SECOND})"
    columns = (changed, "k.nextdoc", "k.previousdoc")
    received = f"TO_CHAR(p.trandate, {_DAY})"
    condition, values = _keyset(columns, cursor)
    text = (
        f"SELECT k.nextdoc AS payment, k.previousdoc AS invoice, SUM(k.foreignamount) AS amount, c.symbol AS currency, "
        f"{received} AS received, {changed} AS changed FROM nexttransactionlinelink k "
        "JOIN transaction p ON p.id = k.nextdoc JOIN currency c ON c.id = p.currency "
        f"WHERE p.type = 'CustPymt' AND {changed} >= ? AND {condition} "
        f"GROUP BY k.nextdoc, k.previousdoc, c.symbol, {received}, {changed} ORDER BY {', '.join(columns)}"
    )
    return Statement(text, (since or "0000-00-00 00:00:00", *values))
