"""Shapes the calculators share: what an input and a result are, and the terms of contract and entity that set prices.

Records of section 2 (contract, line, entity, entry, expense) may be passed whole: members a rule does not read are
ignored.
Every other input refuses unknown members. In records null means absent.
"""

import datetime as dt
from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from contracts.money import Currency, Exact, RoundingMode

RateFallback = Literal["contract", "client", "standard"]
EIGHT = Decimal(8)
DEFAULT_RECEIPT_THRESHOLD = Decimal("25.00")


class Record(Struct, frozen=True, kw_only=True):
    """A business object of which a rule reads a part."""


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a calculator is asked; unknown members are refused."""


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a calculator answers; members that do not apply are None and left out of the JSON."""


class FixedRate(Input, frozen=True, kw_only=True):
    """A contractually agreed exchange rate: one unit of `from` is worth `rate` units of `to`."""

    from_: Currency = field(name="from")
    to: Currency
    rate: Exact

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise ValueError("an exchange rate is above zero")


class FxQuote(Input, frozen=True, kw_only=True):
    """A market quote of one day: one unit of `from` is worth `rate` units of `to`."""

    from_: Currency = field(name="from")
    to: Currency
    date: dt.date
    rate: Exact

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise ValueError("an exchange rate is above zero")


class PricingContract(Record, frozen=True, kw_only=True):
    """The terms of a contract that price time and expenses."""

    currency: Currency
    rate_fallback: RateFallback | None = None
    fx_fixed: tuple[FixedRate, ...] | None = None

    @property
    def fixed_rates(self) -> tuple[FixedRate, ...]:
        return self.fx_fixed or ()


class PricingEntity(Record, frozen=True, kw_only=True):
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

    @property
    def mode(self) -> RoundingMode:
        return self.rounding_mode or "HALF_UP"


def require_hours_per_day(hours: Decimal | None) -> None:
    """ValueError unless a working day has between 0 (exclusive) and 24 hours, or is left to the default."""
    if hours is not None and not 0 < hours <= 24:
        raise ValueError("hours_per_day is above 0 and at most 24")
