"""Amounts of a milestone plan (MS-4) and what stands in the way of billing a milestone (MS-1..MS-3)."""

from decimal import Decimal

from msgspec import Struct

from contracts.iso import Currency
from contracts.money import ZERO, Exact, RoundingMode, precise, round_money
from domain.objects import MilestoneObject
from domain.terms import Input, Result

_HUNDRED = Decimal(100)


class MilestoneShare(MilestoneObject, frozen=True, kw_only=True):
    """A milestone's place in the plan and its percent of the line value."""

    id: str
    sequence: int
    pct: Exact


class MilestonePlan(Input, frozen=True, kw_only=True):
    """A line value to divide over milestones whose percents total 100."""

    currency: Currency
    line_value: Exact
    milestones: tuple[MilestoneShare, ...]
    rounding_mode: RoundingMode | None = None


class MilestoneAmount(Struct, frozen=True, kw_only=True):
    """What one milestone bills."""

    id: str
    amount: Exact


class MilestoneSchedule(Result, frozen=True, kw_only=True):
    """Amounts by sequence, or code MILESTONE_SUM_MISMATCH."""

    code: str | None = None
    milestones: tuple[MilestoneAmount, ...] | None = None


@precise
def schedule_milestones(plan: MilestonePlan) -> MilestoneSchedule:
    """Round each share; the last one takes what is left (MS-4)."""
    if sum(one.pct for one in plan.milestones) != _HUNDRED:
        return MilestoneSchedule(code="MILESTONE_SUM_MISMATCH")
    ordered = sorted(plan.milestones, key=lambda one: one.sequence)
    amounts = [
        round_money(plan.line_value * one.pct / _HUNDRED, plan.currency, plan.rounding_mode) for one in ordered[:-1]
    ]
    amounts.append(round_money(plan.line_value - sum(amounts, ZERO), plan.currency))
    billed = [MilestoneAmount(id=one.id, amount=amount) for one, amount in zip(ordered, amounts, strict=True)]
    return MilestoneSchedule(milestones=tuple(billed))


class MilestoneBilling(Input, frozen=True, kw_only=True):
    """A milestone about to be billed, with what its line already billed; amounts in contract currency."""

    amount: Exact
    billed_before: Exact
    line_value: Exact
    sequential: bool = False
    predecessor_posted: bool = True
    holding_change_order: bool = False


def billing_obstacles(billing: MilestoneBilling) -> tuple[str, ...]:
    """Codes of everything that forbids billing the milestone now (MS-1, MS-2, MS-3)."""
    found = (
        ("MILESTONE_OVER_VALUE", billing.billed_before + billing.amount > billing.line_value),
        ("PRIOR_INVOICE_OPEN", billing.sequential and not billing.predecessor_posted),
        ("CHANGE_ORDER_PENDING", billing.holding_change_order),
    )
    return tuple(code for code, true in found if true)
