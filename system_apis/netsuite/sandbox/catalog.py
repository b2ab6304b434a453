"""The metadata catalog: names of record types, and their fields as JSON Schema or as an OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from runtime.http.simulate import Request, Response
from system_apis.netsuite.sandbox.errors import missing
from system_apis.netsuite.sandbox.rendering import RECORDS
from system_apis.netsuite.sandbox.schema import RECORD_TYPES, TEXT, Field, Kind, RecordType, type_named

_TYPES: Mapping[Kind, dict[str, Any]] = {
    "number": {"type": "number", "format": "double"},
    "money": {"type": "number", "format": "double"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "ref": {"type": "object", "properties": {"id": {"type": "string"}, "externalId": {"type": "string"}}},
    "enum": {"type": "object", "properties": {"id": {"type": "string"}, "refName": {"type": "string"}}},
    "part": {"type": "object"},
}


_MOMENT = Field("moment", read_only=True)
_SYSTEM = {"id": TEXT, "externalId": TEXT, "createdDate": _MOMENT, "lastModifiedDate": _MOMENT}
_SCHEMA, _OPENAPI = "application/schema+json", "application/swagger+json"
_WRITES = frozenset(("post", "put", "patch"))


def names(request: Request) -> Response:
    """Every record type, or the selected ones: their names, or one OpenAPI document about them."""
    chosen = [type_named(name) for name in request.query.get("select", "").split(",") if name]
    found = [one for one in RECORD_TYPES.values() if not chosen or one in chosen]
    if _OPENAPI in _accepted(request):
        return _openapi(request, found)
    return Response.of(200, {"items": [_named(request, one) for one in found], "links": []})


def describe(request: Request) -> Response:
    """One record type in the form that `Accept` asks for; as JSON Schema if it does not say."""
    found = type_named(request.params["record"])
    if found is None:
        raise missing()
    accepted = _accepted(request)
    if _OPENAPI in accepted:
        return _openapi(request, [found])
    if "application/json" in accepted and _SCHEMA not in accepted:
        return Response.of(200, _named(request, found))
    return Response.of(200, _schema(found), media=_SCHEMA)


def _accepted(request: Request) -> str:
    return (request.header("accept") or "").lower()


def _named(request: Request, one: RecordType) -> dict[str, Any]:
    href = f"{request.base_url}{RECORDS}/metadata-catalog/{one.name}"
    return {"name": one.name, "links": [{"rel": "canonical", "href": href}]}


def _schema(one: RecordType) -> dict[str, Any]:
    properties = {name: _described(spec) for name, spec in {**_SYSTEM, **one.fields}.items()}
    properties |= {name: {"type": "object"} for name in one.sublists}
    return {"type": "object", "title": one.name, "properties": properties}


def _openapi(request: Request, record_types: list[RecordType]) -> Response:
    paths: dict[str, Any] = {}
    for one in record_types:
        paths[f"/{one.name}"] = _operations(one.name, "get", "post")
        paths[f"/{one.name}/{{id}}"] = _operations(one.name, "get", "put", "patch", "delete")
    document = {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "servers": [{"url": f"{request.base_url}{RECORDS}"}],
        "paths": paths,
        "components": {"schemas": {one.name: _schema(one) for one in record_types}},
    }
    return Response.of(200, document, media=_OPENAPI)


def _operations(name: str, *methods: str) -> dict[str, Any]:
    schema = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    read = {"200": {"description": "The record or the page.", "content": {"application/json": schema}}}
    written: dict[str, Any] = {"204": {"description": "Done."}}
    sent = {"requestBody": {"content": {"application/json": schema}}}
    return {
        method: {"responses": read if method == "get" else written, **(sent if method in _WRITES else {})}
        for method in methods
    }


def _described(spec: Field) -> dict[str, Any]:
    shown = dict(_TYPES.get(spec.kind, {"type": "string"}))
    return {**shown, "readOnly": True} if spec.read_only else shown
