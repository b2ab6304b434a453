"""Pages and rules for operators cannot drift: generated pages are as generated, alerts name metrics that exist, each has its entry."""

import re
from typing import Any

import pytest
import yaml

from domain.exceptions import CATALOGUE
from gateway.metrics_reference import page
from runtime import metrics
from tests.contract.house.tree import ROOT

RULES = ROOT / "docs/reference/alerts.yml"
_WORDS = {
    "sum",
    "max",
    "min",
    "by",
    "on",
    "group_left",
    "rate",
    "increase",
    "abs",
    "absent",
    "histogram_quantile",
    "le",
}
_SUFFIX = re.compile(r"_(bucket|sum|count)$")


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = alerts()


def test_the_page_of_metrics_is_as_generated() -> None:
    assert (ROOT / "docs/reference/metrics.md").read_text("utf-8") == page(), "run `make docs`"


def test_every_code_has_its_row() -> None:
    """Of the page the runbook sends people to: what it means, who mends it, how, when it goes away."""
    text = (ROOT / "docs/reference/rules.md").read_text("utf-8")
    table = text.partition("## Exception codes")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| ([A-Z0-9_]+) \| (.*) \|$", table, re.M))
    assert set(rows) == set(CATALOGUE)
    for code, entry in CATALOGUE.items():
        for told in (entry.meaning, entry.severity, entry.owner_role, *entry.suggested_fixes):
            assert told in rows[code], code


def _family(name: str) -> metrics.Family | None:
    known = metrics.FAMILIES.get(name)
    if known is not None:
        return known
    histogram = metrics.FAMILIES.get(_SUFFIX.sub("", name))
    return histogram if histogram is not None and histogram.kind == "histogram" else None


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_expression_names_metrics_and_labels_that_exist(alert: dict[str, Any]) -> None:
    text = alert["expr"]
    bare = re.sub(r'"[^"]*"', '""', text)
    names = set(re.findall(r"\b(?:ledgerway|process)_\w+", bare))
    assert names, text
    families = {name: _family(name) for name in names}
    assert None not in families.values(), families
    labels = {label for family in families.values() if family for label in family.labels}
    others = set(re.findall(r"\b[a-z_]+\b", bare)) - names - _WORDS
    assert others <= labels, f"neither a label nor a function: {others - labels}"
    assert text.count("(") == text.count(")")
    for label in re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]):
        assert label in labels
    assert alert["labels"]["severity"] in ("page", "ticket")


def test_matched_values_exist() -> None:
    """A matcher for a state nobody ever tells would never fire."""
    from runtime.work.slots import STATES

    matched = {value for alert in ALERTS for value in re.findall(r'ledgerway_slots\{state="(\w+)"', alert["expr"])}
    assert matched <= set(STATES)


def test_every_alert_has_an_entry_in_the_runbook_and_no_other() -> None:
    page = (ROOT / "docs/runbook.md").read_text("utf-8")
    assert re.findall(r"^### (Ledgerway\w+)$", page, re.M) == [alert["alert"] for alert in ALERTS]
