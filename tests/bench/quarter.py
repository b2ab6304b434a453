"""A quarter of a large firm's time, to be rated: `python -m tests.bench.quarter` rates a million entries at once and says what it took.

2 000 contract lines, 500 entries each, by ten people in five roles; a fifth of the lines are priced in another currency, a third
bill in quarters of an hour, a tenth in days; half of them get a new price in the middle. Hours as people type them.
"""

import datetime as dt
import gc
import random
import resource
import sys
import time
from collections.abc import Iterator
from decimal import Decimal

import msgspec
from msgspec import Struct

from contracts.money import Exact
from domain.quantities import LineTerms
from domain.rate_book import RateBook, Work
from domain.rate_search import RateLine, ScopeRef
from domain.rating import PricingTerms, TimeWorked
from domain.terms import FxQuote, PricingContract, PricingEntity

LINES, ENTRIES = 2_000, 500
_START, _DAYS = dt.date(2026, 1, 1), 90
_ROLES = ("CON", "SCO", "MGR", "DIR", "PAR")
_PLACES = ("DE", "US", "UK")
_HOURS = [Exact(Decimal(quarters) / 4) for quarters in range(1, 41)]
_QUOTES = tuple(
    FxQuote(from_="USD", to="EUR", date=_START + dt.timedelta(days=day), rate=Exact(f"0.9{day:03}"))
    for day in range(_DAYS)
)


class Took(Struct, frozen=True):
    """What rating them took: processor seconds, the most memory, and the sum of all amounts."""

    entries: int
    seconds: float
    peak_mib: int
    total: str


def terms(number: int) -> PricingTerms:
    """The terms of one contract line."""
    foreign, renewed = number % 5 == 0, number % 2 == 0
    return PricingTerms(
        contract=PricingContract(currency="EUR"),
        contract_line=LineTerms(
            id=f"ctl_{number}",
            increment_minutes=15 if number % 3 == 0 else None,
            billing_unit="day" if number % 10 == 1 else None,
            multipliers={"overtime": Exact("1.5")},
        ),
        legal_entity=PricingEntity(id="ent", functional_currency="EUR"),
        customer_path=(f"cus_{number % 900}",),
        rate_lines=tuple(_rate_lines(number, "USD" if foreign else "EUR", renewed)),
        fx_quotes=_QUOTES if foreign else (),
    )


def _rate_lines(number: int, currency: str, renewed: bool) -> Iterator[RateLine]:
    for place, role in enumerate(_ROLES):
        price = Exact(f"{140 + 35 * place + number % 7}.50")
        since = [_START, _START + dt.timedelta(days=45)] if renewed else [_START]
        for rise, day in enumerate(since):
            yield RateLine(
                id=f"rtl_{number}_{role}_{rise}",
                scope="client",
                scope_ref=ScopeRef(customer_id=f"cus_{number % 900}"),
                role_code=role,
                rate=Exact(price + 5 * rise),
                currency=currency,
                effective_from=day,
            )
        yield RateLine(
            id=f"std_{role}", scope="standard", scope_ref=ScopeRef(), role_code=role, rate=price, currency="EUR"
        )


def entries(number: int, count: int = ENTRIES) -> list[Work]:
    """Time on one contract line, the same for the same number."""
    rng = random.Random(number)
    days = [_START + dt.timedelta(days=day) for day in range(_DAYS)]
    return [(_entry(number, rng, days), None, None) for _ in range(count)]


def _entry(number: int, rng: random.Random, days: list[dt.date]) -> TimeWorked:
    person = rng.randrange(10)
    return TimeWorked(
        service_date=rng.choice(days),
        quantity=rng.choice(_HOURS),
        unit="hour",
        project_id=f"prj_{number}",
        resource_id=f"res_{person}",
        time_types=("overtime",) if rng.random() < 0.05 else ("standard",),
        role_code=_ROLES[person % 5],
        location_code=_PLACES[person % 3],
    )


def rated(lines: int = LINES) -> Took:
    """Rate everything, all entries and all answers in memory at once."""
    work = [(terms(number), entries(number)) for number in range(lines)]
    gc.collect()
    gc.freeze()
    began = time.process_time()
    answers = [RateBook(each).rate_all(done) for each, done in work]
    took = time.process_time() - began
    total = sum((one.amount or Decimal(0) for some in answers for one in some), Decimal(0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Took(sum(map(len, answers)), took, peak // (1 << 20 if sys.platform == "darwin" else 1 << 10), str(total))


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(rated()).decode())
