"""The outbox: facts published in the transaction that made them true, kept as the event log.

Theory of operation. `publish` inserts a row in the caller's transaction; the row's id is derived from what happened
(EVT-1: type:object:version, or run/step/object), so work that runs twice publishes once: the trigger `outbox_once`
drops the repeat. A statement trigger notifies channel `outbox`; PostgreSQL sends that at commit, which wakes the relay.
`position` is given at insert, not at commit: a reader that remembers "the last position seen" would skip rows of slow
transactions. So the relay works off `relayed_at is null`, and `read` is for rebuilding views from settled history.
States of a row: unrelayed -> relayed; a failing one stays unrelayed with `attempts` and `retry_at` (see relay.py).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from contracts.call import Call
from contracts.events import EVENTS, Event
from contracts.problems import InvalidContent
from contracts.wire import convert
from runtime import tracing
from runtime.data.database import Connection, Database

_INSERT = """
insert into outbox (tenant, id, type, source, subject, partitionkey, correlation_id, causation_id, legal_entity,
                    objectversion, occurred_at, data, traceparent)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning position
"""
_INSERT_ALL = """
insert into outbox (tenant, id, type, source, subject, partitionkey, correlation_id, objectversion, occurred_at, data,
                    traceparent)
select e.tenant, e.id, e.type, e.source, e.subject, e.partitionkey, e.correlation_id, e.version, e.occurred_at, e.data,
       e.traceparent
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
            $9::timestamptz[], $10::jsonb[], $11::text[]) with ordinality
  as e (tenant, id, type, source, subject, partitionkey, correlation_id, version, occurred_at, data, traceparent, place)
order by e.place
"""

_READ = """
select tenant, position, id, type, source, subject, partitionkey, correlation_id, causation_id, legal_entity,
       occurred_at, data
from outbox where tenant = $1 and position > $2 and type = any($3::text[]) order by position limit $4
"""


class Published(Struct, frozen=True, kw_only=True):
    """An event of the log with its envelope (CloudEvents 1.0); `event` is decoded."""

    tenant: str
    position: int
    id: str
    type: str
    source: str
    subject: str
    partitionkey: str
    correlation_id: str
    causation_id: str | None
    legal_entity: str | None
    occurred_at: datetime
    event: Event


async def publish(
    connection: Connection,
    call: Call,
    event: Event,
    *,
    event_id: str | None = None,
    legal_entity: str | None = None,
    causation_id: str | None = None,
) -> bool:
    """Stores an event with the caller's change. False when an event of that id is there already: nothing changed."""
    position = await connection.fetchval(
        _INSERT,
        call.tenant,
        event_id or event.dedup_key,
        event.type,
        event.source,
        event.object_id,
        event.partitionkey,
        call.correlation_id,
        causation_id,
        legal_entity,
        event.version,
        event.occurred_at,
        event,
        tracing.here() or call.traceparent,
    )
    return position is not None


async def publish_all(connection: Connection, events: Sequence[tuple[Call, Event]]) -> None:
    """Stores events, each with its call, in their order and in one statement; what is there already is skipped."""
    if not events:
        return
    here = tracing.here()
    rows = [
        (
            call.tenant,
            e.dedup_key,
            e.type,
            e.source,
            e.object_id,
            e.partitionkey,
            call.correlation_id,
            e.version,
            e.occurred_at,
            e,
            here or call.traceparent,
        )
        for call, e in events
    ]
    await connection.execute(_INSERT_ALL, *map(list, zip(*rows, strict=True)))


async def read(
    database: Database | Connection,
    tenant: str,
    *,
    after: int = 0,
    types: Mapping[str, type[Event]] = EVENTS,
    limit: int = 500,
) -> list[Published]:
    """Events of the given types beyond a position, in order: what a rebuilt view reads. Raises InvalidContent."""
    rows = await database.fetch(_READ, tenant, after, list(types), limit)
    return [_published(row, types) for row in rows]


def decoded(type_name: str, data: Any, types: Mapping[str, type[Event]]) -> Event:
    """The event struct of a stored row. Raises InvalidContent (code SCHEMA_INVALID) when the data is not of its type."""
    try:
        return convert(data, types[type_name])
    except msgspec.ValidationError as error:
        detail = f"A stored {type_name} event is not of its type: {error}."
        raise InvalidContent(detail, code="SCHEMA_INVALID") from error


def _published(row: Mapping[str, Any], types: Mapping[str, type[Event]]) -> Published:
    fields = {name: row[name] for name in Published.__struct_fields__ if name != "event"}
    return Published(**fields, event=decoded(row["type"], row["data"], types))
