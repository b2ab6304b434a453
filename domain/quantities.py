"""From recorded time to the billed quantity (QTY-1..QTY-6, BILL-4): increments, minimum, day rules, day scope."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from msgspec import Meta

from contracts.money import HOURS_PLACES, ZERO, Exact, round_places
from domain.objects import ContractLineObject
from domain.terms import EIGHT, Input, PricingEntity, require_hours_per_day

TimeUnit = Literal["hour", "minute", "day"]
BillingUnit = Literal["hour", "day"]
BillingMethod = Literal["time_and_materials", "fixed_price", "milestone", "retainer", "recurring"]
Minutes = Annotated[int, Meta(ge=0, le=1440)]

_STEP = {"up": ROUND_CEILING, "nearest": ROUND_HALF_UP, "down": ROUND_FLOOR}
_HALF = Decimal("0.5")
_MINUTES = Decimal(60)


class LineTerms(ContractLineObject, frozen=True, kw_only=True):
    """The terms of a contract line that price time."""

    id: str | None = None
    billing_method: BillingMethod = "time_and_materials"
    billing_unit: BillingUnit | None = None
    hours_per_day: Exact | None = None
    increment_minutes: Minutes | None = None
    increment_mode: Literal["up", "nearest", "down"] | None = None
    minimum_minutes: Minutes | None = None
    rounding_scope: Literal["entry", "day"] | None = None
    day_rounding: Literal["exact", "half_day", "full_day"] | None = None
    multipliers: dict[str, Exact] | None = None
    discount_pct: Exact | None = None

    def __post_init__(self) -> None:
        require_hours_per_day(self.hours_per_day)
        if self.discount_pct is not None and not 0 <= self.discount_pct <= 100:
            raise ValueError("`discount_pct` lies between 0 and 100")


class PriorDay(Input, frozen=True, kw_only=True):
    """What the same group (QTY-4) has recorded and billed earlier that day; hours, and days for day rules."""

    recorded_hours: Exact | None = None
    billed_hours: Exact | None = None
    billed_days: Exact | None = None


def prior_day(recorded: Decimal, hours: Decimal, days: Decimal, day: Decimal) -> PriorDay:
    """What a day has recorded, and billed in hours and in days: days that were billed are hours that were billed, too (QTY-4)."""
    return PriorDay(recorded_hours=recorded, billed_hours=hours + days * day, billed_days=days)


def hours_per_day(line: LineTerms, entity: PricingEntity) -> Decimal:
    """Working hours of a day: contract line, legal entity, 8."""
    return line.hours_per_day or entity.hours_per_day or EIGHT


def in_hours(quantity: Decimal, unit: TimeUnit | None, day: Decimal) -> Decimal:
    """Recorded hours of a quantity (QTY-1), `day` in hours."""
    if unit == "minute":
        return round_places(quantity / _MINUTES, HOURS_PLACES)
    return round_places(quantity * day if unit == "day" else quantity, HOURS_PLACES)


def billed_quantity(hours: Decimal, line: LineTerms, unit: BillingUnit, day: Decimal, prior: PriorDay) -> Decimal:
    """Hours or days to bill for a billed base of hours (QTY-2..QTY-5), rounded once (RP-1)."""
    whole_days = line.day_rounding in ("half_day", "full_day")
    if unit == "day" and whole_days:
        billed = _marginal(hours, lambda base: _days(base, line, day), prior.recorded_hours, prior.billed_days)
        return round_places(billed, HOURS_PLACES)
    billed = _billed_hours(hours, line, prior)
    return round_places(billed / day if unit == "day" else billed, HOURS_PLACES)


def _billed_hours(hours: Decimal, line: LineTerms, prior: PriorDay) -> Decimal:
    if line.rounding_scope == "day":
        return _marginal(hours, lambda base: _stepped(base, line), prior.recorded_hours, prior.billed_hours)
    return _stepped(hours, line)


def _marginal(
    hours: Decimal, rule: Callable[[Decimal], Decimal], recorded: Decimal | None, billed: Decimal | None
) -> Decimal:
    """What this entry adds to the day, never below 0, so that later entries leave earlier ones alone (QTY-4)."""
    return max(ZERO, rule((recorded or ZERO) + hours) - (billed or ZERO))


def _stepped(hours: Decimal, line: LineTerms) -> Decimal:
    """Hours after QTY-2 and QTY-3; counted in minutes, since a third of an hour has no exact decimal."""
    if not line.increment_minutes and not line.minimum_minutes:
        return hours
    minutes = hours * _MINUTES
    if line.increment_minutes:
        steps = round_places(minutes, 0) / line.increment_minutes
        minutes = steps.to_integral_value(_STEP[line.increment_mode or "up"]) * line.increment_minutes
    return max(minutes, Decimal(line.minimum_minutes or 0)) / _MINUTES


def _days(hours: Decimal, line: LineTerms, day: Decimal) -> Decimal:
    if line.day_rounding == "half_day":
        return (hours / (day / 2)).to_integral_value(ROUND_CEILING) * _HALF
    return (hours / day).to_integral_value(ROUND_CEILING)
