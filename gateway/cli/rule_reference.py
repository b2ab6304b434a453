"""The reference page of the business rules, from the tables they run on. `python -m gateway.cli.rule_reference` prints it."""

import sys
from collections.abc import Iterator, Sequence

import msgspec

from domain import exceptions, metrics, states
from domain.calculators import CALCULATORS, Calculator

_INTRO = """# Business rules

For finance people who want to check a number and for developers who want to ask for one. Generated from the tables the product
runs on: `make docs` writes this page.

## Calculators

Each is a pure function: JSON in, JSON out, the same answer everywhere. Ask one with `ledgerway calc NAME`, many with
`ledgerway calc --batch` (a JSON object `{"id", "calculator", "input"}` a line), or over HTTP with
`POST /process/v1/calculators/NAME` (scope `rules:read`, no idempotency key: nothing is stored).

Decimals are strings such as `"12.50"`; whole objects may be passed, and a member that no object has is refused. An optional
member may be null, which means absent. A question that cannot be read is answered with a problem that names the member.
"""
_STATES = """## State machines

A command that is not listed for a state is refused with `ILLEGAL_TRANSITION`; a guard that does not hold with `GUARD_FAILED` or the
code it names. `GET /process/v1/state-machines` gives the same tables.
"""
_EXCEPTIONS = """## Exception codes

Hours are business hours. `GET /process/v1/exception-codes` gives the same table.
"""
_METRICS = """## Metrics

Percentages are made from sums and rounded once; a zero denominator gives null. Names in `code` can be asked of `metric.compute`.
`GET /process/v1/metrics` gives the same table.
"""


def page() -> str:
    """The whole page."""
    return "\n".join(
        (
            _INTRO,
            _table(("Calculator", "What it answers", "Example"), _calculators()),
            *map(_example, CALCULATORS.values()),
            _STATES,
            *(diagram(name) for name in states.MACHINES),
            _EXCEPTIONS,
            _table(("Code", "Meaning", "Severity", "Owner", "Hours", "Fix", "Resolves itself when"), _codes()),
            _METRICS,
            _table(("Metric", "Formula", "Grain", "Good", "Warns", "Critical"), _metrics()),
        )
    )


def _calculators() -> Iterator[Sequence[str]]:
    return ((f"`{one.name}`", one.summary, one.example.rule) for one in CALCULATORS.values())


def _example(calculator: Calculator) -> str:
    question = msgspec.json.format(msgspec.json.encode(calculator.example.question), indent=2).decode()
    return f"### {calculator.name}\n\n{calculator.summary} {calculator.example.rule}:\n\n```json\n{question}\n```\n"


def diagram(name: str) -> str:
    """A machine as a Mermaid state diagram; guards stand below it, since they are sentences."""
    machine = states.MACHINES[name]
    arrows = [
        f"    {source} --> {row.to or source}: {row.command}"
        for row in machine.transitions
        for source in row.from_states
    ]
    lines = ["stateDiagram-v2", f"    [*] --> {machine.initial}", *arrows]
    rows = ((row.command, row.guard or "", row.guard_code or "", row.event or "") for row in machine.transitions)
    return (
        f"### {name}\n\n```mermaid\n{chr(10).join(lines)}\n```\n\n{_table(('Command', 'Guard', 'Code', 'Event'), rows)}"
    )


def _codes() -> Iterator[Sequence[str]]:
    for one in sorted(exceptions.CATALOGUE.values(), key=lambda entry: entry.code):
        owner = f"{one.owner_role} {exceptions.OWNER_ROLES[one.owner_role]}"
        fixes = "; ".join(one.suggested_fixes)
        yield one.code, one.meaning, one.severity, owner, str(one.sla_hours), fixes, one.auto_resolves_when or ""


def _metrics() -> Iterator[Sequence[str]]:
    for one in metrics.CATALOGUE.values():
        name = f"`{one.name}`" if one.computed else one.name
        yield name, one.formula, one.grain, one.good, one.warns, one.critical


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
