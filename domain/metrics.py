"""Metrics: the catalogue (7.1) and the arithmetic of those that are computed from sums (MET-1, MET-2)."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, Union

from msgspec import Struct, defstruct

from contracts.money import plain, precise, round_places
from domain.metric_table import TABLE
from domain.terms import Count, DecimalText, FigureText, Input

Values = Mapping[str, Decimal]

DASHBOARDS: Mapping[str, str] = MappingProxyType(
    {
        "EX": "executive",
        "FO": "finance operations",
        "BW": "billing workbench",
        "PM": "delivery and PMO",
        "RM": "resource management",
        "IO": "integration operations",
        "DS": "data stewardship",
        "CC": "close cockpit",
    }
)

_HUNDRED = Decimal(100)


class MetricEntry(Struct, frozen=True, kw_only=True):
    """One metric of the catalogue; `computed` ones are what `metric.compute` takes."""

    name: str
    formula: str
    grain: str
    source_events: tuple[str, ...]
    dashboards: tuple[str, ...]
    good: Literal["up", "down"]
    warns: str
    critical: str
    computed: bool


class _Formula(Struct, frozen=True, kw_only=True):
    """What a metric reads and how it is made; None where the denominator is zero (MET-2)."""

    reads: tuple[str, ...]
    value: Callable[[Values], Decimal | None]
    places: int = 2


def _per(part: Decimal, whole: Decimal, times: Decimal = _HUNDRED) -> Decimal | None:
    return None if whole == 0 else part * times / whole


_FORMULAS: Mapping[str, _Formula] = {
    "billable_utilization": _Formula(
        reads=("approved_billable_hours", "available_hours"),
        value=lambda v: _per(v["approved_billable_hours"], v["available_hours"]),
    ),
    "productive_utilization": _Formula(
        reads=("approved_billable_hours", "productive_non_billable_hours", "available_hours"),
        value=lambda v: _per(v["approved_billable_hours"] + v["productive_non_billable_hours"], v["available_hours"]),
    ),
    "realization": _Formula(
        reads=("invoiced_net", "credited_net", "standard_value"),
        value=lambda v: _per(v["invoiced_net"] - v["credited_net"], v["standard_value"]),
    ),
    "dso": _Formula(
        reads=("ending_receivables", "credit_sales", "days"),
        value=lambda v: _per(v["ending_receivables"], v["credit_sales"], v["days"]),
        places=1,
    ),
    "dso_total": _Formula(
        reads=("ending_receivables", "ending_wip", "credit_sales", "days"),
        value=lambda v: _per(v["ending_receivables"] + v["ending_wip"], v["credit_sales"], v["days"]),
        places=1,
    ),
    "straight_through_billing": _Formula(
        reads=("invoices_untouched", "invoices_posted"),
        value=lambda v: _per(v["invoices_untouched"], v["invoices_posted"]),
    ),
    "write_off_rate": _Formula(
        reads=("written_off", "written_down", "standard_billable_value"),
        value=lambda v: _per(v["written_off"] + v["written_down"], v["standard_billable_value"]),
    ),
    "leakage": _Formula(
        reads=(
            "expected_billable_value",
            "invoiced_net",
            "wip_within_90d",
            "approved_write_offs",
            "approved_discounts",
        ),
        value=lambda v: (
            v["expected_billable_value"]
            - v["invoiced_net"]
            - v["wip_within_90d"]
            - v["approved_write_offs"]
            - v["approved_discounts"]
        ),
    ),
    "backlog": _Formula(
        reads=("signed_value", "approved_changes", "recognised"),
        value=lambda v: v["signed_value"] + v["approved_changes"] - v["recognised"],
    ),
    "project_margin_pct": _Formula(
        reads=("recognised_revenue", "project_cost"),
        value=lambda v: _per(v["recognised_revenue"] - v["project_cost"], v["recognised_revenue"]),
    ),
}
_COUNTED = frozenset({"days", "invoices_untouched", "invoices_posted"})


def _read(table: str) -> Iterator[MetricEntry]:
    lines = table.strip().splitlines()
    for head, body in zip(lines[::2], lines[1::2], strict=True):
        name, grain, good, boards, events = head.split(" | ")
        formula, warns, critical = body.strip().split(" | ")
        yield MetricEntry(
            name=name,
            formula=formula,
            grain=grain,
            source_events=tuple(events.split(", ")),
            dashboards=tuple(boards.split()),
            good="up" if good == "up" else "down",
            warns=warns,
            critical=critical,
            computed=name in _FORMULAS,
        )


CATALOGUE: Mapping[str, MetricEntry] = MappingProxyType({one.name: one for one in _read(TABLE)})


class MetricQuestion(Input, frozen=True, kw_only=True, tag_field="metric"):
    """A metric and the sums it is computed from; never averages of groups (MET-1)."""

    values: Any


def _questions() -> Iterator[type[Struct]]:
    """A question type for each metric, so that a missing or foreign value is named."""
    for metric, formula in _FORMULAS.items():
        name = metric.title().replace("_", "")
        fields: list[Any] = [(one, DecimalText | Count if one in _COUNTED else DecimalText) for one in formula.reads]
        values = defstruct(f"{name}Values", fields, bases=(Input,), module=__name__, kw_only=True)
        yield defstruct(
            f"{name}Question", [("values", values)], bases=(MetricQuestion,), module=__name__, kw_only=True, tag=metric
        )


METRIC_QUESTIONS: Any = Union[tuple(_questions())]  # noqa: UP007 - made from the table


class MetricValue(Struct, frozen=True, kw_only=True):
    """The value at the scale of the metric; null when the denominator is zero."""

    value: FigureText | None


@precise
def metric(name: str, values: Values) -> Decimal | None:
    """A metric of the catalogue, rounded once (RP-8); None when its denominator is zero (MET-2)."""
    formula = _FORMULAS[name]
    found = formula.value(values)
    return None if found is None else round_places(found, formula.places)


def compute_metric(question: MetricQuestion) -> MetricValue:
    """`metric` for the calculator interface."""
    name = str(question.__struct_config__.tag)
    found = metric(name, {one: Decimal(getattr(question.values, one)) for one in _FORMULAS[name].reads})
    return MetricValue(value=None if found is None else plain(found))
