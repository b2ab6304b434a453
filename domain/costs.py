"""What work costs: hours at the cost rate, and how a cost is divided with the work it is for. Cost is posted whatever is billed (BILL-4)."""

from collections.abc import Sequence
from decimal import Decimal

from contracts.money import ZERO, RoundingMode, precise, round_money


@precise
def cost_of_hours(hours: Decimal, rate: Decimal, currency: str, mode: RoundingMode | None = None) -> Decimal:
    """Recorded hours at a cost rate per hour, in the currency of the rate (RP-3)."""
    return round_money(hours * rate, currency, mode)


@precise
def share_cost(
    cost: Decimal, currency: str, hours: Sequence[Decimal], mode: RoundingMode | None = None
) -> tuple[Decimal, ...]:
    """A cost by the hours of each part; the last part has what is left (DEC-5). Without hours the last one has it all."""
    total, left, shares = sum(hours, ZERO), cost, []
    for part in hours[:-1]:
        share = round_money(cost * part / total if total else ZERO, currency, mode)
        left -= share
        shares.append(share)
    return (*shares, round_money(left, currency))
