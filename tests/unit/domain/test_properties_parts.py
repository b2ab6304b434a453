"""Parts sum to the whole, and the order in which they come does not matter where the rules say so (DEC-5)."""

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.money import HOURS_PLACES, ZERO, Exact, minor_units, negate, round_money
from domain.caps import CapAmounts, CapItem, CapQuestion, apply_caps
from domain.discounts import NetLine, VolumeQuestion, VolumeTier, volume_discount
from domain.invoice_lines import BillableTransaction, aggregate_lines, credit_invoice_lines
from domain.invoices import (
    AmountLine,
    FunctionalRate,
    GroupedTransaction,
    GroupingTerms,
    GroupQuestion,
    TotalsQuestion,
    credit_lines,
    group_transactions,
    invoice_totals,
)
from domain.milestones import MilestonePlan, MilestoneShare, schedule_milestones
from domain.retainers import BlockHours, Retainer, RetainerQuestion, apply_retainers, cover_hours
from domain.splits import Allocation, CustomerSplit, SplitQuestion, Weight, allocate_amount, split_customers
from tests.unit.domain import given as some

_LAST_PLACE = Decimal(1).scaleb(-HOURS_PLACES)
_CODES = st.sampled_from(("S19", "S07", "RC"))


def total(amounts: Any) -> Decimal:
    return sum(amounts, ZERO)


def unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-minor_units(currency))


@st.composite
def _cap_items(draw: st.DrawFn, id: str, currency: str) -> CapItem:
    """Amount and quantity have one sign (TXN-3)."""
    amount = draw(some.amounts(currency, -5_000, 30_000))
    quantity = draw(some.exact("0", "12", 2))
    return CapItem(
        id=id,
        kind=draw(st.sampled_from(("time", "time", "expense"))),
        service_date=draw(some.days),
        approved_at=draw(some.maybe(st.datetimes(timezones=st.just(dt.UTC)))),
        hours=draw(some.exact("0", "12", 2)),
        quantity=Exact(negate(quantity)) if amount < 0 else quantity,
        bill_rate=draw(some.exact("0", "300", 2)),
        amount=amount,
    )


@st.composite
def _cap_questions(draw: st.DrawFn) -> CapQuestion:
    currency = draw(some.currencies)
    limit, used = some.maybe(some.amounts(currency, 0, 60_000)), some.maybe(some.amounts(currency, 0, 40_000))
    hours = some.maybe(some.exact("0", "30", 2))
    items = [draw(_cap_items(f"i{number}", currency)) for number in range(draw(st.integers(0, 6)))]
    return CapQuestion(
        currency=currency,
        policy=draw(st.sampled_from(("split", "block_entry", "warn"))),
        tolerance_amount=draw(some.amounts(currency, 0, 200)),
        nte_scope=draw(st.sampled_from(("time_only", "time_and_expense"))),
        limits=CapAmounts(contract=draw(limit), contract_line=draw(limit), po=draw(limit), line_hours=draw(hours)),
        consumed=CapAmounts(contract=draw(used), contract_line=draw(used), po=draw(used), line_hours=draw(hours)),
        items=tuple(items),
        rounding_mode=draw(some.modes),
    )


@given(question=_cap_questions(), rng=st.randoms(use_true_random=False))
def test_a_cap_divides_and_loses_nothing(question: CapQuestion, rng: Any) -> None:
    answer, wanted = apply_caps(question), {item.id: item for item in question.items}
    for item in answer.items:
        assert item.billable_amount + item.overage_amount == wanted[item.id].amount
        assert item.billable_quantity + item.overage_quantity == wanted[item.id].quantity
        if wanted[item.id].amount >= 0 and wanted[item.id].quantity >= 0:
            assert item.billable_amount >= 0
            assert item.overage_amount >= 0
            assert item.overage_quantity >= 0
        if question.policy == "warn":
            assert item.overage_amount == 0
        if question.policy == "block_entry":
            assert item.billable_amount in (0, wanted[item.id].amount)
    shuffled = list(question.items)
    rng.shuffle(shuffled)
    assert apply_caps(replace(question, items=tuple(shuffled))) == answer


def _priced(question: CapQuestion) -> CapQuestion:
    """The same with time at its price (RP-3)."""
    items = []
    for item in question.items:
        price = round_money(item.quantity * (item.bill_rate or ZERO), question.currency, question.rounding_mode)
        items.append(replace(item, amount=price) if item.kind == "time" else item)
    return replace(question, items=tuple(items))


def _hours_of_rounding(item: CapItem) -> Decimal:
    """What the last place of a quantity (RP-4) stands for in hours, of the item and of its price."""
    priced = (item.hours or ZERO) * (item.bill_rate or ZERO) / item.amount if item.amount > 0 else ZERO
    return _LAST_PLACE * (1 + priced)


@given(question=_cap_questions().map(_priced))
def test_what_a_cap_lets_through_stays_within_it(question: CapQuestion) -> None:
    """Under split and block_entry consumption never passes a limit and its tolerance, unless it had before."""
    answer = apply_caps(question)
    rounding = max(map(_hours_of_rounding, question.items), default=ZERO)
    for key, after in answer.consumed.items():
        assert after >= 0
        limit, before = getattr(question.limits, key), getattr(question.consumed, key) or ZERO
        tolerance = rounding if key == "line_hours" else question.tolerance_amount or ZERO
        if question.policy != "warn":
            assert after <= max(limit + tolerance, before)


@given(question=_cap_questions(), cut=st.integers(0, 6))
def test_batches_consume_as_one_after_the_other(question: CapQuestion, cut: int) -> None:
    """A batch that goes on from what an earlier one consumed answers as if both were one (CAP-2)."""
    whole, order = apply_caps(question), {item.id: item for item in question.items}
    ordered = [order[item.id] for item in whole.items]
    first = apply_caps(replace(question, items=tuple(ordered[:cut])))
    second = apply_caps(replace(question, items=tuple(ordered[cut:]), consumed=CapAmounts(**first.consumed)))
    assert first.items + second.items == whole.items
    assert second.consumed == whole.consumed


@st.composite
def _net_lines(draw: st.DrawFn, currency: str) -> tuple[NetLine, ...]:
    kinds = st.sampled_from(("time", "time", "expense", "milestone"))
    count = draw(st.integers(0, 6))
    return tuple(
        NetLine(id=str(n), kind=draw(kinds), amount=draw(some.amounts(currency, 0)), tax_code=draw(_CODES))
        for n in range(count)
    )


@given(data=st.data(), rng=st.randoms(use_true_random=False))
def test_a_discount_is_shared_without_rest(data: st.DataObject, rng: Any) -> None:
    currency = data.draw(some.currencies)
    starts = sorted(data.draw(st.sets(st.integers(0, 900), max_size=4)))
    tiers = tuple(VolumeTier(from_=Exact(start), pct=data.draw(some.percents)) for start in starts)
    lines, prior = list(data.draw(_net_lines(currency))), data.draw(some.amounts(currency, 0))
    question = VolumeQuestion(currency=currency, prior_net=prior, lines=tuple(lines), tiers=tiers)
    answer = volume_discount(question)
    net_by_code = {line.tax_code: ZERO for line in lines if line.kind == "time"}
    for line in lines:
        if line.kind == "time":
            net_by_code[line.tax_code] += line.amount
    assert total(line.amount for line in answer.lines) == -answer.discount
    assert 0 <= answer.discount <= total(net_by_code.values())
    for share in answer.lines:
        assert 0 < -share.amount <= net_by_code[share.tax_code]
    rng.shuffle(lines)
    assert volume_discount(replace(question, lines=tuple(lines))) == answer


@given(data=st.data())
def test_discounts_of_two_drafts_are_those_of_one(data: st.DataObject) -> None:
    """Tiers are marginal: what a draft begins the next one goes on with, up to one rounding each."""
    tiers = (VolumeTier(from_=Exact("0"), pct=Exact("0")), VolumeTier(from_=Exact("500"), pct=Exact("7.5")))
    first, second = (data.draw(some.amounts("EUR", 0)) for _ in range(2))

    def discount(prior: Decimal, amount: Decimal) -> Decimal:
        line = NetLine(id="1", kind="time", amount=Exact(amount), tax_code="S19")
        asked = VolumeQuestion(currency="EUR", prior_net=Exact(prior), lines=(line,), tiers=tiers)
        return volume_discount(asked).discount

    apart = discount(ZERO, first) + discount(first, second)
    assert abs(apart - discount(ZERO, first + second)) <= Decimal("0.01")


@st.composite
def _retainer_questions(draw: st.DrawFn) -> RetainerQuestion:
    currency = draw(some.currencies)
    retainers = [
        Retainer(
            id=f"r{n}",
            state=draw(st.sampled_from(("posted", "posted", "draft"))),
            posted_on=draw(some.maybe(some.days)),
            expires_on=draw(some.maybe(some.days)),
            available=draw(some.amounts(currency, 0)),
            tax_code=draw(_CODES),
        )
        for n in range(draw(st.integers(0, 5)))
    ]
    return RetainerQuestion(
        currency=currency, period_end=draw(some.days), lines=draw(_net_lines(currency)), retainers=tuple(retainers)
    )


@given(question=_retainer_questions(), rng=st.randoms(use_true_random=False))
def test_a_retainer_pays_once(question: RetainerQuestion, rng: Any) -> None:
    answer = apply_retainers(question)
    applied = {one.retainer_id: one.amount for one in answer.applications}
    assert len(applied) == len(answer.applications)
    assert answer.net_after - answer.net_before == total(applied.values())
    for one in question.retainers:
        assert answer.remaining[one.id] == one.available + applied.get(one.id, ZERO) >= 0
    for code in {one.tax_code for one in question.retainers}:
        eligible = total(x.amount for x in question.lines if x.tax_code == code and x.kind in ("time", "expense"))
        assert -total(applied.get(one.id, ZERO) for one in question.retainers if one.tax_code == code) <= eligible
    lines, retainers = list(question.lines), list(question.retainers)
    rng.shuffle(lines)
    rng.shuffle(retainers)
    assert apply_retainers(replace(question, lines=tuple(lines), retainers=tuple(retainers))) == answer


@given(available=some.exact("-1", "40", 4), hours=some.exact("0", "24", 4), rate=some.exact("0", "300", 4))
def test_a_block_covers_and_the_rest_is_rated(available: Exact, hours: Exact, rate: Exact) -> None:
    answer = cover_hours(BlockHours(currency="EUR", available_hours=available, hours=hours, bill_rate=rate))
    assert answer.covered_hours + answer.excess_hours == hours
    assert 0 <= answer.covered_hours <= max(available, ZERO)
    assert (answer.excess_amount == 0) or answer.excess_hours > 0


@given(data=st.data(), rng=st.randoms(use_true_random=False))
def test_shares_sum_to_the_amount(data: st.DataObject, rng: Any) -> None:
    currency = data.draw(some.currencies)
    amount, step = data.draw(some.amounts(currency)), unit(currency)
    weights = [
        Weight(key=f"k{n}", weight=weight)
        for n, weight in enumerate(data.draw(st.lists(some.exact("0", "100", 3), min_size=1, max_size=7)))
    ]
    whole = total(one.weight for one in weights)
    if not whole:
        return
    question = Allocation(currency=currency, amount=amount, weights=tuple(weights))
    parts = {one.key: one.amount for one in allocate_amount(question).parts}
    assert total(parts.values()) == amount
    assert all(abs(parts[one.key] - amount * one.weight / whole) < step for one in weights)
    negated = allocate_amount(replace(question, amount=Exact(negate(amount))))
    assert [one.amount for one in negated.parts] == [negate(parts[one.key]) for one in weights]
    rng.shuffle(weights)
    again = allocate_amount(replace(question, weights=tuple(weights)))
    assert {one.key: one.amount for one in again.parts} == parts


@st.composite
def _hundred(draw: st.DrawFn) -> list[Exact]:
    cuts = sorted(draw(st.lists(st.integers(0, 1_000_000), max_size=5)))
    return [Exact(Decimal(high - low).scaleb(-4)) for low, high in pairwise((0, *cuts, 1_000_000))]


@given(data=st.data(), percents=_hundred())
def test_customers_pay_the_whole(data: st.DataObject, percents: list[Exact]) -> None:
    currency, mode = data.draw(some.currencies), data.draw(some.modes)
    amount, rounding = data.draw(some.amounts(currency)), data.draw(st.integers(0, len(percents) - 1))
    splits = [CustomerSplit(customer_id=f"c{n}", pct=pct, rounding=n == rounding) for n, pct in enumerate(percents)]
    answer = split_customers(SplitQuestion(currency=currency, amount=amount, splits=tuple(splits), rounding_mode=mode))
    assert answer.parts is not None
    assert [one.customer_id for one in answer.parts] == [one.customer_id for one in splits]
    assert total(one.amount for one in answer.parts) == amount
    for one, part in zip(splits, answer.parts, strict=True):
        if not one.rounding:
            assert abs(part.amount - amount * one.pct / 100) <= unit(currency) / 2


@given(data=st.data(), percents=_hundred(), rng=st.randoms(use_true_random=False))
def test_milestones_bill_the_line(data: st.DataObject, percents: list[Exact], rng: Any) -> None:
    currency = data.draw(some.currencies)
    shares = [MilestoneShare(id=f"m{n}", sequence=n, pct=pct) for n, pct in enumerate(percents)]
    plan = MilestonePlan(currency=currency, line_value=data.draw(some.amounts(currency, 0)), milestones=tuple(shares))
    answer = schedule_milestones(plan)
    assert answer.milestones is not None
    assert [one.id for one in answer.milestones] == [one.id for one in shares]
    assert total(one.amount for one in answer.milestones) == plan.line_value
    rng.shuffle(shares)
    assert schedule_milestones(replace(plan, milestones=tuple(shares))) == answer


@st.composite
def _totals(draw: st.DrawFn) -> TotalsQuestion:
    currency = draw(some.currencies)
    rates = {"S19": "19", "S07": "7", "RC": "0"}
    lines = [
        AmountLine(id=str(n), amount=draw(some.amounts(currency)), tax_code=code, tax_rate_pct=Exact(rates[code]))
        for n, code in enumerate(draw(st.lists(_CODES, max_size=7)))
    ]
    functional = FunctionalRate(currency=draw(some.currencies), fx_rate=draw(some.exact("0.01", "200", 6)))
    return TotalsQuestion(
        currency=currency,
        rounding_mode=draw(some.modes),
        lines=tuple(lines),
        functional=draw(some.maybe(st.just(functional))),
    )


@given(question=_totals(), rng=st.randoms(use_true_random=False))
def test_an_invoice_adds_up_in_both_currencies(question: TotalsQuestion, rng: Any) -> None:
    answer = invoice_totals(question)
    assert answer.net == total(line.amount for line in question.lines) == total(one.base for one in answer.tax_groups)
    assert answer.tax == total(one.tax for one in answer.tax_groups)
    assert answer.gross == answer.net + answer.tax
    if answer.functional is not None:
        assert answer.functional.gross == answer.functional.net + answer.functional.tax
    lines = list(question.lines)
    rng.shuffle(lines)
    assert invoice_totals(replace(question, lines=tuple(lines))) == answer


@given(question=_totals())
def test_a_credit_note_is_the_exact_opposite(question: TotalsQuestion) -> None:
    """DEC-6: what was billed and what is credited come to nothing, tax and functional amounts included."""
    billed, credited = invoice_totals(question), invoice_totals(replace(question, lines=credit_lines(question.lines)))
    assert (credited.net, credited.tax, credited.gross) == tuple(map(negate, (billed.net, billed.tax, billed.gross)))
    assert [negate(one.tax) for one in credited.tax_groups] == [one.tax for one in billed.tax_groups]
    if billed.functional and credited.functional:
        assert billed.functional.gross + credited.functional.gross == 0
    assert credit_lines(credit_lines(question.lines)) == question.lines


@st.composite
def _transactions(draw: st.DrawFn) -> list[BillableTransaction]:
    return [
        BillableTransaction(
            id=f"t{n}",
            kind=draw(st.sampled_from(("time", "expense"))),
            contract_line_id=draw(st.sampled_from(("l1", "l2"))),
            currency="EUR",
            quantity=draw(some.exact("-8", "24", 4)),
            unit=draw(some.maybe(st.just("hour"))),
            bill_rate=draw(some.maybe(st.sampled_from((Exact("150"), Exact("150.0000"), Exact("99.5"))))),
            amount=draw(some.amounts("EUR")),
            tax_code=draw(_CODES),
            tax_rate_pct=Exact("19"),
            resource_id=draw(some.maybe(st.sampled_from(("ann", "bob")))),
            role_code=draw(some.maybe(st.sampled_from(some.ROLES))),
        )
        for n in range(draw(st.integers(0, 8)))
    ]


@given(
    transactions=_transactions(),
    detail=st.sampled_from(("entry", "resource_role", "role", "task", "project")),
    rng=st.randoms(use_true_random=False),
)
def test_lines_hold_every_transaction_once(transactions: list[BillableTransaction], detail: Any, rng: Any) -> None:
    lines = aggregate_lines(transactions, detail)
    assert sorted(id for line in lines for id in line.transaction_ids) == sorted(one.id for one in transactions)
    assert total(line.amount for line in lines) == total(one.amount for one in transactions)
    assert total(line.quantity for line in lines) == total(one.quantity for one in transactions)
    credits = credit_invoice_lines(lines)
    assert all(
        one.amount + two.amount == one.quantity + two.quantity == 0 for one, two in zip(lines, credits, strict=True)
    )
    rng.shuffle(transactions)
    assert {line.transaction_ids: line.amount for line in aggregate_lines(transactions, detail)} == {
        line.transaction_ids: line.amount for line in lines
    }


@given(data=st.data(), rng=st.randoms(use_true_random=False))
def test_drafts_hold_every_transaction_once(data: st.DataObject, rng: Any) -> None:
    grouping = data.draw(
        st.sampled_from(("per_contract", "per_project", "per_po", "per_contract_line", "per_customer"))
    )
    few = st.sampled_from(("a", "b"))
    transactions = [
        GroupedTransaction(
            id=f"t{n}",
            legal_entity_id="ent",
            bill_to_id=data.draw(few),
            currency=data.draw(st.sampled_from(("EUR", "USD"))),
            payment_terms="NET30",
            po_number=data.draw(some.maybe(few)),
            billing_period="2026-03",
            contract_id=data.draw(few),
            project_id=data.draw(few),
            contract_line_id=data.draw(few),
            amount=data.draw(some.amounts("EUR")),
        )
        for n in range(data.draw(st.integers(0, 8)))
    ]
    question = GroupQuestion(contract=GroupingTerms(invoice_grouping=grouping), transactions=tuple(transactions))
    answer, known = group_transactions(question), {one.id: one for one in transactions}
    assert sorted(id for draft in answer.drafts for id in draft.transaction_ids) == sorted(known)
    assert [draft.key for draft in answer.drafts] == sorted({draft.key for draft in answer.drafts})
    for draft in answer.drafts:
        assert draft.net == total(known[id].amount for id in draft.transaction_ids)
        assert len({(known[id].currency, known[id].bill_to_id) for id in draft.transaction_ids}) == 1
    rng.shuffle(transactions)
    assert group_transactions(replace(question, transactions=tuple(transactions))) == answer
