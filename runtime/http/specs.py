"""OpenAPI 3.1 from the declared operations: written to files, compared with them, and served byte for byte.

The description says exactly what the server does; schemathesis holds it to that.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, inspect

from contracts.canon.ref import LARGEST_PAGE
from contracts.examples import BODIES
from contracts.operation import Operation, Parameter
from contracts.problems import (
    DeadlineExceeded,
    Forbidden,
    HeadersTooLarge,
    InProgress,
    Internal,
    InvalidContent,
    InvalidRequest,
    KeyReused,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    QuotaSpent,
    StoreAway,
    TargetTooLong,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unsupported,
    UnsupportedMedia,
)
from contracts.violations import LARGEST_INTEGER
from contracts.wire import schema_hook, to_builtins
from runtime.bind import Served
from runtime.http import selection
from runtime.http.replies import JSON
from runtime.http.selection import also_in_part, selectable
from runtime.http.spec_components import (
    HEADERS,
    PARAMETERS,
    PROBLEM_SCHEMAS,
    SECURITY_SCHEMES,
    header_refs,
    problem_responses,
    ref,
)

OPENAPI_VERSION = "3.1.2"
_ANY_REQUEST = (
    *(
        InvalidRequest,
        Unauthenticated,
        Forbidden,
        NotFound,
        NotAcceptable,
        TargetTooLong,
        Throttled,
        QuotaSpent,
        HeadersTooLarge,
    ),
    *(Internal, StoreAway, DeadlineExceeded),
)
_NO_NUL = "^[^\\u0000]*$"
_DAY = "(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31"
_LOCAL_TIME = f"^[1-9][0-9]{{3}}-({_DAY})T([01][0-9]|2[0-3])(:[0-5][0-9]){{2}}([.][0-9]{{1,6}})?$"


class Api(Struct, frozen=True, kw_only=True):
    """One description: `file` is its path below `openapi/`, e.g. `process/onboarding.json`. `public` ones are in `ledgerway.json`.

    `unsupported` maps operation ids to the reason why this vendor cannot do them: they are left out.
    """

    file: str
    title: str
    description: str
    served: tuple[Served, ...]
    public: bool = False
    unsupported: dict[str, str] = {}


def whole(apis: Sequence[Api]) -> Api:
    """What the gateway exposes: all public operations in one description."""
    return Api(
        file="ledgerway.json",
        title="Ledgerway",
        description="From won deal to posted invoice: processes and views over the connected systems.",
        served=tuple(served for api in apis if api.public for served in api.served),
        public=True,
    )


def render(apis: Sequence[Api]) -> dict[str, bytes]:
    """Every file's bytes by its path below `openapi/`, `ledgerway.json` included; keys are sorted."""
    return {api.file: _bytes(document(api)) for api in (whole(apis), *apis)}


def _bytes(value: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"


def write(folder: Path, apis: Sequence[Api]) -> list[str]:
    """Write all files, remove those of APIs that are gone (never `released/`); returns the paths that changed."""
    files = render(apis)
    changed = check(folder, apis)
    for name in changed:
        path = folder / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name])
        else:
            path.unlink()
    return changed


def check(folder: Path, apis: Sequence[Api]) -> list[str]:
    """Paths below `folder` that differ from what the operations say, missing and superfluous ones included."""
    files = render(apis)
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*.json")} if folder.exists() else set()
    there = {name for name in there if not name.startswith("released/")}
    differing = {name for name in files if name not in there or (folder / name).read_bytes() != files[name]}
    return sorted(differing | (there - files.keys()))


def document(api: Api) -> dict[str, Any]:
    """The OpenAPI document of one API."""
    served = [s for s in api.served if s.operation.id not in api.unsupported]
    types = _Types(served)
    paths: dict[str, Any] = {}
    for one in served:
        paths.setdefault(one.path, {})[one.operation.method.lower()] = _operation(one, types)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {"title": api.title, "version": "v1", "description": api.description},
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in sorted({s.operation.api for s in served})],
        "paths": paths,
        "components": {
            "headers": HEADERS,
            "parameters": PARAMETERS,
            "responses": problem_responses(),
            "schemas": types.components | PROBLEM_SCHEMAS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


class _Types:
    """Schemas of all types some operations use."""

    def __init__(self, served: Sequence[Served]) -> None:
        kinds = [kind for one in served for kind in _kinds(one.operation)]
        found, self.components = msgspec.json.schema_components(
            kinds, schema_hook=schema_hook, ref_template="#/components/schemas/{name}"
        )
        self._schemas = dict(zip(map(_identity, kinds), found, strict=True))
        seen: set[str] = set()
        for kind, schema in zip(kinds, found, strict=True):
            _complete(schema, inspect.type_info(kind), self.components, seen)
        for component in self.components.values():
            _bound(component)

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type."""
        return self._schemas[_identity(kind)]


def _identity(kind: Any) -> str:
    return repr(kind)


def _kinds(operation: Operation) -> Iterable[Any]:
    yield from (p.type for p in operation.parameters)
    if operation.result is not type(None):
        yield operation.result


def _bare(node: inspect.Type) -> inspect.Type:
    while isinstance(node, inspect.Metadata):
        node = node.type
    return node


def _told(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "description"}


def _complete(schema: dict[str, Any], node: inspect.Type, components: dict[str, Any], seen: set[str]) -> None:
    """Say what the schema generator leaves out: instants are RFC 3339, local times have no offset, names of a mapping may be few."""
    node = _bare(node)
    if isinstance(node, inspect.DateTimeType):
        schema |= {"pattern": _LOCAL_TIME} if node.tz is False else {"format": "date-time"}
    elif isinstance(node, inspect.UnionType):
        _complete_union(schema, node, components, seen)
    elif isinstance(node, inspect.ListType | inspect.VarTupleType | inspect.SetType):
        _complete(schema.get("items", {}), node.item_type, components, seen)
    elif isinstance(node, inspect.DictType):
        _complete_mapping(schema, node, components, seen)
    elif isinstance(node, inspect.StructType) and "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            seen.add(name)
            for field in node.fields:
                _complete(components[name]["properties"][field.encode_name], field.type, components, seen)


def _complete_mapping(
    schema: dict[str, Any], node: inspect.DictType, components: dict[str, Any], seen: set[str]
) -> None:
    if isinstance(node.key_type, inspect.EnumType):
        schema["propertyNames"] = {"enum": [one.value for one in node.key_type.cls]}
    if isinstance(schema.get("additionalProperties"), dict):
        _complete(schema["additionalProperties"], node.value_type, components, seen)


def _complete_union(
    schema: dict[str, Any], node: inspect.UnionType, components: dict[str, Any], seen: set[str]
) -> None:
    options = schema.get("anyOf", [])
    for kind in map(_bare, node.types):
        name = getattr(getattr(kind, "cls", None), "__name__", None)
        for option in options:
            array = option.get("type") == "array" and isinstance(kind, inspect.ListType | inspect.VarTupleType)
            struct = name is not None and option.get("$ref", "").endswith(f"/{name}")
            instant = isinstance(kind, inspect.DateTimeType) and _told(option) == {"type": "string"}
            mapping = "additionalProperties" in option and isinstance(kind, inspect.DictType)
            if array or struct or instant or mapping:
                _complete(option, kind, components, seen)


def _bound(schema: Any) -> None:
    """What the server takes and gives by its nature: texts without NUL (PostgreSQL keeps none), whole numbers of 32 bits."""
    if isinstance(schema, list):
        for item in schema:
            _bound(item)
    elif isinstance(schema, dict):
        if schema.get("type") == "string" and not {"pattern", "format", "enum"} & schema.keys():
            schema["pattern"] = _NO_NUL
        if isinstance(schema.get("additionalProperties"), dict):
            schema.setdefault("propertyNames", {}).setdefault("pattern", _NO_NUL)
        if schema.get("type") == "integer":
            schema.setdefault("minimum", -LARGEST_INTEGER)
            schema.setdefault("maximum", LARGEST_INTEGER)
        for name, value in schema.items():
            if name not in ("default", "enum", "example", "examples", "required"):
                _bound(value)


def _operation(served: Served, types: _Types) -> dict[str, Any]:
    operation = served.operation
    summary, _, rest = operation.summary.partition("\n\n")
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.api],
        "summary": " ".join(summary.split()),
        "parameters": _parameters(served, types),
        "responses": _responses(operation, types),
        "security": [{"token": [operation.scope] if operation.scope else []}],
        "x-problems": sorted({problem.slug for problem in problems_of(operation)}),
    }
    if rest:
        described["description"] = rest
    if operation.body is not None:
        described["requestBody"] = _body(operation, operation.body, types)
    return described


def _body(operation: Operation, body: Parameter, types: _Types) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": types.of(body.type)}
    if operation.example is not None:
        content["example"] = operation.example
    elif body.type in BODIES:
        content["example"] = to_builtins(BODIES[body.type])
    return {"required": body.required, "content": {JSON: content}}


def _parameters(served: Served, types: _Types) -> list[dict[str, Any]]:
    operation = served.operation
    own = {p.name: p for p in operation.parameters if p.source != "body"}
    names = re.findall(r"\{(\w+)\}", served.path)
    found = [_parameter(own[name], types) if name in own else _foreign(name) for name in names]
    found += [_parameter(p, types) for p in own.values() if p.source == "query"]
    if members := selectable(operation):
        found.append(selection.described(members))
    if operation.effects and operation.method in ("POST", "PATCH"):
        found.append(ref("parameters", "Idempotency-Key"))
    if operation.method in ("PUT", "PATCH", "DELETE"):
        found.append(ref("parameters", "If-Match"))
    if operation.method == "GET" and _tagged(operation):
        found.append(ref("parameters", "If-None-Match"))
    if operation.status == 202:
        found.append(ref("parameters", "Prefer"))
    return found


def _foreign(name: str) -> dict[str, Any]:
    """A name of the address that is not the operation's: the instance of a connection."""
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _parameter(parameter: Parameter, types: _Types) -> dict[str, Any]:
    schema = _without_null(types.of(parameter.type))
    described: dict[str, Any] = {"name": parameter.name, "in": parameter.source, "required": parameter.required}
    if "description" in schema:
        described["description"] = schema.pop("description")
    if not parameter.required and parameter.default is not None:
        schema["default"] = msgspec.to_builtins(parameter.default)
    if parameter.name == "limit":
        described["description"] = f"Page size; a value above {LARGEST_PAGE} is lowered to it."
    else:
        _bound(schema)
    return {**described, "schema": schema}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    return dict(options[0]) if len(options) == 1 else dict(schema)


def _tagged(operation: Operation) -> bool:
    return "version" in getattr(operation.result, "__struct_fields__", ())


def problems_of(operation: Operation) -> list[type[Problem]]:
    """Every problem an operation may answer with, the gateway's own included."""
    found: list[type[Problem]] = [*_ANY_REQUEST, *operation.problems]
    if operation.method != "GET":
        found.append(TooLarge)
    if operation.body is not None:
        found += [UnsupportedMedia, InvalidContent]
    if operation.effects:
        found += [InProgress, KeyReused]
    if _tagged(operation):
        found.append(PreconditionFailed)
    if operation.method in ("PUT", "PATCH", "DELETE"):
        found += [PreconditionRequired, PreconditionFailed]
    if any(problem.slug == "vendor-refused" for problem in operation.problems):
        found.append(Unsupported)
    return found


def _responses(operation: Operation, types: _Types) -> dict[str, Any]:
    statuses = sorted({problem.status for problem in problems_of(operation)})
    responses: dict[str, Any] = {str(s): ref("responses", f"Problem{s}") for s in statuses}
    if operation.method == "GET" and _tagged(operation):
        responses["304"] = {"description": "Not modified.", "headers": header_refs("ETag")}
    responses[str(operation.status)] = _success(operation, types)
    return responses


def _success(operation: Operation, types: _Types) -> dict[str, Any]:
    names = []
    if operation.status in (201, 202):
        names.append("Location")
    if operation.status == 202:
        names += ["Operation-Location", "Retry-After", "Preference-Applied"]
    if operation.effects and operation.method in ("POST", "PATCH"):
        names.append("Idempotent-Replayed")
    if _tagged(operation):
        names.append("ETag")
    if "next_cursor" in getattr(operation.result, "__struct_fields__", ()):
        names.append("Link")
    schema = types.of(operation.result)
    content = {JSON: {"schema": also_in_part(schema, types.components) if selectable(operation) else schema}}
    return {
        "description": "Done." if operation.status != 202 else "Accepted.",
        "headers": header_refs(*names),
        "content": content,
    }
