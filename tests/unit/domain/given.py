"""What the properties are tried on: strategies for decimals, dates and terms, small enough that cases meet."""

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from contracts.money import Exact
from domain.quantities import LineTerms
from domain.rate_search import RateLine, ScopeRef
from domain.rating import CostRate, PricingTerms, TimeWorked
from domain.terms import FixedRate, FxQuote, PricingContract, PricingEntity

ROLES, PLACES, TYPES = ("CON", "DIR"), ("DE", "US"), ("standard", "overtime", "weekend")
CURRENCIES = ("EUR", "USD", "JPY", "KWD")
FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 3, 31)

days = st.dates(FIRST, LAST)
modes = st.sampled_from(("HALF_UP", "HALF_EVEN"))
currencies = st.sampled_from(CURRENCIES)


def exact(low: str, high: str, places: int) -> st.SearchStrategy[Exact]:
    """Decimals of a range at a number of places."""
    return st.decimals(Decimal(low), Decimal(high), places=places, allow_nan=False, allow_infinity=False).map(Exact)


def maybe(some: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Also absent."""
    return st.none() | some


hours = exact("0.0001", "24", 4)
percents = exact("0", "100", 2)


@st.composite
def amounts(draw: st.DrawFn, currency: str, low: int = -100_000, high: int = 100_000) -> Exact:
    """Money in the minor units of a currency."""
    places = {"JPY": 0, "KWD": 3}.get(currency, 2)
    return Exact(Decimal(draw(st.integers(low, high))).scaleb(-places))


_REFS = {
    "project_person": ScopeRef(project_id="prj", resource_id="ann"),
    "project_role": ScopeRef(project_id="prj"),
    "contract_line": ScopeRef(contract_line_id="ctl"),
    "client": ScopeRef(customer_id="cus_parent"),
    "standard": ScopeRef(),
}
_ranges = st.tuples(maybe(days), maybe(days))


@st.composite
def rate_lines(draw: st.DrawFn) -> RateLine:
    """A line of any level, price and range; some fit nothing."""
    scope = draw(st.sampled_from(tuple(_REFS)))
    start, end = draw(_ranges)
    cost_plus = draw(st.integers(0, 4)) == 0
    return RateLine(
        id=f"rtl_{draw(st.integers(0, 10**6))}",
        scope=scope,
        scope_ref=_REFS[scope],
        role_code=draw(maybe(st.sampled_from(ROLES))),
        location_code=draw(maybe(st.sampled_from(PLACES))),
        time_type=draw(maybe(st.sampled_from(TYPES))),
        method="cost_plus" if cost_plus else "amount",
        rate=draw(exact("0", "900", 4)),
        markup_pct=draw(percents if cost_plus else maybe(percents)),
        currency=draw(currencies),
        unit=draw(st.sampled_from(("hour", "day", "unit"))),
        effective_from=start,
        effective_to=end,
        status=draw(st.sampled_from(("active", "active", "active", "draft"))),
    )


_multipliers = maybe(st.dictionaries(st.sampled_from(TYPES), exact("0", "3", 2), max_size=3))


@st.composite
def line_terms(draw: st.DrawFn) -> LineTerms:
    """Any way a contract line counts hours."""
    return LineTerms(
        id="ctl",
        billing_method=draw(st.sampled_from(("time_and_materials", "time_and_materials", "retainer", "milestone"))),
        billing_unit=draw(maybe(st.sampled_from(("hour", "day")))),
        hours_per_day=draw(maybe(exact("0.5", "24", 2))),
        increment_minutes=draw(maybe(st.sampled_from((0, 6, 7, 15, 60)))),
        increment_mode=draw(maybe(st.sampled_from(("up", "nearest", "down")))),
        minimum_minutes=draw(maybe(st.sampled_from((0, 30, 60)))),
        rounding_scope=draw(maybe(st.sampled_from(("entry", "day")))),
        day_rounding=draw(maybe(st.sampled_from(("exact", "half_day", "full_day")))),
        multipliers=draw(_multipliers),
        discount_pct=draw(maybe(percents)),
    )


@st.composite
def pricing_terms(draw: st.DrawFn) -> PricingTerms:
    """A contract line with the rate lines and quotes that may price it."""
    quotes = st.builds(FxQuote, from_=currencies, to=currencies, date=days, rate=exact("0.01", "200", 6))
    fixed = st.builds(FixedRate, from_=currencies, to=currencies, rate=exact("0.01", "200", 4))
    return PricingTerms(
        contract=PricingContract(
            currency=draw(currencies),
            rate_fallback=draw(maybe(st.sampled_from(("contract", "client", "standard")))),
            fx_fixed=draw(maybe(st.lists(fixed, max_size=1).map(tuple))),
        ),
        contract_line=draw(line_terms()),
        legal_entity=PricingEntity(
            id="ent", functional_currency="EUR", rounding_mode=draw(maybe(modes)), multipliers=draw(_multipliers)
        ),
        customer_path=("cus", "cus_parent"),
        rate_lines=tuple(draw(st.lists(rate_lines(), max_size=8))),
        fx_quotes=tuple(draw(st.lists(quotes, max_size=8))),
    )


@st.composite
def entries(draw: st.DrawFn) -> TimeWorked:
    """Work of two people; some of it cannot be priced."""
    return TimeWorked(
        service_date=draw(days),
        quantity=draw(hours | st.sampled_from([Exact("0"), Exact("-1"), Exact("25"), Exact("480")])),
        unit=draw(st.sampled_from(("hour", "hour", "minute", "day"))),
        project_id="prj",
        resource_id=draw(st.sampled_from(("ann", "bob"))),
        time_types=draw(maybe(st.lists(st.sampled_from(TYPES), max_size=2).map(tuple))),
        role_code=draw(maybe(st.sampled_from(ROLES))),
        location_code=draw(maybe(st.sampled_from(PLACES))),
        billable=draw(st.sampled_from((True, True, True, False))),
        billable_quantity=draw(maybe(exact("-1", "24", 2))),
        billable_override_reason=draw(maybe(st.sampled_from(("", "agreed")))),
    )


costs = maybe(st.builds(CostRate, rate=exact("0", "500", 4), currency=currencies))
