"""The metadata catalog: names of record types, and the fields of one as JSON Schema."""

from collections.abc import Mapping
from typing import Any

from runtime.http.simulate import Request, Response
from system_apis.netsuite.sandbox.errors import missing
from system_apis.netsuite.sandbox.rendering import RECORDS
from system_apis.netsuite.sandbox.schema import RECORD_TYPES, Field, Kind

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


def names(request: Request) -> Response:
    """Every record type, or the selected ones."""
    chosen = set(filter(None, request.query.get("select", "").split(","))) or set(RECORD_TYPES)
    here = f"{request.base_url}{RECORDS}/metadata-catalog"
    items = [
        {"name": name, "links": [{"rel": "canonical", "href": f"{here}/{name}"}]}
        for name in RECORD_TYPES
        if name in chosen
    ]
    return Response.of(200, {"items": items, "links": []})


def describe(request: Request) -> Response:
    """One record type as JSON Schema."""
    found = RECORD_TYPES.get(request.params["record"])
    if found is None:
        raise missing()
    properties = {"id": {"type": "string"}, "externalId": {"type": "string"}}
    properties |= {name: _described(spec) for name, spec in found.fields.items()}
    properties |= {name: {"type": "object"} for name in found.sublists}
    body = {"type": "object", "title": found.name, "properties": properties}
    return Response.of(200, body, media="application/schema+json")


def _described(spec: Field) -> dict[str, Any]:
    shown = dict(_TYPES.get(spec.kind, {"type": "string"}))
    return {**shown, "readOnly": True} if spec.read_only else shown
