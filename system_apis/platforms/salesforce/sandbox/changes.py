"""What was saved or deleted in a span of time: ids only, at most the last 30 days.

Source: REST API Developer Guide (sObject Get Updated, sObject Get Deleted).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from runtime.http.simulate import Request, Response, Row

from .errors import OrgError
from .org import Org
from .rest import Caller, Operation
from .values import moment, stamp

_KEPT = timedelta(days=30)


def _updated(org: Org, caller: Caller, request: Request) -> Response:
    table, (start, end) = org.table(request.params["type"]), _span(org, request)
    ids = [row["Id"] for row in _saved_within(org.rows(table.name), start, end)]
    return Response.of(200, {"ids": ids, "latestDateCovered": stamp(end)})


def _deleted(org: Org, caller: Caller, request: Request) -> Response:
    table, (start, end) = org.table(request.params["type"]), _span(org, request)
    binned = (row for row in org.store.rows(table.name).values() if row.get("IsDeleted"))
    records = [{"id": row["Id"], "deletedDate": row["SystemModstamp"]} for row in _saved_within(binned, start, end)]
    earliest = stamp(org.clock.now() - _KEPT)
    return Response.of(
        200, {"deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": stamp(end)}
    )


def _span(org: Org, request: Request) -> tuple[datetime, datetime]:
    """From `start` to `end`, to the second, never into the future. Raises INVALID_REPLICATION_DATE."""
    start, end = (_given(request, name) for name in ("start", "end"))
    now = org.clock.now()
    if start < now - _KEPT or not start < end:
        message = "startDate must be before endDate and cannot be more than 30 days ago"
        raise OrgError(400, "INVALID_REPLICATION_DATE", message)
    return start, min(end, now)


def _given(request: Request, name: str) -> datetime:
    text = request.query.get(name)
    if text is None:
        raise OrgError(400, "MISSING_ARGUMENT", f"The parameter {name} is required")
    try:
        read = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise OrgError(400, "INVALID_REPLICATION_DATE", f"{name} is not a date and time: {text}") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _saved_within(rows: Iterable[Row], start: datetime, end: datetime) -> list[Row]:
    return [row for row in rows if start <= moment(row["SystemModstamp"]) <= end]


CHANGES: tuple[tuple[str, str, Operation], ...] = (
    ("GET", "/sobjects/{type}/updated", _updated),
    ("GET", "/sobjects/{type}/deleted", _deleted),
)
"""To be matched before the records: their ids stand at the same place."""
