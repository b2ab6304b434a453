"""The business rules as anyone may ask them: what is there, and the catalogues they cite.

The calculators themselves are one operation each, declared from their own types where the processes are served.
"""

from typing import Any, Literal, Protocol

from msgspec import Struct

from contracts.call import Call
from contracts.operation import operation


class CalculatorEntry(Struct, frozen=True, kw_only=True):
    """A calculator: where it is asked, and a question it answers; `example_rule` is the worked example or rule it shows."""

    name: str
    summary: str
    path: str
    example_rule: str
    example: dict[str, Any]


class CalculatorList(Struct, frozen=True, kw_only=True):
    """All calculators."""

    items: tuple[CalculatorEntry, ...]


class ExceptionCode(Struct, frozen=True, kw_only=True):
    """What a code means, whose it is and what resolves it; `sla_hours` are business hours."""

    code: str
    meaning: str
    severity: Literal["blocking", "warning"]
    owner_role: str
    owner: str
    sla_hours: int
    suggested_fixes: tuple[str, ...]
    auto_resolves_when: str | None
    resumes: tuple[str, ...]


class ExceptionCatalogue(Struct, frozen=True, kw_only=True):
    """All codes, by code."""

    items: tuple[ExceptionCode, ...]


class MetricDefinition(Struct, frozen=True, kw_only=True):
    """How a metric is made, where it is shown and when it warns; `computed` ones can be asked of `metric.compute`."""

    name: str
    formula: str
    grain: str
    source_events: tuple[str, ...]
    dashboards: tuple[str, ...]
    good: Literal["up", "down"]
    warns: str
    critical: str
    computed: bool


class MetricCatalogue(Struct, frozen=True, kw_only=True):
    """All metrics, in the order of the catalogue."""

    items: tuple[MetricDefinition, ...]


class StateTransition(Struct, frozen=True, kw_only=True):
    """From which states a command leads where, under which guard, with which event; `to` is null where the state stays."""

    from_states: tuple[str, ...]
    command: str
    to: str | None
    guard: str | None
    guard_code: str | None
    event: str | None


class StateMachine(Struct, frozen=True, kw_only=True):
    """The life of one kind of object."""

    object: str
    initial: str
    transitions: tuple[StateTransition, ...]


class StateMachines(Struct, frozen=True, kw_only=True):
    """All kinds of objects that have a state."""

    items: tuple[StateMachine, ...]


class Rules(Protocol):
    """What the business rules are made of."""

    @operation("GET", "/calculators", scope="rules:read")
    async def list_calculators(self, call: Call) -> CalculatorList:
        """List the calculators, each with a question it answers."""
        ...

    @operation("GET", "/exception-codes", scope="rules:read")
    async def list_exception_codes(self, call: Call) -> ExceptionCatalogue:
        """List what each exception code means, who owns it and by when it is due."""
        ...

    @operation("GET", "/metrics", scope="rules:read")
    async def list_metrics(self, call: Call) -> MetricCatalogue:
        """List the metrics with their formulas and limits."""
        ...

    @operation("GET", "/state-machines", scope="rules:read")
    async def list_state_machines(self, call: Call) -> StateMachines:
        """List the states objects pass through and the commands that move them."""
        ...
