"""The circuit breaker of one connection: a vendor that does not answer is left alone for a while."""

import math
import random
import time
from collections.abc import Callable

OPENS_AFTER = 5
REST_S = 10
PROBE_S = 60


class Breaker:
    """Closed until `OPENS_AFTER` failures in a row; then open for about `REST_S` seconds; then one request goes first.

    While that one is on its way the others are refused; its outcome closes or opens the breaker, and if it never
    tells, another may go after `PROBE_S`. State is per process.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:  # house: float seconds
        self._now = now
        self._failures = 0
        self._shut_until: float | None = None  # house: float seconds

    @property
    def state(self) -> str:
        """`closed`, `open` while resting, `half-open` when the next request decides."""
        if self._shut_until is None:
            return "closed"
        return "open" if self._shut_until > self._now() else "half-open"

    def admit(self) -> int:
        """0 when a request may go now, else whole seconds until it is worth asking again."""
        if self._shut_until is None:
            return 0
        left = self._shut_until - self._now()
        if left > 0:
            return math.ceil(left)
        self._shut_until = self._now() + PROBE_S
        return 0

    def record(self, *, answered: bool) -> bool:
        """Count an outcome; true when it has just opened the breaker."""
        if answered:
            self._failures, self._shut_until = 0, None
            return False
        self._failures += 1
        if self._failures < OPENS_AFTER:
            return False
        first = self._failures == OPENS_AFTER
        self._shut_until = self._now() + REST_S * random.uniform(0.8, 1.2)  # noqa: S311
        return first
