"""Reconciliation controls (4m): variance, tolerance, and whether the difference is a breach."""

from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.money import HOURS_PLACES, ZERO, Currency, RoundingMode, minor_units, plain, precise, round_places
from domain.alerts import DecimalText
from domain.terms import Input

Control = Literal[
    "REC-01",
    "REC-02",
    "REC-03",
    "REC-04",
    "REC-05",
    "REC-06",
    "REC-07",
    "REC-08",
    "REC-09",
    "REC-10",
    "REC-11",
    "REC-12",
]
ReconStatus = Literal["matched", "within_tolerance", "breach"]
Value = DecimalText | int | bool | Annotated[tuple[DecimalText, ...], Meta(max_length=100_000)]
Values = dict[str, Decimal]
Rule = Callable[[Values, Callable[[Decimal], Decimal]], Decimal]


class _ControlRule(Struct, frozen=True, kw_only=True):
    """Which values add and which subtract, and the tolerance; `places` None means money."""

    plus: tuple[str, ...]
    minus: tuple[str, ...]
    tolerance: Rule
    also: tuple[str, ...] = ()
    places: int | None = None


def _fixed(amount: str) -> Rule:
    return lambda _values, _round: Decimal(amount)


def _expenses(values: Values, rounded: Callable[[Decimal], Decimal]) -> Decimal:
    return min(Decimal("5.00"), rounded(Decimal("0.005") * values["item_count"]))


def _margin(values: Values, rounded: Callable[[Decimal], Decimal]) -> Decimal:
    return max(Decimal("1.00"), rounded(Decimal("0.001") * abs(values["erp_revenue"])))


def _master_data(values: Values, _round: Callable[[Decimal], Decimal]) -> Decimal:
    """Critical fields must agree; of others half a percent may differ, rounded down."""
    return ZERO if values["critical"] else (values["compared"] * Decimal("0.005")).to_integral_value(ROUND_FLOOR)


def _vendor(values: Values, rounded: Callable[[Decimal], Decimal]) -> Decimal:
    return max(Decimal("10.00"), rounded(Decimal("0.02") * values["vendor_invoice"]))


_NONE, _CENT = _fixed("0"), _fixed("0.01")
_BILLED_HOURS = ("billed", "unbilled", "held", "written_off", "non_billable", "in_exception", "in_flight")
_BILLED_COST = ("invoiced_cost", "unbilled", "held", "written_off", "non_billable_excess")

_RULES: dict[str, _ControlRule] = {
    "REC-01": _ControlRule(plus=("approved",), minus=_BILLED_HOURS, tolerance=_NONE, places=HOURS_PLACES),
    "REC-02": _ControlRule(
        plus=("approved_reimbursable",), minus=_BILLED_COST, tolerance=_expenses, also=("item_count",)
    ),
    "REC-03": _ControlRule(plus=("psa_revenue", "erp_cost"), minus=("psa_cost", "erp_revenue"), tolerance=_margin),
    "REC-04": _ControlRule(
        plus=("mismatched",), minus=(), tolerance=_master_data, also=("critical", "compared"), places=0
    ),
    "REC-05": _ControlRule(plus=("canonical_gross",), minus=("erp_gross",), tolerance=_NONE),
    "REC-06": _ControlRule(
        plus=("opening", "additions", "adjustments"), minus=("invoiced", "written_off", "closing"), tolerance=_NONE
    ),
    "REC-07": _ControlRule(
        plus=("published",), minus=("processed", "duplicates", "dead_lettered", "in_flight"), tolerance=_NONE, places=0
    ),
    "REC-08": _ControlRule(plus=("legacy_amount",), minus=("cloud_amount",), tolerance=_CENT),
    "REC-09": _ControlRule(plus=("payroll_cost",), minus=("allocated",), tolerance=_NONE),
    "REC-10": _ControlRule(plus=("recognised",), minus=("gl_revenue",), tolerance=_CENT),
    "REC-11": _ControlRule(plus=("canonical_open",), minus=("erp_ar",), tolerance=_NONE),
    "REC-12": _ControlRule(plus=("accrued",), minus=("vendor_invoice",), tolerance=_vendor),
}
_OPTIONAL = frozenset({"critical"})


class ReconQuestion(Input, frozen=True, kw_only=True):
    """A control and its values; a value may be a list, which is summed. Counts may be integers."""

    control: Control
    currency: Currency | None = None
    values: dict[str, Value]
    rounding_mode: RoundingMode = "HALF_UP"

    def __post_init__(self) -> None:
        rule = _RULES[self.control]
        known = {*rule.plus, *rule.minus, *rule.also}
        missing, unknown = known - _OPTIONAL - self.values.keys(), self.values.keys() - known
        if missing or unknown:
            raise ValueError(f"{self.control} lacks {sorted(missing)} and does not know {sorted(unknown)}")
        if rule.places is None and self.currency is None:
            raise ValueError(f"{self.control} compares money and needs a currency")


class ReconAnswer(Struct, frozen=True, kw_only=True):
    """Variance and tolerance as plain text at the scale of the control; counts (REC-04, REC-07) as integers."""

    variance: DecimalText | int
    tolerance: DecimalText | int
    status: ReconStatus


class Variance(Struct, frozen=True, kw_only=True):
    """How far two sides are apart, and how far they may be; decimals at the scale of the control."""

    variance: Decimal
    tolerance: Decimal
    status: ReconStatus


@precise
def compare(control: Control, currency: str | None, values: Values, mode: RoundingMode = "HALF_UP") -> Variance:
    """Variance, tolerance and status of a control (4m); hours and counts need no currency."""
    rule = _RULES[control]
    places = minor_units(currency or "") if rule.places is None else rule.places
    exact = sum((values[name] for name in rule.plus), ZERO) - sum((values[name] for name in rule.minus), ZERO)
    variance = round_places(exact, places, mode)
    tolerance = round_places(rule.tolerance(values, lambda value: round_places(value, places, mode)), places, mode)
    status: ReconStatus = "matched" if variance == 0 else "within_tolerance" if abs(variance) <= tolerance else "breach"
    return Variance(variance=variance, tolerance=tolerance, status=status)


def evaluate_control(question: ReconQuestion) -> ReconAnswer:
    """`compare` for the calculator interface."""
    values = {"critical": ZERO} | {name: _sum(value) for name, value in question.values.items()}
    found = compare(question.control, question.currency, values, question.rounding_mode)
    shown = int if _RULES[question.control].places == 0 else plain
    return ReconAnswer(variance=shown(found.variance), tolerance=shown(found.tolerance), status=found.status)


def _sum(value: Value) -> Decimal:
    parts = value if isinstance(value, tuple) else (value,)
    return sum((Decimal(part) for part in parts), ZERO)
