"""Deliveries of other systems: one row each, so that a repeat changes nothing, read afterwards by the worker.

Theory of operation. `receive` inserts (tenant, connection, delivery id) in the caller's transaction; a repeat conflicts and
says so. A statement trigger notifies channel `inbox`. The worker takes unprocessed rows with SKIP LOCKED, so workers share
the work; no order is promised, as vendors promise none (EVT-2, EVT-3 sort versions out). A batch is one transaction, and a handler that
takes many (`Batched`) is given rows that follow each other at once; if a handler fails, the batch is rolled back and done
again row by row with a savepoint each. A failing row waits for its delay and after
those of EVT-6 (at once for a refusal) is processed with an error and a dead letter. A kind nobody handles fails likewise.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from contracts.call import Call
from contracts.problems import InvalidContent
from runtime import metrics, tracing
from runtime.data.database import Connection, Database
from runtime.telemetry import bound, log
from runtime.work.handlers import guarded, portions, stretches
from runtime.work.hooks import DeadLetter, Hooks
from runtime.work.process import Batched, Delivery, InboxHandler
from runtime.work.relay import CallFor, bury
from runtime.work.retries import Attempt, Failure, body_of, failure_of
from runtime.work.unit import unit_of_work

_RECEIVE = """
insert into inbox (tenant, connection, delivery_id, kind, payload, traceparent) values ($1, $2, $3, $4, $5, $6)
on conflict (tenant, connection, delivery_id) do nothing returning position
"""
_RECEIVE_ALL = """
insert into inbox (tenant, connection, delivery_id, kind, payload, traceparent)
select $1, $2, d.id, $3, d.payload, $4
from unnest($5::text[], $6::jsonb[]) with ordinality as d (id, payload, place) order by d.place
on conflict (tenant, connection, delivery_id) do nothing
"""
_DUE = """
select tenant, connection, delivery_id, kind, payload, received_at, attempts, traceparent from inbox
where processed_at is null and (retry_at is null or retry_at <= now())
order by position limit $1 for update skip locked
"""
_DONE = """
update inbox i set processed_at = now(), retry_at = null, error = null
from unnest($1::text[], $2::text[], $3::text[]) as d (tenant, connection, delivery_id)
where i.tenant = d.tenant and i.connection = d.connection and i.delivery_id = d.delivery_id
"""
_FAILED = """
update inbox set attempts = attempts + 1, error = $4, retry_at = now() + make_interval(secs => $5),
       processed_at = case when $5::float8 is null then now() end
where tenant = $1 and connection = $2 and delivery_id = $3
"""
# house: tenant the worker serves all tenants
_NEXT_S = """
select least(greatest(extract(epoch from min(retry_at) - now()), 0.05), 3600)::float8 from inbox
where processed_at is null and retry_at is not null having min(retry_at) is not null
"""


async def receive(
    connection: Connection, *, tenant: str, instance: str, delivery_id: str, kind: str, payload: Any
) -> bool:
    """Stores a delivery of a connected instance. False when it was there: a duplicate, nothing changed."""
    position = await connection.fetchval(_RECEIVE, tenant, instance, delivery_id, kind, payload, tracing.here())
    return position is not None


async def receive_all(
    connection: Connection, *, tenant: str, instance: str, kind: str, deliveries: Sequence[tuple[str, Any]]
) -> None:
    """Stores deliveries of one kind, id and payload of each, in their order and in one statement; duplicates change nothing."""
    if deliveries:
        ids, payloads = map(list, zip(*deliveries, strict=True))
        await connection.execute(_RECEIVE_ALL, tenant, instance, kind, tracing.here(), ids, payloads)


class _Careful(Exception):
    """The quick try of a batch met a failure."""


class Inbox:
    """`handlers` maps a kind to who reads it."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, InboxHandler | Batched],
        *,
        call_for: CallFor,
        attempt: Attempt,
        hooks: Hooks,
        delays_s: tuple[float, ...],  # house: float seconds
        batch: int = 100,
    ) -> None:
        self._database, self._handlers, self._call_for = database, handlers, call_for
        self._attempt, self._hooks, self._delays_s, self._batch = attempt, hooks, delays_s, batch

    async def drain(self) -> float | None:  # house: float seconds
        """Processes until nothing is due. Returns the seconds until the next retry, or None when none is planned."""
        while await self._next_batch():
            pass
        return await self._database.fetchval(_NEXT_S)  # type: ignore[no-any-return]

    async def _next_batch(self) -> int:
        with contextlib.suppress(_Careful):
            return await self._work(careful=False)
        return await self._work(careful=True)

    async def _work(self, *, careful: bool) -> int:
        async with unit_of_work(self._database) as connection:
            rows = await connection.fetch(_DUE, self._batch)
            done: list[Any] = []
            for stretch in stretches(rows, "kind", alone=careful):
                for some in portions(self._handlers.get(stretch[0]["kind"]), stretch):
                    done += some if await self._through(connection, some, careful) else []
            await connection.execute(_DONE, *([r[k] for r in done] for k in ("tenant", "connection", "delivery_id")))
        for row in done:
            metrics.DELIVERIES.add((row["kind"], "done"))
        return len(rows)

    async def _through(self, connection: Connection, rows: list[Any], careful: bool) -> bool:
        name, parents = f"inbox {rows[0]['kind']}", [row["traceparent"] for row in rows]
        with bound(**_named(rows)), tracing.together(name, parents, "consumer") as spans:
            calls = map(self._call, rows, [span.traceparent for span in spans] or parents)
            outcome = await self._handle(connection, rows, calls, careful)
            for span in spans:
                span.error = outcome.problem.slug if isinstance(outcome, Failure) else None
        if not isinstance(outcome, Failure):
            return True
        if not careful:
            raise _Careful
        await self._failed(connection, rows[0], outcome)
        return False

    async def _handle(
        self, connection: Connection, rows: list[Any], calls: Iterable[Call], careful: bool
    ) -> Failure | None:
        handler = self._handlers.get(rows[0]["kind"])
        if handler is None:
            detail = f"Nobody reads deliveries of kind {rows[0]['kind']}."
            return failure_of(InvalidContent(detail, code="SCHEMA_INVALID"))
        deliveries = [Delivery(**{name: row[name] for name in Delivery.__struct_fields__}) for row in rows]
        told = list(zip(calls, deliveries, strict=True))
        return await self._attempt(guarded(handler, connection, told, savepoint=careful), quiet=not careful)

    def _call(self, row: Any, traceparent: str | None) -> Call:
        return replace(self._call_for(row["tenant"], _key(row), _key(row)), traceparent=traceparent)

    async def _failed(self, connection: Connection, row: Any, failure: Failure) -> None:
        attempts, problem = row["attempts"] + 1, failure.problem
        retried = failure.kind != "refused" and attempts <= len(self._delays_s)
        delay_s = self._delays_s[attempts - 1] if retried else None
        key = (row["tenant"], row["connection"], row["delivery_id"])
        await connection.execute(_FAILED, *key, body_of(problem), delay_s)
        fields = {
            "tenant": key[0],
            "connection": key[1],
            "delivery": key[2],
            "kind": row["kind"],
            "problem": problem.slug,
        }
        metrics.DELIVERIES.add((row["kind"], "retried" if retried else "dead_letter"))
        if retried:
            log.warning("inbox.retry", attempt=attempts, **fields)
            return
        log.error("inbox.dead_letter", detail=problem.detail, **fields)
        letter = DeadLetter(
            subscriber=f"inbox:{row['kind']}",
            event_id=f"{key[1]}/{key[2]}",
            what=row["kind"],
            attempts=attempts,
            problem=problem,
        )
        await bury(connection, self._call(row, row["traceparent"]), letter, self._hooks, self._attempt)


def _key(row: Any) -> str:
    return f"{row['connection']}/{row['delivery_id']}"


def _named(rows: list[Any]) -> dict[str, str]:
    """What stands on every line of the log meanwhile."""
    return {"tenant": rows[0]["tenant"], **({"correlation_id": _key(rows[0])} if len(rows) == 1 else {})}
