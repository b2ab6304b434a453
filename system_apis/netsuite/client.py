"""NetSuite's endpoints: records, SuiteQL, and its error codes -> Problems. Returns wire structs, never floats."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from contracts.problems import NotFound, OutcomeUnknown, Problem, VendorCredentials, VendorRefused, VendorUnavailable
from runtime.http.outbound import Answer, Outbound
from system_apis.netsuite.queries import Statement
from system_apis.netsuite.wire import CUSTOM_FIELDS, ErrorDetail

RECORDS = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
_VENDOR = "netsuite"
_LARGEST_PAGE = 1000


def _number(value: object) -> Decimal:
    """The canon's decimals are a subclass, which the encoder asks about."""
    if isinstance(value, Decimal):
        return Decimal(value)
    raise TypeError(f"{type(value)} has no wire form")


_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_number)
_decoder = msgspec.json.Decoder(float_hook=Decimal)
T = TypeVar("T")


class Setup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs per account (a connection's settings).

    `item` is the external id of the service item on lines; `fields` maps our custom field names to the account's;
    `batch` False posts line by line; `job_wait_s` is how long a batch job is waited for. `record_url` is for people only.
    """

    item: str = "LW-SERVICES"
    batch: bool = True
    job_wait_s: int = 60
    fields: dict[str, str] = {}
    record_url: str | None = None
    scope: tuple[str, ...] = ("rest_webservices",)
    algorithm: str = "ES256"


class Rows(Struct, frozen=True):
    """Rows of one page and whether there are more."""

    items: tuple[Any, ...]
    more: bool


class NetSuiteClient:
    """One account."""

    def __init__(self, outbound: Outbound, setup: Setup) -> None:
        self.outbound, self.setup = outbound, setup
        names = {ours: setup.fields.get(ours, ours) for ours in CUSTOM_FIELDS}
        self._theirs = {ours: theirs for ours, theirs in names.items() if ours != theirs}
        self._ours = {theirs: ours for ours, theirs in self._theirs.items()}

    async def close(self) -> None:
        """Close the connections."""
        await self.outbound.close()

    async def read(self, record: str, key: str, kind: type[T]) -> T:
        """One record by internal id or `eid:...`, sublists included. Raises NotFound."""
        path, params = _item(record, key), {"expandSubResources": "true"}
        answer = await self.outbound.send("GET", path, operation=f"read {record}", params=params)
        return self._shaped(accepted(answer, f"read {record}"), kind)

    async def find(self, record: str, external_id: str, kind: type[T]) -> T | None:
        """The record with our key, or None."""
        try:
            return await self.read(record, eid(external_id), kind)
        except NotFound:
            return None

    async def upsert(self, record: str, external_id: str, body: Struct, *, replace: str | None = None) -> str:
        """Create or update the record under our key and answer its internal id; repeating it converges.

        A write whose answer was lost is looked for: only what is not there raises OutcomeUnknown.
        """
        try:
            return await self.put(record, external_id, body, replace=replace)
        except OutcomeUnknown:
            found = await self.find(record, external_id, _Id)
            if found is None:
                raise
            return found.id

    async def put(self, record: str, external_id: str, body: Struct, *, replace: str | None = None) -> str:
        """One PUT under our key: the internal id it answers with."""
        params = {"replace": replace} if replace else None
        operation = f"upsert {record}"
        content, headers = self.encoded(body), {"content-type": "application/json"}
        path = _item(record, eid(external_id))
        answer = accepted(
            await self.outbound.send("PUT", path, operation=operation, content=content, headers=headers, params=params),
            operation,
        )
        return located(answer, operation)

    async def update(self, record: str, record_id: str, body: Mapping[str, Any]) -> None:
        """Change the given fields of a record. Raises NotFound."""
        operation, headers = f"update {record}", {"content-type": "application/json"}
        content, path = self.encoded(body), _item(record, record_id)
        accepted(
            await self.outbound.send("PATCH", path, operation=operation, content=content, headers=headers), operation
        )

    async def select(self, statement: Statement, kind: type[Any], limit: int = _LARGEST_PAGE) -> Rows:
        """One page of a query, from its beginning: pages follow keys."""
        body = {"q": self._renamed_text(statement.text), "params": list(statement.params)}
        answer = await self.outbound.send(
            "POST",
            SUITEQL,
            operation="suiteql",
            writes=False,
            params={"limit": str(limit), "offset": "0"},
            content=_encoder.encode(body),
            headers={"content-type": "application/json", "prefer": "transient"},
        )
        found = decoded(accepted(answer, "suiteql"), "suiteql")
        rows = found.get("items", ()) if isinstance(found, dict) else ()
        items = tuple(_converted(row, kind, "suiteql") for row in rows)
        return Rows(items, bool(found.get("hasMore")))

    def encoded(self, body: object) -> bytes:
        """JSON of a body, exact numbers, with the account's names of custom fields."""
        if not self._theirs:
            return _encoder.encode(body)
        plain = msgspec.to_builtins(body, builtin_types=(Decimal,), enc_hook=_number)
        return _encoder.encode(_renamed(plain, self._theirs))

    def _shaped(self, answer: Answer, kind: type[T]) -> T:
        body = decoded(answer, "read")
        return _converted(_renamed(body, self._ours) if self._ours else body, kind, "read")

    def _renamed_text(self, text: str) -> str:
        for ours, theirs in self._theirs.items():
            text = re.sub(rf"\b{ours}\b", theirs, text)
        return text


class _Id(Struct, frozen=True):
    id: str


def eid(external_id: str) -> str:
    """An external id as an item key."""
    return f"eid:{external_id}"


def _item(record: str, key: str) -> str:
    return f"{RECORDS}/{record}/{quote(key, safe=':')}"


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(inner, names) for key, inner in value.items()}
    return [_renamed(inner, names) for inner in value] if isinstance(value, list | tuple) else value


def decoded(answer: Answer, operation: str) -> Any:
    """The JSON of an answer; numbers with a fraction are Decimal. Raises VendorUnavailable for anything else."""
    try:
        return _decoder.decode(answer.body)
    except msgspec.DecodeError as error:
        raise _unreadable(operation) from error


def _converted(value: Any, kind: type[T], operation: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise VendorRefused(
            f"NetSuite's answer to {operation} is not of the documented shape: {error}",
            vendor=_VENDOR,
            operation=operation,
            vendor_code="UNEXPECTED_SHAPE",
        ) from error


def _unreadable(operation: str) -> VendorUnavailable:
    return VendorUnavailable(f"NetSuite's answer to {operation} is no JSON.", vendor=_VENDOR, operation=operation)


def located(answer: Answer, operation: str) -> str:
    """The internal id at the end of the Location header."""
    location = answer.headers.get("location", "")
    if not location:
        raise OutcomeUnknown("NetSuite did not say where the record is.", vendor=_VENDOR, operation=operation)
    return location.rstrip("/").rpartition("/")[2]


def accepted(answer: Answer, operation: str) -> Answer:
    """The answer itself when it is a success, else the Problem of its error code."""
    if answer.status < 300:
        return answer
    raise problem_of(answer, operation)


def errors_of(answer: Answer) -> list[ErrorDetail]:
    """The entries of `o:errorDetails`; empty when the body is no error envelope."""
    try:
        body = _decoder.decode(answer.body)
    except msgspec.DecodeError:
        return []
    rows = body.get("o:errorDetails") if isinstance(body, dict) else None
    return [_detail(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _detail(row: Mapping[str, Any]) -> ErrorDetail:
    path = next((row[k] for k in ("o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl") if k in row), None)
    return ErrorDetail(str(row.get("detail", "")), str(row.get("o:errorCode", "")), None if path is None else str(path))


def problem_of(answer: Answer, operation: str) -> Problem:
    """The Problem an error answer stands for (vendor help: REST Web Services Error Handling).

    404 -> NotFound · 403 -> VendorCredentials · a lock -> VendorUnavailable · closed period -> VendorRefused with code
    PERIOD_CLOSED · everything else the vendor understood and refused -> VendorRefused.
    """
    details = errors_of(answer)
    first = details[0] if details else ErrorDetail("", f"HTTP_{answer.status}")
    text = " ".join(d.detail for d in details) or f"status {answer.status}"
    facts: dict[str, Any] = {"vendor": _VENDOR, "operation": operation}
    if answer.status == 404:
        return NotFound(f"NetSuite has no such record ({operation}).")
    if answer.status == 403:
        return VendorCredentials(f"NetSuite's role may not {operation}: {text}", **facts)
    if _locked(text):
        return VendorUnavailable(f"NetSuite's record is locked for {operation}; nothing was done.", **facts)
    facts |= {"vendor_code": first.code, "vendor_message": text, "path": first.path}
    if _closed(text):
        facts["code"] = "PERIOD_CLOSED"
    return VendorRefused(
        f"NetSuite refuses to {operation}: {text}", **{k: v for k, v in facts.items() if v is not None}
    )


def _locked(text: str) -> bool:
    return "has been changed" in text or "locked by another" in text


def _closed(text: str) -> bool:
    lowered = text.lower()
    return "period" in lowered and ("closed" in lowered or "locked" in lowered)
