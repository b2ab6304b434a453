"""Human capital management: who works here, where, since when, and when not."""

from datetime import date
from typing import Protocol

from contracts.call import Call
from contracts.canon.ref import Cursor, Limit, Ref
from contracts.canon.worker import AbsencePage, CalendarPage, Worker, WorkerPage
from contracts.operation import operation
from contracts.problems import NotFound, VendorRefused, VendorUnavailable

_READ = (NotFound, VendorRefused, VendorUnavailable)


class Hcm(Protocol):
    """Workers, absences, calendars."""

    @operation("GET", "/workers/{worker_ref}", scope="hcm:read", problems=_READ)
    async def get_worker(self, call: Call, worker_ref: Ref) -> Worker:
        """Read one worker."""
        ...

    @operation("GET", "/workers", scope="hcm:read", problems=_READ)
    async def list_workers(self, call: Call, cursor: Cursor | None = None, limit: Limit = 50) -> WorkerPage:
        """List workers, future and past ones included."""
        ...

    @operation("GET", "/absences", scope="hcm:read", problems=_READ)
    async def list_absences(
        self, call: Call, worker_ref: Ref, since: date | None = None, until: date | None = None
    ) -> AbsencePage:
        """List approved leave of a worker by day; both days inclusive."""
        ...

    @operation("GET", "/calendars", scope="hcm:read", problems=_READ)
    async def list_calendars(self, call: Call) -> CalendarPage:
        """List working calendars with their holidays."""
        ...
