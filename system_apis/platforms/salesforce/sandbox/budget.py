"""The org's request allowance: one for all products on it, over the last 24 hours.

Source: REST API Developer Guide (Limits, Sforce-Limit-Info header); Salesforce Developer Limits (API request limits).
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from .errors import LIMIT_MESSAGE, OrgError
from .org import Org

DAILY_REQUESTS = 1_000_000
_WINDOW = timedelta(hours=24)
_SLICE = timedelta(minutes=1)


class Budget:
    """Counts calls by the minute, in memory: a restarted simulator starts with a fresh allowance."""

    def __init__(self, org: Org, allowed: int) -> None:
        self._org, self.allowed, self.used = org, allowed, 0
        self._slices: deque[tuple[datetime, int]] = deque()

    def spend(self) -> None:
        """Count one call. Raises REQUEST_LIMIT_EXCEEDED (403, not 429) when the allowance is used up."""
        now = self._org.clock.now()
        self._expire(now)
        if self.used >= self.allowed:
            raise OrgError(403, "REQUEST_LIMIT_EXCEEDED", LIMIT_MESSAGE)
        self.used += 1
        if self._slices and timedelta(0) <= now - self._slices[-1][0] < _SLICE:
            start, count = self._slices.pop()
            self._slices.append((start, count + 1))
        else:
            self._slices.append((now, 1))

    def renew(self) -> None:
        """Forget what was spent."""
        self.used = 0
        self._slices.clear()

    @property
    def header(self) -> tuple[str, str]:
        return "Sforce-Limit-Info", f"api-usage={self.used}/{self.allowed}"

    def limits(self) -> dict[str, dict[str, int]]:
        """The answer of GET /limits."""
        daily = {"Max": self.allowed, "Remaining": self.allowed - self.used}
        return {"DailyApiRequests": daily, "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000}}

    def _expire(self, now: datetime) -> None:
        while self._slices and self._slices[0][0] <= now - _WINDOW:
            self.used -= self._slices.popleft()[1]
