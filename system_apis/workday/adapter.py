"""Workday as the HCM."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from contracts.call import Call
from contracts.canon.worker import AbsencePage, CalendarPage, Worker, WorkerPage
from contracts.periods import Clock, SystemClock
from contracts.problems import NotFound
from runtime.connections import Connection
from runtime.http.outbound import TransportFactory, direct_transport
from system_apis.workday import mapping
from system_apis.workday.client import LARGEST_PAGE, TOTAL_CAP, TenantClient
from system_apis.workday.session import open_tenant, settings_of

COST_SCOPE = "hcm:cost"
"""Without this scope the cost report is not even read (SOD-2)."""


class HcmAdapter:
    """Workers are paged by REST and described by report; absences are time-off entries; calendars are a report."""

    def __init__(self, client: TenantClient, instance: str, unit_hours: Mapping[str, Decimal], clock: Clock) -> None:
        self._client, self._instance, self._unit_hours, self._clock = client, instance, unit_hours, clock

    async def get_worker(self, call: Call, worker_ref: str) -> Worker:
        found = await self._client.worker(mapping.worker_id(worker_ref, self._instance))
        workers = await self._described(call, (found.id,))
        if not workers:
            raise NotFound(f"{self._instance} has no worker {worker_ref} in its worker report.")
        return workers[0]

    async def list_workers(self, call: Call, cursor: str | None = None, limit: int = 50) -> WorkerPage:
        offset, first = mapping.position(cursor)
        size, read_at = min(limit, LARGEST_PAGE), self._clock.now()
        found = await self._client.workers(offset, size)
        ids, next_cursor = mapping.page_of(found, offset, first, size, TOTAL_CAP)
        return WorkerPage(items=await self._described(call, ids), next_cursor=next_cursor, as_of=read_at)

    async def list_absences(
        self, call: Call, worker_ref: str, since: date | None = None, until: date | None = None
    ) -> AbsencePage:
        read_at = self._clock.now()
        entries = await self._client.time_off(mapping.worker_id(worker_ref, self._instance))
        args = (worker_ref, self._instance, self._unit_hours, since, until)
        return AbsencePage(items=mapping.absences_from_wire(entries, *args), as_of=read_at)

    async def list_calendars(self, call: Call) -> CalendarPage:
        read_at = self._clock.now()
        rows = await self._client.calendar_rows()
        return CalendarPage(items=tuple(mapping.calendar_from_wire(row) for row in rows), as_of=read_at)

    async def _described(self, call: Call, ids: Sequence[str]) -> tuple[Worker, ...]:
        rows = await self._client.worker_rows(ids)
        costs = await self._client.cost_rows(ids) if call.allows(COST_SCOPE) else ()
        return mapping.workers_from_wire(ids, rows, costs, self._instance)


def connect(
    connection: Connection, transport: TransportFactory = direct_transport, clock: Clock | None = None
) -> dict[str, object]:
    """The adapters of one connection by port."""
    settings = settings_of(connection)
    client = open_tenant(connection, settings, transport, clock)
    return {"hcm": HcmAdapter(client, connection.instance, settings.unit_hours, clock or SystemClock())}
