"""What contracts and rate cards may say: codes that are not blank, days in order, and numbers of a size whose products fit a column
and an invoice."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from msgspec import Struct

from contracts.process.register_objects import NewContract, NewContractLine, NewRateLine

AMOUNT = Decimal(10) ** 12
RATE = Decimal(10) ** 9
HOURS = Decimal(10) ** 7
FACTOR = PERCENT = Decimal(100)
DAY = Decimal(24)
ZERO = Decimal(0)

# A field and what is wrong with it.
Broken = Iterator[tuple[str, str]]


def before_its_start(start_name: str, start: date | None, end_name: str, end: date | None) -> Broken:
    """The end of a range that ends before it starts (TIME-2)."""
    if start is not None and end is not None and end < start:
        yield end_name, f"is before {start_name}"


def _blank(holder: Struct, *names: str) -> Broken:
    """Codes that may be absent, but not blank."""
    for name in names:
        value = getattr(holder, name)
        if value is not None and not value.strip():
            yield name, "is blank"


def of_contract(new: NewContract) -> Broken:
    """Field and sentence of each code of a contract's head that is blank, and of each number that is out of bounds."""
    yield from _blank(new, "engagement_id", "payment_terms")
    for name in ("nte_amount", "cap_tolerance_amount", "min_invoice_amount"):
        yield from _broken(name, getattr(new, name), ZERO, AMOUNT)
    yield from _broken("margin_threshold_pct", new.margin_threshold_pct, -PERCENT, PERCENT)
    if new.po is not None:
        yield from ((f"po/{field}", detail) for field, detail in _blank(new.po, "number"))
        yield from _broken("po/amount", new.po.amount, ZERO, AMOUNT)
    if new.retainer is not None:
        yield from _broken("retainer/available", new.retainer.available, ZERO, AMOUNT)
        yield from _broken("retainer/low_threshold", new.retainer.low_threshold, ZERO, AMOUNT)
    for place, fixed in enumerate(new.fx_fixed):
        yield from _broken(f"fx_fixed/{place}/rate", fixed.rate, ZERO, RATE, above=True)
    for place, tier in enumerate(new.volume_tiers):
        yield from _broken(f"volume_tiers/{place}/from", tier.from_, ZERO, AMOUNT)
        yield from _broken(f"volume_tiers/{place}/pct", tier.pct, ZERO, PERCENT)


def of_line(line: NewContractLine) -> Broken:
    """The same of a contract line."""
    yield from _blank(line, "cost_center_id", "tax_code_rule")
    yield from _broken("value", line.value, ZERO, AMOUNT)
    yield from _broken("nte_amount", line.nte_amount, ZERO, AMOUNT)
    yield from _broken("nte_hours", line.nte_hours, ZERO, HOURS)
    yield from _broken("hours_per_day", line.hours_per_day, ZERO, DAY, above=True)
    yield from _broken("discount_pct", line.discount_pct, ZERO, PERCENT)
    for name, factor in line.multipliers.items():
        yield from _broken(f"multipliers/{name}", factor, ZERO, FACTOR)


def of_rate(line: NewRateLine) -> Broken:
    """The same of a price."""
    yield from _blank(line, "role_code", "seniority_code", "location_code", "time_type")
    yield from _broken("rate", line.rate, ZERO, RATE)
    yield from _broken("markup_pct", line.markup_pct, -PERCENT, FACTOR * PERCENT)


def _broken(field: str, value: Decimal | None, low: Decimal, high: Decimal, *, above: bool = False) -> Broken:
    if value is None or (low <= value <= high and not (above and value == low)):
        return
    yield field, f"{'above' if above else 'at least'} {low} and at most {high:f}."
