"""Everything that belongs to one id: what it is decides nothing, where it turns up decides all.

A correlation, a request and a run are stories: all of their correlation belongs to them. An object and an event are about one thing:
its events and changes, and the requests and runs these came of.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.events import EVENTS
from contracts.problems import NotFound
from contracts.process.trail import Happening, Trace
from runtime.data.database import Database

_MOST_CORRELATIONS = 50
_MOST = 500

_CORRELATIONS = f"""
select correlation_id, max(at) as at, bool_or(story) as story from (
    (select correlation_id, at, true as story from audit where tenant = $1 and correlation_id = $2 limit 1)
    union all (select correlation_id, at, true from audit
               where tenant = $1 and id = 'aud_' || substr($2, 5) and request_id = $2)
    union all (select correlation_id, created_at, true from run
               where tenant = $1 and (id = $2 or correlation_id = $2) limit 1)
    union all (select correlation_id, occurred_at, true from outbox where tenant = $1 and correlation_id = $2 limit 1)
    union all (select correlation_id, occurred_at, false from outbox where tenant = $1 and subject = $2
               order by position desc limit {_MOST})
    union all (select correlation_id, occurred_at, false from outbox where tenant = $1 and subject = $3 and id = $2)
    union all (select correlation_id, at, false from history where tenant = $1 and object_id = $2
               order by position desc limit {_MOST})
) as found where correlation_id <> '' group by correlation_id order by at desc limit {_MOST_CORRELATIONS}
"""  # noqa: S608
_HAPPENINGS = f"""
select * from (
    (select at, 'request' as kind, request_id as id, coalesce(operation, method || ' ' || path) as what,
            status || coalesce(' ' || problem, '') as outcome, coalesce(principal, client) as by, correlation_id
     from audit where tenant = $1 and correlation_id = any($2::text[]) order by position desc limit {_MOST})
    union all
    (select created_at, 'run', id, workflow || ' ' || key, state, principal, correlation_id
     from run where tenant = $1 and correlation_id = any($2::text[]) order by created_at desc limit {_MOST})
    union all
    (select occurred_at, 'event', id, type || ' ' || subject, null, data->>'actor', correlation_id
     from outbox where tenant = $1 and type = any($4::text[])
       and (subject = any($3::text[]) or ($5 and correlation_id = any($2::text[])))
     order by position desc limit {_MOST})
    union all
    (select at, 'change', object_id, object || ' ' || command, coalesce(state_before || ' to ', '') || state_after
            || coalesce(': ' || reason, ''), actor, correlation_id
     from history where tenant = $1 and object_id = any($3::text[]) order by position desc limit {_MOST})
) as told order by at desc limit $6
"""  # noqa: S608


async def of(database: Database, tenant: str, subject_id: str, now: datetime) -> Trace:
    """The story of an id. Raises NotFound when it turns up nowhere, also for what another tenant has."""
    about = _subject(subject_id)
    found = await database.fetch(_CORRELATIONS, tenant, subject_id, about)
    if not found:
        raise NotFound(f"There is nothing about {subject_id} here.")
    correlations = [row["correlation_id"] for row in found]
    story = any(row["story"] for row in found)
    things = [subject_id, *filter(None, [about])]
    rows = await database.fetch(_HAPPENINGS, tenant, correlations, things, list(EVENTS), story, _MOST + 1)
    return Trace(
        subject_id=subject_id,
        correlation_ids=tuple(correlations),
        items=_oldest_first(rows[:_MOST]),
        more=len(rows) > _MOST or len(correlations) == _MOST_CORRELATIONS,
        as_of=now,
    )


def _oldest_first(rows: Sequence[Any]) -> tuple[Happening, ...]:
    return tuple(Happening(**row) for row in reversed(rows))


def _subject(event_id: str) -> str:
    """Whose event it is: `invoice.posted:inv_1:4` is about inv_1 (EVT-1)."""
    return event_id.partition(":")[2].rpartition(":")[0]
