"""Revenue recognised to date and in a period, by method (REVC-1..REVC-7)."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType

from contracts.iso import Currency
from contracts.money import ZERO, Exact, RoundingMode, precise, round_money, round_places
from domain.objects import MilestoneObject, TransactionObject
from domain.terms import Result

FRACTION_PLACES = 6

_EARNED_MILESTONES = frozenset({"accepted", "billed"})
_EARNED_TRANSACTIONS = frozenset({"rated", "queued", "drafted", "invoiced"})
_DAY = dt.timedelta(days=1)


class _Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="method"):
    """What every method reads: amounts in `currency`; without `billed_to_date` no contract asset or liability."""

    currency: Currency
    previously_recognised: Exact | None = None
    billed_to_date: Exact | None = None
    rounding_mode: RoundingMode | None = None


class CostToCost(_Line, frozen=True, kw_only=True, tag="cost_to_cost"):
    """Cost to date and estimate to complete, in `currency`."""

    contract_value: Exact
    to_date: Exact
    estimate_to_complete: Exact


class HoursWorked(_Line, frozen=True, kw_only=True, tag="hours"):
    """Hours to date and estimate to complete."""

    contract_value: Exact
    to_date: Exact
    estimate_to_complete: Exact


class StraightLine(_Line, frozen=True, kw_only=True, tag="straight_line"):
    """The value spread over days, both dates inclusive."""

    contract_value: Exact
    start: dt.date
    end: dt.date
    as_of: dt.date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("`end` is not before start")


class EarnedMilestone(MilestoneObject, frozen=True, kw_only=True):
    """A milestone; accepted or billed ones are earned."""

    amount: Exact
    state: str


class MilestonesEarned(_Line, frozen=True, kw_only=True, tag="milestone"):
    """The milestones of a line."""

    contract_value: Exact | None = None
    milestones: tuple[EarnedMilestone, ...]


class CompletedContract(_Line, frozen=True, kw_only=True, tag="completed_contract"):
    """Nothing until everything is delivered."""

    contract_value: Exact
    complete: bool


class EarnedTransaction(TransactionObject, frozen=True, kw_only=True):
    """A billable transaction; what is held is not earned."""

    amount: Exact
    state: str


class RightToInvoice(_Line, frozen=True, kw_only=True, tag="right_to_invoice"):
    """The billable transactions of a line."""

    contract_value: Exact | None = None
    transactions: tuple[EarnedTransaction, ...]


RevenueQuestion = CostToCost | HoursWorked | StraightLine | MilestonesEarned | CompletedContract | RightToInvoice


class Recognised(Result, frozen=True, kw_only=True):
    """Revenue to date and of the period, what the method adds, and the contract's asset or liability."""

    cumulative: Exact
    period_revenue: Exact
    percent_complete: Exact | None = None
    loss_provision: Exact | None = None
    days_elapsed: int | UnsetType = UNSET
    days_total: int | UnsetType = UNSET
    contract_asset: Exact | None = None
    contract_liability: Exact | None = None


class _Earned(Struct, frozen=True, kw_only=True):
    """Revenue to date before rounding, and the extras of the method."""

    cumulative: Decimal
    percent: Decimal | None = None
    loss: Decimal | None = None
    days: tuple[int, int] | None = None


@precise
def recognise(question: RevenueQuestion) -> Recognised:
    """Cumulative catch-up (REVC-6): a smaller cumulative than before makes a negative period."""
    currency, mode = question.currency, question.rounding_mode
    earned = _earned(question)
    cumulative = round_money(earned.cumulative, currency, mode)
    billed = question.billed_to_date
    elapsed, total = earned.days or (UNSET, UNSET)
    return Recognised(
        cumulative=cumulative,
        period_revenue=round_money(cumulative - (question.previously_recognised or ZERO), currency, mode),
        percent_complete=earned.percent,
        loss_provision=None if earned.loss is None else round_money(earned.loss, currency, mode),
        days_elapsed=elapsed,
        days_total=total,
        contract_asset=None if billed is None else round_money(max(ZERO, cumulative - billed), currency, mode),
        contract_liability=None if billed is None else round_money(max(ZERO, billed - cumulative), currency, mode),
    )


def _earned(question: RevenueQuestion) -> _Earned:
    match question:
        case CostToCost() | HoursWorked():
            return _by_progress(question)
        case StraightLine():
            return _by_days(question)
        case MilestonesEarned():
            return _Earned(cumulative=_total(m.amount for m in question.milestones if m.state in _EARNED_MILESTONES))
        case RightToInvoice():
            return _Earned(
                cumulative=_total(t.amount for t in question.transactions if t.state in _EARNED_TRANSACTIONS)
            )
        case CompletedContract():
            return _Earned(cumulative=question.contract_value if question.complete else ZERO)


def percent_complete(to_date: Decimal, estimate_to_complete: Decimal) -> Decimal:
    """Share done as a fraction at 6 decimals (RP-8): at most 1; 0 when there is neither cost nor estimate."""
    expected = to_date + estimate_to_complete
    share = min(Decimal(1), to_date / expected) if expected else ZERO
    return round_places(share, FRACTION_PLACES)


def _by_progress(line: CostToCost | HoursWorked) -> _Earned:
    """The rounded percent counts (REVC-1); only cost can run over the value."""
    percent = percent_complete(line.to_date, line.estimate_to_complete)
    overrun = max(ZERO, line.to_date + line.estimate_to_complete - line.contract_value)
    loss = overrun * (1 - percent) if isinstance(line, CostToCost) else None
    return _Earned(cumulative=line.contract_value * percent, percent=percent, loss=loss)


def _by_days(line: StraightLine) -> _Earned:
    total = (line.end - line.start + _DAY).days
    elapsed = min(max(0, (line.as_of - line.start).days + 1), total)
    return _Earned(cumulative=line.contract_value * elapsed / total, days=(elapsed, total))


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
