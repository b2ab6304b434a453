"""Held work as rows: runs that wait for a person or failed, events and deliveries that are dead letters."""

from typing import Any

from contracts.problems import NotFound
from contracts.process.held_desk import HeldCount, HeldCounts, HeldPage, HeldWork
from contracts.wire import convert
from process_apis.registers.unit import Unit
from runtime.data.listing import Column, Listing, Wanted, same

_OPEN = "('open', 'acknowledged', 'in_progress')"
_RUNS = """
select r.tenant, 'run' as kind, r.id, r.workflow as what, coalesce(s.name, '') as where, r.key as subject,
       coalesce(s.attempt, 1) as attempts, coalesce(s.error, r.error) as error, coalesce(s.waiting_for, r.waiting_for) as waiting,
       coalesce(s.exception_id, '') as exception, r.updated_at as since, r.correlation_id
from run r left join lateral (select name, attempt, error, waiting_for, exception_id from step
    where tenant = r.tenant and run_id = r.id and state = 'waiting' and waiting_for->>'kind' = 'person'
    order by position limit 1) as s on true
where r.tenant = $1 and (s.name is not null and r.state in ('waiting', 'running', 'compensating') or r.state = 'failed')
"""
_LETTERS = f"""
select d.tenant, case when starts_with(d.subscriber, 'inbox:') then 'delivery' else 'event' end as kind, d.id,
       coalesce(d.what, d.subscriber) as what,
       case when starts_with(d.subscriber, 'inbox:') then split_part(d.event_id, '/', 1) else d.subscriber end as where,
       d.event_id as subject, d.attempts, d.error, null::jsonb as waiting,
       coalesce((select e.id from business_exception e where e.tenant = d.tenant and e.code = 'EVENT_DEAD_LETTERED'
         and e.object_id = d.event_id and e.rule_key = d.subscriber and e.state in {_OPEN} limit 1), '') as exception,
       d.at as since, d.correlation_id
from dead_letter d where d.tenant = $1 and d.discarded_at is null
"""  # noqa: S608
_ALIKE = """md5(concat_ws(chr(31), kind, what, "where", coalesce(waiting->>'code', error->>'code')))"""
_HELD = f"select *, {_ALIKE} as alike from ({_RUNS} union all {_LETTERS}) as held"  # noqa: S608
_PAGE = f"""
select h.*, e.assignee, e.due_at, e.amount_at_risk, e.currency
from ({_HELD}) as h left join business_exception e on e.tenant = $1 and e.id = h.exception
"""  # noqa: S608


LISTING = Listing(
    table=f"({_PAGE}) as held",
    columns="*",
    filters=same("kind", "alike"),
    orders={
        "since": (Column("since", "timestamptz"),),
        "due_at": (Column("coalesce(due_at, 'infinity')", "timestamptz"),),
        "amount_at_risk": (Column("coalesce(amount_at_risk, 0)", "numeric"),),
    },
)


async def page(unit: Unit, wanted: Wanted) -> HeldPage:
    """A page of it. All that is held is looked at: it waits for people, who do not let it become much."""
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted)
    return HeldPage(items=tuple(map(_held, rows)), next_cursor=more, as_of=unit.now)


async def counts(unit: Unit) -> HeldCounts:
    """How much is held, by kind."""
    sql = f"select kind, count(*) as count from ({_RUNS} union all {_LETTERS}) as held group by kind order by kind"  # noqa: S608
    found = await unit.connection.fetch(sql, unit.tenant)
    return HeldCounts(items=tuple(convert(dict(row), HeldCount) for row in found), as_of=unit.now)


async def get(unit: Unit, held_id: str) -> HeldWork:
    """Raises NotFound for what is not held, or no more."""
    sql = f"select * from ({_PAGE}) as p where id = $2"  # noqa: S608
    row = await unit.connection.fetchrow(sql, unit.tenant, held_id)
    if row is None:
        raise NotFound(f"Nothing is held under {held_id}; it may have gone on meanwhile.")
    return _held(row)


def _held(row: Any) -> HeldWork:
    error, waiting = row["error"] or {}, row["waiting"] or {}
    told = {
        "problem": error.get("code") or "",
        "code": waiting.get("code") or error.get("facts", {}).get("code") or error.get("code") or "",
        "detail": error.get("detail") or waiting.get("detail") or "",
        "exception_id": row["exception"] or None,
    }
    return convert({**dict(row), **told}, HeldWork)
