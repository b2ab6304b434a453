"""The endpoints of one Workday tenant: REST collections, custom reports, refusals. Returns wire structs.

Sources: Common service v1; Reports-as-a-Service. The list total may be capped at 2000, after which page one repeats.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from contracts.problems import NotFound, Problem, VendorRefused
from runtime.http.outbound import Answer, Outbound
from system_apis.workday import wire

T = TypeVar("T")

LARGEST_PAGE = 100
TOTAL_CAP = 2000
_MOST_PAGES = 200
_LONGEST_MESSAGE = 500
_PROMPT = "Worker!WID"
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Reports(Struct, frozen=True, kw_only=True):
    """Names under which the tenant publishes the three reports."""

    workers: str = "Ledgerway_Workers"
    cost_rates: str = "Ledgerway_Cost_Rates"
    calendars: str = "Ledgerway_Calendars"


class TenantClient:
    """Reads of one tenant; there is nothing to write for this port."""

    def __init__(self, outbound: Outbound, *, vendor: str, tenant: str, report_owner: str, reports: Reports) -> None:
        self._outbound, self._vendor, self._names = outbound, vendor, reports
        self._common = f"/ccx/api/common/v1/{quote(tenant, safe='')}"
        self._reports = f"/ccx/service/customreport2/{quote(tenant, safe='')}/{quote(report_owner, safe='')}"

    async def close(self) -> None:
        """Close the connections to the tenant."""
        await self._outbound.close()

    async def workers(self, offset: int, limit: int) -> wire.WorkerList:
        """A page of workers, at most 100."""
        params = {"limit": str(min(limit, LARGEST_PAGE)), "offset": str(offset)}
        return self._as(wire.WorkerList, await self._get(f"{self._common}/workers", "list workers", params))

    async def worker(self, worker_id: str) -> wire.WorkerSummary:
        """One worker by WID or by `Employee_ID=...`. Raises NotFound."""
        path = f"{self._common}/workers/{quote(worker_id, safe='=')}"
        return self._as(wire.WorkerSummary, await self._get(path, "get worker"))

    async def time_off(self, worker_id: str) -> tuple[wire.TimeOffEntry, ...]:
        """All time off of a worker, in any state. Raises NotFound."""
        path = f"{self._common}/workers/{quote(worker_id, safe='=')}/timeOffEntries"
        found: dict[str, wire.TimeOffEntry] = {}
        for number in range(_MOST_PAGES):
            params = {"limit": str(LARGEST_PAGE), "offset": str(number * LARGEST_PAGE)}
            page = self._as(wire.TimeOffEntryList, await self._get(path, "list time off", params))
            fresh = {entry.id: entry for entry in page.data if entry.id not in found}
            found |= fresh
            if not fresh or len(page.data) < LARGEST_PAGE:
                return tuple(found.values())
        raise VendorRefused(f"{self._vendor} does not come to an end.", vendor=self._vendor, operation="list time off")

    async def worker_rows(self, worker_ids: Sequence[str]) -> tuple[wire.WorkerRow, ...]:
        """Rows of the worker report for these WIDs, in the report's order."""
        return await self._report(self._names.workers, wire.WorkerRow, worker_ids)

    async def cost_rows(self, worker_ids: Sequence[str]) -> tuple[wire.CostRow, ...]:
        """Rows of the cost report for these WIDs."""
        return await self._report(self._names.cost_rates, wire.CostRow, worker_ids)

    async def calendar_rows(self) -> tuple[wire.CalendarRow, ...]:
        """All rows of the calendar report."""
        return await self._report(self._names.calendars, wire.CalendarRow)

    async def _report(self, name: str, kind: type[T], worker_ids: Sequence[str] | None = None) -> tuple[T, ...]:
        if worker_ids is not None and not worker_ids:
            return ()
        params = {"format": "json"} | ({_PROMPT: "!".join(worker_ids)} if worker_ids else {})
        body = await self._get(f"{self._reports}/{quote(name, safe='')}", f"report {name}", params)
        if not isinstance(body, dict):
            raise self._unreadable(name)
        return tuple(self._as(kind, _grouped(row)) for row in _rows(body.get("Report_Entry")))

    async def _get(self, path: str, operation: str, params: Mapping[str, str] | None = None) -> Any:
        answer = await self._outbound.send("GET", path, operation=operation, params=params)
        if answer.status != 200:
            raise self._refusal(answer, operation)
        try:
            return _decoder.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._unreadable(operation) from error

    def _as(self, kind: type[T], value: object) -> T:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise self._unreadable(str(error)) from error

    def _refusal(self, answer: Answer, operation: str) -> Problem:
        message = _message(answer.body)
        facts: dict[str, Any] = {"vendor": self._vendor, "operation": operation}
        if answer.status == 404:
            return NotFound(f"{self._vendor} has no such object: {message}", **facts)
        facts |= {"vendor_code": f"HTTP_{answer.status}", "vendor_message": message}
        return VendorRefused(f"{self._vendor} refuses: {message}", **facts)

    def _unreadable(self, what: str) -> VendorRefused:
        return VendorRefused(f"The answer is not as documented: {what}", vendor=self._vendor, operation=what)


def _rows(value: Any) -> list[Any]:
    """A report or group of one row may be that row itself, one of none may be absent."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _grouped(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    return {name: _rows(value) if name.endswith("_group") else value for name, value in row.items()}


def _message(body: bytes) -> str:
    """`error`, then what `errors` add to it."""
    try:
        fault = msgspec.json.decode(body, type=_Fault)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "no explanation"
    parts = [fault.error, *(f"{part.field}: {part.error}" for part in fault.errors)]
    return "; ".join(parts)[:_LONGEST_MESSAGE]


class _Part(Struct, frozen=True):
    error: str = ""
    field: str = ""


class _Fault(Struct, frozen=True):
    error: str = "no explanation"
    errors: tuple[_Part, ...] = ()
