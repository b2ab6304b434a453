"""Record operations: create, read, update, upsert, delete, list, transform; alone, or as tasks of an asynchronous job."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from runtime.http.simulate import Faults, Request, Response, Row
from system_apis.netsuite.sandbox import filters
from system_apis.netsuite.sandbox.account import Account
from system_apis.netsuite.sandbox.effects import after_save, closed_by_fault, settle
from system_apis.netsuite.sandbox.errors import Refused, bad_field, missing, not_allowed, user_error
from system_apis.netsuite.sandbox.intake import Checks, Intake, Strictness
from system_apis.netsuite.sandbox.jobs import Jobs, Outcome, batch_items
from system_apis.netsuite.sandbox.paging import page, window
from system_apis.netsuite.sandbox.rendering import RECORDS, Rendering
from system_apis.netsuite.sandbox.schema import RECORD_TYPES, RecordType, type_named
from system_apis.netsuite.sandbox.transforms import check_pair, defaults

_SLOW_JOB_S = 30
_LATE_INDEX_S = 5


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One write: what is asked of which record. `method` and `target` are what a fault switch looks at."""

    method: str
    record_type: str
    key: str | None = None
    body: Any = None
    replaced: list[str] = []
    checks: Checks = Checks()
    transform: str | None = None

    @property
    def target(self) -> str:
        """The path of the synchronous call."""
        return f"{RECORDS}/{self.record_type}" + (f"/{quote(self.key, safe=':')}" if self.key else "")


class Records:
    """The record API of the account."""

    def __init__(self, account: Account, faults: Faults) -> None:
        self._account, self._faults = account, faults
        self.jobs = Jobs(account, self._outcome)

    def read(self, request: Request) -> Response:
        """One record."""
        record_type = _record_type(request)
        row = self._account.locate(record_type.name, request.params["key"])
        return Response.of(200, Rendering(self._account, request.base_url, request.query).record(record_type, row))

    def sublist(self, request: Request) -> Response:
        """The lines of one sublist."""
        record_type, name = _record_type(request), request.params["sublist"]
        if name not in record_type.sublists:
            raise missing()
        row = self._account.locate(record_type.name, request.params["key"])
        shown = Rendering(self._account, request.base_url, {"expandSubResources": "true"}).record(record_type, row)
        return Response.of(200, shown[name])

    def collection(self, request: Request) -> Response:
        """A page of ids and links, filtered by `q` and `ids`."""
        record_type = _record_type(request)
        limit, offset = window(request)
        rows = list(self._account.searchable(record_type.name))
        if wanted := set(filter(None, request.query.get("ids", "").split(","))):
            rows = [row for row in rows if row["id"] in wanted]
        if request.query.get("q"):
            test = filters.parse(request.query["q"], record_type)
            rows = [row for row in rows if test(row)]
        shown = Rendering(self._account, request.base_url, request.query)
        whole = request.query.get("expandRecords", "").lower() == "true"
        items = [
            shown.record(record_type, row)
            if whole
            else {"links": shown.links(record_type.name, row["id"]), "id": row["id"]}
            for row in rows
        ]
        return page(request, items, limit, offset, self._faults.take("page_shift", request) if offset else None)

    def write(self, request: Request) -> Response:
        """Create, update, upsert, delete or transform; with `Prefer: respond-async` as a job."""
        batch = batch_items(request)
        tasks = self._batch(request, batch) if batch is not None else [_task(request)]
        if "respond-async" in (request.header("prefer") or "").lower():
            slow = self._faults.take("slow_job", request)
            delay = timedelta(seconds=slow.delay(_SLOW_JOB_S) if slow else 0)
            return self.jobs.accept(request, [msgspec.to_builtins(t, builtin_types=(Decimal,)) for t in tasks], delay)
        if batch is not None:
            raise Refused(
                400,
                "INVALID_REQUEST",
                "A batch needs 'Prefer: respond-async'.",
                where="Prefer",
                locator="o:errorHeader",
            )
        row, warnings = self.perform(tasks[0])
        if row is None:
            return Response(204)
        location = Rendering(self._account, request.base_url, {}).address(
            tasks[0].transform or tasks[0].record_type, row["id"]
        )
        return Response(204, b"", (("Location", location), *map(_warning, warnings)))

    def perform(self, task: Task) -> tuple[Row | None, list[str]]:
        """Do one write as one transaction: the saved row (None when deleted) and warnings."""
        with self._account.store.transaction():
            self._interfere(task)
            if task.method == "DELETE":
                self._delete(task)
                return None, []
            return self._save(task)

    def _save(self, task: Task) -> tuple[Row, list[str]]:
        record_type = RECORD_TYPES[task.transform or task.record_type]
        before = self._before(task)
        start = before
        if task.transform:
            source = self._account.locate(task.record_type, task.key or "")
            start = defaults(task.record_type, source, record_type.name)
        intake = Intake(self._account, task.checks)
        row = intake.row(record_type, task.body, start, frozenset(task.replaced))
        if task.method == "PUT":
            row["externalId"] = (task.key or "")[4:]
        row = settle(self._account, record_type.name, row, before)
        late = self._faults.take("late_index", task)
        saved = self._account.save(
            record_type.name, row, indexed_in=timedelta(seconds=late.delay(_LATE_INDEX_S)) if late else None
        )
        after_save(self._account, saved, before)
        return saved, intake.warnings

    def _before(self, task: Task) -> Row | None:
        if task.transform or task.key is None:
            return None
        if task.method == "PUT":
            return self._account.by_external_id(task.record_type, task.key[4:])
        return self._account.locate(task.record_type, task.key)

    def _delete(self, task: Task) -> None:
        row = self._account.locate(task.record_type, task.key or "")
        settle(self._account, task.record_type, {**row, "_removed": True}, row)
        self._account.remove(task.record_type, row)
        after_save(self._account, {}, row)

    def _interfere(self, task: Task) -> None:
        """What an armed fault makes of a write."""
        if self._faults.take("lock", task):
            raise user_error("Record has been changed, or is locked by another process.")
        if self._faults.take("duplicate", task):
            raise user_error("This entity already exists. UNIQUE_CUST_ID_REQD", "externalId")
        if self._faults.take("closed_period", task):
            raise closed_by_fault(task.body if isinstance(task.body, dict) else {})

    def _outcome(self, stored: Row) -> Outcome:
        task = msgspec.convert(stored, Task)
        try:
            row, _ = self.perform(task)
        except Refused as why:
            return {"status": why.status, "body": why.envelope()}
        record = f"{RECORDS}/{task.transform or task.record_type}"
        return {"status": 204, "location": f"{record}/{row['id'] if row else task.key}"}

    def _batch(self, request: Request, items: list[Any]) -> list[Task]:
        record_type = _record_type(request)
        if "key" in request.params:
            raise Refused(400, "INVALID_REQUEST", "A batch is sent to the record collection.")
        return [self._batch_task(request, record_type, item, place) for place, item in enumerate(items)]

    def _batch_task(self, request: Request, record_type: RecordType, item: Any, place: int) -> Task:
        given: Mapping[str, Any] = item if isinstance(item, dict) else {}
        key = f"eid:{given['externalId']}" if isinstance(given.get("externalId"), str) else None
        if request.method == "PATCH" and isinstance(given.get("id"), str):
            key = given["id"]
        if request.method != "POST" and key is None:
            raise bad_field(f"items[{place}].externalId", "Each item needs an external ID.")
        return Task(
            method=request.method,
            record_type=record_type.name,
            key=None if request.method == "POST" else key,
            body=item,
            replaced=_replaced(request),
            checks=_checks(request),
        )


def _record_type(request: Request) -> RecordType:
    found = type_named(request.params["record"])
    if found is None:
        text = f"Record type '{request.params['record']}' does not exist."
        raise Refused(404, "NONEXISTENT_RECORD_TYPE", text, where=request.path, locator="o:errorUrl")
    return found


def _task(request: Request) -> Task:
    record_type, key = _record_type(request), request.params.get("key")
    if request.method == "PUT" and not (key or "").startswith("eid:"):
        raise Refused(400, "INVALID_REQUEST", "PUT needs an external ID.", where=request.path, locator="o:errorUrl")
    if request.method == "PATCH" and key is None:
        raise not_allowed(request)
    transform = request.params.get("transform")
    if transform is not None:
        transform = target.name if (target := type_named(transform)) else transform
        check_pair(record_type.name, transform)
    return Task(
        method=request.method,
        record_type=record_type.name,
        key=key,
        body=None if request.method == "DELETE" else _body(request),
        replaced=_replaced(request),
        checks=_checks(request),
        transform=transform,
    )


def _body(request: Request) -> Any:
    if not request.body and request.params.get("transform"):
        return {}
    try:
        return request.json()
    except ValueError as why:
        raise Refused(400, "INVALID_CONTENT", "The request body is not valid JSON.") from why


def _replaced(request: Request) -> list[str]:
    return list(filter(None, request.query.get("replace", "").split(",")))


def _checks(request: Request) -> Checks:
    asked = {kind: request.header(f"x-netsuite-property{kind}validation") for kind in ("name", "value")}
    return Checks(names=_strictness(asked["name"], "warning"), values=_strictness(asked["value"], "error"))


def _strictness(asked: str | None, absent: Strictness) -> Strictness:
    known: dict[str, Strictness] = {"ignore": "ignore", "warning": "warning", "error": "error"}
    return known.get((asked or "").lower(), absent)


def _warning(text: str) -> tuple[str, str]:
    """A header, whatever characters the names of a body have."""
    return "Warning", '299 - "' + text.encode("unicode_escape").decode().replace('"', "'") + '"'
