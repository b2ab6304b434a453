"""How much of a supplier invoice may be paid now: by confirmation and by what the client paid (PWP-1..PWP-4)."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from contracts.iso import Currency
from contracts.money import ZERO, Exact, RoundingMode, precise, round_money
from domain.terms import Input

ReleaseCode = Literal["VENDOR_NOT_CONFIRMED", "PWP_WAITING"]

_HUNDRED = Decimal(100)


class ReleaseQuestion(Input, frozen=True, kw_only=True):
    """A supplier invoice and the client invoice linked to it, amounts in `currency`; `mode` is the order's pwp_mode."""

    mode: Literal["none", "threshold", "proportional"]
    threshold_pct: Exact | None = None
    currency: Currency
    vendor_amount: Exact
    already_released: Exact | None = None
    customer_gross: Exact | None = None
    customer_paid: Exact | None = None
    pm_confirmed: bool
    override: bool | None = None
    rounding_mode: RoundingMode | None = None

    def __post_init__(self) -> None:
        if self.waits_for_client:
            for name in ("customer_gross", "customer_paid"):
                if getattr(self, name) is None:
                    raise ValueError(f"`{name}` is required for mode {self.mode}")

    @property
    def waits_for_client(self) -> bool:
        """Whether what the client paid decides: only once the work is confirmed, and without an override (PWP-1, 2)."""
        return self.pm_confirmed and not self.override and self.mode != "none"

    @property
    def released(self) -> Decimal:
        return self.already_released or ZERO

    @property
    def remainder(self) -> Decimal:
        return max(ZERO, self.vendor_amount - self.released)

    def share_of(self, amount: Decimal) -> Decimal:
        """The amount times what the client paid of the gross, at most all of it; nothing of a gross of 0 (PWP-3)."""
        gross, paid = self.customer_gross or ZERO, self.customer_paid or ZERO
        if gross == 0:
            return ZERO
        return amount if paid / gross >= 1 else amount * paid / gross


class Release(Struct, frozen=True, kw_only=True):
    """What may be paid now, and why not more."""

    releasable: Exact
    code: ReleaseCode | None


@precise
def releasable_amount(question: ReleaseQuestion) -> Release:
    """Confirmation first, then override or no condition, then what the client paid."""
    if not question.pm_confirmed:
        return _release(question, ZERO, "VENDOR_NOT_CONFIRMED")
    if not question.waits_for_client:
        return _release(question, question.remainder, None)
    if question.mode == "threshold":
        threshold = _HUNDRED if question.threshold_pct is None else question.threshold_pct
        met = question.share_of(_HUNDRED) >= threshold
        return _release(question, question.remainder if met else ZERO, None if met else "PWP_WAITING")
    earned = round_money(question.share_of(question.vendor_amount), question.currency, question.rounding_mode)
    amount = max(ZERO, earned - question.released)
    waiting = question.released + amount < question.vendor_amount
    return _release(question, amount, "PWP_WAITING" if waiting else None)


def _release(question: ReleaseQuestion, amount: Decimal, code: ReleaseCode | None) -> Release:
    return Release(releasable=round_money(amount, question.currency, question.rounding_mode), code=code)
