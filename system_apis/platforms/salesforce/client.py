"""One org's data API: queries, writes by id or external id, collections, composites and custom REST.

Rows go in and out in the names of our wire structs; the dialect of the org is applied here. Nothing is ever re-sent.
Source: REST API Developer Guide.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, cast
from urllib.parse import quote

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from contracts.periods import Clock
from contracts.problems import NotFound, VendorRefused, VendorUnavailable
from runtime.http.outbound import Answer, Outbound
from system_apis.platforms.salesforce.cursors import LARGEST_PAGE, ORDER, Changes, Mark, Stamped, beyond
from system_apis.platforms.salesforce.dialect import Dialect
from system_apis.platforms.salesforce.refusals import Fault, faults_in, problem_of, refusal
from system_apis.platforms.salesforce.statements import Count, Every, Select

T = TypeVar("T")
S = TypeVar("S", bound=Stamped)
Row = dict[str, Any]

_HEADERS = {"sforce-call-options": "client=ledgerway"}
_MOST_BATCHES = 200
_COLLECTION = 200
_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Part(Struct, frozen=True, kw_only=True):
    """One request of a composite, in the vendor's shape."""

    method: str
    url: str
    name: str = field(name="referenceId")
    body: Row


class OrgClient:
    """The data API of one org."""

    def __init__(self, outbound: Outbound, clock: Clock, *, vendor: str, version: str, dialect: Dialect) -> None:
        self._outbound, self._clock, self._vendor, self._dialect = outbound, clock, vendor, dialect
        self._root = f"/services/data/v{version}"

    async def select(self, query: Select[T]) -> tuple[T, ...]:
        """All rows of a query."""
        rows = await self._query(query.text(self._dialect), f"query {query.source}")
        return self._as(query.kind, rows)

    async def one(self, query: Select[T]) -> T:
        """The only row of a query. Raises NotFound."""
        rows = await self.select(replace(query, limit=1))
        if not rows:
            raise NotFound(f"{self._vendor} has no such {query.source}.")
        return rows[0]

    async def written(self, query: Select[T]) -> T:
        """The row that was just written. Raises VendorUnavailable while the org does not show it yet: a repeat converges."""
        try:
            return await self.one(query)
        except NotFound as lagging:
            raise self._not_yet(query.source) from lagging

    async def all_written(self, query: Select[T], expected: int) -> tuple[T, ...]:
        """The rows that were just written; as `written`."""
        rows = await self.select(query)
        if len(rows) < expected:
            raise self._not_yet(query.source)
        return rows

    async def keyed_record(self, source: str, key_field: str, key: str, fields: Sequence[str] = ()) -> Row | None:
        """Id and these fields of the record with this external id, past any search index. Raises Conflict for several."""
        column = self._dialect.path(source, key_field)
        names = ",".join(self._dialect.path(source, name) for name in ("Id", *fields))
        path = f"{self._root}/sobjects/{source}/{column}/{quote(key, safe='')}"
        try:
            found = await self._get(path, f"read {source}", {"fields": names})
        except NotFound:
            return None
        return self._dialect.row(found)

    async def count(self, query: Count) -> int:
        """How many rows meet the query's condition."""
        answer = await self._get(self._root + "/query", f"count {query.source}", {"q": query.text(self._dialect)})
        return int(answer["totalSize"])

    async def changes(self, query: Select[S], since: datetime | None, mark: Mark | None, limit: int) -> Changes[S]:
        """Rows after the mark, else changed at or after `since`, oldest change first; at most 200."""
        size, read_at = min(limit, LARGEST_PAGE), self._clock.now()
        where = Every((query.where, *beyond(mark, since)))
        rows = await self.select(replace(query, where=where, order=ORDER, limit=size + 1))
        return Changes(rows=rows[:size], more=len(rows) > size, read_at=read_at)

    async def update(self, source: str, record_id: str, body: Mapping[str, Any]) -> None:
        """Change fields of a record. Raises NotFound."""
        await self._write("PATCH", f"/sobjects/{source}/{quote(record_id, safe='')}", source, body)

    async def upsert(self, source: str, key_field: str, key: str, body: Mapping[str, Any]) -> str:
        """Create or change the record with this external id; answers its id."""
        column = self._dialect.path(source, key_field)
        answer = await self._write("PATCH", f"/sobjects/{source}/{column}/{quote(key, safe='')}", source, body)
        return str(answer["id"]) if answer else await self._id_of(source, key_field, key)

    async def upsert_all(self, source: str, key_field: str, rows: Sequence[Row]) -> None:
        """Create or change records by their external ids; per 200 rows all or nothing."""
        column = self._dialect.path(source, key_field)
        await self._collection(f"/composite/sobjects/{source}/{column}", source, rows)

    async def update_all(self, source: str, rows: Sequence[Row]) -> None:
        """Change records by their `id`; per 200 rows all or nothing."""
        await self._collection("/composite/sobjects", source, rows)

    async def update_some(self, source: str, rows: Sequence[Row]) -> tuple[Fault, ...]:
        """Change records by their `id`, each on its own; answers what was refused."""
        return await self._collected("/composite/sobjects", source, rows, all_or_none=False)

    def keyed(self, name: str, source: str, key_field: str, key: str, body: Row) -> Part:
        """A part of a composite: upsert by external id."""
        column = self._dialect.path(source, key_field)
        return self.by_id(name, f"{source}/{column}", key, body)

    def by_id(self, name: str, source: str, record_id: str, body: Row) -> Part:
        """A part of a composite: change a record."""
        owner = source.partition("/")[0]
        path = f"{self._root}/sobjects/{source}/{quote(record_id, safe='')}"
        return Part(method="PATCH", url=path, name=name, body=self._dialect.body(owner, body))

    def body(self, source: str, body: Row) -> Row:
        """A record in the org's own names, for bodies of `custom`."""
        return self._dialect.body(source, body)

    async def composite(self, parts: Sequence[Part], operation: str) -> None:
        """Send up to 25 writes that happen all or not at all; bodies may use `@{name.id}` of an earlier part."""
        body = {"allOrNone": True, "compositeRequest": parts}
        answer = await self._send("POST", f"{self._root}/composite", operation, body)
        bodies = [part["body"] for part in answer["compositeResponse"] if part["httpStatusCode"] >= 300]
        if bodies:
            raise problem_of(tuple(f for b in bodies for f in faults_in(b)), self._vendor, operation)

    async def custom(self, path: str, body: Mapping[str, Any], operation: str) -> Any:
        """POST to a REST resource of the org's own, `/services/apexrest/...`."""
        return await self._send("POST", path, operation, body)

    async def _id_of(self, source: str, key_field: str, key: str) -> str:
        found = await self.keyed_record(source, key_field, key)
        if found is None:
            raise self._not_yet(source)
        return str(found["Id"])

    async def _query(self, text: str, operation: str) -> list[Row]:
        answer = await self._get(f"{self._root}/query", operation, {"q": text})
        rows = await self._rest(answer, operation)
        for row in rows:
            for name, value in row.items():
                if isinstance(value, dict) and value.get("done") is False:
                    row[name] = {"records": await self._rest(value, operation)}
        return rows

    async def _rest(self, answer: Any, operation: str) -> list[Row]:
        """The rows of a first batch and of all that follow."""
        rows = list(answer["records"])
        for _ in range(_MOST_BATCHES):
            if answer.get("done", True):
                return rows
            answer = await self._get(self._same_host(answer["nextRecordsUrl"]), operation, None)
            rows += answer["records"]
        raise VendorRefused(f"{self._vendor} does not come to an end.", vendor=self._vendor, operation=operation)

    def _same_host(self, path: str) -> str:
        """Our token never follows a link to elsewhere."""
        if not path.startswith("/services/data/"):
            raise VendorRefused(f"{self._vendor} links to a foreign address.", vendor=self._vendor)
        return path

    async def _get(self, path: str, operation: str, params: dict[str, str] | None) -> Any:
        answer = await self._outbound.send("GET", path, operation=operation, params=params, headers=_HEADERS)
        return self._body(answer, operation)

    async def _write(self, method: str, path: str, source: str, body: Mapping[str, Any]) -> Any:
        operation = f"write {source}"
        return await self._send(method, self._root + path, operation, self._dialect.body(source, body))

    async def _collection(self, path: str, source: str, rows: Sequence[Row]) -> None:
        faults = await self._collected(path, source, rows, all_or_none=True)
        if faults:
            raise problem_of(faults, self._vendor, f"write {source}")

    async def _collected(self, path: str, source: str, rows: Sequence[Row], *, all_or_none: bool) -> tuple[Fault, ...]:
        faults: list[Fault] = []
        for start in range(0, len(rows), _COLLECTION):
            some = rows[start : start + _COLLECTION]
            records = [{"attributes": {"type": source}, **self._dialect.body(source, row)} for row in some]
            body = {"allOrNone": all_or_none, "records": records}
            answer = await self._send("PATCH", self._root + path, f"write {source}", body)
            faults += (fault for item in answer if not item["success"] for fault in faults_in(item["errors"]))
        return tuple(faults)

    async def _send(self, method: str, path: str, operation: str, body: Mapping[str, Any]) -> Any:
        headers = {**_HEADERS, "content-type": "application/json"}
        answer = await self._outbound.send(
            method, path, operation=operation, content=_encoder.encode(body), headers=headers
        )
        return self._body(answer, operation)

    def _body(self, answer: Answer, operation: str) -> Any:
        """The decoded body of a success (None when empty); anything else is raised."""
        if not 200 <= answer.status < 300:
            raise refusal(answer, self._vendor, operation)
        try:
            return _decoder.decode(answer.body) if answer.body else None
        except msgspec.DecodeError as error:
            raise self._unreadable(operation) from error

    def _as(self, kind: type[T], rows: list[Row]) -> tuple[T, ...]:
        try:
            return tuple(msgspec.convert(self._dialect.row(row), kind) for row in rows)
        except msgspec.ValidationError as error:
            raise self._unreadable(str(error)) from error

    def _not_yet(self, source: str) -> VendorUnavailable:
        detail = f"{self._vendor} took the write but does not show it yet."
        return VendorUnavailable(detail, vendor=self._vendor, operation=f"read {source}", retry_after_s=1)

    def _unreadable(self, what: str) -> VendorRefused:
        return VendorRefused(f"The answer is not as documented: {what}", vendor=self._vendor, operation=what)


def record(row: Struct) -> Row:
    """A wire struct as a record to write; decimals stay decimals."""
    return cast(Row, msgspec.to_builtins(row, builtin_types=(Decimal,)))
