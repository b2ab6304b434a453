"""The data API's single-record resources. Every operation takes the org, the caller and the request, and answers.

Source: REST API Developer Guide (sObject Rows, Rows by External ID, status codes, Conditional Request headers).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from runtime.http.simulate import Request, Response, Row

from . import describe
from .cursors import first_page, next_page
from .errors import OrgError, not_found
from .org import Org
from .render import value_of, whole
from .schema import Field, Table, no_column
from .tokens import identity_url
from .values import moment

_CREATED_FLAG_SINCE = Decimal("46.0")


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls which version of the API; `root` is `/services/data/v62.0`."""

    user: str
    version: str

    @property
    def root(self) -> str:
        return f"/services/data/v{self.version}"

    @property
    def tells_created(self) -> bool:
        """Upsert results carry `created` from version 46 on."""
        return Decimal(self.version) >= _CREATED_FLAG_SINCE


Operation = Callable[[Org, Caller, Request], Response]


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object in the body. Raises JSON_PARSER_ERROR."""
    try:
        body = request.json()
    except ValueError as error:
        raise OrgError(400, "JSON_PARSER_ERROR", f"{error} at [line:1, column:1]") from None
    if not isinstance(body, dict):
        raise OrgError(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
    return body


def saved(id_: str, created: bool | None = None) -> dict[str, Any]:
    """The result of a write; `created` only where the vendor tells."""
    result: dict[str, Any] = {"id": id_, "success": True, "errors": []}
    return result if created is None else {**result, "created": created}


def create(org: Org, caller: Caller, request: Request) -> Response:
    table = org.table(request.params["type"])
    id_ = org.insert(table, body_of(request), caller.user, request)
    return Response.of(201, saved(id_), ("Location", f"{caller.root}/sobjects/{table.name}/{id_}"))


def read(org: Org, caller: Caller, request: Request) -> Response:
    table = org.table(request.params["type"])
    row = org.existing(table, request.params["id"])
    since = _header_time(request, "If-Modified-Since")
    if since is not None and _saved_at(row) <= since:
        return Response(304)
    return _shown(table, row, caller, request)


def update(org: Org, caller: Caller, request: Request) -> Response:
    table = org.table(request.params["type"])
    row = org.existing(table, request.params["id"])
    _unmodified(row, request)
    org.update(table, row, body_of(request), caller.user, request)
    return Response(204)


def delete(org: Org, caller: Caller, request: Request) -> Response:
    table = org.table(request.params["type"])
    org.delete(table, org.existing(table, request.params["id"]), caller.user, request)
    return Response(204)


def read_external(org: Org, caller: Caller, request: Request) -> Response:
    table, _, found = _by_external(org, request)
    if not found:
        raise not_found()
    return _several(table, found, caller) or _shown(table, found[0], caller, request)


def delete_external(org: Org, caller: Caller, request: Request) -> Response:
    table, _, found = _by_external(org, request)
    if not found:
        raise not_found()
    if several := _several(table, found, caller):
        return several
    org.delete(table, found[0], caller.user, request)
    return Response(204)


def upsert(org: Org, caller: Caller, request: Request) -> Response:
    """201 created, 200 matched (204 before version 46), 300 several, 404 with `updateOnly` and none."""
    table, field, found = _by_external(org, request)
    if several := _several(table, found, caller):
        return several
    body = body_of(request)
    if any(name.lower() == field.name.lower() for name in body):
        message = f"The {field.name} field should not be specified in the sobject data."
        raise OrgError(400, "INVALID_FIELD", message, (field.name,))
    if found:
        org.update(table, found[0], body, caller.user, request)
        return Response.of(200, saved(found[0]["Id"], created=False)) if caller.tells_created else Response(204)
    if field.name == "Id" or request.query.get("updateOnly", "").lower() == "true":
        raise not_found()
    id_ = org.insert(table, {**body, field.name: request.params["value"]}, caller.user, request)
    location = ("Location", f"{caller.root}/sobjects/{table.name}/{id_}")
    return Response.of(201, saved(id_, True if caller.tells_created else None), location)


def _by_external(org: Org, request: Request) -> tuple[Table, Field, list[Row]]:
    table = org.table(request.params["type"])
    field = table.external_id(request.params["field"])
    return table, field, org.matching(table, field, request.params["value"])


def _several(table: Table, found: list[Row], caller: Caller) -> Response | None:
    if len(found) < 2:
        return None
    return Response.of(300, [f"{caller.root}/sobjects/{table.name}/{row['Id']}" for row in found])


def _shown(table: Table, row: Row, caller: Caller, request: Request) -> Response:
    record = whole(table, row, caller.root)
    wanted = request.query.get("fields")
    if wanted:
        fields = [column(table, name.strip()) for name in wanted.split(",")]
        always = column(table, "Id")
        chosen = {field.name: value_of(field, row) for field in (*fields, always)}
        record = {"attributes": record["attributes"], **chosen}
    return Response.of(200, record)


def column(table: Table, name: str) -> Field:
    """A column by its name in any case. Raises INVALID_FIELD."""
    field = table.field(name)
    if field is None:
        raise no_column(name, table)
    return field


def _unmodified(row: Row, request: Request) -> None:
    """If-Unmodified-Since: refuse when the record was saved later."""
    since = _header_time(request, "If-Unmodified-Since")
    if since is not None and _saved_at(row) > since:
        raise OrgError(412, "PRECONDITION_FAILED", "The record was modified since the given time")


def _header_time(request: Request, name: str) -> datetime | None:
    given = request.header(name.lower())
    if given is None:
        return None
    try:
        at = parsedate_to_datetime(given)
    except ValueError:
        raise OrgError(400, "INVALID_HEADER", f"{name} is not an HTTP date") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _saved_at(row: Row) -> datetime:
    return moment(row["LastModifiedDate"])


def _described(org: Org, caller: Caller, request: Request) -> Response:
    return Response.of(200, describe.full(org.schema, org.table(request.params["type"]), caller.root))


def _resources(org: Org, caller: Caller, request: Request) -> Response:
    return Response.of(200, describe.resources(caller.root, identity_url(request, caller.user)))


SINGLE: tuple[tuple[str, str, Operation], ...] = (
    ("GET", "", _resources),
    ("GET", "/query", lambda org, caller, request: first_page(org, caller.root, request, deleted=False)),
    ("GET", "/queryAll", lambda org, caller, request: first_page(org, caller.root, request, deleted=True)),
    ("GET", "/query/{locator}", lambda org, caller, request: next_page(org, caller.root, request)),
    ("GET", "/sobjects", lambda org, caller, request: Response.of(200, describe.everything(org.schema, caller.root))),
    (
        "GET",
        "/sobjects/{type}",
        lambda org, caller, request: Response.of(200, describe.basic(org.table(request.params["type"]), caller.root)),
    ),
    ("POST", "/sobjects/{type}", create),
    ("GET", "/sobjects/{type}/describe", _described),
    ("GET", "/sobjects/{type}/{id}", read),
    ("PATCH", "/sobjects/{type}/{id}", update),
    ("DELETE", "/sobjects/{type}/{id}", delete),
    ("GET", "/sobjects/{type}/{field}/{value}", read_external),
    ("PATCH", "/sobjects/{type}/{field}/{value}", upsert),
    ("DELETE", "/sobjects/{type}/{field}/{value}", delete_external),
)
