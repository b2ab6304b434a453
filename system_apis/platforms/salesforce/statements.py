"""SOQL as values: the fields come from a wire struct, conditions are typed, and only `literal` puts a value into text.

Source: SOQL and SOSL Reference (quoted string escape sequences, date formats).
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Generic, Literal, TypeVar, get_origin

import msgspec
from msgspec import Struct
from msgspec.inspect import StructType, Type, UnionType

from contracts.money import plain
from system_apis.platforms.salesforce.dialect import Dialect

T = TypeVar("T")

Value = str | bool | int | Decimal | date | datetime | None
_PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*")
_ESCAPED = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})


class Children(Struct, Generic[T], frozen=True, kw_only=True):
    """Rows of a child relationship; the vendor sends null instead of an empty one."""

    records: tuple[T, ...]


class Is(Struct, frozen=True):
    """One comparison of a field with a value."""

    path: str
    op: Literal["=", "!=", "<", "<=", ">", ">="]
    value: Value


class Among(Struct, frozen=True):
    """The field has one of these values (at least one)."""

    path: str
    values: tuple[str, ...]


class Every(Struct, frozen=True):
    """All parts hold."""

    parts: tuple["Condition", ...]


class Some(Struct, frozen=True):
    """At least one part holds."""

    parts: tuple["Condition", ...]


Condition = Is | Among | Every | Some


class Select(Struct, Generic[T], frozen=True, kw_only=True):
    """Rows of `source` as the wire struct `kind`. `order` holds paths, ascending."""

    source: str
    kind: type[T]
    where: Condition
    order: tuple[str, ...] = ()
    limit: int | None = None

    def text(self, dialect: Dialect) -> str:
        """The statement in the org's own names."""
        kind: Any = self.kind
        fields = ", ".join(_walk(_info(kind), "", self.source, dialect))
        parts = ["SELECT", fields, "FROM", _name(self.source)]
        parts += ["WHERE", _condition(self.where, self.source, dialect)]
        if self.order:
            parts += ["ORDER BY", ", ".join(_path(path, self.source, dialect) for path in self.order)]
        if self.limit is not None:
            parts += ["LIMIT", str(self.limit)]
        return " ".join(parts)


class Count(Struct, frozen=True, kw_only=True):
    """How many rows of `source` meet a condition."""

    source: str
    where: Condition

    def text(self, dialect: Dialect) -> str:
        """The statement in the org's own names."""
        condition = _condition(self.where, self.source, dialect)
        return " ".join(("SELECT COUNT() FROM", _name(self.source), "WHERE", condition))


def literal(value: Value) -> str:
    """A value as SOQL writes it: text quoted and escaped, dates and instants (UTC, the whole second, as rows are stamped) bare."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"'{value.translate(_ESCAPED)}'"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else plain(Decimal(value))


@cache
def _info(kind: type) -> StructType:
    info = msgspec.inspect.type_info(kind)
    if not isinstance(info, StructType):
        raise TypeError(f"{kind} is no wire struct")
    return info


def _struct(info: Type) -> StructType | None:
    options = info.types if isinstance(info, UnionType) else (info,)
    return next((option for option in options if isinstance(option, StructType)), None)


def _walk(info: StructType, prefix: str, source: str, dialect: Dialect) -> Iterator[str]:
    for field in info.fields:
        inner = _struct(field.type)
        if inner is None:
            yield _path(prefix + field.encode_name, source, dialect)
        elif get_origin(inner.cls) is Children:
            yield f"({_children(field.encode_name, inner, dialect)})"
        else:
            yield from _walk(inner, f"{prefix}{field.encode_name}.", source, dialect)


def _children(relationship: str, info: StructType, dialect: Dialect) -> str:
    row = _struct(info.fields[0].type.item_type)  # type: ignore[attr-defined]
    assert row is not None
    fields = ", ".join(_walk(row, "", _singular(relationship), dialect))
    return " ".join(("SELECT", fields, "FROM", _name(relationship)))


def _singular(relationship: str) -> str:
    """The object behind a child relationship: `Contacts` -> `Contact`, `Planned_Milestones__r` -> `Planned_Milestone__c`."""
    name, custom, _ = relationship.partition("__r")
    return name.removesuffix("s") + ("__c" if custom else "")


def _condition(condition: Condition, source: str, dialect: Dialect) -> str:
    if isinstance(condition, Is):
        value = literal(dialect.value(source, condition.path, condition.value))
        return f"{_path(condition.path, source, dialect)} {condition.op} {value}"
    if isinstance(condition, Among):
        values = ", ".join(literal(dialect.value(source, condition.path, value)) for value in condition.values)
        return f"{_path(condition.path, source, dialect)} IN ({values})"
    joint = " AND " if isinstance(condition, Every) else " OR "
    return f"({joint.join(_condition(part, source, dialect) for part in condition.parts)})"


def _path(path: str, source: str, dialect: Dialect) -> str:
    return _name(dialect.path(source, path))


def _name(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is no field or object name")
    return path
