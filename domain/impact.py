"""What a correction or a rate change does to transactions already made (rule IMP)."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.iso import Currency
from contracts.money import ZERO, Exact, RoundingMode, precise, round_money
from domain.terms import Input

Trigger = Literal["rerate", "correction"]
RerateMode = Literal["adjust_next_invoice", "credit_and_rebill"]
ImpactAction = Literal[
    "none",
    "needs_window_approval",
    "replace",
    "reverse_and_repost",
    "pull_replace_readd",
    "needs_unapprove",
    "ignore_below_tolerance",
    "adjust_next_invoice",
    "credit_and_rebill",
]

DEFAULT_WINDOW_DAYS = 90
DEFAULT_TOLERANCE = Decimal("1.00")
_DEAD = frozenset({"reversed", "written_off", "excluded"})
_INSIDE = frozenset({"pending", "validated", "exception", "rated", "held"})
_LOCKED = frozenset({"approved", "posting", "post_failed"})


class AffectedTransaction(Input, frozen=True, kw_only=True):
    """A transaction with its amount before and after.

    `billed_fields_changed` says that a correction also changes another field the client sees (IMP-1).
    """

    id: str
    state: Literal[
        "pending",
        "validated",
        "exception",
        "rated",
        "held",
        "queued",
        "drafted",
        "invoiced",
        "reversed",
        "written_off",
        "excluded",
    ]
    service_date: dt.date
    old_amount: Exact
    new_amount: Exact
    invoice_id: str | None = None
    invoice_state: str | None = None
    billed_fields_changed: bool | None = None


class ImpactQuestion(Input, frozen=True, kw_only=True):
    """A change and the transactions it touches; `mode` is the contract's rerate_mode."""

    trigger: Trigger
    changed_on: dt.date
    window_days: Annotated[int, Meta(ge=0)] | None = None
    mode: RerateMode | None = None
    tolerance: Exact | None = None
    currency: Currency
    transactions: tuple[AffectedTransaction, ...]
    rounding_mode: RoundingMode | None = None


class PlannedAction(Struct, frozen=True, kw_only=True):
    """What to do about one transaction; delta = new - old."""

    id: str
    action: ImpactAction
    delta: Exact


class ImpactPlan(Struct, frozen=True, kw_only=True):
    """Actions in input order."""

    actions: tuple[PlannedAction, ...]


@precise
def plan_impact(question: ImpactQuestion) -> ImpactPlan:
    """Decide each transaction by the table IMP-1..IMP-8."""
    deltas = [round_money(one.new_amount - one.old_amount, question.currency) for one in question.transactions]
    decided = [_before_invoice(question, one, delta) for one, delta in zip(question.transactions, deltas, strict=True)]
    moved = _moved_by_invoice(question, decided, deltas)
    actions = [
        PlannedAction(id=one.id, action=action or _invoiced(question, moved[one.invoice_id]), delta=delta)
        for one, action, delta in zip(question.transactions, decided, deltas, strict=True)
    ]
    return ImpactPlan(actions=tuple(actions))


def _before_invoice(question: ImpactQuestion, one: AffectedTransaction, delta: Decimal) -> ImpactAction | None:
    """IMP-1 to IMP-6; None when the transaction is invoiced and the later rows decide."""
    rerate = question.trigger == "rerate"
    if one.state in _DEAD or (delta == 0 and (rerate or not one.billed_fields_changed)):
        return "none"
    window = DEFAULT_WINDOW_DAYS if question.window_days is None else question.window_days
    if rerate and (question.changed_on - one.service_date).days > window:
        return "needs_window_approval"
    if one.state in _INSIDE:
        return "replace"
    if one.state == "queued":
        return "reverse_and_repost"
    if one.state == "drafted":
        return "needs_unapprove" if one.invoice_state in _LOCKED else "pull_replace_readd"
    return None


def _moved_by_invoice(
    question: ImpactQuestion, decided: list[ImpactAction | None], deltas: list[Decimal]
) -> dict[str | None, Decimal]:
    """Absolute deltas per invoice of the transactions that reach IMP-7: opposite errors do not cancel out."""
    moved: dict[str | None, Decimal] = {}
    for one, action, delta in zip(question.transactions, decided, deltas, strict=True):
        if action is None:
            moved[one.invoice_id] = moved.get(one.invoice_id, ZERO) + abs(delta)
    return moved


def _invoiced(question: ImpactQuestion, moved: Decimal) -> ImpactAction:
    tolerance = DEFAULT_TOLERANCE if question.tolerance is None else question.tolerance
    if question.trigger == "rerate" and moved <= tolerance:
        return "ignore_below_tolerance"
    return question.mode or "adjust_next_invoice"
