"""Bulk API 2.0: jobs that take a CSV of records, and jobs that answer a query as CSV.

A job is done as soon as its upload is complete; it says so when the fault `slow_job` lets it.
Source: Bulk API 2.0 and Bulk API Developer Guide (ingest jobs, query jobs, CSV data).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from runtime.http.simulate import Request, Response, Row

from .cursors import columns_of, rows_of
from .errors import OrgError, invalid, not_found
from .ids import record_id
from .org import Org
from .rest import Caller, Operation, body_of
from .schema import NUMERIC, Table
from .values import stamp

_JOBS, _PREFIX = "_bulk_jobs", "750"
_SLOW_S, _MOST_LISTED = 30, 1000
_DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_OPERATIONS = ("insert", "update", "upsert", "delete")
_NULL = "#N/A"
_HIDDEN = ("csv", "done", "failed", "unprocessed", "ready_at", "ids")
# Clients spell the last one both ways.
_RESULTS = {
    "successfulResults": "done",
    "failedResults": "failed",
    "unprocessedRecords": "unprocessed",
    "unprocessedrecords": "unprocessed",
}


def _refused(message: str, code: str = "InvalidJob") -> OrgError:
    return OrgError(400, code, message)


def _open(org: Org, caller: Caller, kind: str, values: Mapping[str, Any]) -> Row:
    now = stamp(org.clock.now())
    job: Row = {
        "id": record_id(_PREFIX, org.store.next("id:_bulk_jobs")),
        "createdById": caller.user,
        "createdDate": now,
        "systemModstamp": now,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": Decimal(caller.version),
        "kind": kind,
        **values,
    }
    _keep(org, job)
    return job


def _keep(org: Org, job: Row) -> None:
    with org.store.transaction() as written:
        written.put(_JOBS, job["id"], job)


def _job(org: Org, request: Request, kind: str) -> Row:
    job = org.store.get(_JOBS, request.params["job"])
    if job is None or job["kind"] != kind:
        raise not_found()
    return job


def _shown(org: Org, job: Row) -> dict[str, Any]:
    """The job as its caller sees it: in progress until it may say that it is complete."""
    shown = {name: value for name, value in job.items() if name not in (*_HIDDEN, "kind")}
    if job["state"] == "JobComplete" and stamp(org.clock.now()) < job["ready_at"]:
        shown |= {"state": "InProgress", "numberRecordsProcessed": 0}
    return shown


def _ready_at(org: Org, request: Request) -> str:
    slow = org.faults.take("slow_job", request)
    return stamp(org.clock.now() + timedelta(seconds=slow.delay(_SLOW_S) if slow else 0))


def _formats(body: Mapping[str, Any]) -> dict[str, str]:
    found = {"lineEnding": body.get("lineEnding", "LF"), "columnDelimiter": body.get("columnDelimiter", "COMMA")}
    if found["lineEnding"] not in _ENDINGS or found["columnDelimiter"] not in _DELIMITERS:
        raise _refused("lineEnding or columnDelimiter is not supported")
    if body.get("contentType", "CSV") != "CSV":
        raise _refused("contentType: only CSV is supported")
    return found


def create_ingest(org: Org, caller: Caller, request: Request) -> Response:
    body = body_of(request)
    operation, key = body.get("operation"), body.get("externalIdFieldName")
    if operation not in _OPERATIONS:
        raise _refused(f"Unknown operation: {operation}")
    table = org.table(str(body.get("object", "")))
    if operation == "upsert":
        table.external_id(str(key or ""))
    values = {"object": table.name, "operation": operation, "state": "Open", **_formats(body)}
    job = _open(org, caller, "ingest", values | ({"externalIdFieldName": key} if operation == "upsert" else {}))
    job = {**job, "contentUrl": f"services/data/v{caller.version}/jobs/ingest/{job['id']}/batches"}
    _keep(org, job)
    return Response.of(200, _shown(org, job))


def upload(org: Org, caller: Caller, request: Request) -> Response:
    job = _job(org, request, "ingest")
    if job["state"] != "Open" or "csv" in job:
        raise _refused("The job takes no more data", "INVALIDJOBSTATE")
    if "csv" not in (request.header("content-type") or ""):
        raise _refused("Content-Type must be text/csv")
    _keep(org, {**job, "csv": request.body.decode("utf-8", "replace")})
    return Response(201)


def move(org: Org, caller: Caller, request: Request) -> Response:
    """UploadComplete does the work, Aborted gives up."""
    job, state = _job(org, request, request.path.rsplit("/", 2)[1]), body_of(request).get("state")
    if state == "Aborted" and job["state"] != "JobComplete":
        moved = {**job, "state": "Aborted"}
    elif state == "UploadComplete" and job["state"] == "Open":
        moved = _worked(org, caller, job, request)
    else:
        raise _refused(f"A job that is {job['state']} does not become {state}", "INVALIDJOBSTATE")
    _keep(org, moved)
    return Response.of(
        200, {**_shown(org, moved), **({"state": "UploadComplete"} if state == "UploadComplete" else {})}
    )


def _worked(org: Org, caller: Caller, job: Row, request: Request) -> Row:
    done: list[dict[str, str]] = []
    failed: list[dict[str, str]] = []
    rows = list(_records(job))
    for row in rows:
        try:
            id_, created = _save(org, org.table(job["object"]), job, row, caller.user, request)
            done.append({"sf__Id": id_, "sf__Created": str(created).lower(), **row})
        except OrgError as error:
            failed.append({"sf__Id": "", "sf__Error": f"{error.code}:{error.message}:--", **row})
    figures = {"numberRecordsProcessed": len(rows), "numberRecordsFailed": len(failed), "retries": 0}
    kept = {"done": done, "failed": failed, "unprocessed": [], "ready_at": _ready_at(org, request)}
    return {**job, **figures, **kept, "state": "JobComplete"}


def _records(job: Row) -> Iterator[dict[str, str]]:
    found = csv.DictReader(io.StringIO(job.get("csv", ""), newline=""), delimiter=_DELIMITERS[job["columnDelimiter"]])
    for row in found:
        yield {str(name): value or "" for name, value in row.items() if name}


def _save(org: Org, table: Table, job: Row, row: Mapping[str, str], user: str, request: Request) -> tuple[str, bool]:
    values = _values(table, row)
    operation = job["operation"]
    if operation == "insert":
        return org.insert(table, values, user, request), True
    if operation == "upsert":
        return _upsert(org, table, job["externalIdFieldName"], values, user, request)
    id_ = next((value for name, value in values.items() if name.lower() == "id"), None)
    if not isinstance(id_, str):
        raise invalid("MISSING_ARGUMENT", "Id not specified", "Id")
    found = org.existing(table, id_)
    if operation == "delete":
        org.delete(table, found, user, request)
    else:
        rest = {name: value for name, value in values.items() if name.lower() != "id"}
        org.update(table, found, rest, user, request)
    return str(found["Id"]), False


def _upsert(
    org: Org, table: Table, key: str, values: Mapping[str, Any], user: str, request: Request
) -> tuple[str, bool]:
    field = table.external_id(key)
    value = next((str(v) for name, v in values.items() if name.lower() == field.name.lower() and v), None)
    if value is None:
        raise invalid("MISSING_ARGUMENT", f"{field.name} not specified", field.name)
    found = org.matching(table, field, value)
    if len(found) > 1:
        raise invalid("DUPLICATE_EXTERNAL_ID", f"{field.name}: more than one record found for external id field")
    if not found:
        return org.insert(table, values, user, request), True
    rest = {name: v for name, v in values.items() if name.lower() != field.name.lower()}
    org.update(table, found[0], rest, user, request)
    return str(found[0]["Id"]), False


def _values(table: Table, row: Mapping[str, str]) -> dict[str, Any]:
    """CSV text as the data API takes it: an empty cell says nothing, #N/A empties the field, a dot leads to a parent."""
    found: dict[str, Any] = {}
    for name, text in row.items():
        parent, _, key = name.partition(".")
        if text and key:
            found[parent] = {key: text}
        elif text:
            found[name] = None if text == _NULL else _typed(table, name, text)
    return found


def _typed(table: Table, name: str, text: str) -> Any:
    field = table.field(name)
    if field is not None and field.type == "boolean":
        return text.lower() in ("true", "1")
    if field is not None and field.type in NUMERIC:
        try:
            return Decimal(text)
        except InvalidOperation:
            return text
    return text


def read(kind: str) -> Operation:
    return lambda org, caller, request: Response.of(200, _shown(org, _job(org, request, kind)))


def listed(kind: str) -> Operation:
    def serve(org: Org, caller: Caller, request: Request) -> Response:
        jobs = [_shown(org, job) for job in org.store.rows(_JOBS).values() if job["kind"] == kind][-_MOST_LISTED:]
        return Response.of(200, {"done": True, "nextRecordsUrl": None, "records": jobs})

    return serve


def forget(kind: str) -> Operation:
    def serve(org: Org, caller: Caller, request: Request) -> Response:
        job = _job(org, request, kind)
        if job["state"] in ("Open", "UploadComplete") or _shown(org, job)["state"] == "InProgress":
            raise _refused("The job is not over yet", "INVALIDJOBSTATE")
        with org.store.transaction() as written:
            written.delete(_JOBS, job["id"])
        return Response(204)

    return serve


def results(name: str) -> Operation:
    """A CSV of what became of the records; without any, its heading alone."""

    def serve(org: Org, caller: Caller, request: Request) -> Response:
        job = _job(org, request, "ingest")
        ready = _shown(org, job)["state"] == "JobComplete"
        rows = job.get(_RESULTS[name], []) if ready else []
        extra = {"done": ["sf__Id", "sf__Created"], "failed": ["sf__Id", "sf__Error"], "unprocessed": []}
        head = [*extra[_RESULTS[name]], *(next(csv.reader(io.StringIO(job.get("csv", ""))), []))]
        return _csv(job, head, ([row.get(column, "") for column in head] for row in rows))

    return serve


def create_query(org: Org, caller: Caller, request: Request) -> Response:
    body = body_of(request)
    if body.get("operation") not in ("query", "queryAll"):
        raise _refused(f"Unknown operation: {body.get('operation')}")
    text, deleted = str(body.get("query", "")), body["operation"] == "queryAll"
    table, ids = rows_of(org, text, request, deleted=deleted)
    values = {"object": table.name, "operation": body["operation"], "query": text, **_formats(body)}
    figures = {"numberRecordsProcessed": len(ids), "state": "JobComplete"}
    job = _open(org, caller, "query", {**values, **figures, "ids": ids, "ready_at": _ready_at(org, request)})
    return Response.of(200, {**_shown(org, job), "state": "UploadComplete"})


def query_results(org: Org, caller: Caller, request: Request) -> Response:
    """One page; `Sforce-Locator` names the next one, or is the word null."""
    job = _job(org, request, "query")
    if _shown(org, job)["state"] != "JobComplete":
        raise _refused("The job is not complete", "INVALIDJOBSTATE")
    start, size = (request.query.get(name, "") for name in ("locator", "maxRecords"))
    if (start and not start.isdigit()) or (size and not size.isdigit()):
        raise _refused("Invalid locator or maxRecords", "INVALID_QUERY_LOCATOR")
    first, most = int(start or 0), int(size or 50_000)
    ids = job["ids"][first : first + most]
    following = first + most
    locator = str(following) if following < len(job["ids"]) else "null"
    head, rows = columns_of(org, job["query"], ids)
    answer = _csv(job, head, rows)
    return answer.adding(("Sforce-Locator", locator), ("Sforce-NumberOfRecords", str(len(ids))))


def _csv(job: Row, head: list[str], rows: Iterator[list[Any]] | Any) -> Response:
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=_DELIMITERS[job["columnDelimiter"]],
        lineterminator=_ENDINGS[job["lineEnding"]],
        quoting=csv.QUOTE_ALL,
    )
    writer.writerow(head)
    writer.writerows([_text(value) for value in row] for row in rows)
    return Response(200, out.getvalue().encode(), (("Content-Type", "text/csv"),))


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


_Entry = tuple[str, str, Callable[[Org, Caller, Request], Response]]
BULK: tuple[_Entry, ...] = (
    ("POST", "/jobs/ingest", create_ingest),
    ("GET", "/jobs/ingest", listed("ingest")),
    ("GET", "/jobs/ingest/{job}", read("ingest")),
    ("PATCH", "/jobs/ingest/{job}", move),
    ("DELETE", "/jobs/ingest/{job}", forget("ingest")),
    ("PUT", "/jobs/ingest/{job}/batches", upload),
    *(("GET", f"/jobs/ingest/{{job}}/{name}", results(name)) for name in _RESULTS),
    ("POST", "/jobs/query", create_query),
    ("GET", "/jobs/query", listed("query")),
    ("GET", "/jobs/query/{job}", read("query")),
    ("PATCH", "/jobs/query/{job}", move),
    ("DELETE", "/jobs/query/{job}", forget("query")),
    ("GET", "/jobs/query/{job}/results", query_results),
)
