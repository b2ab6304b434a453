"""A parsed query against the org's records: names resolved, rows filtered, ordered and cut; no rendering."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from runtime.http.simulate import Row
from system_apis.platforms.salesforce.soql import (
    Comparison,
    Condition,
    Every,
    Literal,
    Not,
    Order,
    Path,
    Query,
    Relative,
    Some,
    SoqlRefused,
)

from .dates import days_of
from .errors import OrgError
from .ids import normal_id
from .org import Org
from .schema import NUMERIC, Field, Table

Predicate = Callable[[Row], bool]
_DEEPEST_PATH = 5
_HINT = "If you are attempting to use a custom {0}, be sure to append the '{1}' after the {2} name."
_ACCEPTED = {
    "boolean": ("boolean",),
    "date": ("date", "relative"),
    "datetime": ("datetime", "relative"),
    **dict.fromkeys(NUMERIC, ("number",)),
}
_ORDERED = (*NUMERIC, "date", "datetime", "string", "picklist", "email", "phone", "url", "id", "reference")


class Column:
    """One resolved path: the lookups to follow and the field at its end."""

    def __init__(self, org: Org, table: Table, path: Path) -> None:
        self.lookups: list[Field] = []
        self._org = org
        for step in path[:-1]:
            lookup = table.parent(step)
            if lookup is None or len(self.lookups) == _DEEPEST_PATH:
                raise _bad_field(
                    f"Didn't understand relationship '{step}' in field path. {_hint('relationship', '__r')}"
                )
            self.lookups.append(lookup)
            table = org.table(lookup.refers_to)
        field = table.field(path[-1])
        if field is None:
            raise _bad_field(f"No such column '{path[-1]}' on entity '{table.name}'. {_hint('field', '__c')}")
        self.field = field

    def value(self, row: Row) -> Any:
        """What the row (or the record it points to) holds; None when there is nothing."""
        current: Row | None = row
        for lookup in self.lookups:
            id_ = current.get(lookup.name) if current else None
            current = self._org.store.get(lookup.refers_to, id_) if id_ else None
        found = current.get(self.field.name) if current else None
        return bool(found) if self.field.type == "boolean" else found


def source_of(org: Org, query: Query) -> Table:
    """The object of FROM. Raises INVALID_TYPE."""
    table = org.schema.find(query.source)
    if table is None:
        message = f"sObject type '{query.source}' is not supported. {_hint('object', '__c', 'entity')}"
        raise OrgError(400, "INVALID_TYPE", message)
    return table


def select(org: Org, table: Table, query: Query, rows: Iterable[Row]) -> list[Row]:
    """The rows of `table` that the query means, in its order. Raises OrgError on names, SoqlRefused on values."""
    keep = _predicate(org, table, query.where) if query.where else _anything
    orders = [_order(org, table, order) for order in query.order]
    found = [row for row in rows if keep(row)]
    for column, order in reversed(orders):
        found = _sorted(found, column, order)
    end = None if query.limit is None else query.offset + query.limit
    return found[query.offset : end]


def _anything(row: Row) -> bool:
    return True


def _order(org: Org, table: Table, order: Order) -> tuple[Column, Order]:
    column = Column(org, table, order.path)
    if column.field.type not in (*_ORDERED, "boolean"):
        raise SoqlRefused(f"field '{column.field.name}' can not be sorted in a query call")
    return column, order


def _sorted(rows: list[Row], column: Column, order: Order) -> list[Row]:
    keyed = [(column.value(row), row) for row in rows]
    empty = [row for value, row in keyed if value is None]
    full = [(value, row) for value, row in keyed if value is not None]
    full.sort(key=lambda pair: _key(column.field, pair[0]), reverse=order.descending)
    ordered = [row for _, row in full]
    return ordered + empty if order.nulls_last else empty + ordered


def _predicate(org: Org, table: Table, condition: Condition) -> Predicate:
    if isinstance(condition, Comparison):
        return _comparison(org, table, condition)
    if isinstance(condition, Not):
        inner = _predicate(org, table, condition.part)
        return lambda row: not inner(row)
    assert isinstance(condition, Every | Some)
    parts = [_predicate(org, table, part) for part in condition.parts]
    if isinstance(condition, Every):
        return lambda row: all(part(row) for part in parts)
    return lambda row: any(part(row) for part in parts)


def _comparison(org: Org, table: Table, comparison: Comparison) -> Predicate:
    column = Column(org, table, comparison.path)
    field = column.field
    if field.type == "textarea":
        raise _bad_field(f"field '{field.name}' can not be filtered in a query call")
    for literal in comparison.values:
        _check_type(field, comparison.op, literal)
    test = _test(org, field, comparison)
    return lambda row: test(column.value(row))


def _check_type(field: Field, op: str, literal: Literal) -> None:
    ordering = op in ("<", ">", "<=", ">=")
    if (ordering and (field.type not in _ORDERED or literal.kind == "null")) or (op == "LIKE" and not _texty(field)):
        message = f"'{field.name}' field of type {field.type} does not support the operator {op} with {literal.text}"
        raise OrgError(400, "INVALID_QUERY_FILTER_OPERATOR", message)
    if literal.kind == "null" or literal.kind in _ACCEPTED.get(field.type, ("string",)):
        return
    quotes = " and should not be enclosed in quotes" if literal.kind == "string" else ""
    kind = field.type if field.type in _ACCEPTED else "string"
    message = f"value of filter criterion for field '{field.name}' must be of type {kind}{quotes}"
    raise _bad_field(message)


def _texty(field: Field) -> bool:
    return field.type not in _ACCEPTED and field.type not in ("id", "reference")


def _test(org: Org, field: Field, comparison: Comparison) -> Callable[[Any], bool]:
    op = comparison.op
    if op in ("IN", "NOT IN"):
        equals = [_single(org, field, "=", literal) for literal in comparison.values]
        return lambda value: any(equal(value) for equal in equals) == (op == "IN")
    return _single(org, field, op, comparison.values[0])


def _single(org: Org, field: Field, op: str, literal: Literal) -> Callable[[Any], bool]:
    if literal.kind == "null":
        return (lambda value: value is None) if op == "=" else (lambda value: value is not None)
    if isinstance(literal.value, Relative):
        return _within(org, field, op, literal.value)
    if op == "LIKE":
        pattern = _like(str(literal.value))
        return lambda value: value is not None and pattern.fullmatch(value) is not None
    wanted = _wanted(field, literal)
    if op == "!=":
        return lambda value: value is None or _key(field, value) != wanted
    return lambda value: value is not None and _holds(op, _key(field, value), wanted)


def _within(org: Org, field: Field, op: str, relative: Relative) -> Callable[[Any], bool]:
    first, after = (_edge(field, day) for day in days_of(relative, org.today))
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda value: first <= value < after,
        "!=": lambda value: not first <= value < after,
        "<": lambda value: value < first,
        "<=": lambda value: value < after,
        ">": lambda value: value >= after,
        ">=": lambda value: value >= first,
    }
    return lambda value: op == "!=" if value is None else tests[op](value)


def _edge(field: Field, day: date) -> str:
    return _instant(datetime.combine(day, time(0), UTC)) if field.type == "datetime" else day.isoformat()


def _holds(op: str, left: Any, right: Any) -> bool:
    if op == "=":
        return bool(left == right)
    if op in ("<", "<="):
        return bool(left < right or (op == "<=" and left == right))
    return bool(left > right or (op == ">=" and left == right))


def _key(field: Field, value: Any) -> Any:
    """What values of the field are compared by: text in any case, all else as stored."""
    return value.lower() if _texty(field) else value


def _wanted(field: Field, literal: Literal) -> Any:
    value = literal.value
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if field.type in ("id", "reference"):
        id_ = normal_id(str(value))
        if id_ is None:
            raise OrgError(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}")
        return id_
    return value.lower() if isinstance(value, str) else value


def _instant(value: datetime) -> str:
    """Comparable with stored datetimes, milliseconds kept."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}+0000"


def _like(text: str) -> re.Pattern[str]:
    """`%` any run, `_` one character, both literal after a backslash; any case."""
    pieces = re.findall(r"\\[%_]|.", text, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(p) or re.escape(p[-1]) for p in pieces), re.IGNORECASE | re.DOTALL)


def _bad_field(message: str) -> OrgError:
    return OrgError(400, "INVALID_FIELD", message)


def _hint(kind: str, suffix: str, noun: str | None = None) -> str:
    return _HINT.format(kind, suffix, noun or kind)
