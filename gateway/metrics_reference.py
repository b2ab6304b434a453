"""The reference page of metrics: what the program declares. `python -m gateway.metrics_reference` prints it."""

import sys
from collections.abc import Iterable

from gateway import facts, metrics_page  # noqa: F401 - their metrics
from runtime import metrics
from runtime.http import ways_out  # noqa: F401 - its metrics

_INTRO = """# Metrics

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


def page() -> str:
    """Every metric with its labels: those of the API and of the worker."""
    shared = {gauge.name for gauge in facts.GAUGES}
    own = [family for name, family in sorted(metrics.FAMILIES.items()) if name not in shared]
    return _INTRO + _table("Of one process", own) + _table("Of the installation", facts.GAUGES)


def _table(title: str, families: Iterable[metrics.Family]) -> str:
    rows = (f"| `{f.name}` | {f.kind} | {_labels(f)} | {f.help} |\n" for f in families)
    return _HEAD.format(title) + "".join(rows)


def _labels(family: metrics.Family) -> str:
    return ", ".join(f"`{label}`" for label in family.labels) or "-"


if __name__ == "__main__":
    sys.stdout.write(page())
