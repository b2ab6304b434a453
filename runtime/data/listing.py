"""Lists in declared orders: the one place that makes of an order what comes after a row, ORDER BY, and the place a page ended.

An order is columns as an index has them, with the key of the table behind them, so that no two rows are equal. All of them
ascend, or all descend: what comes after a row is one comparison of rows, which an index answers. Such a comparison knows no null,
so a column that may have none says itself where that stands, as in `coalesce(due_at, 'infinity')`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from contracts.canon.ref import LARGEST_PAGE
from contracts.problems import InvalidRequest, Violation
from contracts.wire import decode, encode
from runtime.data.cursors import cursor_at, place_of
from runtime.data.database import Connection, Database

_PAGE = """
select {columns}, array[{texts}] as place from {table}
where tenant = $1 and {conditions} order by {order} limit {size}
"""

# A statement with its arguments.
Statement = tuple[str, list[Any]]


class Column(NamedTuple):
    """What rows are ordered by, in SQL, and the type that its text is read back as."""

    sql: str
    kind: str = "text"


ID = Column("id")
CHANGED = Column("updated_at", "timestamptz")
CHANGED_SINCE = "updated_at >= {}"


def same(*columns: str) -> dict[str, str]:
    """Filters by columns of their names."""
    return {column: f"{column} = {{}}" for column in columns}


class Wanted(Struct, frozen=True, kw_only=True):
    """Which page of a list somebody wants. `filters` by name, null means any; `sort` is an order, turned by a `-` before it."""

    filters: Mapping[str, Any] = {}
    sort: str
    cursor: str | None = None
    limit: int = 50


class Listing(Struct, frozen=True, kw_only=True):
    """A list of rows of `table`, which has a tenant. `filters` are conditions with `{}` for their value, `always` holds for
    every row of the list; `orders` are columns by name, and `key` is what decides between equal ones."""

    table: str
    columns: str
    filters: Mapping[str, str]
    orders: Mapping[str, tuple[Column, ...]]
    key: tuple[Column, ...] = (ID,)
    always: str = "true"

    async def page(
        self, connection: Connection | Database, tenant: str, wanted: Wanted, given: Mapping[str, Any] | None = None
    ) -> tuple[Sequence[Any], str | None]:
        """The rows of a page, and the cursor of the next one. `given` are the values of conditions where the filters are not.

        Raises InvalidRequest for an order there is not, or a cursor of another list.
        """
        asked = (tenant, self.table, sorted(wanted.filters.items()), wanted.sort)
        place = None if wanted.cursor is None else decode(place_of(wanted.cursor, *asked), list[str])
        size = min(wanted.limit, LARGEST_PAGE)
        values = wanted.filters if given is None else given
        statement, arguments = self.statement(tenant, values, wanted.sort, place, size + 1)
        rows = await connection.fetch(statement, *arguments)
        if len(rows) <= size:
            return rows, None
        return rows[:size], cursor_at(encode(rows[size - 1]["place"]), *asked)

    def statement(
        self, tenant: str, given: Mapping[str, Any], sort: str, place: Sequence[str] | None, size: int
    ) -> Statement:
        """At most `size` rows after a place, with the place of each as texts."""
        order, turned = self._order(sort), sort.startswith("-")
        conditions, values = self.conditions(tenant, given)
        if place is not None:
            values.append(list(place))
            conditions += f" and ({_list(order)}) {'<' if turned else '>'} ({_read_back(order, len(values))})"
        values.append(size)
        # house: sql all of it is declared with the list
        return _PAGE.format(
            columns=self.columns,
            texts=", ".join(f"({column.sql})::text" for column in order),
            table=self.table,
            conditions=conditions,
            order=", ".join(f"{column.sql} {'desc' if turned else 'asc'}" for column in order),
            size=f"${len(values)}",
        ), values

    def conditions(self, tenant: str, given: Mapping[str, Any]) -> Statement:
        """Which rows of the tenant, as SQL with the values it names; `$1` is the tenant."""
        values: list[Any] = [tenant]
        conditions = [self.always]
        for name, value in given.items():
            if value is not None:
                values.append(value)
                conditions.append(self.filters[name].format(f"${len(values)}"))
        return " and ".join(conditions), values

    def _order(self, sort: str) -> tuple[Column, ...]:
        order = self.orders.get(sort.removeprefix("-"))
        if order is None:
            detail = f"is {sort[:60]!r}; one of {', '.join(self.orders)}, or one with - before it"
            violation = Violation(code="enum", detail=detail, parameter="sort", in_="query")
            raise InvalidRequest(f"sort {detail}.", errors=[violation])
        return (*order, *self.key)


def _list(order: Sequence[Column]) -> str:
    return ", ".join(column.sql for column in order)


def _read_back(order: Sequence[Column], parameter: int) -> str:
    """The columns' values of a place, out of an array of texts."""
    return ", ".join(f"((${parameter}::text[])[{n}]::{column.kind})" for n, column in enumerate(order, 1))
