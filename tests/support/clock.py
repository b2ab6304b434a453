"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class FixedClock:
    """`contracts.periods.Clock` for tests: `clock.advance(hours=2)` or `clock.set(instant)`."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now

    def advance(self, delta: timedelta | None = None, **parts: float) -> datetime:
        """Moves on by a timedelta or its parts (`minutes=5`); returns the new now."""
        self._now += timedelta(**parts) if delta is None else delta
        return self._now
