"""`fields=id,state`: which members the items of a page have, for those who want less than all."""

from functools import cache
from typing import Any

from msgspec import inspect

from contracts.operation import Operation
from contracts.wire import to_builtins

PARAMETER = "fields"


def selectable(operation: Operation) -> tuple[str, ...]:
    """The member names that may be asked for; none where the operation answers with no page of structs."""
    return _members(operation.result) if operation.method == "GET" else ()


@cache
def _members(result: Any) -> tuple[str, ...]:
    fields = {f.encode_name: f.type for f in getattr(inspect.type_info(result), "fields", ())}
    items = fields.get("items") if "next_cursor" in fields else None
    one = items.item_type if isinstance(items, inspect.VarTupleType) else None
    return tuple(f.encode_name for f in one.fields) if isinstance(one, inspect.StructType) else ()


def selected(page: Any, names: frozenset[str]) -> dict[str, Any]:
    """A page as JSON whose items have these members only."""
    whole: dict[str, Any] = to_builtins(page)
    return {
        **whole,
        "items": [{name: value for name, value in item.items() if name in names} for item in whole["items"]],
    }


def described(names: tuple[str, ...]) -> dict[str, Any]:
    """The parameter as the description says it."""
    return {
        "name": PARAMETER,
        "in": "query",
        "required": False,
        "description": "Members of the items, separated by commas; all unless given.",
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": sorted(names)}},
    }


def also_in_part(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """The schema of a page, or of one whose items have some of their members only."""
    page = components[_name(schema)]
    members = components[_name(page["properties"]["items"]["items"])]["properties"]
    some = {"type": "object", "minProperties": 1, "maxProperties": len(members) - 1}
    items = {**page["properties"]["items"], "items": some}
    part = {**page, "properties": {**page["properties"], "items": items}, "title": "In part", "x-when": PARAMETER}
    return {"anyOf": [schema, part]}


def _name(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
