"""Exact decimals and money: scales, rounding points and allocation (DEC-1..DEC-6, ALLOC-1). No binary floats."""

import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, localcontext
from fractions import Fraction
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Final, Literal, ParamSpec, TypeVar

from msgspec import Meta, Struct

from contracts import patterns

if TYPE_CHECKING:
    Exact = Decimal
else:

    class Exact(Decimal):
        """The decimal of struct fields; on the wire a JSON string without exponent (DEC-1)."""


P = ParamSpec("P")
T = TypeVar("T")

RoundingMode = Literal["HALF_UP", "HALF_EVEN"]
Currency = Annotated[str, Meta(pattern=patterns.CURRENCY, max_length=3, description="ISO 4217 code")]

NO_CURRENCY: Final = "XXX"  # no placeholder: ISO 4217 assigns this code to what involves no currency
EXACT_MAX_LENGTH: Final = 40
EXACT_PATTERN: Final = r"-?[0-9]+(\.[0-9]+)?"
HOURS_PLACES: Final = 4
RATE_PLACES: Final = 4
FX_PLACES: Final = 10
PERCENT_PLACES: Final = 2
ZERO: Final = Decimal(0)

_EXACT = re.compile(EXACT_PATTERN)
_NO_MINOR = frozenset({"JPY", "KRW", "CLP", "VND", "ISK"})
_THREE_MINOR = frozenset({"KWD", "BHD", "OMR", "JOD", "TND"})
_ROUNDINGS = {None: ROUND_HALF_UP, "HALF_UP": ROUND_HALF_UP, "HALF_EVEN": ROUND_HALF_EVEN}
_STEPS = tuple(Decimal(1).scaleb(-places) for places in range(EXACT_MAX_LENGTH))
_TRAPS = [InvalidOperation, DivisionByZero]
_ARITHMETIC = Context(prec=100, rounding=ROUND_HALF_UP, traps=_TRAPS)
_QUANTIZE = Context(prec=1000, rounding=ROUND_HALF_UP, traps=_TRAPS)


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one sum."""


class Money(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in the minor units of its currency (ISO 4217)."""

    amount: Exact
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        _same_currency(self, other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        _same_currency(self, other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(negate(self.amount), self.currency)


def _same_currency(left: Money, right: Money) -> None:
    if left.currency != right.currency:
        raise CurrencyMismatch(f"{left.currency} and {right.currency} do not add up")


def parse_exact(text: str) -> Exact:
    """The decimal written as DEC-1 says; ValueError for anything else (exponent, grouping, NaN, over 40 characters)."""
    if len(text) > EXACT_MAX_LENGTH or not _EXACT.fullmatch(text):
        raise ValueError(f"Expected a decimal string such as '12.50' of at most {EXACT_MAX_LENGTH} characters")
    return Exact(text)


def plain(value: Decimal) -> str:
    """Digits without exponent; zero is never negative (DEC-2). ValueError when not finite."""
    if not value.is_finite():
        raise ValueError(f"{value} has no plain form")
    return format(value.copy_abs() if value.is_zero() else value, "f")


def minor_units(currency: str) -> int:
    """Decimal places of a currency (DEC-2)."""
    if currency in _NO_MINOR:
        return 0
    return 3 if currency in _THREE_MINOR else 2


def round_places(value: Decimal, places: int, mode: RoundingMode | None = None) -> Decimal:
    """Round to a number of decimals, padded to them (DEC-2); half up unless told otherwise (DEC-3)."""
    rounded = value.quantize(_STEPS[places], _ROUNDINGS[mode], _QUANTIZE)
    return rounded if rounded else rounded.copy_abs()


def round_money(amount: Decimal, currency: str, mode: RoundingMode | None = None) -> Decimal:
    """Round to the minor units of the currency (RP-3, RP-5, RP-6)."""
    return round_places(amount, minor_units(currency), mode)


def written(amount: Decimal, currency: str) -> str:
    """An amount in a sentence: `7,392.00 EUR`."""
    return f"{round_money(amount, currency):,f} {currency}"


def negate(value: Decimal) -> Decimal:
    """The exact opposite, as reversals and credits need it (DEC-6)."""
    return value.copy_abs() if value.is_zero() else value.copy_negate()


def precise(function: Callable[P, T]) -> Callable[P, T]:
    """Run a calculation with 100 significant digits, so that only named rounding points round (DEC-4)."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with localcontext(_ARITHMETIC):
            return function(*args, **kwargs)

    return run


@precise
def allocate(amount: Decimal, weights: Sequence[tuple[str, Decimal]], places: int) -> list[tuple[str, Decimal]]:
    """Split an amount by weight so that the parts sum to it (ALLOC-1); ties go to the smaller key.

    The amount is already rounded to `places`; ValueError when it is not, or when the weights do not total above zero.
    """
    units = Fraction(amount) * 10**places
    total = sum((Fraction(weight) for _, weight in weights), Fraction())
    if units.denominator != 1 or total <= 0:
        raise ValueError("an allocation needs a rounded amount and weights that total above zero")
    shares = [abs(units) * Fraction(weight) / total for _, weight in weights]
    floors = [share.numerator // share.denominator for share in shares]
    by_remainder = sorted(range(len(weights)), key=lambda i: (floors[i] - shares[i], weights[i][0]))
    for i in by_remainder[: int(abs(units)) - sum(floors)]:
        floors[i] += 1
    sign = -1 if units < 0 else 1
    return [
        (key, round_places(Decimal(sign * n).scaleb(-places), places))
        for (key, _), n in zip(weights, floors, strict=True)
    ]
