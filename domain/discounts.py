"""Volume discount (DISC-1): marginal tiers on the contract year's net of time, shared by tax code."""

from decimal import Decimal

from msgspec import Struct, field

from contracts.iso import Currency
from contracts.money import (
    ZERO,
    Exact,
    RoundingMode,
    allocate,
    minor_units,
    negate,
    precise,
    round_money,
)
from domain.terms import Input

_HUNDRED = Decimal(100)


class VolumeTier(Input, frozen=True, kw_only=True):
    """Percent off the part of the cumulative net above `from`, up to the next tier."""

    from_: Exact = field(name="from")
    pct: Exact


class NetLine(Input, frozen=True, kw_only=True):
    """An invoice line as discounts and retainers see it."""

    id: str
    kind: str
    amount: Exact
    tax_code: str


class VolumeQuestion(Input, frozen=True, kw_only=True):
    """Lines of a draft, the net of time billed before in the contract year, and tiers ascending."""

    currency: Currency
    prior_net: Exact | None = None
    lines: tuple[NetLine, ...]
    tiers: tuple[VolumeTier, ...]
    rounding_mode: RoundingMode | None = None


class DiscountLine(Struct, frozen=True, kw_only=True):
    """The discount of one tax code, negative."""

    tax_code: str
    amount: Exact


class VolumeDiscount(Struct, frozen=True, kw_only=True):
    """The discount (positive) and its lines (negative) by tax code."""

    discount: Exact
    lines: tuple[DiscountLine, ...]


@precise
def volume_discount(question: VolumeQuestion) -> VolumeDiscount:
    """The tiers' discount on this draft, rounded once (DISC-1)."""
    groups = _eligible(question.lines)
    prior = question.prior_net or ZERO
    exact = _tiered(question.tiers, prior, prior + sum(groups.values(), ZERO))
    discount = round_money(exact, question.currency, question.rounding_mode)
    if discount == 0:
        return VolumeDiscount(discount=discount, lines=())
    shares = allocate(discount, sorted(groups.items()), minor_units(question.currency))
    lines = [DiscountLine(tax_code=code, amount=negate(share)) for code, share in shares if share]
    return VolumeDiscount(discount=discount, lines=tuple(lines))


def _eligible(lines: tuple[NetLine, ...]) -> dict[str, Decimal]:
    groups: dict[str, Decimal] = {}
    for line in lines:
        if line.kind == "time":
            groups[line.tax_code] = groups.get(line.tax_code, ZERO) + line.amount
    return groups


def _tiered(tiers: tuple[VolumeTier, ...], low: Decimal, high: Decimal) -> Decimal:
    discount = ZERO
    for tier in sorted(tiers, key=lambda one: one.from_, reverse=True):
        discount += max(ZERO, high - max(low, tier.from_)) * tier.pct / _HUNDRED
        high = min(high, tier.from_)
    return discount
