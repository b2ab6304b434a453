"""A model of the hub: entries, their transactions and invoices, driven by nothing but the pure functions of `domain/`."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct

from contracts.money import ZERO, Exact
from domain import states
from domain.caps import CapAmounts, CapItem, CappedItem, CapQuestion, apply_caps
from domain.impact import AffectedTransaction, ImpactQuestion, plan_impact
from domain.invoice_lines import BillableTransaction, InvoiceLine, aggregate_lines, credit_invoice_lines
from domain.invoices import TotalsQuestion, invoice_totals
from domain.quantities import LineTerms
from domain.rate_book import RateBook
from domain.rate_search import RateLine
from domain.rating import PricingTerms, RatedTime, TimeWorked
from domain.terms import PricingContract, PricingEntity

DAY = dt.date(2026, 3, 16)
GONE, FIXED = "reversed", frozenset({"invoiced", "written_off"})


class Part(Struct):
    """A transaction: hours and money of one entry in one place."""

    id: str
    entry: str
    kind: str
    hours: Decimal
    amount: Decimal
    rate: Decimal
    state: str = "pending"

    def move(self, *commands: str) -> None:
        for command in commands:
            changed = states.apply("billable_transaction", self.state, command)
            if changed.error is not None or changed.state is None:
                raise AssertionError(f"{command} of a transaction in {self.state}: {changed.error}")
            self.state = changed.state


class Invoice(Struct):
    """What was posted: lines and net; a credit note is an invoice of the opposite lines."""

    lines: tuple[InvoiceLine, ...]
    net: Decimal
    credited: bool = False


class Books:
    """One contract line in hours, a price, perhaps a cap."""

    def __init__(self, price: Decimal, limit: Decimal | None) -> None:
        self.hours: dict[str, Decimal] = {}
        self.worth: dict[str, Decimal] = {}
        self.parts: list[Part] = []
        self.invoices: list[Invoice] = []
        self.limit = limit
        self.highest = limit
        self.reprice(price)

    def reprice(self, price: Decimal) -> None:
        line = RateLine(id="std", scope="standard", rate=Exact(price), currency="EUR")
        self.book = RateBook(
            PricingTerms(
                contract=PricingContract(currency="EUR"),
                contract_line=LineTerms(id="ctl"),
                legal_entity=PricingEntity(id="ent", functional_currency="EUR"),
                rate_lines=(line,),
            )
        )

    # What is there

    def live(self, entry: str | None = None) -> list[Part]:
        return [one for one in self.parts if one.state != GONE and entry in (None, one.entry)]

    def consumed(self) -> Decimal:
        """CAP-1: billable value of live transactions; held overage and written-off value use nothing."""
        counted = ("rated", "queued", "drafted", "invoiced")
        return max(ZERO, sum((one.amount for one in self.live() if one.state in counted), ZERO))

    # What people do

    def approve(self, entry: str, hours: Decimal) -> None:
        self.hours[entry] = hours
        self._restate(entry)

    def correct(self, entry: str, hours: Decimal) -> None:
        """A newer version of an entry (rule IMP, trigger correction); what was given up is not corrected (IMP-1)."""
        if any(one.state == "written_off" for one in self.live(entry)):
            return
        self.hours[entry] = hours
        self._carry_out(entry, self._planned([entry], "correction")[entry])

    def rerate(self, price: Decimal) -> None:
        """A new price for all work (rule IMP, trigger rerate)."""
        self.reprice(price)
        for entry, action in self._planned(list(self.hours), "rerate").items():
            self._carry_out(entry, action)

    def recap(self, limit: Decimal | None) -> None:
        """A change order sets the cap; held overage is looked at again (CO-2, CO-3)."""
        self.limit = limit
        self.highest = None if limit is None or self.highest is None else max(limit, self.consumed())
        for held in [one for one in self.live() if one.state == "held"]:
            held.move("reverse")
            self._state(held.entry, held.kind, held.hours, held.amount, held.rate)

    def post(self) -> None:
        for one in self.live():
            if one.state == "rated":
                one.move("post")

    def write_off(self, entry: str) -> None:
        for one in self.live(entry):
            if one.state in ("rated", "held", "queued"):
                one.move("write_off")

    def invoice(self) -> None:
        """Bill everything that is queued."""
        queued = [one for one in self.live() if one.state == "queued"]
        if not queued:
            return
        lines = aggregate_lines(map(_billable, queued), "resource_role")
        for one in queued:
            one.move("draft", "invoice")
        self.invoices.append(Invoice(lines, _net(lines)))

    def credit(self, number: int) -> None:
        """A full credit note; the work goes back to where it can be billed again (INV-8, DEC-6)."""
        standing = [one for one in self.invoices if not one.credited]
        if not standing:
            return
        credited = standing[number % len(standing)]
        credited.credited = True
        opposite = credit_invoice_lines(credited.lines)
        self.invoices.append(Invoice(opposite, _net(opposite), credited=True))
        billed = {id for line in credited.lines for id in line.transaction_ids}
        taken = [one for one in self.parts if one.id in billed]
        for one in taken:
            one.move("credit")
        for one in taken:
            self._state(one.entry, one.kind, one.hours, one.amount, one.rate)

    # How it is done

    def _rated(self, entry: str) -> RatedTime:
        found = self.book.rate(TimeWorked(service_date=DAY, quantity=Exact(self.hours[entry])))
        if found.status != "rated":
            raise AssertionError(f"{entry} is {found.status}")
        return found

    def _restate(self, entry: str) -> None:
        found = self._rated(entry)
        self.worth[entry] = found.amount or ZERO
        self._state(entry, "time", self.hours[entry], found.amount or ZERO, found.bill_rate or ZERO)

    def _adjust(self, entry: str) -> None:
        """The difference between what an entry is worth now and what stands of it."""
        found, standing = self._rated(entry), self.live(entry)
        self.worth[entry] = found.amount or ZERO
        hours = self.hours[entry] - sum((one.hours for one in standing), ZERO)
        amount = self.worth[entry] - sum((one.amount for one in standing), ZERO)
        if hours or amount:
            self._state(entry, "adjustment", hours, amount, found.bill_rate or ZERO)
        if hours < 0 < amount and self.highest is not None:
            # Fewer hours at a higher price: a negative quantity always passes the cap (CAP-6).
            self.highest = max(self.highest, self.consumed())

    def _state(self, entry: str, kind: str, hours: Decimal, amount: Decimal, rate: Decimal) -> None:
        """New transactions for hours and their amount: what the cap leaves billable, and what it holds."""
        capped = self._capped(hours, amount, rate)
        for part, quantity, command in (
            (capped.billable_amount, capped.billable_quantity, ()),
            (capped.overage_amount, capped.overage_quantity, ("hold",)),
        ):
            if part or quantity or (not command and not capped.overage_quantity and not capped.overage_amount):
                made = Part(f"t{len(self.parts)}", entry, kind, quantity, part, rate)
                made.move("validate", "rate", *command)
                self.parts.append(made)

    def _capped(self, hours: Decimal, amount: Decimal, rate: Decimal) -> CappedItem:
        item = CapItem(
            id="new",
            kind="time",
            service_date=DAY,
            hours=Exact(abs(hours)),
            quantity=Exact(hours),
            bill_rate=Exact(rate),
            amount=Exact(amount),
        )
        limits = CapAmounts(contract=None if self.limit is None else Exact(self.limit))
        used = CapAmounts(contract=Exact(self.consumed()))
        return apply_caps(CapQuestion(currency="EUR", limits=limits, consumed=used, items=(item,))).items[0]

    def _planned(self, entries: Iterable[str], trigger: Any) -> dict[str, str]:
        affected = []
        for entry in entries:
            standing = self.live(entry)
            fixed = [one.state for one in standing if one.state in FIXED]
            found = AffectedTransaction(
                id=entry,
                state="invoiced" if "invoiced" in fixed else fixed[0] if fixed else standing[0].state,  # type: ignore[arg-type]
                service_date=DAY,
                old_amount=Exact(sum((one.amount for one in standing), ZERO)),
                new_amount=Exact(self._rated(entry).amount or ZERO),
                invoice_id="all" if fixed else None,
                billed_fields_changed=trigger == "correction",
            )
            affected.append(found)
        question = ImpactQuestion(
            trigger=trigger, changed_on=DAY + dt.timedelta(days=30), currency="EUR", transactions=tuple(affected)
        )
        return {one.id: one.action for one in plan_impact(question).actions}

    def _carry_out(self, entry: str, action: str) -> None:
        if action in ("none", "ignore_below_tolerance"):
            return
        loose = [one for one in self.live(entry) if one.state not in FIXED]
        for one in loose:
            one.move("reverse")
        if action in ("replace", "reverse_and_repost"):
            self._restate(entry)
        elif action == "adjust_next_invoice":
            self._adjust(entry)
        else:
            raise AssertionError(f"{action} of {entry}")


def _billable(one: Part) -> BillableTransaction:
    return BillableTransaction(
        id=one.id,
        kind=one.kind,
        contract_line_id="ctl",
        currency="EUR",
        quantity=Exact(one.hours),
        unit="hour",
        bill_rate=Exact(one.rate),
        amount=Exact(one.amount),
        tax_code="S19",
        tax_rate_pct=Exact("19"),
    )


def _net(lines: Iterable[InvoiceLine]) -> Decimal:
    return invoice_totals(TotalsQuestion(currency="EUR", lines=tuple(line.as_amount() for line in lines))).net
