"""The log of events as a feed without gaps.

Positions are given at insert and seen at commit, so a reader that went by them would pass over what commits late. The feed goes by
(transaction, position) and ends below the oldest transaction that is still open: below it nothing can appear any more.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.events import EVENTS
from contracts.problems import InvalidRequest, Violation
from contracts.process.trail import CloudEvent, EventFeed
from runtime.data.database import Database

_LARGEST = 2**63 - 1
_FEED = """
select *, xact::text as transaction from outbox
where tenant = $1 and (xact, position) > ($2::text::xid8, $3::bigint) and type = any($4::text[])
  and xact < pg_snapshot_xmin(pg_current_snapshot())
order by xact, position limit $5
"""
_OPEN_FROM = "select pg_snapshot_xmin(pg_current_snapshot())::text"


async def feed(
    database: Database, tenant: str, after: str | None, type_name: str | None, limit: int, now: datetime
) -> EventFeed:
    """Up to `limit` events after a place. Raises InvalidRequest for a type that does not exist."""
    types = _types(type_name)
    if after == "now":
        open_from = int(await database.fetchval(_OPEN_FROM))
        return EventFeed(items=(), last_sequence=f"{open_from - 1}.{_LARGEST}", as_of=now)
    transaction, _, position = (after or "0.0").partition(".")
    place = (min(int(transaction), 2**64 - 1), min(int(position), _LARGEST))
    rows = await database.fetch(_FEED, tenant, str(place[0]), place[1], types, limit)
    items = tuple(cloud_event(row) for row in rows)
    return EventFeed(items=items, last_sequence=items[-1].sequence if items else after or "0.0", as_of=now)


def cloud_event(row: Mapping[str, Any]) -> CloudEvent:
    """A row of the log in its envelope."""
    return CloudEvent(
        specversion="1.0",
        id=row["id"],
        source=row["source"],
        type=row["type"],
        subject=row["subject"],
        time=row["occurred_at"],
        datacontenttype="application/json",
        partitionkey=row["partitionkey"],
        sequence=f"{row['transaction']}.{row['position']}",
        correlationid=row["correlation_id"],
        causationid=row["causation_id"],
        legalentity=row["legal_entity"],
        data=row["data"],
    )


def _types(wanted: str | None) -> list[str]:
    found = [name for name in EVENTS if wanted is None or name == wanted or _all_of(wanted, name)]
    if not found:
        violation = Violation(code="type", detail=f"there is no event {wanted}", parameter="type", in_="query")
        raise InvalidRequest(f"There is no event {wanted}; the description lists them.", errors=[violation])
    return found


def _all_of(wanted: str, name: str) -> bool:
    return wanted.endswith(".*") and name.startswith(wanted[:-1])
