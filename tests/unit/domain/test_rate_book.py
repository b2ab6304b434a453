"""Rating in bulk answers byte for byte what `rate.time` answers, whatever was rated before."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from contracts.money import Exact
from contracts.wire import encode
from domain import rate_book
from domain.quantities import LineTerms, PriorDay
from domain.rate_book import RateBook, Work
from domain.rate_search import RateLine, ScopeRef
from domain.rating import CostRate, PricingTerms, RatedTime, RateTime, TimeWorked, rate_time
from domain.terms import FxQuote, PricingContract, PricingEntity
from tests.unit.domain import given as some

_priors = some.maybe(
    st.builds(
        PriorDay,
        recorded_hours=some.exact("0", "12", 2),
        billed_hours=some.exact("0", "12", 2),
        billed_days=some.exact("0", "2", 1),
    )
)
_work = st.lists(st.tuples(some.entries(), some.costs, _priors), min_size=1, max_size=12)


def one_by_one(terms: PricingTerms, work: list[Work]) -> list[RatedTime]:
    shared = {name: getattr(terms, name) for name in PricingTerms.__struct_fields__}
    return [rate_time(RateTime(entry=e, cost_rate=c, prior_day=p, **shared)) for e, c, p in work]


@given(terms=some.pricing_terms(), work=_work)
def test_bulk_equals_single(terms: PricingTerms, work: list[Work]) -> None:
    book = RateBook(terms)
    expected = [encode(one) for one in one_by_one(terms, work)]
    assert [encode(one) for one in book.rate_all(work)] == expected
    assert [encode(book.rate(*one)) for one in reversed(work)] == expected[::-1]


DAY = dt.date(2026, 3, 16)
PRICE = RateLine(id="std", scope="standard", scope_ref=ScopeRef(), rate=Exact("100"), currency="EUR")
TERMS = PricingTerms(
    contract=PricingContract(currency="EUR"),
    contract_line=LineTerms(id="ctl"),
    legal_entity=PricingEntity(id="ent", functional_currency="EUR"),
    rate_lines=(PRICE,),
)
ENTRY = TimeWorked(service_date=DAY, quantity=Exact("2"), project_id="prj", resource_id="ann", role_code="CON")


def amounts(book: RateBook, *entries: TimeWorked, cost: CostRate | None = None) -> list[Decimal | None]:
    return [one.amount for one in book.rate_all([(entry, cost, None) for entry in entries])]


def test_a_price_is_looked_up_again_where_a_line_begins_and_ends() -> None:
    later = replace(PRICE, id="new", rate=Exact("120"), effective_from=DAY, effective_to=DAY)
    book = RateBook(replace(TERMS, rate_lines=(PRICE, later)))
    around = [replace(ENTRY, service_date=DAY + dt.timedelta(days=shift)) for shift in (-1, 0, 1)]
    assert amounts(book, *around) == [Decimal(200), Decimal(240), Decimal(200)]


def test_a_line_that_never_ends_by_the_calendar() -> None:
    book = RateBook(replace(TERMS, rate_lines=(replace(PRICE, effective_to=dt.date.max),)))
    assert amounts(book, ENTRY) == [Decimal(200)]


def test_a_person_with_a_price_of_their_own() -> None:
    own = replace(
        PRICE,
        id="ann",
        scope="project_person",
        scope_ref=ScopeRef(project_id="prj", resource_id="ann"),
        rate=Exact("150"),
    )
    cid = replace(own, id="cid", scope_ref=ScopeRef(project_id="prj", resource_id="cid"), rate=Exact("175"))
    book = RateBook(replace(TERMS, rate_lines=(PRICE, own, cid)))
    people = [replace(ENTRY, resource_id=name) for name in ("ann", "bob", "cid")]
    assert amounts(book, *people, *people) == [Decimal(300), Decimal(200), Decimal(350)] * 2


@pytest.mark.parametrize("field", ["project_id", "role_code", "seniority_code", "location_code", "time_types"])
def test_what_may_change_a_price_is_told_apart(field: str) -> None:
    """The first entry is priced; one that differs in a dimension its line names is not."""
    value = ("overtime",) if field == "time_types" else "X"
    named = {"project_id": {"scope": "project_role", "scope_ref": ScopeRef(project_id="X"), "role_code": "CON"}}
    dimension = named.get(field, {"time_type": "overtime"} if field == "time_types" else {field: "X"})
    line = RateLine(**{**asdict(PRICE), "rate": Exact("300"), **dimension})
    book = RateBook(replace(TERMS, rate_lines=(PRICE, line)))
    assert amounts(book, ENTRY, replace(ENTRY, **{field: value}), ENTRY) == [Decimal(200), Decimal(600), Decimal(200)]


def test_rates_of_exchange_are_those_of_each_day() -> None:
    quotes = tuple(
        FxQuote(from_="USD", to="EUR", date=DAY + dt.timedelta(days=shift), rate=Exact(rate))
        for shift, rate in ((0, "0.9"), (1, "0.8"))
    )
    book = RateBook(replace(TERMS, rate_lines=(replace(PRICE, currency="USD"),), fx_quotes=quotes))
    assert amounts(book, ENTRY, replace(ENTRY, service_date=DAY + dt.timedelta(days=1))) == [Decimal(180), Decimal(160)]


def test_a_price_on_cost_follows_the_cost_of_each_person() -> None:
    line = RateLine(id="cp", scope="standard", method="cost_plus", markup_pct=Exact("50"))
    book = RateBook(replace(TERMS, rate_lines=(line,)))
    rates = [CostRate(rate=Exact(rate), currency="EUR") for rate in ("80", "60")]
    assert [amounts(book, ENTRY, cost=cost) for cost in rates] == [[Decimal(240)], [Decimal(180)]]
    assert book.rate(ENTRY).code == "COST_RATE_MISSING"


def test_what_a_person_asks_to_bill_is_told_apart() -> None:
    book = RateBook(TERMS)
    more = replace(ENTRY, billable_quantity=Exact("3"))
    assert book.rate(more).code == "BILLABLE_QTY_INVALID"
    assert book.rate(replace(more, billable_override_reason="agreed")).amount == Decimal(300)
    assert book.rate(replace(ENTRY, billable=False)).status == "non_billable"
    assert book.rate(replace(ENTRY, unit="minute")).quantity == Decimal("0.0333")


def test_the_day_before_counts_each_time() -> None:
    book = RateBook(
        replace(TERMS, contract_line=replace(TERMS.contract_line, increment_minutes=60, rounding_scope="day"))
    )
    half = replace(ENTRY, quantity=Exact("0.5"))
    prior = PriorDay(recorded_hours=Exact("0.5"), billed_hours=Exact("1"))
    assert [book.rate(half, prior=p).amount for p in (None, prior, None)] == [Decimal(100), Decimal(0), Decimal(100)]


def test_work_alike_is_worked_out_once() -> None:
    book, days = RateBook(TERMS), [DAY + dt.timedelta(days=shift) for shift in range(28)]
    alike = [replace(ENTRY, service_date=day, resource_id=name, location_code=name) for day in days for name in "abc"]
    assert amounts(book, *alike) == [Decimal(200)] * len(alike)
    # One price, its only moment, one number of hours and their quantity.
    assert book.remembered == 4


def test_what_is_remembered_is_bounded() -> None:
    book, several = RateBook(TERMS), rate_book.KEPT + 5
    entries = [replace(ENTRY, quantity=Exact(Decimal(n + 1) / 10_000)) for n in range(several)]
    answers = book.rate_all([(entry, None, None) for entry in entries])
    assert answers[-1].quantity == Decimal(several) / 10_000
    assert 0 < book.remembered < 100
