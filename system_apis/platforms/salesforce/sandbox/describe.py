"""What the org tells about itself: versions, resources, object descriptions, limits.

Source: REST API Developer Guide (Versions, Resources by Version, Describe Global, sObject Describe, Limits).
"""

from __future__ import annotations

from typing import Any

from .schema import Field, Schema, Table

NEWEST = 67
_SEASONS = ("Winter", "Spring", "Summer")
_SOAP_TYPES = {"boolean": "xsd:boolean", "double": "xsd:double", "currency": "xsd:double", "percent": "xsd:double"}
_SOAP_TYPES |= {"int": "xsd:int", "date": "xsd:date", "datetime": "xsd:dateTime", "id": "tns:ID", "reference": "tns:ID"}


def versions() -> list[dict[str, str]]:
    """The last six releases; others are served all the same."""
    return [{"label": _label(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in range(62, NEWEST + 1)]


def _label(number: int) -> str:
    season = (number - 62) % 3
    year = 25 + (number - 62) // 3
    return f"{_SEASONS[season]} '{year}"


def resources(root: str, identity: str) -> dict[str, str]:
    names = ("query", "queryAll", "sobjects", "composite", "limits", "search", "jobs")
    return {name: f"{root}/{name}" for name in names} | {"identity": identity}


def everything(schema: Schema, root: str) -> dict[str, Any]:
    listed = [_summary(table, root) for table in schema.tables()]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed}


def basic(table: Table, root: str) -> dict[str, Any]:
    return {"objectDescribe": _summary(table, root), "recentItems": []}


def full(schema: Schema, table: Table, root: str) -> dict[str, Any]:
    return {
        **_summary(table, root),
        "fields": [_field(field) for field in table.fields.values()],
        "childRelationships": _children(schema, table),
    }


def _summary(table: Table, root: str) -> dict[str, Any]:
    label = table.sobject.label or table.name
    base = f"{root}/sobjects/{table.name}"
    return {
        "name": table.name,
        "label": label,
        "labelPlural": f"{label}s",
        "keyPrefix": table.prefix,
        "custom": table.name.endswith("__c"),
        "queryable": True,
        "createable": True,
        "updateable": True,
        "deletable": True,
        "retrieveable": True,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": base + "/{ID}"},
    }


def _field(field: Field) -> dict[str, Any]:
    numeric = field.type in ("double", "currency", "percent")
    return {
        "name": field.name,
        "label": field.label or field.name,
        "type": field.type,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "length": 0 if numeric or field.type == "boolean" else field.length,
        "precision": 18 if numeric else 0,
        "scale": field.scale if numeric else 0,
        "nillable": not field.required and field.type != "boolean",
        "defaultedOnCreate": field.default is not None or field.type == "boolean",
        "createable": field.writable,
        "updateable": field.writable,
        "filterable": field.type != "textarea",
        "sortable": field.type != "textarea",
        "unique": field.unique,
        "externalId": field.external_id,
        "idLookup": field.external_id or field.name == "Id",
        "custom": field.name.endswith("__c"),
        "restrictedPicklist": bool(field.picklist),
        "picklistValues": [{"value": v, "label": v, "active": True, "defaultValue": False} for v in field.picklist],
        "referenceTo": [field.refers_to] if field.refers_to else [],
        "relationshipName": field.relationship or None,
    }


def _children(schema: Schema, table: Table) -> list[dict[str, Any]]:
    return [
        {"childSObject": other.name, "field": field.name, "relationshipName": field.children or None}
        for other in schema.tables()
        for field in other.fields.values()
        if field.refers_to == table.name
    ]
