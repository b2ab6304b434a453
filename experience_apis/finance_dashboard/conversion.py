"""Amounts of several currencies in one, and which rates that took."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.money import ZERO, round_money
from domain.fx import FxQuestion, exchange_rate, exchanged
from domain.terms import FxQuote


class Converter:
    """Turns amounts into one currency, and keeps which rates that took and what had none."""

    def __init__(self, currency: str, quotes: Sequence[FxQuote], day: date) -> None:
        self.currency, self._quotes, self._day = currency, quotes, day
        self._rates: dict[str, Decimal | None] = {currency: Decimal(1)}
        self._dates: list[date] = []

    @property
    def rates_on(self) -> date | None:
        return min(self._dates, default=None)

    @property
    def unconverted(self) -> tuple[str, ...]:
        return tuple(sorted(c for c, rate in self._rates.items() if rate is None))

    def of(self, amount: Decimal, currency: str) -> Decimal:
        """Zero for what has no rate."""
        rate = self._rate(currency)
        return ZERO if rate is None else exchanged(amount, rate, self.currency)

    def total(self, rows: Iterable[Any]) -> Decimal:
        """The sum of rows with an amount and a currency."""
        return round_money(sum((self.of(r["amount"], r["currency"]) for r in rows), ZERO), self.currency)

    def _rate(self, currency: str) -> Decimal | None:
        if currency not in self._rates:
            question = FxQuestion(from_=currency, to=self.currency, date=self._day, quotes=tuple(self._quotes))
            found = exchange_rate(question)
            self._rates[currency] = found.rate
            if isinstance(found.as_of, date):
                self._dates.append(found.as_of)
        return self._rates[currency]
