"""Queries over HTTP: first page, next pages by locator, and the two faults that make reading hard.

Source: REST API Developer Guide (Query, QueryAll, Query Options header).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from runtime.http.simulate import Request, Response, Row
from system_apis.platforms.salesforce.soql import Query, parse

from .errors import OrgError
from .ids import record_id
from .org import Org
from .query import Column, select, source_of
from .render import Answer
from .schema import Table
from .values import stamp

_CURSORS = "_cursors"
_KEPT = 20
_PAGE = (200, 2000)
_LATE_S = 30
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d{1,6})", re.IGNORECASE)


def first_page(org: Org, root: str, request: Request, *, deleted: bool) -> Response:
    """GET /query and /queryAll."""
    text = request.query.get("q")
    if text is None:
        raise OrgError(400, "MALFORMED_QUERY", "A query string has to be specified")
    query = parse(text)
    rows = _run(org, query, request, deleted=deleted)
    if query.counting:
        return Response.of(200, {"totalSize": len(rows), "done": True, "records": []})
    body = _page(org, root, query, [row["Id"] for row in rows], 0, _size(request), text)
    if rows and org.faults.take("page_shift", request):
        _touch(org, query, rows[0])
    return Response.of(200, body)


def rows_of(org: Org, text: str, request: Request, *, deleted: bool) -> tuple[Table, list[str]]:
    """The object a query reads and the ids it finds, for a query job; a job takes no child subqueries and no COUNT."""
    query = parse(text)
    if query.counting or query.children:
        raise OrgError(400, "FUNCTIONALITY_NOT_ENABLED", "The query uses a feature that query jobs do not take")
    table = source_of(org, query)
    columns_of(org, text, [])
    return table, [row["Id"] for row in _run(org, query, request, deleted=deleted)]


def columns_of(org: Org, text: str, ids: list[str]) -> tuple[list[str], list[list[Any]]]:
    """Heading and values of the records a query found."""
    query = parse(text)
    table = source_of(org, query)
    columns = [Column(org, table, path) for path in query.paths]
    stored = [org.store.get(table.name, id_) for id_ in ids]
    head = [".".join((*path[:-1], column.field.name)) for path, column in zip(query.paths, columns, strict=True)]
    return head, [[column.value(row) for column in columns] for row in stored if row is not None]


def next_page(org: Org, root: str, request: Request) -> Response:
    """GET the path of a `nextRecordsUrl`."""
    cursor, _, offset = request.params["locator"].rpartition("-")
    kept = org.store.get(_CURSORS, cursor)
    if kept is None or not offset.isdigit():
        raise OrgError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    query = parse(kept["q"])
    body = _page(org, root, query, kept["ids"], int(offset), _size(request), kept["q"], cursor)
    if org.faults.take("page_shift", request) and (row := org.store.get(source_of(org, query).name, kept["ids"][0])):
        _touch(org, query, row)
    return Response.of(200, body)


def _run(org: Org, query: Query, request: Request, *, deleted: bool) -> list[Row]:
    table = source_of(org, query)
    rows = list(org.store.rows(table.name).values()) if deleted else org.rows(table.name)
    if late := org.faults.take("late_index", request):
        edge = stamp(org.clock.now() - timedelta(seconds=late.delay(_LATE_S)))
        rows = [row for row in rows if row["SystemModstamp"] < edge]
    return select(org, table, query, rows)


def _page(
    org: Org, root: str, query: Query, ids: list[str], offset: int, size: int, text: str, cursor: str = ""
) -> dict[str, Any]:
    table = source_of(org, query)
    stored = [org.store.get(table.name, id_) for id_ in ids[offset : offset + size]]
    records = Answer(org, table, query).records([row for row in stored if row is not None], root)
    done = offset + size >= len(ids)
    body: dict[str, Any] = {"totalSize": len(ids), "done": done}
    if not done:
        cursor = cursor or _keep(org, text, ids)
        body["nextRecordsUrl"] = f"{root}/query/{cursor}-{offset + size}"
    return {**body, "records": records}


def _keep(org: Org, text: str, ids: list[str]) -> str:
    """Remember the result under a new locator; the oldest ones are forgotten."""
    cursor = record_id("01g", org.store.next("id:_cursor"))
    org.store.settle(_CURSORS, cursor, {"q": text, "ids": ids})
    while len(kept := org.store.rows(_CURSORS)) > _KEPT:
        org.store.settle(_CURSORS, next(iter(kept)), None)
    return cursor


def _size(request: Request) -> int:
    asked = _BATCH_SIZE.search(request.header("sforce-query-options") or "")
    return max(_PAGE[0], min(_PAGE[1], int(asked[1]))) if asked else _PAGE[1]


def _touch(org: Org, query: Query, row: Row) -> None:
    """Somebody saves the first record while the reader turns the page."""
    now = stamp(org.clock.now())
    with org.store.transaction() as change:
        fresh = {**row, "LastModifiedDate": now, "SystemModstamp": now}
        change.put(source_of(org, query).name, row["Id"], fresh)
