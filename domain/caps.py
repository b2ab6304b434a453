"""Not-to-exceed caps (CAP-1..CAP-8): which part of each item is billable, which is held."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.iso import Currency
from contracts.money import (
    HOURS_PLACES,
    ZERO,
    Exact,
    RoundingMode,
    minor_units,
    precise,
    round_money,
    round_places,
)
from domain.terms import Input

CapPolicy = Literal["split", "block_entry", "warn"]
NteScope = Literal["time_only", "time_and_expense"]
CapCode = Literal["CAP_SOFT_EXCEEDED", "CAP_EXCEEDED", "CAP_OVERAGE_HELD"]

ALERT_LEVELS = (75, 90, 100)
_AMOUNTS = ("contract", "contract_line", "po")
_HOURS = "line_hours"
_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)


class CapAmounts(Input, frozen=True, kw_only=True):
    """Limits, or what is consumed of them: three amounts in contract currency and hours of the line."""

    contract: Exact | None = None
    contract_line: Exact | None = None
    po: Exact | None = None
    line_hours: Exact | None = None


class CapItem(Input, frozen=True, kw_only=True):
    """A rated item that wants to be billed; `hours` are those of time."""

    id: str
    kind: str
    service_date: dt.date
    approved_at: Annotated[dt.datetime, Meta(tz=True)] | None = None
    hours: Exact | None = None
    quantity: Exact
    bill_rate: Exact | None = None
    amount: Exact


class CapQuestion(Input, frozen=True, kw_only=True):
    """Items against limits; an absent limit is none, an absent consumption is 0."""

    currency: Currency
    policy: CapPolicy | None = None
    tolerance_amount: Exact | None = None
    nte_scope: NteScope | None = None
    limits: CapAmounts | None = None
    consumed: CapAmounts | None = None
    items: tuple[CapItem, ...]
    rounding_mode: RoundingMode | None = None


class CappedItem(Struct, frozen=True, kw_only=True):
    """An item after the caps: the billable part and the held overage."""

    id: str
    billable_amount: Exact
    billable_quantity: Exact
    overage_amount: Exact
    overage_quantity: Exact
    code: CapCode | None


class CapResult(Struct, frozen=True, kw_only=True):
    """Items in cap order and the consumption after them, for the keys that have limits."""

    items: tuple[CappedItem, ...]
    consumed: dict[str, Exact]


def _present(caps: CapAmounts | None) -> dict[str, Decimal]:
    return {key: value for key in (*_AMOUNTS, _HOURS) if (value := getattr(caps, key, None)) is not None}


class _Grant(Struct, frozen=True, kw_only=True):
    """What of an item is billable; the overage is the rest (CAP-5)."""

    amount: Decimal
    quantity: Decimal
    hours: Decimal
    code: CapCode | None = None


class CapShare(Struct, frozen=True, kw_only=True):
    """A part of an item, at the scales of its figures."""

    amount: Decimal
    quantity: Decimal
    hours: Decimal


class CapSplit(Struct, frozen=True, kw_only=True):
    """An item after the caps, with the hours of each part (CAP-5, DEC-5)."""

    id: str
    billable: CapShare
    overage: CapShare
    code: CapCode | None


def _whole(item: CapItem, code: CapCode | None) -> _Grant:
    return _Grant(amount=item.amount, quantity=item.quantity, hours=item.hours or ZERO, code=code)


def _share(quantity: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The part's share of a quantity (RP-4); dividing last keeps an exact tie exact."""
    return round_places(quantity * part / whole, HOURS_PLACES)


class _Caps:
    """The running consumption of one batch."""

    def __init__(self, question: CapQuestion) -> None:
        self.question = question
        self.limits = _present(question.limits)
        before = _present(question.consumed)
        self.consumed = {key: before.get(key, ZERO) for key in self.limits}

    def amount_keys(self, item: CapItem) -> list[str]:
        """The amount limits an item must respect (CAP-7)."""
        keys = [key for key in _AMOUNTS if key in self.limits]
        exempt = item.kind == "expense" and self.question.nte_scope == "time_only"
        return [key for key in keys if key == "po"] if exempt else keys

    def counts_hours(self, item: CapItem) -> bool:
        return item.kind == "time" and _HOURS in self.limits

    def headroom(self, key: str) -> Decimal:
        return max(ZERO, self.limits[key] - self.consumed[key])

    def amount_fits(self, item: CapItem) -> bool:
        allowed = self.question.tolerance_amount or ZERO
        return item.amount == 0 or all(
            self.consumed[key] + item.amount <= self.limits[key] + allowed for key in self.amount_keys(item)
        )

    def hours_fit(self, item: CapItem) -> bool:
        hours = item.hours or ZERO
        return hours <= 0 or not self.counts_hours(item) or self.consumed[_HOURS] + hours <= self.limits[_HOURS]

    def grant(self, item: CapItem) -> _Grant:
        """What of an item is billable (CAP-3, CAP-4, CAP-6)."""
        if item.amount < 0 or item.quantity < 0 or (self.amount_fits(item) and self.hours_fit(item)):
            return _whole(item, None)
        if self.question.policy == "warn":
            return _whole(item, "CAP_SOFT_EXCEEDED")
        if self.question.policy == "block_entry":
            return _Grant(amount=ZERO, quantity=ZERO, hours=ZERO, code="CAP_EXCEEDED")
        return self.split(item)

    def split(self, item: CapItem) -> _Grant:
        """The smaller of what amounts and hours leave; on a tie the hours govern."""
        by_amount = min((self.headroom(key) for key in self.amount_keys(item)), default=item.amount)
        by_amount = min(by_amount, item.amount)
        by_hours = None if self.hours_fit(item) else self.split_by_hours(item)
        if by_hours is not None and by_hours.amount <= by_amount:
            return by_hours
        return _Grant(
            amount=by_amount,
            quantity=_share(item.quantity, by_amount, item.amount),
            hours=_share(item.hours or ZERO, by_amount, item.amount),
            code="CAP_OVERAGE_HELD",
        )

    def split_by_hours(self, item: CapItem) -> _Grant:
        hours = self.headroom(_HOURS)
        quantity = _share(item.quantity, hours, item.hours or ZERO)
        amount = round_money(quantity * (item.bill_rate or ZERO), self.question.currency, self.question.rounding_mode)
        return _Grant(amount=min(amount, item.amount), quantity=quantity, hours=hours, code="CAP_OVERAGE_HELD")

    def consume(self, item: CapItem, grant: _Grant) -> None:
        """Grow by what was granted; a negative item restores headroom, never below 0 (CAP-5, CAP-6)."""
        for key in self.amount_keys(item):
            self.consumed[key] = max(ZERO, self.consumed[key] + grant.amount)
        if self.counts_hours(item):
            restores = item.amount < 0 or item.quantity < 0
            hours = -abs(grant.hours) if restores else grant.hours
            self.consumed[_HOURS] = max(ZERO, self.consumed[_HOURS] + hours)


@precise
def split_items(question: CapQuestion) -> tuple[tuple[CapSplit, ...], dict[str, Decimal]]:
    """The items in the order service date, approval, id (CAP-2), and what is consumed after them."""
    caps, items = _Caps(question), []
    for item in sorted(question.items, key=lambda one: (one.service_date, one.approved_at or _FIRST, one.id)):
        grant = caps.grant(item)
        caps.consume(item, grant)
        items.append(_split(item, grant, question.currency))
    return tuple(items), _scaled(caps.consumed, question.currency)


def apply_caps(question: CapQuestion) -> CapResult:
    """`split_items` for the calculator interface."""
    items, consumed = split_items(question)
    return CapResult(items=tuple(map(_capped, items)), consumed=consumed)


def _split(item: CapItem, grant: _Grant, currency: str) -> CapSplit:
    rest = (item.amount - grant.amount, item.quantity - grant.quantity, (item.hours or ZERO) - grant.hours)
    return CapSplit(
        id=item.id,
        billable=_share_of(grant.amount, grant.quantity, grant.hours, currency),
        overage=_share_of(*rest, currency),
        code=grant.code,
    )


def _share_of(amount: Decimal, quantity: Decimal, hours: Decimal, currency: str) -> CapShare:
    return CapShare(
        amount=round_money(amount, currency),
        quantity=round_places(quantity, HOURS_PLACES),
        hours=round_places(hours, HOURS_PLACES),
    )


def _capped(item: CapSplit) -> CappedItem:
    return CappedItem(
        id=item.id,
        billable_amount=item.billable.amount,
        billable_quantity=item.billable.quantity,
        overage_amount=item.overage.amount,
        overage_quantity=item.overage.quantity,
        code=item.code,
    )


def _scaled(consumed: dict[str, Decimal], currency: str) -> dict[str, Decimal]:
    places = minor_units(currency)
    return {key: round_places(value, HOURS_PLACES if key == _HOURS else places) for key, value in consumed.items()}


def alert_levels(limit: Decimal, before: Decimal, after: Decimal) -> Sequence[int]:
    """The percent levels a consumption has newly reached (CAP-8)."""
    return [level for level in ALERT_LEVELS if before * 100 < limit * level <= after * 100]
