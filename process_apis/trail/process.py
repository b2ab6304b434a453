"""The process `trail`: it only tells."""

from datetime import datetime

from msgspec.structs import replace

from contracts.call import Call
from contracts.canon.ref import LARGEST_PAGE
from contracts.process.orders import AuditSort
from contracts.process.trail import AuditEntry, AuditPage, EventFeed, Trace, Trail
from domain.transaction_explanation import explain_transaction
from process_apis.registers import transactions
from process_apis.registers.unit import Unit
from process_apis.trail import events, traces
from runtime.data.listing import Column, Listing, Wanted, same
from runtime.services import Services
from runtime.work.process import Process
from runtime.work.unit import unit_of_work

AUDIT = Listing(
    table="audit",
    columns="*",
    filters={
        **same("client", "principal", "operation", "problem", "object", "correlation_id"),
        "since": "at >= {}",
        "until": "at < {}",
    },
    orders={"at": (Column("at", "timestamptz"),)},
    key=(Column("position", "bigint"),),
)


class TrailQueries:
    """Implements contracts.process.trail.Trail."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list_audit(
        self,
        call: Call,
        client: str | None = None,
        principal: str | None = None,
        operation: str | None = None,
        problem: str | None = None,
        object: str | None = None,
        correlation_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        sort: AuditSort = "-at",
        cursor: str | None = None,
        limit: int = 50,
    ) -> AuditPage:
        filters = {
            "client": client,
            "principal": principal,
            "operation": operation,
            "problem": problem,
            "object": object,
            "correlation_id": correlation_id,
            "since": since,
            "until": until,
        }
        wanted = Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit)
        rows, more = await AUDIT.page(self._services.database, call.tenant, wanted)
        return AuditPage(items=tuple(map(_entry, rows)), next_cursor=more, as_of=self._services.clock.now())

    async def list_events(
        self, call: Call, after: str | None = None, type: str | None = None, limit: int = 50
    ) -> EventFeed:
        size, now = min(limit, LARGEST_PAGE), self._services.clock.now()
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
