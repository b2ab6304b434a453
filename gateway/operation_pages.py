"""Reference pages for operators, made of what the program declares: `python -m gateway.operation_pages FOLDER` writes them."""

import sys
from collections.abc import Iterable
from pathlib import Path

from domain.exceptions import CATALOGUE, OWNER_ROLES, ExceptionEntry
from gateway import facts, metrics_page  # noqa: F401 - their metrics
from runtime import metrics
from runtime.http import ways_out  # noqa: F401 - its metrics

_EXCEPTIONS = """# Exception codes

For whoever works on exceptions. Generated from the catalogue: `make docs` writes this page.

`ledgerway exceptions list --state open` shows what waits; `ledgerway docs CODE` shows one entry. *Hours* are business hours. A run that waits goes
on by itself as soon as the last column holds, or when somebody resolves its exception after the fix.

| Code | | Who | Hours | What happened | What to do | Goes away when |
|---|---|---|---|---|---|---|
"""
_METRICS = """# Metrics

For whoever watches an installation. Generated from the program: `make docs` writes this page.

`GET /metrics` of an API process, and of a worker at LEDGERWAY_WORKER_ADDRESS, in the text format of Prometheus. Gauges of the last table tell of the
whole installation and come from API processes alone, the same from each: take their `max`. [alerts.yml](alerts.yml) is a set of rules for
them; [the runbook](../runbook.md) says what to do.
"""
_HEAD = """
## {}

| Metric | Kind | Labels | Meaning |
|---|---|---|---|
"""


def exceptions_page() -> str:
    """Every code with its owner and what to do."""
    return _EXCEPTIONS + "".join(map(_exception, CATALOGUE.values()))


def metrics_page_text() -> str:
    """Every metric with its labels: those of the API and of the worker."""
    shared = {gauge.name for gauge in facts.GAUGES}
    own = [family for name, family in sorted(metrics.FAMILIES.items()) if name not in shared]
    return _METRICS + _table("Of one process", own) + _table("Of the installation", facts.GAUGES)


def _exception(entry: ExceptionEntry) -> str:
    owner = f"{OWNER_ROLES[entry.owner_role]} ({entry.owner_role})"
    cells = (
        f"`{entry.code}`",
        entry.severity,
        owner,
        str(entry.sla_hours),
        _sentence(entry.meaning),
        _sentence("; ".join(entry.suggested_fixes)),
        entry.auto_resolves_when or "somebody resolves it",
    )
    return f"| {' | '.join(cells)} |\n"


def _table(title: str, families: Iterable[metrics.Family]) -> str:
    rows = (f"| `{f.name}` | {f.kind} | {_labels(f)} | {f.help} |\n" for f in families)
    return _HEAD.format(title) + "".join(rows)


def _labels(family: metrics.Family) -> str:
    return ", ".join(f"`{label}`" for label in family.labels) or "-"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


PAGES = {"exceptions.md": exceptions_page, "metrics.md": metrics_page_text}


if __name__ == "__main__":
    for name, page in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(page(), "utf-8")
