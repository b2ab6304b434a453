"""The process `trail`: it only tells."""

from datetime import datetime

from msgspec.structs import replace

from contracts.call import Call
from contracts.process.trail import AuditEntry, AuditPage, EventFeed, Trace, Trail
from domain.transaction_explanation import explain_transaction
from process_apis.registers import pages, transactions
from process_apis.registers.unit import Unit
from process_apis.trail import events, traces
from runtime.services import Services
from runtime.work.process import Process
from runtime.work.unit import unit_of_work

_AUDIT = """
select * from audit where tenant = $1 and ($2::bigint is null or position < $2) and ($3::text is null or client = $3)
and ($4::text is null or operation = $4) and ($5::text is null or problem = $5)
and ($6::timestamptz is null or at >= $6) and ($7::timestamptz is null or at < $7)
order by position desc limit $8
"""


class TrailQueries:
    """Implements contracts.process.trail.Trail."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list_audit(
        self,
        call: Call,
        client: str | None = None,
        operation: str | None = None,
        problem: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> AuditPage:
        now, size = self._services.clock.now(), min(limit, pages.MAX_LIMIT)
        async with unit_of_work(self._services.database) as connection:
            unit = Unit(connection, call, now)
            after = pages.after(unit, "audit", cursor)
            place = None if after is None else int(after)
            rows = await connection.fetch(
                _AUDIT, call.tenant, place, client, operation, problem, since, until, size + 1
            )
            shown, following = pages.cut(unit, "audit", rows, size, key="position")
        return AuditPage(items=tuple(map(_entry, shown)), next_cursor=following, as_of=now)

    async def list_events(
        self, call: Call, after: str | None = None, type: str | None = None, limit: int = 50
    ) -> EventFeed:
        size, now = min(limit, pages.MAX_LIMIT), self._services.clock.now()
        return await events.feed(self._services.database, call.tenant, after, type, size, now)

    async def trace(self, call: Call, subject_id: str) -> Trace:
        now = self._services.clock.now()
        told = await traces.of(self._services.database, call.tenant, subject_id, now)
        async with unit_of_work(self._services.database) as connection:
            found = await transactions.many(Unit(connection, call, now), [subject_id])
        return replace(told, figures=tuple(figure for one in found for figure in explain_transaction(one)))


def _entry(row: object) -> AuditEntry:
    found = dict(row)  # type: ignore[call-overload]
    return AuditEntry(**{name: found[name] for name in AuditEntry.__struct_fields__})


def build(services: Services) -> Process:
    """The process `trail`."""
    return Process(name="trail", contract=Trail, implementation=TrailQueries(services))
