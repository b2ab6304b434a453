"""Shapes the calculators share: what an input and a result are, and the terms of contract and entity that set prices.

Unknown members are refused everywhere; business objects may be passed whole (`objects`). An optional member may be null,
which means absent.
"""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from contracts.iso import Currency
from contracts.money import EXACT_MAX_LENGTH, EXACT_PATTERN, Exact, RoundingMode
from domain.objects import ContractObject, EntityObject

# Figures that may also be given as whole numbers: `Exact` allows no other type beside it.
DecimalText = Annotated[str, Meta(pattern=rf"^{EXACT_PATTERN}$(?!\n)", max_length=EXACT_MAX_LENGTH)]
FigureText = Annotated[str, Meta(pattern=rf"^{EXACT_PATTERN}$(?!\n)")]  # of an answer: sums may be longer
CountText = Annotated[str, Meta(pattern=r"^[0-9]{1,18}$(?!\n)", max_length=18)]
Count = Annotated[int, Meta(ge=0)]

RateFallback = Literal["contract", "client", "standard"]
EIGHT = Decimal(8)
DEFAULT_RECEIPT_THRESHOLD = Decimal("25.00")


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a calculator is asked."""


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a calculator answers; members that do not apply are None and left out of the JSON."""


class FixedRate(Input, frozen=True, kw_only=True):
    """A contractually agreed exchange rate: one unit of `from` is worth `rate` units of `to`."""

    from_: Currency = field(name="from")
    to: Currency
    rate: Exact

    def __post_init__(self) -> None:
        require_rate(self.rate)


class FxQuote(Input, frozen=True, kw_only=True):
    """A market quote of one day: one unit of `from` is worth `rate` units of `to`."""

    from_: Currency = field(name="from")
    to: Currency
    date: dt.date
    rate: Exact
    source: str | None = None
    type: Literal["daily", "period_end", "fixed"] | None = None

    def __post_init__(self) -> None:
        require_rate(self.rate)


class PricingContract(ContractObject, frozen=True, kw_only=True):
    """The terms of a contract that price time and expenses."""

    currency: Currency
    legal_entity_id: str | None = None
    rate_fallback: RateFallback | None = None
    fx_fixed: tuple[FixedRate, ...] | None = None

    @property
    def fixed_rates(self) -> tuple[FixedRate, ...]:
        return self.fx_fixed or ()


class PricingEntity(EntityObject, frozen=True, kw_only=True):
    """The settings of a legal entity that price time and expenses."""

    id: str | None = None
    functional_currency: Currency | None = None
    rounding_mode: RoundingMode | None = None
    hours_per_day: Exact | None = None
    multipliers: dict[str, Exact] | None = None
    receipt_threshold: Exact | None = None
    receipt_always_categories: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        require_hours_per_day(self.hours_per_day)


def require_rate(rate: Decimal) -> None:
    """ValueError unless an exchange rate is above zero."""
    if rate <= 0:
        raise ValueError("`rate` is above zero")


def require_hours_per_day(hours: Decimal | None) -> None:
    """ValueError unless a working day has between 0 (exclusive) and 24 hours, or is left to the default."""
    if hours is not None and not 0 < hours <= 24:
        raise ValueError("`hours_per_day` is above 0 and at most 24")
