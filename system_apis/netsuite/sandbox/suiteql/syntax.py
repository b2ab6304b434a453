"""The parts of a SuiteQL statement, as the parser builds them."""

from dataclasses import dataclass

from system_apis.netsuite.sandbox.suiteql.values import Value


@dataclass(frozen=True)
class Column:
    """A column, with the table alias when the statement gives one."""

    name: str
    table: str | None = None


@dataclass(frozen=True)
class Literal:
    """A constant, a bound parameter included."""

    value: Value


@dataclass(frozen=True)
class Call:
    """A function; `distinct` only inside COUNT; no arguments and name COUNT means COUNT(*)."""

    name: str
    args: "tuple[Expression, ...]"
    distinct: bool = False


@dataclass(frozen=True)
class Binary:
    """Arithmetic, comparison, AND or OR."""

    op: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Not:
    """Logical negation."""

    of: "Expression"


@dataclass(frozen=True)
class IsNull:
    """IS NULL."""

    of: "Expression"


@dataclass(frozen=True)
class Among:
    """IN (a, b, ...)."""

    of: "Expression"
    options: "tuple[Expression, ...]"


@dataclass(frozen=True)
class Like:
    """LIKE with % and _."""

    of: "Expression"
    pattern: "Expression"


Expression = Column | Literal | Call | Binary | Not | IsNull | Among | Like


@dataclass(frozen=True)
class Item:
    """One output column; `expression` is None for `*` (of `table` when given)."""

    expression: Expression | None
    alias: str | None = None
    table: str | None = None


@dataclass(frozen=True)
class Source:
    """A table in FROM or JOIN; `on` is None for the first, `outer` for LEFT JOIN."""

    table: str
    alias: str
    on: Expression | None = None
    outer: bool = False


@dataclass(frozen=True)
class Order:
    """One ORDER BY term."""

    expression: Expression
    descending: bool


@dataclass(frozen=True)
class Select:
    """A whole statement."""

    items: tuple[Item, ...]
    sources: tuple[Source, ...]
    where: Expression | None = None
    group: tuple[Expression, ...] = ()
    having: Expression | None = None
    order: tuple[Order, ...] = ()
    distinct: bool = False
