"""Bill groups judged on one core: the verdict alone, and the verdict with the evidence of its 32 checks.

The reference is a plain loop over 32 comparisons. Figures are of processor time; gathering the facts is not part of them.
"""

import random
import time
from collections.abc import Callable
from statistics import median

from msgspec import inspect

from contracts import wire
from domain.readiness import checks, evaluate, summarise
from domain.snapshot import ReadinessSnapshot
from tests.bench.figures import Figure
from tests.fuzz.generate import Generator

_GROUPS, _ROUNDS = 1_000, 7
_TRANSACTIONS = 18


def measure() -> list[Figure]:
    """The figures of this file."""
    groups = _groups()
    reference = _rate(lambda: [[left > right for left, right in _FACTS] for _ in groups])
    return [
        _figure("readiness, the verdict", _rate(lambda: [evaluate(one) for one in groups]), reference),
        _figure(
            "readiness, verdict and evidence", _rate(lambda: [summarise(checks(one)) for one in groups]), reference
        ),
    ]


_FACTS = [(n % 7, n % 5) for n in range(32)]


def _groups() -> list[ReadinessSnapshot]:
    """Snapshots of every kind, each with the transactions of an average invoice."""
    generator, kind = Generator(random.Random(1)), inspect.type_info(ReadinessSnapshot)
    transactions = [{"id": f"t{n}", "state": "queued", "amount": "100.00"} for n in range(_TRANSACTIONS)]
    found: list[ReadinessSnapshot] = []
    while len(found) < _GROUPS:
        try:
            found.append(wire.convert({**generator.of(kind), "transactions": transactions}, ReadinessSnapshot))
        except ValueError:
            continue
    return found


def _rate(work: Callable[[], object]) -> float:
    took = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return _GROUPS / median(took)


def _figure(name: str, rate: float, reference: float) -> Figure:
    ratio = f"1/{reference / rate:.1f} of {reference:,.0f} times 32 comparisons/s"
    return Figure(name=name, value=rate, unit="groups/s", at_least=1_000, facts={"groups": _GROUPS, "reference": ratio})
