"""Numbers: counted, bounded, told as Prometheus reads them; and what counting costs."""

import time
from collections.abc import Iterator

import pytest

from runtime import metrics
from runtime.metrics import Counter, Gauge, Histogram, exposition


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Families of these tests are unknown to the others."""
    before = dict(metrics.FAMILIES)
    yield
    metrics.FAMILIES.clear()
    metrics.FAMILIES.update(before)


def test_a_counter_tells_each_label_set() -> None:
    asked = Counter("asked_total", "Asked.", ("who", "how"))
    asked.add(("ada", 200))
    asked.add(("ada", 200), 2)
    asked.add(('q"uo\\te\n', 404))
    assert exposition([asked]).splitlines() == [
        "# HELP asked_total Asked.",
        "# TYPE asked_total counter",
        'asked_total{who="ada",how="200"} 3',
        'asked_total{who="q\\"uo\\\\te\\n",how="404"} 1',
    ]


def test_buckets_are_powers_of_two_and_cumulative() -> None:
    took = Histogram("took_seconds", "Took.", ("what",), first=19, last=21)
    for seconds in (-1.0, 0.0, 0.3, 0.6, 1.0, 100.0):
        took.observe(("x",), seconds)
    assert exposition([took]).splitlines()[2:] == [
        'took_seconds_bucket{what="x",le="0.524288"} 3',
        'took_seconds_bucket{what="x",le="1.04858"} 5',
        'took_seconds_bucket{what="x",le="2.09715"} 5',
        'took_seconds_bucket{what="x",le="+Inf"} 6',
        'took_seconds_sum{what="x"} 100.9',
        'took_seconds_count{what="x"} 6',
    ]
    took.observe(("x",), 10.0**9)
    assert took.count(("x",)) == 7


def test_a_gauge_is_read_when_somebody_looks() -> None:
    values = [1.5]
    level = Gauge("level", "Level.", (), lambda: [((), values[0])])
    assert exposition([level]).endswith("level 1.5\n")
    values[0] = 12345678.0
    assert exposition([level]).endswith("level 12345678\n")


def test_label_sets_are_bounded() -> None:
    asked, took = Counter("many_total", "Many.", ("who",)), Histogram("many_seconds", "Many.", ("who",))
    for number in range(metrics.MOST_SERIES + 10):
        asked.add((number,))
        took.observe((number,), 0.1)
    assert asked.value(("other",)) == 10
    assert took.count(("other",)) == 10
    assert len(exposition([asked]).splitlines()) == metrics.MOST_SERIES + 3


def test_two_families_cannot_have_one_name() -> None:
    Counter("once_total", "Once.", ())
    with pytest.raises(ValueError, match="once_total"):
        Counter("once_total", "Twice.", ())


def test_an_observation_costs_next_to_nothing() -> None:
    """The best of several rounds, against a bound far above the half microsecond it takes on an idle core."""
    took, asked = Histogram("cost_seconds", "Cost.", ("what",)), Counter("cost_total", "Cost.", ("what", "status"))
    rounds = []
    for _ in range(7):
        began = time.process_time()
        for _ in range(10_000):
            took.observe(("x",), 0.0123)
            asked.add(("x", 200))
        rounds.append((time.process_time() - began) / 20_000)
    assert min(rounds) < 5e-6
