"""A request body -> the fields of a row: types, references, enumerations and sublists checked as the vendor checks them."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from runtime.http.simulate import Row
from system_apis.netsuite.sandbox.account import Account
from system_apis.netsuite.sandbox.errors import Refused, bad_field
from system_apis.netsuite.sandbox.schema import Field, Fields, RecordType

Strictness = Literal["ignore", "warning", "error"]
_SYSTEM = frozenset(("id", "links", "externalId", "refName", "lastModifiedDate", "createdDate"))
_HOURS = re.compile(r"-?\d{1,4}:[0-5]\d")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_TEXT = 4000
_MOST_LINES = 1000


class Checks(Struct, frozen=True):
    """What becomes of properties the record type does not have, and of values that do not fit (help: validation headers)."""

    names: Strictness = "warning"
    values: Strictness = "error"


class Intake:
    """Reads one body; `warnings` collects what was left out and is worth a word."""

    def __init__(self, account: Account, checks: Checks) -> None:
        self._account, self._checks = account, checks
        self.warnings: list[str] = []

    def row(self, record_type: RecordType, body: object, before: Row | None, replaced: frozenset[str]) -> Row:
        """The row after this body: given fields changed, null ones cleared, the rest as before."""
        if not isinstance(body, dict):
            raise Refused(400, "INVALID_REQUEST", "The request body must be a JSON object.")
        row = dict(before or {})
        for name in record_type.sublists.keys() & body.keys():
            given = self._lines(name, record_type.sublists[name], body[name], row.get(name, []), name in replaced)
            row[name] = given
        self._fields(record_type.fields, {k: v for k, v in body.items() if k not in record_type.sublists}, row, "")
        if isinstance(body.get("externalId"), str):
            row["externalId"] = _text("externalId", body["externalId"])
        self._demand(record_type.fields, row, "")
        return row

    def _fields(self, fields: Fields, body: Mapping[str, Any], row: Row, path: str) -> None:
        for name, value in body.items():
            spec = fields.get(name)
            if spec is None:
                if name not in _SYSTEM:
                    unknown = bad_field(f"{path}{name}", f"Unknown reference or field '{path}{name}'.")
                    self._leave_out(unknown, self._checks.names)
            elif spec.read_only:
                continue
            elif value is None:
                row.pop(name, None)
            else:
                self._take(spec, row, name, value, path)

    def _take(self, spec: Field, row: Row, name: str, value: Any, path: str) -> None:
        try:
            row[name] = self._value(spec, value, f"{path}{name}")
        except Refused as unfit:
            self._leave_out(unfit, self._checks.values)

    def _leave_out(self, why: Refused, strictness: Strictness) -> None:
        if strictness == "error":
            raise why
        if strictness == "warning":
            self.warnings.append(why.detail)

    def _demand(self, fields: Fields, row: Row, path: str) -> None:
        for name, spec in fields.items():
            if spec.required and name not in row:
                raise bad_field(f"{path}{name}", f"Please enter value(s) for: {path}{name}.")

    def _lines(self, name: str, fields: Fields, given: object, before: list[Row], replace: bool) -> list[Row]:
        items = given.get("items") if isinstance(given, dict) else None
        if not isinstance(items, list) or len(items) > _MOST_LINES:
            raise bad_field(name)
        lines = {} if replace else {str(line["line"]): line for line in before}
        last = max((int(key) for key in lines), default=0)
        for place, item in enumerate(items):
            path = f"{name}.items[{place}]"
            if not isinstance(item, dict):
                raise bad_field(path)
            known = lines.get(str(item.get("line")))
            last += known is None
            line: Row = dict(known or {"line": last})
            self._fields(fields, item, line, f"{path}.")
            self._demand(fields, line, f"{path}.")
            lines[str(line["line"])] = line
        return list(lines.values())

    def _value(self, spec: Field, value: Any, path: str) -> Any:
        match spec.kind:
            case "text" | "moment":
                return _text(path, value)
            case "number" | "money":
                return _number(path, value)
            case "date":
                return _date(path, value)
            case "bool":
                return _typed(path, value, bool)
            case "hours":
                return _matching(path, value, _HOURS)
            case "enum":
                return _option(path, value, spec)
            case "part":
                part: Row = {}
                self._fields(spec.part, _typed(path, value, dict), part, f"{path}.")
                return part
            case "ref":
                return self._reference(spec, value, path)

    def _reference(self, spec: Field, value: Any, path: str) -> str:
        found = self._account.referred(spec.target, value)
        if found is None:
            raise bad_field(path)
        return str(found[1]["id"])


def _typed(path: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise bad_field(path)
    return value


def _text(path: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise bad_field(path)
    return value


def _number(path: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise bad_field(path)
    number = Decimal(value)
    if not number.is_finite() or number.adjusted() > 15:
        raise bad_field(path)
    return number


def _matching(path: str, value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise bad_field(path)
    return value


def _date(path: str, value: Any) -> str:
    text = _matching(path, value, _DAY)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as why:
        raise bad_field(path) from why


def _option(path: str, value: Any, spec: Field) -> str:
    chosen = value.get("id") if isinstance(value, dict) else value
    if not isinstance(chosen, str) or chosen not in spec.options:
        raise bad_field(path)
    return chosen
