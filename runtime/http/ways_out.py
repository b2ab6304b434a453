"""What this process remembers of each way out to a connected system: breaker, credentials, how long it took, how its clock stands."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from weakref import WeakSet

from contracts.periods import Clock
from runtime import metrics, tracing
from runtime.http.breaker import Breaker

Credentials = Literal["unknown", "good", "refused"]
BREAKER_STATES = ("closed", "half-open", "open")
_DATE_EVERY_S = 60


class WayOut:
    """One connection of one vendor. `taken` of `places` requests are under way."""

    def __init__(self, vendor: str, base_url: str, places: int, clock: Clock) -> None:
        self.vendor, self.base_url, self.places = vendor, base_url.rstrip("/"), places
        self.breaker = Breaker()
        self.taken = 0
        self.answered_at: datetime | None = None
        self.credentials: Credentials = "unknown"
        self._clock, self._dated = clock, 0.0
        _ALL.add(self)

    @contextmanager
    def request(self, operation: str, method: str) -> Iterator["Request"]:
        """Around one request: counted, timed and traced whatever becomes of it."""
        request = Request()
        started, self.taken = time.perf_counter(), self.taken + 1
        try:
            with tracing.span(f"{self.vendor} {operation}", "client") as span:
                if span is not None:
                    span.attributes |= {"ledgerway.vendor": self.vendor, "http.request.method": method}
                yield request
                if span is not None:
                    span.attributes["http.response.status_code"] = request.status
                    span.error = None if request.outcome == "answered" else request.outcome
        finally:
            self.taken -= 1
            metrics.VENDOR_REQUESTS.add((self.vendor, operation, request.outcome))
            if request.outcome != "rested":
                metrics.VENDOR_SECONDS.observe((self.vendor, operation), time.perf_counter() - started)

    def answered(self, request: "Request", status: int, headers: Mapping[str, str]) -> None:
        """An answer came, whatever it says."""
        request.status, request.outcome = status, _outcome(status)
        self.answered_at = self._clock.now()
        if status < 400:
            self.credentials = "good"
        if "date" in headers and time.monotonic() - self._dated > _DATE_EVERY_S:
            self._dated = time.monotonic()
            ahead_s = skew(headers["date"], self._clock.now())
            if ahead_s is not None:
                _ahead_s[self.vendor, self.base_url] = ahead_s


class Request:
    """How one request went: `answered`, `refused` (4xx), `busy` (429, 503), `failed` (5xx), `lost` or `rested` (the breaker)."""

    __slots__ = ("outcome", "status")

    def __init__(self) -> None:
        self.outcome, self.status = "lost", 0


_ALL: WeakSet[WayOut] = WeakSet()
# A system's clock less ours, by vendor and address: known longer than the way out lasts.
_ahead_s: dict[tuple[str, str], int] = {}


def remembered(vendor: str, base_url: str) -> dict[str, Any]:
    """What this process knows of one system: the worst breaker and credentials of all ways there, its last answer and its clock."""
    ways = [way for way in _ALL if (way.vendor, way.base_url) == (vendor, base_url.rstrip("/"))]
    states = [way.breaker.state for way in ways]
    known: set[Credentials] = {way.credentials for way in ways}
    return {
        "breaker": max(states, key=BREAKER_STATES.index, default="closed"),
        "credentials": "refused" if "refused" in known else "good" if "good" in known else "unknown",
        "answered_at": max((way.answered_at for way in ways if way.answered_at is not None), default=None),
        "clock_skew_s": _ahead_s.get((vendor, base_url.rstrip("/"))),
    }


def skew(date: str, now: datetime) -> int | None:
    """Seconds a `Date` header is ahead of us (RFC 9110 6.6.1); a header that is none says nothing."""
    with suppress(ValueError, OverflowError):
        at = parsedate_to_datetime(date)
        return round(((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())
    return None


def _outcome(status: int) -> str:
    if status in (429, 503):
        return "busy"
    return "answered" if status < 400 else "refused" if status < 500 else "failed"


def _breakers() -> Iterator[metrics.Sample]:
    """The worst state per vendor."""
    worst: dict[str, int] = {}
    for way in _ALL:
        worst[way.vendor] = max(worst.get(way.vendor, 0), BREAKER_STATES.index(way.breaker.state))
    yield from (((vendor,), state) for vendor, state in sorted(worst.items()))


def _budgets() -> Iterator[metrics.Sample]:
    left: dict[str, int] = {}
    for way in _ALL:
        left[way.vendor] = min(left.get(way.vendor, way.places), way.places - way.taken)
    yield from (((vendor,), places) for vendor, places in sorted(left.items()))


def _refused() -> Iterator[metrics.Sample]:
    refused: dict[str, bool] = {}
    for way in _ALL:
        refused[way.vendor] = refused.get(way.vendor, False) or way.credentials == "refused"
    yield from (((vendor,), int(yes)) for vendor, yes in sorted(refused.items()))


def _skews() -> Iterator[metrics.Sample]:
    far: dict[str, int] = {}
    for (vendor, _), ahead_s in _ahead_s.items():
        far[vendor] = max(far.get(vendor, 0), ahead_s, key=abs)
    yield from (((vendor,), seconds) for vendor, seconds in sorted(far.items()))


BREAKER = metrics.Gauge(
    "ledgerway_vendor_breaker_state", "0 closed, 1 half-open, 2 open; the worst of a vendor.", ("vendor",), _breakers
)
BUDGET = metrics.Gauge(
    "ledgerway_vendor_budget_left", "Requests this process may still have under way.", ("vendor",), _budgets
)
REFUSED = metrics.Gauge(
    "ledgerway_vendor_credentials_refused", "1 while a system refuses our credentials.", ("vendor",), _refused
)
SKEW = metrics.Gauge(
    "ledgerway_vendor_clock_skew_seconds", "A system's clock (its Date header) less ours.", ("vendor",), _skews
)
