"""Numbers of this process in the form Prometheus reads (text format 0.0.4). Counting is a look-up and an addition, no lock:
one thread serves. Families never have more than MOST_SERIES label sets; what comes after that is counted as `other`.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import TypeAlias

Labels: TypeAlias = tuple[object, ...]
Sample: TypeAlias = tuple[Labels, float | Decimal]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MOST_SERIES = 2000
_OTHER = "other"
_MICROSECONDS = 1_000_000
_LAST_BIT = 47
_MILLISECOND, _MINUTE, _SECOND, _FORTNIGHT = 10, 26, 20, 41


class Counter:
    """A count per label set, such as `REQUESTS.add(("crm.get_deal", 200, ""))`."""

    kind = "counter"

    def __init__(self, name: str, help: str, labels: tuple[str, ...]) -> None:
        self.name, self.help, self.labels = name, help, labels
        self._values: dict[Labels, int] = {}
        _known(self)

    def add(self, labels: Labels, by: int = 1) -> None:
        """Count."""
        values = self._values
        if labels in values:
            values[labels] += by
        else:
            labels = _admitted(labels, values)
            values[labels] = values.get(labels, 0) + by

    def value(self, labels: Labels) -> int:
        """What was counted so far."""
        return self._values.get(labels, 0)

    def lines(self) -> Iterator[str]:
        """Samples as text."""
        for labels, value in list(self._values.items()):
            yield f"{self.name}{_braced(self.labels, labels)} {value}"


class _Series:
    __slots__ = ("counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (_LAST_BIT + 1)
        self.sum_s = 0.0


class Histogram:
    """Durations in buckets whose bounds are powers of two of a microsecond, from 2**`first` to 2**`last`."""

    kind = "histogram"

    def __init__(
        self, name: str, help: str, labels: tuple[str, ...], first: int = _MILLISECOND, last: int = _MINUTE
    ) -> None:
        self.name, self.help, self.labels = name, help, labels
        self._bits = range(first, last + 1)
        self._series: dict[Labels, _Series] = {}
        _known(self)

    def observe(self, labels: Labels, seconds: float) -> None:  # house: float seconds
        """Note one duration; a negative one (two clocks) counts as none."""
        series = self._series.get(labels)
        if series is None:
            series = self._series.setdefault(_admitted(labels, self._series), _Series())
        micros = int(seconds * _MICROSECONDS)
        bit = micros.bit_length() if micros > 0 else 0
        series.counts[bit if bit < _LAST_BIT else _LAST_BIT] += 1
        series.sum_s += seconds

    def count(self, labels: Labels) -> int:
        """How many durations were noted."""
        series = self._series.get(labels)
        return sum(series.counts) if series else 0

    def lines(self) -> Iterator[str]:
        """Buckets, sum and count as text."""
        for labels, series in list(self._series.items()):
            for bit in self._bits:
                bound = f"{2**bit / _MICROSECONDS:g}"
                yield f"{self.name}_bucket{self._with(labels, bound)} {sum(series.counts[: bit + 1])}"
            total = sum(series.counts)
            yield f"{self.name}_bucket{self._with(labels, '+Inf')} {total}"
            yield f"{self.name}_sum{_braced(self.labels, labels)} {series.sum_s:g}"
            yield f"{self.name}_count{_braced(self.labels, labels)} {total}"

    def _with(self, labels: Labels, bound: str) -> str:
        return _braced((*self.labels, "le"), (*labels, bound))


class Gauge:
    """What is so at the moment somebody looks: `read` is asked then."""

    kind = "gauge"

    def __init__(
        self, name: str, help: str, labels: tuple[str, ...], read: Callable[[], Iterable[Sample]], kind: str = "gauge"
    ) -> None:
        self.name, self.help, self.labels, self.kind = name, help, labels, kind
        self._read = read
        _known(self)

    def lines(self) -> Iterator[str]:
        """Samples as text."""
        for labels, value in self._read():
            yield f"{self.name}{_braced(self.labels, labels)} {value:.15g}"


Family: TypeAlias = Counter | Histogram | Gauge
FAMILIES: dict[str, Family] = {}


def exposition(families: Iterable[Family]) -> str:
    """The text Prometheus reads."""
    lines: list[str] = []
    for family in families:
        lines += (f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}", *family.lines())
    return "\n".join(lines) + "\n"


def _known(family: Family) -> None:
    if FAMILIES.setdefault(family.name, family) is not family:
        raise ValueError(f"two metrics are named {family.name}")


def _admitted(labels: Labels, taken: dict[Labels, object] | dict[Labels, int] | dict[Labels, _Series]) -> Labels:
    return labels if len(taken) < MOST_SERIES else (_OTHER,) * len(labels)


def _braced(names: tuple[str, ...], values: Labels) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: object) -> str:
    return str(value).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


REQUESTS = Counter(
    "ledgerway_requests_total",
    "Requests answered, by operation, status and problem slug (empty: none).",
    ("operation", "status", "problem"),
)
REQUEST_SECONDS = Histogram(
    "ledgerway_request_duration_seconds", "From the first byte read to the last byte sent.", ("operation",)
)
LIMIT_REFUSALS = Counter(
    "ledgerway_limit_refusals_total", "Requests refused by a throttle or quota, by limit.", ("limit",)
)
POLICY_OPEN = Counter(
    "ledgerway_policy_open_total", "Requests let through because the store of a policy was away.", ("policy",)
)
VENDOR_REQUESTS = Counter(
    "ledgerway_vendor_requests_total",
    "Requests to connected systems: answered, refused (4xx), busy (429, 503), failed (5xx), lost, or rested (breaker).",
    ("vendor", "operation", "outcome"),
)
VENDOR_SECONDS = Histogram(
    "ledgerway_vendor_request_duration_seconds",
    "How long connected systems took, tries without an answer included.",
    ("vendor", "operation"),
)
STEPS = Counter(
    "ledgerway_steps_total", "Tries of workflow steps: done, retried, or held for a person.", ("step", "outcome")
)
STEP_SECONDS = Histogram("ledgerway_step_duration_seconds", "One try of a workflow step.", ("step",))
RUNS_ENDED = Counter("ledgerway_runs_ended_total", "Runs that came to an end, by ending.", ("workflow", "ending"))
EVENTS = Counter(
    "ledgerway_events_total", "Events of the outbox: relayed, retried, or dead_letter.", ("type", "outcome")
)
EVENT_SECONDS = Histogram(
    "ledgerway_event_hop_seconds",
    "From the time an event tells to the end of its relay.",
    (),
    first=_MILLISECOND,
    last=_FORTNIGHT,
)
DELIVERIES = Counter(
    "ledgerway_deliveries_total", "Rows of the inbox: done, retried, or dead_letter.", ("kind", "outcome")
)
SWEEPS = Counter("ledgerway_sweeps_total", "Rounds of periodic work: done or failed.", ("sweep", "outcome"))
QUEUE_LAG_SECONDS = Histogram(
    "ledgerway_approval_to_queue_seconds",
    "From the approval of work to its place in the billing queue.",
    (),
    first=_SECOND,
    last=_FORTNIGHT,
)
