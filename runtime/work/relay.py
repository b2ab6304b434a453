"""Hands published events to their subscribers: at least once, with effects exactly once.

Theory of operation. A batch is one transaction: take the keys that have something due, lock each key (an advisory lock of
the transaction, so that two workers never work on one key and order holds, EVT-5), read their rows in order, call every
subscriber, insert the `delivered` marks, set `relayed_at`. A crash undoes effects and marks together. Where other workers
hold all keys of the oldest due rows, the rows behind them are looked at: so workers share the log.
The first try of a batch has no savepoints, and gives a handler that takes many (`Batched`) what follows each other at once;
when a handler fails, all of it is rolled back and done again carefully, each delivery alone and in a savepoint, so that only
the failing one is lost. A failing event blocks its own key until it is delivered or,
after the delays of EVT-6 (at once for a business refusal), is a dead letter; others pass. `attempts` counts per event.
Nothing polls fast: NOTIFY wakes, `drain` says when the next retry is due.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from contracts.call import Call
from contracts.events import Event
from contracts.periods import Clock, SystemClock
from contracts.problems import Problem
from runtime import metrics, tracing
from runtime.data.database import Connection, Database
from runtime.telemetry import bound, lines, log
from runtime.work.handlers import AnyHandler, guarded, portions, stretches
from runtime.work.hooks import DeadLetter, Hooks
from runtime.work.outbox import decoded
from runtime.work.process import Subscriber
from runtime.work.retries import Attempt, Failure, body_of, failure_of
from runtime.work.unit import unit_of_work

CallFor = Callable[[str, str, str], Call]
Key = tuple[str, str]
Mark = tuple[str, str, str]

_DUE = """
select tenant, partitionkey, position from outbox o
where relayed_at is null and (retry_at is null or retry_at <= now()) and not exists (
    select from outbox b where b.tenant = o.tenant and b.partitionkey = o.partitionkey and b.relayed_at is null
    and b.retry_at > now() and b.position < o.position)
order by position limit $1 offset $2
"""
_WINDOWS = 8
_LOCK_KEYS = """
select k.tenant, k.partitionkey from unnest($1::text[], $2::text[]) as k (tenant, partitionkey)
where pg_try_advisory_xact_lock(hashtextextended(k.tenant || chr(31) || k.partitionkey, 7))
"""
_ROWS = """
select o.tenant, o.position, o.id, o.type, o.partitionkey, o.correlation_id, o.occurred_at, o.data, o.attempts, o.traceparent,
       coalesce(o.retry_at > now(), false) as early
from outbox o join unnest($1::text[], $2::text[]) as k (tenant, partitionkey) using (tenant, partitionkey)
where o.relayed_at is null and o.position <= $3 order by o.position
"""
_SETTLED = """
with mark as (select * from unnest($1::text[], $2::text[], $3::text[]) as m (tenant, subscriber, event_id))
select tenant, subscriber, event_id from mark join delivered using (tenant, subscriber, event_id)
union select tenant, subscriber, event_id from mark join dead_letter using (tenant, subscriber, event_id)
"""
_MARK = """
insert into delivered (tenant, subscriber, event_id) select * from unnest($1::text[], $2::text[], $3::text[])
on conflict do nothing
"""
_RELAYED = """
update outbox o set relayed_at = now(), retry_at = null
from unnest($1::timestamptz[], $2::bigint[]) as d (occurred_at, position)
where o.occurred_at = d.occurred_at and o.position = d.position
"""
# house: tenant the row is named by its place in the log
_AGAIN = """
update outbox set attempts = attempts + 1, retry_at = now() + make_interval(secs => $3)
where occurred_at = $1 and position = $2
"""
_BURY = """
insert into dead_letter (tenant, subscriber, event_id, attempts, error, what, occurred_at, correlation_id)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (tenant, subscriber, event_id) do update set attempts = excluded.attempts, error = excluded.error, at = now()
"""
# house: tenant the relay serves all tenants
_NEXT_S = """
select least(greatest(extract(epoch from min(retry_at) - now()), 0.05), 3600)::float8 from outbox
where relayed_at is null and retry_at is not null having min(retry_at) is not null
"""


class _Careful(Exception):
    """The quick try of a batch met a failure."""


class Relay:
    """`types` names the event types there are; `call_for(tenant, correlation_id, event_id)` makes the handler's call."""

    def __init__(
        self,
        database: Database,
        subscribers: Sequence[Subscriber],
        types: Mapping[str, type[Event]],
        *,
        call_for: CallFor,
        attempt: Attempt,
        hooks: Hooks,
        delays_s: tuple[float, ...],  # house: float seconds
        batch: int = 100,
        clock: Clock | None = None,
    ) -> None:
        self._database, self._batch, self._clock = database, batch, clock or SystemClock()
        self.types, self.call_for, self.attempt, self.hooks, self.delays_s = types, call_for, attempt, hooks, delays_s
        self.by_type = _by_type(subscribers)

    async def drain(self) -> float | None:  # house: float seconds
        """Relays until nothing is due. Returns the seconds until the next retry, or None when none is planned."""
        while await self._next_batch():
            pass
        return await self._database.fetchval(_NEXT_S)  # type: ignore[no-any-return]

    async def _next_batch(self) -> int:
        with contextlib.suppress(_Careful):
            return await self._work(careful=False)
        return await self._work(careful=True)

    async def _work(self, *, careful: bool) -> int:
        async with unit_of_work(self._database) as connection:
            rows = await self._due(connection)
            batch = _Batch(self, connection, rows, careful)
            moved = await batch.run() if rows else 0
        self._tell(batch.done)
        return moved

    def _tell(self, relayed: list[Any]) -> None:
        """One line and one count an event, once it is committed that it went everywhere."""
        now = self._clock.now()
        for row in relayed:
            metrics.EVENTS.add((row["type"], "relayed"))
            metrics.EVENT_SECONDS.observe((), (now - row["occurred_at"]).total_seconds())
            told = {name: row[name] for name in ("tenant", "correlation_id", "type")} | {"event_id": row["id"]}
            lines.say("event.relayed", now, told)

    async def _due(self, connection: Connection) -> list[Any]:
        for window in range(_WINDOWS):
            due = await connection.fetch(_DUE, self._batch, window * self._batch)
            rows = await self._locked(connection, due) if due else []
            if rows or not due:
                return rows
        return []

    async def _locked(self, connection: Connection, due: list[Any]) -> list[Any]:
        """The rows of those keys that nobody else works on."""
        keys = {(row["tenant"], row["partitionkey"]) for row in due}
        locked = await connection.fetch(_LOCK_KEYS, [k[0] for k in keys], [k[1] for k in keys])
        tenants, partitions = [k["tenant"] for k in locked], [k["partitionkey"] for k in locked]
        # Read again under the locks, and only as far as was found due: another relay may just have done some of it.
        return await connection.fetch(_ROWS, tenants, partitions, due[-1]["position"])  # type: ignore[no-any-return]


class _Batch:
    """One transaction's worth of rows."""

    def __init__(self, relay: Relay, connection: Connection, rows: list[Any], careful: bool) -> None:
        self._relay, self._connection, self._rows, self._careful = relay, connection, rows, careful
        self._blocked: set[Key] = set()
        self._marks: list[Mark] = []
        self.done: list[Any] = []
        self._postponed = 0

    async def run(self) -> int:
        """How many rows went somewhere: relayed, or put off."""
        settled = await self._settled()
        for stretch in stretches(self._rows, "type", alone=self._careful):
            free = [row for row in stretch if self._free(row)]
            if free and await self._events(free, settled):
                self.done += free
            else:
                self._blocked |= {_key(row) for row in free}
        if self._marks:
            await self._connection.execute(_MARK, *map(list, zip(*self._marks, strict=True)))
        occurred, positions = [r["occurred_at"] for r in self.done], [r["position"] for r in self.done]
        await self._connection.execute(_RELAYED, occurred, positions)
        return len(self.done) + self._postponed

    def _free(self, row: Any) -> bool:
        """Whether nothing before it waits under its key. One that waits itself blocks what follows."""
        if row["early"]:
            self._blocked.add(_key(row))
        return _key(row) not in self._blocked

    async def _settled(self) -> set[Mark]:
        marks = [
            (row["tenant"], subscriber, row["id"])
            for row in self._rows
            for subscriber, _ in self._relay.by_type.get(row["type"], ())
        ]
        if not marks:
            return set()
        rows = await self._connection.fetch(_SETTLED, *map(list, zip(*marks, strict=True)))
        return {(row["tenant"], row["subscriber"], row["event_id"]) for row in rows}

    async def _events(self, rows: list[Any], settled: set[Mark]) -> bool:
        """Events of one tenant and type; True when every subscriber has them or has given them up."""
        through = True
        for subscriber, handler in self._relay.by_type.get(rows[0]["type"], ()):
            wanted = [row for row in rows if (row["tenant"], subscriber, row["id"]) not in settled]
            for some in portions(handler, wanted):
                through = await self._told(subscriber, handler, some) and through
        if not through:
            await self._postpone(rows[0])
        return through

    async def _told(self, subscriber: str, handler: AnyHandler, rows: list[Any]) -> bool:
        outcome = await self._traced(subscriber, handler, rows)
        if not isinstance(outcome, Failure):
            self._marks += [(row["tenant"], subscriber, row["id"]) for row in rows]
            return True
        if not self._careful:
            raise _Careful
        return await self._given_up(subscriber, rows[0], outcome)

    async def _traced(self, subscriber: str, handler: AnyHandler, rows: list[Any]) -> Failure | None:
        name, parents = f"relay {rows[0]['type']} to {subscriber}", [row["traceparent"] for row in rows]
        with bound(**_named(rows)), tracing.together(name, parents, "consumer") as spans:
            calls = map(self._call, rows, [span.traceparent for span in spans] or parents)
            outcome = await self._deliver(handler, rows, calls)
            for span, row in zip(spans, rows, strict=False):
                span.attributes |= {"ledgerway.event": row["id"], "ledgerway.tenant": row["tenant"]}
                span.error = outcome.problem.slug if isinstance(outcome, Failure) else None
            return outcome

    async def _deliver(self, handler: AnyHandler, rows: list[Any], calls: Iterable[Call]) -> Failure | None:
        relay = self._relay
        try:
            events = [decoded(row["type"], row["data"], relay.types) for row in rows]
        except Problem as unreadable:
            return failure_of(unreadable)
        told = list(zip(calls, events, strict=True))
        work = guarded(handler, self._connection, told, savepoint=self._careful)
        return await relay.attempt(work, quiet=not self._careful)

    def _call(self, row: Any, traceparent: str | None) -> Call:
        call = self._relay.call_for(row["tenant"], row["correlation_id"], row["id"])
        return replace(call, traceparent=traceparent)

    async def _given_up(self, subscriber: str, row: Any, failure: Failure) -> bool:
        attempts = row["attempts"] + 1
        fields = {"subscriber": subscriber, "event_id": row["id"], "type": row["type"], "problem": failure.problem.slug}
        fields |= {"tenant": row["tenant"], "correlation_id": row["correlation_id"]}
        if failure.kind != "refused" and attempts <= len(self._relay.delays_s):
            metrics.EVENTS.add((row["type"], "retried"))
            log.warning("relay.retry", attempt=attempts, **fields)
            return False
        metrics.EVENTS.add((row["type"], "dead_letter"))
        log.error("relay.dead_letter", detail=failure.problem.detail, **fields)
        letter = DeadLetter(
            subscriber=subscriber,
            event_id=row["id"],
            what=row["type"],
            occurred_at=row["occurred_at"],
            attempts=attempts,
            problem=failure.problem,
        )
        call = self._call(row, row["traceparent"])
        await bury(self._connection, call, letter, self._relay.hooks, self._relay.attempt)
        return True

    async def _postpone(self, row: Any) -> None:
        delay_s = self._relay.delays_s[min(row["attempts"], len(self._relay.delays_s) - 1)]
        self._postponed += 1
        await self._connection.execute(_AGAIN, row["occurred_at"], row["position"], delay_s)


async def bury(connection: Connection, call: Call, letter: DeadLetter, hooks: Hooks, attempt: Attempt) -> None:
    """Stores a dead letter and tells the register; a register that fails does not stop the worker."""
    named = (call.tenant, letter.subscriber, letter.event_id)
    known = (letter.attempts, body_of(letter.problem), letter.what, letter.occurred_at, call.correlation_id)
    await connection.execute(_BURY, *named, *known)

    async def tell() -> None:
        async with connection.transaction():
            await hooks.on_dead_letter(connection, call, letter)

    untold = await attempt(tell)
    if isinstance(untold, Failure):
        log.error(
            "relay.dead_letter_untold", tenant=call.tenant, event_id=letter.event_id, detail=untold.problem.detail
        )


def _key(row: Any) -> Key:
    return row["tenant"], row["partitionkey"]


def _named(rows: list[Any]) -> dict[str, str]:
    """What stands on every line of the log meanwhile."""
    one = {"correlation_id": rows[0]["correlation_id"]} if len(rows) == 1 else {}
    return {"tenant": rows[0]["tenant"], **one}


def _by_type(subscribers: Sequence[Subscriber]) -> dict[str, list[tuple[str, AnyHandler]]]:
    found: dict[str, list[tuple[str, AnyHandler]]] = {}
    for subscriber in subscribers:
        for event, handler in subscriber.handlers.items():
            found.setdefault(event.type, []).append((subscriber.name, handler))
    return found
