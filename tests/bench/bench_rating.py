"""Time entries rated on one core: one by one as `rate.time` is asked, and in bulk as a quarter is rated again (SCL-4).

The reference is the least any rating needs: a multiplication and a rounding of decimals. Figures are of processor time.
"""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

import msgspec

from contracts.money import Exact
from domain.rate_book import RateBook
from domain.rating import PricingTerms, RateTime, rate_time
from tests.bench.figures import Figure
from tests.bench.quarter import Took, entries, terms

_LINES, _SINGLE, _ROUNDS = 100, 20, 5
_CENT = Decimal("0.01")


def measure() -> list[Figure]:
    """The figures of this file."""
    reference = _reference()
    return [_single(reference), _bulk(reference), _worst(reference), *_million()]


def _spent(work: Callable[[], object]) -> float:
    """Processor seconds, the median of some rounds."""
    took = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return median(took)


def _reference() -> float:
    """Multiplications and roundings a second."""
    pairs = [(Decimal(n) / 4, Decimal(n % 300) + Decimal("0.5000")) for n in range(20_000)]
    return len(pairs) / _spent(lambda: [(a * b).quantize(_CENT, rounding=ROUND_HALF_UP) for a, b in pairs])


def _figure(name: str, rate: float, reference: float, goal: float | None, **facts: object) -> Figure:
    ratio = f"1/{reference / rate:.1f} of {reference:,.0f} multiplications and roundings/s"
    return Figure(name=name, value=rate, unit="entries/s", at_least=goal, facts={**facts, "reference": ratio})


def _single(reference: float) -> Figure:
    asked = [
        RateTime(entry=entry, **{name: getattr(one, name) for name in PricingTerms.__struct_fields__})
        for one, work in ((terms(number), entries(number, 50)) for number in range(_SINGLE))
        for entry, _, _ in work
    ]
    spent = _spent(lambda: [rate_time(one) for one in asked])
    return _figure("entries rated one by one", len(asked) / spent, reference, 10_000, entries=len(asked))


def _bulk(reference: float) -> Figure:
    work = [(terms(number), entries(number)) for number in range(_LINES)]
    spent = _spent(lambda: [RateBook(each).rate_all(done) for each, done in work])
    count = sum(len(done) for _, done in work)
    return _figure("entries rated in bulk", count / spent, reference, 200_000, lines=_LINES, entries=count)


def _worst(reference: float) -> Figure:
    """No two entries with the same hours: nothing that was worked out for one helps another, except its price."""
    rng, each = random.Random(1), terms(1)
    work = [
        (msgspec.structs.replace(entry, quantity=Exact(Decimal(hours).scaleb(-4))), None, None)
        for (entry, _, _), hours in zip(entries(1, 20_000), rng.sample(range(1, 240_000), 20_000), strict=True)
    ]
    spent = _spent(lambda: RateBook(each).rate_all(work))
    return _figure("entries rated in bulk, no two of equal hours", len(work) / spent, reference, None)


def _million() -> list[Figure]:
    """A million entries and their answers in the memory of one process."""
    run = subprocess.run([sys.executable, "-m", "tests.bench.quarter"], capture_output=True, check=True)
    took = msgspec.json.decode(run.stdout, type=Took)
    facts = {"entries": took.entries, "cpu_s": f"{took.seconds:.1f}", "amounts": took.total}
    return [
        Figure(
            name="a million entries rated at once", value=took.seconds, unit="s of processor", at_most=5, facts=facts
        ),
        Figure(name="memory at a million entries", value=took.peak_mib, unit="MiB at the peak", at_most=1536),
    ]
