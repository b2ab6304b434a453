"""Everything that is wrong with a JSON value, as seen by a msgspec type: pointer, code and detail (RFC 9457 `errors`).

Used only after the fast decode has refused the value, so it may be slow but must be complete and bounded.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from msgspec import inspect

from contracts.money import EXACT_MAX_LENGTH, Exact, parse_exact
from contracts.patterns import said

Fault = dict[str, str]
Found = Iterator[Fault]

# Of members that say nothing else: what a whole number in a column has room for.
LARGEST_INTEGER = 2**31 - 1
_LIMIT = 100
_SHOWN_CHOICES = 40
_FRAGMENT_SAFE = "!$&'()*+,;=:@/?-._~"
_MEMBER = re.compile(r"`(\w+)` ")  # a rule that begins with a member's name is about that member
_PATH = re.compile(r" - at `(key )?\$(?P<path>[^`]*)`$")


def violations(raw_obj: Any, type: Any) -> list[Fault]:
    """All violations (at most 100), each {pointer, code, detail}; empty when the value is of the type."""
    found: list[Fault] = []
    try:
        for violation in _walk(raw_obj, _type_info(type), "#"):
            found.append(violation)
            if len(found) == _LIMIT:
                break
    except RecursionError:
        found.append(_violation("#", "depth", "nested too deeply"))
    return found or _refusal(raw_obj, type, "#")


@lru_cache(maxsize=1024)
def _type_info(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _violation(pointer: str, code: str, detail: str) -> Fault:
    return {"pointer": pointer, "code": code, "detail": detail}


def child_pointer(pointer: str, key: str | int) -> str:
    """The pointer to a member or an item, escaped as RFC 6901 section 6 says."""
    return f"{pointer}/{quote(str(key).replace('~', '~0').replace('/', '~1'), safe=_FRAGMENT_SAFE)}"


def _refusal(value: Any, kind: Any, pointer: str) -> list[Fault]:
    """What the decoder itself says: rules between fields live in `__post_init__`."""
    try:
        msgspec.convert(value, kind, dec_hook=_read_custom)
    except msgspec.ValidationError as refused:
        text = str(refused)
        at = _PATH.search(text)
        path = re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", at["path"]) if at else []
        member = _MEMBER.match(text)
        for name in (*(name or index for name, index in path), *(member.groups() if member else ())):
            pointer = child_pointer(pointer, name)
        return [_violation(pointer, "rule", _PATH.sub("", text))]
    except RecursionError:
        return [_violation(pointer, "depth", "nested too deeply")]
    return []


def _read_custom(kind: Any, value: object) -> object:
    if kind is Exact and isinstance(value, str):
        return parse_exact(value)
    raise ValueError("Expected a decimal string such as '12.50'")


def _walk(value: Any, node: inspect.Type, pointer: str) -> Found:
    if isinstance(node, inspect.Metadata):
        yield from _walk(value, node.type, pointer)
        return
    handler = _HANDLERS.get(type(node))
    if handler is not None:
        yield from handler(value, node, pointer)
    elif type(node) in _TEXT_FORMS:
        yield from _text_form(value, node, pointer)


def _wrong_type(pointer: str, expected: str) -> Fault:
    return _violation(pointer, "type", f"expected {expected}")


def _none(value: Any, _node: Any, pointer: str) -> Found:
    if value is not None:
        yield _wrong_type(pointer, "null")


def _boolean(value: Any, _node: Any, pointer: str) -> Found:
    if not isinstance(value, bool):
        yield _wrong_type(pointer, "true or false")


def _number(value: Any, node: Any, pointer: str) -> Found:
    whole = isinstance(node, inspect.IntType)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        yield _wrong_type(pointer, "an integer" if whole else "a number")
        return
    low = next((bound for bound in (node.ge, node.gt) if bound is not None), None)
    high = next((bound for bound in (node.le, node.lt) if bound is not None), None)
    if whole and high is None and abs(value) > LARGEST_INTEGER:
        yield _violation(pointer, "number.maximum", "whole numbers have 32 bits here")
        return
    if low is not None and (value < low or (value == low and node.gt is not None)):
        yield _violation(pointer, "number.minimum", f"{'at least' if node.ge is not None else 'above'} {low}")
    if high is not None and (value > high or (value == high and node.lt is not None)):
        yield _violation(pointer, "number.maximum", f"{'at most' if node.le is not None else 'below'} {high}")


def _text(value: Any, node: Any, pointer: str) -> Found:
    if not isinstance(value, str):
        yield _wrong_type(pointer, "a string")
        return
    if node.min_length is not None and len(value) < node.min_length:
        yield _violation(pointer, "string.minLength", f"at least {node.min_length} characters")
    if node.max_length is not None and len(value) > node.max_length:
        yield _violation(pointer, "string.maxLength", f"at most {node.max_length} characters")
    if node.pattern is not None and not re.search(node.pattern, value):
        yield _violation(pointer, "pattern", said(node.pattern))


_TEXT_FORMS: dict[type, tuple[Any, str]] = {
    inspect.DateType: (date, "a calendar date YYYY-MM-DD"),
    inspect.DateTimeType: (datetime, "an RFC 3339 instant"),
    inspect.TimeType: (time, "a time of day"),
    inspect.TimeDeltaType: (timedelta, "an ISO 8601 duration"),
    inspect.UUIDType: (UUID, "a UUID"),
    inspect.BytesType: (bytes, "base64 text"),
    inspect.DecimalType: (Decimal, "a decimal"),
}


def _text_form(value: Any, node: inspect.Type, pointer: str) -> Found:
    kind, expected = _TEXT_FORMS[type(node)]
    try:
        read = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        code = "format" if isinstance(value, str) else "type"
        yield _violation(pointer, code, f"expected {expected}")
        return
    zoned = getattr(node, "tz", None)
    if zoned is not None and isinstance(read, datetime) and (read.tzinfo is not None) != zoned:
        yield _violation(pointer, "format", f"expected a time {'with' if zoned else 'without'} a zone offset")


def _custom(value: Any, node: Any, pointer: str) -> Found:
    if node.cls is not Exact:
        return
    if not isinstance(value, str):
        yield _violation(pointer, "decimal", "expected a decimal in a string such as '12.50'")
        return
    try:
        parse_exact(value)
    except ValueError:
        yield _violation(pointer, "decimal", f"digits with an optional fraction, at most {EXACT_MAX_LENGTH} characters")


def _literal(value: Any, node: Any, pointer: str) -> Found:
    allowed = node.values if isinstance(node, inspect.LiteralType) else tuple(member.value for member in node.cls)
    if isinstance(value, bool) or not isinstance(value, str | int | None) or value not in allowed:
        yield _violation(pointer, "enum", _choice(allowed))


def _choice(allowed: tuple[Any, ...]) -> str:
    """The choices; of a long list, such as all currencies, the first few."""
    if len(allowed) > _SHOWN_CHOICES:
        return f"one of {len(allowed)} codes such as {', '.join(map(str, allowed[:5]))}"
    return f"one of {', '.join(map(str, allowed))}"


def _sequence(value: Any, node: Any, pointer: str) -> Found:
    if not isinstance(value, list | tuple):
        yield _wrong_type(pointer, "an array")
        return
    if node.min_length is not None and len(value) < node.min_length:
        yield _violation(pointer, "array.minItems", f"at least {node.min_length} items")
    if node.max_length is not None and len(value) > node.max_length:
        yield _violation(pointer, "array.maxItems", f"at most {node.max_length} items")
    for index, item in enumerate(value):
        yield from _walk(item, node.item_type, child_pointer(pointer, index))


def _tuple(value: Any, node: Any, pointer: str) -> Found:
    if not isinstance(value, list | tuple) or len(value) != len(node.item_types):
        yield _wrong_type(pointer, f"an array of {len(node.item_types)}")
        return
    for index, (item, kind) in enumerate(zip(value, node.item_types, strict=True)):
        yield from _walk(item, kind, child_pointer(pointer, index))


def _mapping(value: Any, node: Any, pointer: str) -> Found:
    if not isinstance(value, dict):
        yield _wrong_type(pointer, "an object")
        return
    if node.max_length is not None and len(value) > node.max_length:
        yield _violation(pointer, "object.maxProperties", f"at most {node.max_length} members")
    for key, item in value.items():
        yield from _walk(key, node.key_type, child_pointer(pointer, key))
        yield from _walk(item, node.value_type, child_pointer(pointer, key))


def _object(value: Any, node: Any, pointer: str) -> Found:
    if not isinstance(value, dict):
        yield _wrong_type(pointer, "an object")
        return
    clean = True
    for violation in _members(value, node, pointer):
        clean = False
        yield violation
    kind = getattr(node, "cls", None)
    if clean and hasattr(kind, "__post_init__"):
        yield from _refusal(value, kind, pointer)


def _members(value: dict[str, Any], node: Any, pointer: str) -> Found:
    for field in node.fields:
        if field.encode_name in value:
            yield from _walk(value[field.encode_name], field.type, child_pointer(pointer, field.encode_name))
        elif field.required:
            yield _violation(child_pointer(pointer, field.encode_name), "required", "is required")
    if getattr(node, "forbid_unknown_fields", False):
        known = {field.encode_name for field in node.fields} | {node.tag_field}
        for name in value.keys() - known:
            yield _violation(child_pointer(pointer, name), "unknown-field", "is not a field here")


def _union(value: Any, node: Any, pointer: str) -> Found:
    if value is None and any(isinstance(kind, inspect.NoneType) for kind in node.types):
        return
    kinds = [kind for kind in node.types if not isinstance(kind, inspect.NoneType)]
    tagged = [kind for kind in kinds if isinstance(kind, inspect.StructType) and kind.tag_field is not None]
    if tagged and isinstance(value, dict):
        yield from _tagged(value, tagged, pointer)
        return
    attempts = [list(_walk(value, kind, pointer)) for kind in kinds]
    if attempts and all(attempts):
        yield from min(
            attempts, key=lambda found: (found[0]["code"] == "type" and found[0]["pointer"] == pointer, len(found))
        )


def _tagged(value: dict[str, Any], kinds: list[inspect.StructType], pointer: str) -> Found:
    field = kinds[0].tag_field or "type"
    chosen = next((kind for kind in kinds if kind.tag == value.get(field)), None)
    if chosen is not None:
        yield from _object(value, chosen, pointer)
    elif field not in value:
        yield _violation(child_pointer(pointer, field), "required", "is required")
    else:
        yield _violation(child_pointer(pointer, field), "enum", f"one of {', '.join(str(kind.tag) for kind in kinds)}")


_HANDLERS: dict[type, Callable[[Any, Any, str], Found]] = {
    inspect.NoneType: _none,
    inspect.BoolType: _boolean,
    inspect.IntType: _number,
    inspect.FloatType: _number,
    inspect.StrType: _text,
    inspect.CustomType: _custom,
    inspect.LiteralType: _literal,
    inspect.EnumType: _literal,
    inspect.ListType: _sequence,
    inspect.VarTupleType: _sequence,
    inspect.SetType: _sequence,
    inspect.FrozenSetType: _sequence,
    inspect.CollectionType: _sequence,
    inspect.TupleType: _tuple,
    inspect.DictType: _mapping,
    inspect.StructType: _object,
    inspect.TypedDictType: _object,
    inspect.DataclassType: _object,
    inspect.UnionType: _union,
}
