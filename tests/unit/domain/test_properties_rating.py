"""What holds for every price: order of the input, later entries, reversals, scales."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.money import ZERO, Exact, minor_units, negate, round_money, round_places
from domain.expenses import ExpenseRule, ExpenseSpent, RateExpense, rate_expense
from domain.fx import FxQuestion, exchange_rate
from domain.quantities import LineTerms, PriorDay, billed_quantity
from domain.rating import PricingTerms, RatedTime, RateTime, TimeWorked, rate_time
from domain.terms import FixedRate, FxQuote, PricingContract, PricingEntity
from tests.unit.domain import given as some

DAY = Decimal(8)


def rated(terms: PricingTerms, entry: TimeWorked, **more: Any) -> RatedTime:
    shared = {name: getattr(terms, name) for name in PricingTerms.__struct_fields__}
    return rate_time(RateTime(entry=entry, **shared, **more))


@given(terms=some.pricing_terms(), entry=some.entries(), cost=some.costs, rng=st.randoms(use_true_random=False))
def test_the_order_of_rate_lines_does_not_matter(terms: PricingTerms, entry: TimeWorked, cost: Any, rng: Any) -> None:
    lines = list(terms.rate_lines or ())
    rng.shuffle(lines)
    once = rated(terms, entry, cost_rate=cost)
    assert rated(replace(terms, rate_lines=tuple(lines)), entry, cost_rate=cost) == once
    assert rated(terms, entry, cost_rate=cost) == once


@given(terms=some.pricing_terms(), entry=some.entries(), cost=some.costs)
def test_a_rating_is_whole_or_says_why_not(terms: PricingTerms, entry: TimeWorked, cost: Any) -> None:
    found = rated(terms, entry, cost_rate=cost)
    if found.status != "rated":
        assert (found.code is None) == (found.status != "exception")
        assert (found.amount, found.quantity, found.bill_rate) == (None, None, None)
        return
    assert found.quantity is not None
    assert found.bill_rate is not None
    assert found.amount is not None
    assert found.currency == terms.contract.currency
    assert found.amount == round_money(
        found.quantity * found.bill_rate, found.currency, terms.legal_entity.rounding_mode or "HALF_UP"
    )
    assert found.bill_rate == round_places(found.bill_rate, 4)
    assert (found.code == "ZERO_RATE") == (found.bill_rate == 0)
    assert found.quantity >= 0


_times = st.lists(some.exact("0.01", "6", 2), min_size=1, max_size=6)


def _billed(line: LineTerms, unit: Any, order: Iterable[Exact]) -> list[Decimal]:
    """What each entry of a day is billed after those before it."""
    recorded, parts = ZERO, list[Decimal]()
    for hours in order:
        billed = sum(parts, ZERO)
        in_hours = billed * DAY if unit == "day" else billed
        prior = PriorDay(recorded_hours=Exact(recorded), billed_hours=Exact(in_hours), billed_days=Exact(billed))
        parts.append(billed_quantity(hours, line, unit, DAY, prior))
        recorded += hours
    return parts


@given(
    line=some.line_terms(),
    unit=st.sampled_from(("hour", "day")),
    times=st.lists(some.exact("0.01", "6", 2), min_size=1, max_size=6),
    rng=st.randoms(use_true_random=False),
)
def test_later_entries_never_change_earlier_ones(line: LineTerms, unit: Any, times: list[Exact], rng: Any) -> None:
    """QTY-4: whatever the order, a day is billed what its hours together come to, and no entry takes anything back."""
    line = replace(line, rounding_scope="day")
    one_by_one, together = _billed(line, unit, times), _billed(line, unit, [Exact(sum(times, ZERO))])
    assert all(part >= 0 for part in one_by_one)
    assert sum(one_by_one) == together[0]
    rng.shuffle(times)
    assert sum(_billed(line, unit, times)) == together[0]


@given(amount=some.exact("-1000", "1000", 6), currency=some.currencies, mode=some.modes)
def test_rounding_a_reversal_is_reversing_what_was_rounded(amount: Exact, currency: str, mode: Any) -> None:
    """DEC-3 and DEC-6: neither mode favours a sign, and zero is never negative."""
    once = round_money(amount, currency, mode)
    assert round_money(negate(amount), currency, mode) == negate(once)
    assert round_money(once, currency, mode) == once
    assert str(negate(negate(once))) == str(once)
    assert once.as_tuple().exponent == -minor_units(currency)
    assert not str(once).startswith("-0") or once < 0


_quotes = st.lists(
    st.tuples(some.currencies, some.currencies, some.days),
    max_size=8,
    unique=True,
).flatmap(
    lambda keys: st.tuples(
        *(
            st.builds(FxQuote, from_=st.just(a), to=st.just(b), date=st.just(d), rate=some.exact("0.01", "200", 6))
            for a, b, d in keys
        )
    )
)


@given(
    source=some.currencies,
    target=some.currencies,
    day=some.days,
    quotes=_quotes,
    pivot=some.maybe(some.currencies),
    rng=st.randoms(use_true_random=False),
)
def test_an_exchange_rate_is_as_old_as_it_says(
    source: str, target: str, day: dt.date, quotes: tuple[FxQuote, ...], pivot: Any, rng: Any
) -> None:
    question = FxQuestion(from_=source, to=target, date=day, quotes=quotes, pivot=pivot)
    found = exchange_rate(question)
    shuffled = list(quotes)
    rng.shuffle(shuffled)
    assert exchange_rate(replace(question, quotes=tuple(shuffled))) == found
    if found.rate is None:
        assert found.code == "FX_MISSING"
        assert not any((q.from_, q.to) == (source, target) and 0 <= (day - q.date).days <= 7 for q in quotes)
        return
    assert found.path != "fixed"
    assert isinstance(found.as_of, dt.date)
    assert 0 <= (day - found.as_of).days <= 7
    if found.path == "direct":
        dates = [q.date for q in quotes if (q.from_, q.to) == (source, target) and q.date <= day]
        assert found.as_of == max(dates)


@given(rate=some.exact("0.01", "200", 4), day=some.days)
def test_an_agreed_rate_works_both_ways(rate: Exact, day: dt.date) -> None:
    agreed = (FixedRate(from_="EUR", to="USD", rate=rate),)
    there = exchange_rate(FxQuestion(from_="EUR", to="USD", date=day, fixed=agreed))
    back = exchange_rate(FxQuestion(from_="USD", to="EUR", date=day, fixed=agreed))
    assert there.rate == rate
    assert back.rate == round_places(1 / rate, 10)
    assert (there.as_of, there.path, back.path) == (None, "fixed", "fixed")


@st.composite
def _claims(draw: st.DrawFn) -> RateExpense:
    gross = draw(some.amounts("EUR", 1))
    method = draw(st.sampled_from(("at_cost", "markup_pct", "fixed_unit", "per_diem")))
    expense = ExpenseSpent(
        expense_date=draw(some.days),
        amount_gross=gross,
        currency="EUR",
        category="hotel",
        tax_recoverable=draw(some.maybe(some.amounts("EUR", 0, int(gross * 100) - 1))) if gross > 1 else None,
        units=draw(some.maybe(some.exact("0", "9", 1))),
        receipt_attached=True,
    )
    rule = ExpenseRule(
        method=method,
        markup_pct=draw(some.percents),
        unit_rate=draw(some.exact("0", "99", 2)),
        limit_per_unit=draw(some.maybe(some.amounts("EUR", 0))),
    )
    return RateExpense(
        expense=expense,
        rule=rule,
        contract=PricingContract(currency="EUR"),
        legal_entity=PricingEntity(id="ent", functional_currency="EUR", rounding_mode=draw(some.modes)),
    )


@given(claim=_claims())
def test_cost_is_billed_or_absorbed(claim: RateExpense) -> None:
    """EXP-5: allowed and absorbed cost come to what was spent net of recoverable tax."""
    found, spent = rate_expense(claim), claim.expense.amount_gross - (claim.expense.tax_recoverable or ZERO)
    assert found.status == "rated"
    assert found.cost_amount is not None
    assert found.bill_amount is not None
    assert found.non_billable_amount is not None
    assert found.cost_amount + found.non_billable_amount == spent
    assert (found.code == "EXP_OVER_LIMIT") == (found.non_billable_amount > 0)
    if claim.rule is not None and claim.rule.method == "at_cost":
        assert found.bill_amount == found.cost_amount
    if claim.rule is not None and claim.rule.method == "markup_pct":
        assert found.bill_amount >= found.cost_amount
