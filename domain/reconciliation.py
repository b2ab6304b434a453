"""Reconciliation controls (4m): variance, tolerance, and whether the difference is a breach."""

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Annotated, Any, Literal, Union

from msgspec import Meta, Struct, defstruct

from contracts.iso import Currency
from contracts.money import (
    EXACT_MAX_LENGTH,
    HOURS_PLACES,
    ZERO,
    RoundingMode,
    minor_units,
    parse_exact,
    plain,
    precise,
    round_places,
)
from domain.terms import Count, CountText, DecimalText, FigureText, Input

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
Values = Mapping[str, Decimal]
Rule = Callable[[Values, Callable[[Decimal], Decimal]], Decimal]

# No pattern beside a list: msgspec 0.22 does not release such a decoder soundly, so `_check` reads the text.
_Summed = Annotated[str, Meta(max_length=EXACT_MAX_LENGTH)] | Annotated[list[DecimalText], Meta(max_length=100_000)]
_Counted = Count | CountText
_CONDITIONAL = frozenset({"compared", "critical"})
_SUMS = frozenset({"allocated", "canonical_open", "accrued"})


class _ControlRule(Struct, frozen=True, kw_only=True):
    """Which values add and which subtract, and the tolerance; `places` None means money."""

    plus: tuple[str, ...]
    minus: tuple[str, ...]
    tolerance: Rule
    also: tuple[str, ...] = ()
    places: int | None = None

    @property
    def values(self) -> tuple[str, ...]:
        return (*self.plus, *self.minus, *self.also)


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

_RULES: Mapping[str, _ControlRule] = {
    "REC-01": _ControlRule(plus=("approved",), minus=_BILLED_HOURS, tolerance=_NONE, places=HOURS_PLACES),
    "REC-02": _ControlRule(
        plus=("approved_reimbursable",), minus=_BILLED_COST, tolerance=_expenses, also=("item_count",)
    ),
    "REC-03": _ControlRule(plus=("psa_revenue", "erp_cost"), minus=("psa_cost", "erp_revenue"), tolerance=_margin),
    "REC-04": _ControlRule(
        plus=("mismatched",), minus=(), tolerance=_master_data, also=("compared", "critical"), places=0
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


class ReconQuestion(Input, frozen=True, kw_only=True, tag_field="control"):
    """A control and its values. A sum may be given as the list of its parts, a count as a whole number."""

    currency: Currency | None = None
    values: Any
    rounding_mode: RoundingMode | None = None


def _kind(name: str, places: int | None) -> Any:
    if name == "critical":
        return bool
    if name in _SUMS:
        return _Summed
    return _Counted if places == 0 or name == "item_count" else DecimalText


def _check(values: Any) -> None:
    """Rules between the values of a control, and what their types cannot say."""
    if "compared" in values.__struct_fields__ and not values.critical and values.compared is None:
        raise ValueError("`compared` is required unless critical")
    for name in _SUMS & set(values.__struct_fields__):
        value = getattr(values, name)
        if isinstance(value, str):
            _checked(name, value)


def _checked(name: str, text: str) -> None:
    try:
        parse_exact(text)
    except ValueError as error:
        raise ValueError(f"`{name}` is no decimal: {error}") from error


def _questions() -> Iterator[type[Struct]]:
    """A question type for each control, so that a missing or foreign value is named."""
    for control, rule in _RULES.items():
        name = control.title().replace("-", "")
        fields: list[Any] = [
            (value, _kind(value, rule.places) | None, None)
            if value in _CONDITIONAL
            else (value, _kind(value, rule.places))
            for value in rule.values
        ]
        values = defstruct(
            f"{name}Values",
            fields,
            bases=(Input,),
            module=__name__,
            kw_only=True,
            namespace={"__post_init__": _check} if (_SUMS | _CONDITIONAL) & set(rule.values) else None,
        )
        money: list[Any] = [("currency", Currency)] if rule.places is None else []
        yield defstruct(
            f"{name}Question",
            [*money, ("values", values)],
            bases=(ReconQuestion,),
            module=__name__,
            kw_only=True,
            tag=control,
        )


CONTROL_QUESTIONS: Any = Union[tuple(_questions())]  # noqa: UP007 - made from the table


class ReconAnswer(Struct, frozen=True, kw_only=True):
    """Variance and tolerance as plain text at the scale of the control; counts (REC-04, REC-07) as integers."""

    variance: FigureText | int
    tolerance: FigureText | int
    status: ReconStatus


class Variance(Struct, frozen=True, kw_only=True):
    """How far two sides are apart, and how far they may be; decimals at the scale of the control."""

    variance: Decimal
    tolerance: Decimal
    status: ReconStatus


@precise
def compare(control: str, currency: str | None, values: Values, mode: RoundingMode | None = None) -> Variance:
    """Variance, tolerance and status of a control (4m); hours and counts need no currency."""
    rule = _RULES[control]
    if rule.places is None:
        places = minor_units(currency or "")
    else:
        places, mode = rule.places, None  # an entity's mode is for money (DEC-3)
    exact = sum((values[name] for name in rule.plus), ZERO) - sum((values[name] for name in rule.minus), ZERO)
    variance = round_places(exact, places, mode)
    tolerance = round_places(rule.tolerance(values, lambda value: round_places(value, places, mode)), places, mode)
    status: ReconStatus = "matched" if variance == 0 else "within_tolerance" if abs(variance) <= tolerance else "breach"
    return Variance(variance=variance, tolerance=tolerance, status=status)


def evaluate_control(question: ReconQuestion) -> ReconAnswer:
    """`compare` for the calculator interface."""
    control = str(question.__struct_config__.tag)
    values = {name: _sum(getattr(question.values, name)) for name in _RULES[control].values}
    found = compare(control, question.currency, values, question.rounding_mode)
    shown = int if _RULES[control].places == 0 else plain
    return ReconAnswer(variance=shown(found.variance), tolerance=shown(found.tolerance), status=found.status)


@precise
def _sum(value: str | int | list[str] | None) -> Decimal:
    parts = value if isinstance(value, list) else [value or 0]
    return sum((Decimal(part) for part in parts), ZERO)
