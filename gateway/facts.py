"""What the database knows of how the installation stands: backlog, runs, slots, exceptions, feeds, the audit tail. Every API process
tells the same, so whoever adds them up takes the largest. Read at most every few seconds, bounded in time and rows.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import asyncpg
from msgspec import Struct

from contracts.periods import Clock
from contracts.problems import Problem
from experience_apis.finance_dashboard.queries import LIMITS_S
from runtime import metrics
from runtime.data.database import Database
from runtime.telemetry import log
from runtime.work import sealer, slots

_TIMEOUT_S, _REMEMBER_S = 2.0, 3.0
# house: tenant the installation as a whole
_OUTBOX = """
select count(*) as waiting, min(occurred_at) as oldest_at
from (select occurred_at from outbox where relayed_at is null order by position limit 10000) as unrelayed
"""
# house: tenant the installation as a whole
_INBOX = """
select count(*) as waiting, min(received_at) as oldest_at
from (select received_at from inbox where processed_at is null order by position limit 10000) as unprocessed
"""
# house: tenant the installation as a whole
_RUNS = """
select workflow, state, count(*) as count, min(updated_at) as oldest_at,
       count(*) filter (where waiting_for ->> 'kind' = 'person') as held
from run where state in ('running', 'waiting', 'compensating', 'failed') group by workflow, state
"""
# house: tenant the installation as a whole
_LETTERS = "select subscriber, count(*) as count from dead_letter group by subscriber"
# house: tenant the installation as a whole
_EXCEPTIONS = """
select code, severity, coalesce(currency, '') as currency, count(*) as count, sum(amount_at_risk) as amount,
       count(*) filter (where due_at < $1) as late
from business_exception where state in ('open', 'acknowledged', 'in_progress') group by code, severity, currency
"""
# house: tenant the installation as a whole
_FEEDS = "select instance, feed, min(read_at) as read_at from feed where strpos(feed, '/') = 0 group by instance, feed"


class Backlog(Struct, frozen=True):
    """Rows that wait, at most 10 000 of them, and since when the first one does."""

    waiting: int
    oldest_at: datetime | None

    def age_s(self, now: datetime) -> int:
        """Seconds the oldest one waits."""
        return 0 if self.oldest_at is None else max(0, int((now - self.oldest_at).total_seconds()))


async def outbox(database: Database) -> Backlog:
    """Events nobody relayed yet."""
    return Backlog(**await _row(database, _OUTBOX))


async def inbox(database: Database) -> Backlog:
    """Deliveries nobody processed yet."""
    return Backlog(**await _row(database, _INBOX))


async def dead_letters(database: Database) -> Mapping[str, int]:
    """Events that were given up, by subscriber."""
    return {row["subscriber"]: row["count"] for row in await database.fetch(_LETTERS)}


async def feeds(database: Database) -> list[Any]:
    """When each port of each system was last read."""
    return await database.fetch(_FEEDS)


async def _row(database: Database, sql: str) -> Mapping[str, Any]:
    row = await database.fetchrow(sql)
    assert row is not None
    return dict(row)


class Facts:
    """Fills the gauges below. What cannot be read in time is not shown, and `ledgerway_facts_up` says so."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._read_at: float | None = None  # house: float seconds
        self._one_at_a_time = asyncio.Lock()

    async def refresh(self) -> None:
        """Read them again, unless that was done just now."""
        async with self._one_at_a_time:
            if self._read_at is None or time.monotonic() - self._read_at > _REMEMBER_S:
                await self._read()
                self._read_at = time.monotonic()

    async def _read(self) -> None:
        _shown.clear()
        found = await asyncio.gather(*(self._asked(ask) for ask in (self._backlogs, self._runs, self._slots)))
        found += await asyncio.gather(*(self._asked(ask) for ask in (self._exceptions, self._feeds, self._audit)))
        _shown["ledgerway_facts_up"] = [((), int(all(found)))]

    async def _asked(self, ask: Callable[[], Awaitable[None]]) -> bool:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await ask()
        except (OSError, TimeoutError, Problem, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("facts.unread", error=type(error).__name__)
            return False
        return True

    async def _backlogs(self) -> None:
        now, sent, received = self._clock.now(), await outbox(self._database), await inbox(self._database)
        _shown["ledgerway_outbox_waiting"] = [((), sent.waiting)]
        _shown["ledgerway_outbox_age_seconds"] = [((), sent.age_s(now))]
        _shown["ledgerway_inbox_waiting"] = [((), received.waiting)]
        _shown["ledgerway_inbox_age_seconds"] = [((), received.age_s(now))]
        letters = await dead_letters(self._database)
        _shown["ledgerway_dead_letters"] = [((subscriber,), count) for subscriber, count in letters.items()]

    async def _runs(self) -> None:
        now, rows = self._clock.now(), await self._database.fetch(_RUNS)
        _shown["ledgerway_runs"] = [((r["workflow"], r["state"]), r["count"]) for r in rows]
        ages = [(r, max(0, int((now - r["oldest_at"]).total_seconds()))) for r in rows]
        _shown["ledgerway_run_age_seconds"] = [((r["workflow"], r["state"]), age) for r, age in ages]
        _shown["ledgerway_runs_held"] = _summed(((r["workflow"],), r["held"]) for r in rows)

    async def _slots(self) -> None:
        states = [slot.state for slot in await slots.standing(self._database)]
        _shown["ledgerway_slots"] = [((state,), states.count(state)) for state in slots.STATES]

    async def _exceptions(self) -> None:
        rows = await self._database.fetch(_EXCEPTIONS, self._clock.now())
        labelled = [((r["code"], r["severity"]), r) for r in rows]
        _shown["ledgerway_exceptions_open"] = _summed((labels, r["count"]) for labels, r in labelled)
        _shown["ledgerway_exceptions_late"] = _summed((labels, r["late"]) for labels, r in labelled)
        _shown["ledgerway_amount_at_risk"] = [
            ((r["code"], r["currency"]), r["amount"]) for r in rows if r["amount"] is not None
        ]

    async def _feeds(self) -> None:
        now, rows = self._clock.now(), await feeds(self._database)
        ages = (((r["instance"], r["feed"]), int((now - r["read_at"]).total_seconds())) for r in rows)
        _shown["ledgerway_feed_age_seconds"] = list(ages)
        _shown["ledgerway_feed_limit_seconds"] = [((port,), limit) for port, limit in LIMITS_S.items()]

    async def _audit(self) -> None:
        now, tail = self._clock.now(), await sealer.unsealed(self._database, self._clock)
        _shown["ledgerway_audit_unsealed"] = [((), tail.rows)]
        _shown["ledgerway_audit_unsealed_age_seconds"] = [((), Backlog(tail.rows, tail.oldest_at).age_s(now))]


def _summed(samples: Iterable[metrics.Sample]) -> list[metrics.Sample]:
    sums: dict[metrics.Labels, Any] = {}
    for labels, value in samples:
        sums[labels] = sums.get(labels, 0) + value
    return list(sums.items())


_shown: dict[str, list[metrics.Sample]] = {}
_TABLE = (
    ("facts_up", (), "1 when the database told all of what follows."),
    ("outbox_waiting", (), "Events not relayed yet (at most 10000 are counted)."),
    ("outbox_age_seconds", (), "How long the oldest event waits."),
    ("inbox_waiting", (), "Deliveries not processed yet (at most 10000 are counted)."),
    ("inbox_age_seconds", (), "How long the oldest delivery waits."),
    ("dead_letters", ("subscriber",), "Events given up."),
    ("runs", ("workflow", "state"), "Runs that are not over, and failed ones."),
    ("run_age_seconds", ("workflow", "state"), "How long the oldest of them stands still in its state."),
    ("runs_held", ("workflow",), "Runs that wait for a person."),
    ("slots", ("state",), "Worker slots: live, dead (unfinished runs wait for a worker), left or taken_over."),
    ("exceptions_open", ("code", "severity"), "Exceptions nobody resolved yet."),
    ("exceptions_late", ("code", "severity"), "Those past their deadline."),
    ("amount_at_risk", ("code", "currency"), "Money behind open exceptions."),
    ("feed_age_seconds", ("instance", "feed"), "Since a system was last read."),
    ("feed_limit_seconds", ("feed",), "After how long figures of a system count as stale."),
    ("audit_unsealed", (), "Audit rows not in the hash chain yet."),
    ("audit_unsealed_age_seconds", (), "How long the oldest of them waits."),
)


def _reader(name: str) -> Callable[[], Iterable[metrics.Sample]]:
    return lambda: _shown.get(name, ())


GAUGES = tuple(
    metrics.Gauge(f"ledgerway_{name}", help, labels, _reader(f"ledgerway_{name}")) for name, labels, help in _TABLE
)
