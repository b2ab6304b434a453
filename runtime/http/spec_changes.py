"""What a new description takes away from those who use the released one. Additions are no changes here."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_BOUNDS_DOWN = ("maxLength", "maximum", "maxItems", "maxProperties", "exclusiveMaximum")
_BOUNDS_UP = ("minLength", "minimum", "minItems", "minProperties", "exclusiveMinimum")


def breaking_changes(released: dict[str, Any], current: dict[str, Any]) -> list[str]:
    """One sentence each: removed paths, fields and values, new required fields, changed types, narrowed bounds."""
    return sorted(set(_Comparison(released, current).paths()))


class _Comparison:
    """Two documents side by side; `incoming` schemas are what callers send, others what they read."""

    def __init__(self, released: dict[str, Any], current: dict[str, Any]) -> None:
        self._released, self._current = released, current
        self._open: set[tuple[str, str, bool]] = set()

    def paths(self) -> Iterator[str]:
        """All operations of the released document."""
        for path, methods in self._released.get("paths", {}).items():
            for method, old in methods.items():
                new = self._current.get("paths", {}).get(path, {}).get(method)
                name = f"{method.upper()} {path}"
                if new is None:
                    yield f"{name}: removed"
                else:
                    yield from self._operation(name, old, new)

    def _operation(self, name: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from self._parameters(name, old, new)
        yield from self._body(name, old.get("requestBody"), new.get("requestBody"))
        for status in (s for s in old["responses"] if s.startswith("2")):
            if status not in new["responses"]:
                yield f"{name}: no longer answers {status}"
                continue
            before, after = (self._json(d, o["responses"][status]) for d, o in self._sides(old, new))
            if before is not None and after is not None:
                yield from self._schema(f"{name} {status}", before, after, incoming=False)

    def _sides(self, old: Schema, new: Schema) -> tuple[tuple[Schema, Schema], tuple[Schema, Schema]]:
        return (self._released, old), (self._current, new)

    def _parameters(self, name: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = (
            {(p["in"], p["name"]): p for p in (_resolved(d, p) for p in o.get("parameters", []))}
            for d, o in self._sides(old, new)
        )
        for key, parameter in before.items():
            if key not in after:
                yield f"{name}: parameter {key[1]} removed"
            else:
                if after[key].get("required") and not parameter.get("required"):
                    yield f"{name}: parameter {key[1]} became required"
                yield from self._schema(f"{name} {key[1]}", parameter["schema"], after[key]["schema"], incoming=True)
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"{name}: new required parameter {key[1]}"

    def _body(self, name: str, old: Schema | None, new: Schema | None) -> Iterator[str]:
        if old is None and new is not None and new.get("required"):
            yield f"{name}: a body became required"
        elif old is not None and new is None:
            yield f"{name}: takes no body any more"
        elif old is not None and new is not None:
            before, after = self._json(self._released, old), self._json(self._current, new)
            if before is not None and after is not None:
                yield from self._schema(f"{name} body", before, after, incoming=True)

    def _json(self, document: Schema, holder: Schema) -> Schema | None:
        content: Schema = _resolved(document, holder).get("content", {})
        schema: Schema | None = content.get("application/json", {}).get("schema")
        return schema and _unasked(schema)

    def _schema(self, where: str, old: Schema, new: Schema, *, incoming: bool) -> Iterator[str]:
        mark = (old.get("$ref", ""), new.get("$ref", ""), incoming)
        if mark[0] and mark in self._open:
            return
        self._open.add(mark)
        before, after = _resolved(self._released, old), _resolved(self._current, new)
        if incoming and self._takes_null(self._released, old) and not self._takes_null(self._current, new):
            yield f"{where}: takes no null any more"
        yield from _types(where, before, after, incoming)
        yield from _enums(where, before, after)
        if incoming:
            yield from _bounds(where, before, after)
        yield from self._fields(where, before, after, incoming)
        yield from self._members(where, before, after, incoming)
        if "items" in before and "items" in after:
            yield from self._schema(f"{where}[]", before["items"], after["items"], incoming=incoming)

    def _members(self, where: str, old: Schema, new: Schema, incoming: bool) -> Iterator[str]:
        """Names that are not listed."""
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from self._schema(f"{where}.*", before, after, incoming=incoming)
        elif incoming and after is False and before is not False:
            yield f"{where}: takes no other fields any more"

    def _takes_null(self, document: Schema, schema: Schema) -> bool:
        while "$ref" in schema:
            kind, name = schema["$ref"].split("/")[-2:]
            schema = document["components"][kind][name]
        if "anyOf" in schema:
            return any(self._takes_null(document, option) for option in schema["anyOf"])
        return None in schema["enum"] if "enum" in schema else schema.get("type", "null") == "null"

    def _fields(self, where: str, old: Schema, new: Schema, incoming: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name not in after:
                yield f"{where}.{name}: removed"
            else:
                yield from self._schema(f"{where}.{name}", schema, after[name], incoming=incoming)
        required = set(new.get("required", ())) - set(old.get("required", ()))
        dropped = set(old.get("required", ())) - set(new.get("required", ()))
        for name in sorted(required if incoming else dropped & after.keys()):
            yield f"{where}.{name}: {'became required' if incoming else 'is no longer always there'}"


def _unasked(schema: Schema) -> Schema:
    """Without the options that only they get who ask for them by a parameter."""
    options = [option for option in schema.get("anyOf", []) if "x-when" not in option]
    return options[0] if len(options) == 1 and len(schema["anyOf"]) > 1 else schema


def _resolved(document: Schema, schema: Schema) -> Schema:
    """Follows a reference, and takes the one option that is not null."""
    while "$ref" in schema:
        kind, name = schema["$ref"].split("/")[-2:]
        schema = document["components"][kind][name]
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    return _resolved(document, options[0]) if len(options) == 1 else schema


def _types(where: str, old: Schema, new: Schema, incoming: bool) -> Iterator[str]:
    for word in ("type", "format", "pattern"):
        before, after = old.get(word), new.get(word)
        loosened = after is None and (incoming or word != "type")
        if before != after and not loosened and (before is not None or incoming):
            yield f"{where}: {word} {before} became {after}"


def _enums(where: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = old.get("enum"), new.get("enum")
    if before is not None and after is not None:
        for value in before:
            if value not in after:
                yield f"{where}: value {value} removed"
    elif before is None and after is not None:
        yield f"{where}: only some values are left"


def _bounds(where: str, old: Schema, new: Schema) -> Iterator[str]:
    for word in _BOUNDS_DOWN:
        if word in new and (word not in old or new[word] < old[word]):
            yield f"{where}: {word} is now {new[word]}"
    for word in _BOUNDS_UP:
        if word in new and (word not in old or new[word] > old[word]):
            yield f"{where}: {word} is now {new[word]}"
