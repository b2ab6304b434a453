"""Pricing one expense item (EXP-1..EXP-7): policy rule, exchange, receipt, limit, markup on the rounded cost."""

import datetime as dt
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from contracts.iso import Currency
from contracts.money import FX_PLACES, ZERO, Exact, precise, round_money, round_places
from domain.fx import FxQuestion, exchange_rate, exchanged
from domain.objects import ExpenseObject, ExpenseRuleObject
from domain.terms import (
    DEFAULT_RECEIPT_THRESHOLD,
    FixedRate,
    FxQuote,
    Input,
    PricingContract,
    PricingEntity,
    Result,
)

ExpenseMethod = Literal["at_cost", "markup_pct", "fixed_unit", "per_diem", "non_billable"]

_RECEIPT_METHODS = frozenset({"at_cost", "markup_pct"})
_HUNDRED = Decimal(100)
_ONE = Decimal(1)


class ExpenseSpent(ExpenseObject, frozen=True, kw_only=True):
    """An approved expense item; `amount_gross` includes `tax_recoverable`."""

    expense_date: dt.date
    amount_gross: Exact
    currency: Currency
    category: str | None = None
    tax_recoverable: Exact | None = None
    units: Exact | None = None
    receipt_attached: bool | None = None
    billable: bool | None = None
    disbursement: bool | None = None

    @property
    def base(self) -> Decimal:
        """What the client may be charged for: net of recoverable tax, a disbursement gross (EXP-3)."""
        return self.amount_gross if self.disbursement else self.amount_gross - (self.tax_recoverable or ZERO)

    @property
    def count(self) -> Decimal:
        return _ONE if self.units is None else self.units


class ExpenseRule(ExpenseRuleObject, frozen=True, kw_only=True):
    """One row of an expense policy; `limit_per_unit` in claim currency, `unit_rate` in contract currency."""

    method: ExpenseMethod
    markup_pct: Exact | None = None
    unit_rate: Exact | None = None
    limit_per_unit: Exact | None = None
    receipt_always: bool | None = None

    def __post_init__(self) -> None:
        if self.method == "markup_pct" and self.markup_pct is None:
            raise ValueError("`markup_pct` is required for method markup_pct")
        if self.method in ("fixed_unit", "per_diem") and self.unit_rate is None:
            raise ValueError(f"`unit_rate` is required for method {self.method}")


class RateExpense(Input, frozen=True, kw_only=True):
    """An expense item, the policy rule of its category (null when none) and the terms that price it."""

    expense: ExpenseSpent
    rule: ExpenseRule | None
    contract: PricingContract
    legal_entity: PricingEntity
    fx_quotes: tuple[FxQuote, ...] | None = None


class RatedExpense(Result, frozen=True, kw_only=True):
    """What the client is charged and what we absorb, in contract currency."""

    status: Literal["rated", "non_billable", "exception"]
    code: str | None
    fx_rate: Exact | None = None
    cost_amount: Exact | None = None
    bill_amount: Exact | None = None
    non_billable_amount: Exact | None = None
    currency: str | None = None


class _Rates(Struct, frozen=True):
    """Claim currency to contract currency, and to the entity's functional currency."""

    contract: Decimal
    functional: Decimal


@precise
def rate_expense(request: RateExpense) -> RatedExpense:
    """Price an expense item, in the order of EXP-1."""
    expense, rule = request.expense, request.rule
    if expense.billable is False or (rule is not None and rule.method == "non_billable"):
        nothing = round_money(ZERO, request.contract.currency)
        return RatedExpense(status="non_billable", code=None, bill_amount=nothing)
    if rule is None:
        return _refused("EXP_CATEGORY_UNMAPPED")
    rates = _rates(request)
    if rates is None:
        return _refused("FX_MISSING")
    if _receipt_missing(request, rule, rates.functional):
        return _refused("EXP_RECEIPT_MISSING")
    if expense.disbursement and rule.method != "at_cost":
        return _refused("EXP_DISBURSEMENT_MARKUP")
    return _amounts(request, rule, rates.contract)


def _refused(code: str) -> RatedExpense:
    return RatedExpense(status="exception", code=code)


def _rates(request: RateExpense) -> _Rates | None:
    functional = request.legal_entity.functional_currency or request.contract.currency
    to_contract = _rate(request, request.contract.currency, request.contract.fixed_rates)
    to_functional = _rate(request, functional, ())
    return None if to_contract is None or to_functional is None else _Rates(to_contract, to_functional)


def _rate(request: RateExpense, target: str, fixed: tuple[FixedRate, ...]) -> Decimal | None:
    question = FxQuestion(
        from_=request.expense.currency,
        to=target,
        date=request.expense.expense_date,
        pivot=request.legal_entity.functional_currency,
        quotes=request.fx_quotes or (),
        fixed=fixed,
    )
    return exchange_rate(question).rate


def _receipt_missing(request: RateExpense, rule: ExpenseRule, fx: Decimal) -> bool:
    """Whether a needed receipt is absent (EXP-2); the threshold is in functional currency."""
    expense, entity = request.expense, request.legal_entity
    if expense.receipt_attached or rule.method not in _RECEIPT_METHODS:
        return False
    always = bool(rule.receipt_always) or expense.category in (entity.receipt_always_categories or ())
    currency = entity.functional_currency or request.contract.currency
    threshold = DEFAULT_RECEIPT_THRESHOLD if entity.receipt_threshold is None else entity.receipt_threshold
    return always or exchanged(expense.amount_gross, fx, currency, entity.rounding_mode) >= threshold


def _amounts(request: RateExpense, rule: ExpenseRule, fx: Decimal) -> RatedExpense:
    expense, currency, mode = request.expense, request.contract.currency, request.legal_entity.rounding_mode
    allowed = expense.base if rule.limit_per_unit is None else min(expense.base, rule.limit_per_unit * expense.count)
    cost = exchanged(allowed, fx, currency, mode)
    absorbed = round_money(exchanged(expense.base, fx, currency, mode) - cost, currency)
    return RatedExpense(
        status="rated",
        code="EXP_OVER_LIMIT" if absorbed > 0 else None,
        fx_rate=round_places(fx, FX_PLACES),
        cost_amount=cost,
        bill_amount=round_money(_bill(rule, cost, expense.count), currency, mode),
        non_billable_amount=absorbed,
        currency=currency,
    )


def _bill(rule: ExpenseRule, cost: Decimal, units: Decimal) -> Decimal:
    """The charge before rounding (EXP-6)."""
    if rule.method == "at_cost":
        return cost
    if rule.method == "markup_pct":
        return cost * (1 + (rule.markup_pct or ZERO) / _HUNDRED)
    return units * (rule.unit_rate or ZERO)
