"""Whatever is approved, corrected, capped, re-rated, invoiced, credited and written off: every hour is in one place, no cent
is lost, and the controls REC-01 and REC-06 find nothing."""

from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contracts.money import ZERO
from domain.reconciliation import compare
from tests.unit.domain import given as some
from tests.unit.domain.books import Books

_PRICES = some.exact("0.01", "400", 4)
_HOURS = some.exact("0.01", "24", 2)
_LIMITS = some.maybe(some.amounts("EUR", 0, 800_000))
_PICKS = st.integers(0, 50)
_UNBILLED = ("rated", "queued", "drafted")


class Firm(RuleBasedStateMachine):
    """Random work on one contract line."""

    @initialize(price=_PRICES, limit=_LIMITS)
    def sign(self, price: Decimal, limit: Decimal | None) -> None:
        self.books = Books(price, limit)

    @rule(hours=_HOURS)
    def approve(self, hours: Decimal) -> None:
        self.books.approve(f"e{len(self.books.hours)}", hours)

    @precondition(lambda self: self.books.hours)
    @rule(pick=_PICKS, hours=_HOURS)
    def correct(self, pick: int, hours: Decimal) -> None:
        self.books.correct(self._entry(pick), hours)

    @rule(price=_PRICES)
    def rerate(self, price: Decimal) -> None:
        self.books.rerate(price)

    @rule(limit=_LIMITS)
    def recap(self, limit: Decimal | None) -> None:
        self.books.recap(limit)

    @rule()
    def post_and_invoice(self) -> None:
        self.books.post()
        self.books.invoice()

    @rule()
    def post(self) -> None:
        self.books.post()

    @rule(number=_PICKS)
    def credit(self, number: int) -> None:
        self.books.credit(number)

    @precondition(lambda self: self.books.hours)
    @rule(pick=_PICKS)
    def write_off(self, pick: int) -> None:
        self.books.write_off(self._entry(pick))

    def _entry(self, pick: int) -> str:
        return sorted(self.books.hours)[pick % len(self.books.hours)]

    def _sum(self, what: str, *found: str, **having: Any) -> Decimal:
        live = self.books.live()
        return sum((getattr(one, what) for one in live if not found or one.state in found), ZERO)

    @invariant()
    def every_hour_is_in_one_place(self) -> None:
        for entry, hours in self.books.hours.items():
            assert sum((one.hours for one in self.books.live(entry)), ZERO) == hours, entry

    @invariant()
    def the_hours_control_finds_nothing(self) -> None:
        values = {
            "approved": sum(self.books.hours.values(), ZERO),
            "billed": self._sum("hours", "invoiced"),
            "unbilled": self._sum("hours", *_UNBILLED),
            "held": self._sum("hours", "held"),
            "written_off": self._sum("hours", "written_off"),
            **dict.fromkeys(("non_billable", "in_exception", "in_flight"), ZERO),
        }
        assert compare("REC-01", "EUR", values).status == "matched"

    @invariant()
    def every_cent_is_in_one_place(self) -> None:
        """What an entry is worth; below the tolerance of a re-rating at most that much stays as it was billed."""
        for entry, worth in self.books.worth.items():
            assert sum((one.amount for one in self.books.live(entry)), ZERO) == worth, entry

    @invariant()
    def invoices_and_transactions_agree(self) -> None:
        billed = sum((one.net for one in self.books.invoices), ZERO)
        assert billed == self._sum("amount", "invoiced")
        standing = [
            id for one in self.books.invoices if not one.credited for line in one.lines for id in line.transaction_ids
        ]
        assert len(standing) == len(set(standing))
        assert set(standing) == {one.id for one in self.books.live() if one.state == "invoiced"}

    @invariant()
    def the_wip_control_finds_nothing(self) -> None:
        """All value that came in, less what was billed and given up, is still there (REC-06)."""
        values = {
            "opening": ZERO,
            "additions": sum(self.books.worth.values(), ZERO),
            "invoiced": sum((one.net for one in self.books.invoices), ZERO),
            "written_off": self._sum("amount", "written_off"),
            "adjustments": ZERO,
            "closing": self._sum("amount", *_UNBILLED, "held"),
        }
        assert compare("REC-06", "EUR", values).status == "matched"

    @invariant()
    def the_cap_holds(self) -> None:
        if self.books.highest is not None:
            assert self.books.consumed() <= self.books.highest


def test_random_work_conserves_hours_and_money() -> None:
    run_state_machine_as_test(Firm, settings=settings(max_examples=40, stateful_step_count=25))  # type: ignore[no-untyped-call]
