"""One declaration of an operation, five uses: route, HTTP client, OpenAPI, scope check, contract test.

A method of a Protocol carries `@operation`. Parameters named in the path come from the path, `body` from the body, the rest from the
query; `call` is never on the wire. `effects` says that an idempotency key is required.
"""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, TypeVar, get_type_hints

from msgspec import Struct

from contracts.problems import Problem

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Source = Literal["path", "query", "body"]
F = TypeVar("F", bound=Callable[..., Any])


class Declared(Struct, frozen=True, kw_only=True):
    """What `@operation` was told."""

    method: Method
    path: str
    scope: str
    status: int
    effects: bool
    problems: tuple[type[Problem], ...]
    example: Any = None


class Parameter(Struct, frozen=True, kw_only=True):
    """One argument of an operation. `default` is `inspect.Parameter.empty` when the argument is required."""

    name: str
    type: Any
    source: Source
    default: Any

    @property
    def required(self) -> bool:
        """True when the caller has to give it."""
        return self.default is inspect.Parameter.empty


class Operation(Struct, frozen=True, kw_only=True):
    """A resolved operation of one API. `path` is relative to where the API is mounted, e.g. `/projects/{project_ref}`."""

    api: str
    name: str
    method: Method
    path: str
    scope: str
    status: int
    effects: bool
    problems: tuple[type[Problem], ...]
    summary: str
    parameters: tuple[Parameter, ...]
    result: Any
    example: Any = None

    @property
    def id(self) -> str:
        """Name that is unique among all APIs, e.g. `psa.create_project`."""
        return f"{self.api}.{self.name}"

    @property
    def body(self) -> Parameter | None:
        """The body parameter, if the operation takes one."""
        return next((p for p in self.parameters if p.source == "body"), None)


def operation(
    method: Method,
    path: str,
    *,
    scope: str,
    status: int | None = None,
    effects: bool | None = None,
    problems: tuple[type[Problem], ...] = (),
    example: Any = None,
) -> Callable[[F], F]:
    """Declare a port method as an operation. `status` defaults to 200; `effects` to true for everything but GET.

    `example` is a body as JSON, where `contracts.examples` has none of its type.
    """
    declared = Declared(
        method=method,
        path=path,
        scope=scope,
        status=status or 200,
        effects=method != "GET" if effects is None else effects,
        problems=problems,
        example=example,
    )

    def mark(function: F) -> F:
        function.__operation__ = declared  # type: ignore[attr-defined]
        return function

    return mark


def api_name(port: type) -> str:
    """`Psa` -> `psa`, `FinanceDashboard` -> `finance_dashboard`."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in port.__name__).lstrip("_")


def _parameter(name: str, declared: Declared, spec: inspect.Parameter, hint: Any) -> Parameter:
    source: Source = "body" if name == "body" else "path" if f"{{{name}}}" in declared.path else "query"
    return Parameter(name=name, type=hint, source=source, default=spec.default)


def _resolve(port: type, name: str, function: Callable[..., Any]) -> Operation:
    declared: Declared = function.__operation__  # type: ignore[attr-defined]
    hints = get_type_hints(function, include_extras=True)
    specs = inspect.signature(function).parameters
    wire = [(n, s) for n, s in specs.items() if n not in ("self", "call")]
    return Operation(
        api=api_name(port),
        name=name,
        method=declared.method,
        path=declared.path,
        scope=declared.scope,
        status=declared.status,
        effects=declared.effects,
        problems=declared.problems,
        summary=inspect.cleandoc(function.__doc__ or ""),
        parameters=tuple(_parameter(n, declared, s, hints[n]) for n, s in wire),
        result=hints["return"],
        example=declared.example,
    )


@cache
def _declared_by(port: Any) -> tuple[Operation, ...]:
    members = (m for base in reversed(port.__mro__) for m in vars(base).items())
    return tuple(_resolve(port, n, f) for n, f in members if hasattr(f, "__operation__"))


def operations(port: type) -> tuple[Operation, ...]:
    """All operations a Protocol declares, in the order of the source."""
    found: tuple[Operation, ...] = _declared_by(port)
    return found
