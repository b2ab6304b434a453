"""Records and query results as the API writes them: `attributes` first, parents nested, children as small results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runtime.http.simulate import Row
from system_apis.platforms.salesforce.soql import Path, Query

from .errors import OrgError
from .org import Org
from .query import Column, select
from .schema import Field, Table


def attributes(table: Table, id_: str, root: str) -> dict[str, str]:
    return {"type": table.name, "url": f"{root}/sobjects/{table.name}/{id_}"}


def value_of(field: Field, row: Row) -> Any:
    """What a column answers: booleans are never null."""
    found = row.get(field.name)
    return bool(found) if field.type == "boolean" else found


def whole(table: Table, row: Row, root: str) -> dict[str, Any]:
    """A record with all its columns."""
    columns = {name: value_of(field, row) for name, field in table.fields.items()}
    return {"attributes": attributes(table, row["Id"], root), **columns}


class Shape:
    """The columns of a SELECT over one object, resolved once, rendered for every row. Raises INVALID_FIELD."""

    def __init__(self, org: Org, table: Table, paths: Iterable[Path]) -> None:
        self._org, self._table = org, table
        self._entries: dict[str, Field | tuple[Field, Shape]] = {}
        grouped: dict[str, list[Path]] = {}
        for path in paths:
            Column(org, table, path)
            grouped.setdefault(path[0].lower(), []).append(path)
        for own in grouped.values():
            self._add(table, own)

    def _add(self, table: Table, paths: list[Path]) -> None:
        field = table.field(paths[0][0])
        if len(paths[0]) == 1 and field is not None:
            self._entries[field.name] = field
            return
        lookup = table.parent(paths[0][0])
        assert lookup is not None
        parent = self._org.table(lookup.refers_to)
        self._entries[lookup.relationship] = (lookup, Shape(self._org, parent, [path[1:] for path in paths]))

    def render(self, row: Row, root: str) -> dict[str, Any]:
        """One row; a parent that is not there is null."""
        out: dict[str, Any] = {"attributes": attributes(self._table, row["Id"], root)}
        for name, entry in self._entries.items():
            if isinstance(entry, Field):
                out[name] = value_of(entry, row)
            else:
                lookup, shape = entry
                parent = self._org.row(lookup.refers_to, row.get(lookup.name))
                out[name] = shape.render(parent, root) if parent else None
        return out


class Nested:
    """A child subquery of a SELECT."""

    def __init__(self, org: Org, parent: Table, query: Query) -> None:
        found = org.schema.children(parent, query.source)
        if found is None:
            message = f"Didn't understand relationship '{query.source}' in FROM part of query call."
            raise OrgError(400, "INVALID_FIELD", message)
        self._org, self._query = org, query
        self._table, self._link = found
        self._shape = Shape(org, self._table, query.paths)
        select(org, self._table, query, ())
        self._of: dict[str, list[Row]] = {}
        for row in org.rows(self._table.name):
            self._of.setdefault(row.get(self._link.name, ""), []).append(row)

    @property
    def name(self) -> str:
        return self._link.children

    def render(self, parent_id: str, root: str) -> dict[str, Any] | None:
        """The children of one record; null when it has none."""
        rows = select(self._org, self._table, self._query, self._of.get(parent_id, ()))
        if not rows:
            return None
        return {"totalSize": len(rows), "done": True, "records": [self._shape.render(row, root) for row in rows]}


class Answer:
    """Renders the rows of one query. Raises OrgError when a name is not known."""

    def __init__(self, org: Org, table: Table, query: Query) -> None:
        self._shape = Shape(org, table, query.paths)
        self._nested = [Nested(org, table, child) for child in query.children]

    def records(self, rows: Iterable[Row], root: str) -> list[dict[str, Any]]:
        return [
            self._shape.render(row, root) | {child.name: child.render(row["Id"], root) for child in self._nested}
            for row in rows
        ]
