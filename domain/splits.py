"""Dividing an amount so that the parts sum to it: by weight (ALLOC-1) and between customers (SPLIT-1)."""

from decimal import Decimal

from msgspec import Struct

from contracts.iso import Currency
from contracts.money import ZERO, Exact, RoundingMode, allocate, minor_units, precise, round_money
from domain.terms import Input, Result

_HUNDRED = Decimal(100)


class Weight(Input, frozen=True, kw_only=True):
    """A key and its share of the whole, in any unit."""

    key: str
    weight: Exact

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError("`weight` is not negative")


class Allocation(Input, frozen=True, kw_only=True):
    """An amount to divide by weights that total above zero."""

    currency: Currency
    amount: Exact
    weights: tuple[Weight, ...]
    rounding_mode: RoundingMode | None = None

    def __post_init__(self) -> None:
        if sum(one.weight for one in self.weights) <= 0:
            raise ValueError("`weights` total above zero")


class AllocatedPart(Struct, frozen=True, kw_only=True):
    """One part of an allocation."""

    key: str
    amount: Exact


class AllocatedParts(Struct, frozen=True, kw_only=True):
    """The parts in input order."""

    parts: tuple[AllocatedPart, ...]


def allocate_amount(question: Allocation) -> AllocatedParts:
    """Divide by largest remainder (ALLOC-1)."""
    amount = round_money(question.amount, question.currency, question.rounding_mode)
    weights = [(one.key, one.weight) for one in question.weights]
    shares = allocate(amount, weights, minor_units(question.currency))
    return AllocatedParts(parts=tuple(AllocatedPart(key=key, amount=share) for key, share in shares))


class CustomerSplit(Input, frozen=True, kw_only=True):
    """A customer's percent; the rounding customer takes the residual."""

    customer_id: str
    pct: Exact
    rounding: bool | None = None


class SplitQuestion(Input, frozen=True, kw_only=True):
    """An amount billed to several customers."""

    currency: Currency
    amount: Exact
    splits: tuple[CustomerSplit, ...]
    rounding_mode: RoundingMode | None = None


class CustomerPart(Struct, frozen=True, kw_only=True):
    """What one customer is billed."""

    customer_id: str
    amount: Exact


class CustomerParts(Result, frozen=True, kw_only=True):
    """The parts in input order, or code SPLIT_NOT_100."""

    code: str | None = None
    parts: tuple[CustomerPart, ...] | None = None


@precise
def split_customers(question: SplitQuestion) -> CustomerParts:
    """Each customer's rounded share, the residual to the rounding one (SPLIT-1)."""
    splits = question.splits
    if sum(one.pct for one in splits) != _HUNDRED or sum(bool(one.rounding) for one in splits) != 1:
        return CustomerParts(code="SPLIT_NOT_100")
    shares = [ZERO if one.rounding else _share(question, one.pct) for one in splits]
    residual = round_money(question.amount - sum(shares), question.currency)
    parts = [
        CustomerPart(customer_id=one.customer_id, amount=residual if one.rounding else share)
        for one, share in zip(splits, shares, strict=True)
    ]
    return CustomerParts(parts=tuple(parts))


def _share(question: SplitQuestion, percent: Decimal) -> Decimal:
    return round_money(question.amount * percent / _HUNDRED, question.currency, question.rounding_mode)
