"""The conservation of hours: every approved hour is in exactly one live transaction set (TXN-1, REC-01)."""

from typing import Any

from runtime.data.database import Database

_ENTRIES = """
select e.id, e.version, e.status, e.hours, coalesce(sum(t.hours), 0) as live, count(t.id) as parts,
       count(distinct t.source_version) filter (where t.kind = 'time' and t.state not in ('invoiced', 'written_off')) as sets,
       array_agg(t.state || ' ' || t.part || ' ' || t.hours order by t.id) filter (where t.id is not null) as found,
       exists (select from business_exception x where x.tenant = $1 and x.object_id = e.id
               and x.code in ('INVOICE_LOCKED', 'ALREADY_INVOICED')
               and x.state in ('open', 'acknowledged', 'in_progress')) as locked
from time_entry e left join billable_transaction t
  on t.tenant = $1 and t.source_id = e.id and t.kind in ('time', 'adjustment') and t.state <> 'reversed'
where e.tenant = $1 group by e.id, e.version, e.status, e.hours order by e.id
"""
_TWICE = """
select source_id, source_version, part, count(*) as n from billable_transaction
where tenant = $1 and kind = 'time' and state <> 'reversed' and part <> 'billable'
group by source_id, source_version, part having count(*) > 1
"""


async def conservation(database: Database, tenant: str) -> list[str]:
    """What breaks it, in words; empty when every hour of every entry is where it belongs.

    An entry whose correction waits for a locked or posted invoice still has the hours of its older version.
    """
    found = [fault for row in await database.fetch(_ENTRIES, tenant) if (fault := _fault(row))]
    twice = await database.fetch(_TWICE, tenant)
    return found + [f"{r['source_id']}: {r['n']} {r['part']} parts of version {r['source_version']}" for r in twice]


def _fault(row: Any) -> str | None:
    what = f"{row['id']} version {row['version']} ({row['status']}, {row['hours']} h): {row['found']}"
    if row["locked"]:
        return None if row["parts"] else f"locked, and nothing is live: {what}"
    if row["sets"] > 1:
        return f"parts of several versions are live: {what}"
    wanted = row["hours"] if row["status"] == "approved" else 0
    return None if row["live"] == wanted else f"{row['live']} h are live, not {wanted}: {what}"
