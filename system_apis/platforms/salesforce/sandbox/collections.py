"""Several records in one call: create, change, upsert and delete collections.

Source: REST API Developer Guide (sObject Collections).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.http.simulate import Request, Response, Store

from .errors import OrgError, invalid
from .ids import normal_id
from .org import Org
from .render import attributes, value_of
from .rest import Caller, Operation, body_of, column, saved
from .schema import Table

MOST_RECORDS, MOST_READ = 200, 2000
_ROLLED_BACK = (
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)

Result = dict[str, Any]
Save = Callable[[dict[str, Any]], Result]


class _Undo(Exception):
    """Ends the transaction around a group that must happen all or not at all."""


def _grouped(store: Store, items: list[dict[str, Any]], save: Save, *, all_or_none: bool) -> Response:
    """One result an item, in order; with `all_or_none` a single failure undoes the others."""
    results: list[Result] = []
    try:
        with store.transaction():
            for item in items:
                try:
                    results.append(save(item))
                except OrgError as error:
                    results.append({"success": False, "errors": [error.collection_item()]})
            if all_or_none and not all(result["success"] for result in results):
                raise _Undo
    except _Undo:
        undone = {"statusCode": _ROLLED_BACK[0], "message": _ROLLED_BACK[1], "fields": []}
        results = [{"success": False, "errors": [undone]} if r["success"] else r for r in results]
    return Response.of(200, results)


def _records(request: Request) -> tuple[list[dict[str, Any]], bool]:
    body = body_of(request)
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise OrgError(400, "JSON_PARSER_ERROR", "records must be an array of records")
    if len(records) > MOST_RECORDS:
        message = f"Count of records in the request is more than the limit of {MOST_RECORDS}"
        raise OrgError(400, "EXCEEDED_ID_LIMIT", message)
    return records, body.get("allOrNone") is True


def _typed(org: Org, record: Mapping[str, Any]) -> Table:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    table = org.schema.find(name) if isinstance(name, str) else None
    if table is None:
        raise invalid("INVALID_TYPE", "Each record must name its type in attributes.type", "type")
    return table


def create_many(org: Org, caller: Caller, request: Request) -> Response:
    records, all_or_none = _records(request)

    def save(record: dict[str, Any]) -> Result:
        return saved(org.insert(_typed(org, record), record, caller.user, request))

    return _grouped(org.store, records, save, all_or_none=all_or_none)


def update_many(org: Org, caller: Caller, request: Request) -> Response:
    records, all_or_none = _records(request)

    def save(record: dict[str, Any]) -> Result:
        table = _typed(org, record)
        id_ = next((str(value) for name, value in record.items() if name.lower() == "id"), None)
        if id_ is None:
            raise invalid("MISSING_ARGUMENT", "Id not specified in an update call", "Id")
        row = org.existing(table, id_)
        rest = {name: value for name, value in record.items() if name.lower() != "id"}
        org.update(table, row, rest, caller.user, request)
        return saved(row["Id"])

    return _grouped(org.store, records, save, all_or_none=all_or_none)


def upsert_many(org: Org, caller: Caller, request: Request) -> Response:
    table = org.table(request.params["type"])
    field = table.external_id(request.params["field"])
    records, all_or_none = _records(request)

    def save(record: dict[str, Any]) -> Result:
        if _typed(org, record).name != table.name:
            raise invalid("INVALID_TYPE", "All records must be of the type in the path", "type")
        key = next((str(v) for name, v in record.items() if name.lower() == field.name.lower() and v), None)
        if key is None:
            raise invalid("MISSING_ARGUMENT", f"{field.name} not specified", field.name)
        rest = {name: value for name, value in record.items() if name.lower() != field.name.lower()}
        found = org.matching(table, field, key)
        if len(found) > 1:
            raise invalid("DUPLICATE_EXTERNAL_ID", f"{field.name}: more than one record found for external id field")
        if found:
            org.update(table, found[0], rest, caller.user, request)
            return saved(found[0]["Id"], created=False)
        return saved(org.insert(table, {**rest, field.name: key}, caller.user, request), created=True)

    return _grouped(org.store, records, save, all_or_none=all_or_none)


def delete_many(org: Org, caller: Caller, request: Request) -> Response:
    ids = [id_ for id_ in request.query.get("ids", "").split(",") if id_]
    if not ids or len(ids) > MOST_RECORDS:
        raise OrgError(400, "MALFORMED_ID" if not ids else "EXCEEDED_ID_LIMIT", "ids: between 1 and 200 ids")

    def save(item: dict[str, Any]) -> Result:
        table = org.schema.by_id(item["id"])
        if table is None:
            raise invalid("MALFORMED_ID", f"malformed id {item['id']}", "Id")
        row = org.existing(table, item["id"])
        org.delete(table, row, caller.user, request)
        return saved(row["Id"])

    all_or_none = request.query.get("allOrNone", "").lower() == "true"
    return _grouped(org.store, [{"id": id_} for id_ in ids], save, all_or_none=all_or_none)


def read_many(org: Org, caller: Caller, request: Request) -> Response:
    """Records in the order of their ids; null for one that is not there. Ids and fields stand in the body or in the query."""
    table = org.table(request.params["type"])
    body = body_of(request) if request.method == "POST" else {}
    ids = body.get("ids") or [i for i in request.query.get("ids", "").split(",") if i]
    names = body.get("fields") or [f for f in request.query.get("fields", "").split(",") if f]
    if not isinstance(ids, list) or not isinstance(names, list) or not ids or not names:
        raise OrgError(400, "MISSING_ARGUMENT", "ids and fields are required")
    if len(ids) > MOST_READ:
        raise OrgError(
            400, "EXCEEDED_ID_LIMIT", f"Count of records in the request is more than the limit of {MOST_READ}"
        )
    fields = [column(table, str(name).strip()) for name in names]
    rows = [org.row(table, normal_id(str(id_))) for id_ in ids]
    shown = [{f.name: value_of(f, row) for f in fields} | {"Id": row["Id"]} if row else None for row in rows]
    marked = [{"attributes": attributes(table, one["Id"], caller.root), **one} if one else None for one in shown]
    return Response.of(200, marked)


COLLECTIONS: tuple[tuple[str, str, Operation], ...] = (
    ("POST", "/composite/sobjects", create_many),
    ("PATCH", "/composite/sobjects", update_many),
    ("DELETE", "/composite/sobjects", delete_many),
    ("PATCH", "/composite/sobjects/{type}/{field}", upsert_many),
    ("POST", "/composite/sobjects/{type}", read_many),
    ("GET", "/composite/sobjects/{type}", read_many),
)
