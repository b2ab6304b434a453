"""A row -> the record as the REST answer carries it: references, enumerations, links, sublists on request."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from runtime.http.simulate import Row
from system_apis.netsuite.sandbox.account import Account
from system_apis.netsuite.sandbox.schema import Field, RecordType

RECORDS = "/services/rest/record/v1"
JSON = dict[str, Any]


class Rendering:
    """How one request wants records shown. `base_url` is the account's address as the caller sees it."""

    def __init__(self, account: Account, base_url: str, query: Mapping[str, str]) -> None:
        self._account, self._base = account, base_url
        self._expand = query.get("expandSubResources", "").lower() == "true"
        self._simple = query.get("simpleEnumFormat", "").lower() == "true"
        self._only = frozenset(filter(None, query.get("fields", "").split(",")))

    def address(self, record_type: str, record_id: str) -> str:
        """Where a record is."""
        return f"{self._base}{RECORDS}/{record_type}/{record_id}"

    def links(self, record_type: str, record_id: str, rel: str = "self") -> list[JSON]:
        """A `links` member that points at a record."""
        return [{"rel": rel, "href": self.address(record_type, record_id)}]

    def record(self, record_type: RecordType, row: Row) -> JSON:
        """The whole record, or the asked fields of it."""
        out: JSON = {"links": self.links(record_type.name, row["id"]), "id": row["id"]}
        shown = {name: self._shown(spec, row[name]) for name, spec in record_type.fields.items() if name in row}
        shown |= {name: row[name] for name in ("externalId", "createdDate", "lastModifiedDate") if row.get(name)}
        shown |= {name: self._sublist(record_type, row, name) for name in record_type.sublists}
        return out | ({k: v for k, v in shown.items() if k in self._only} if self._only else shown)

    def _shown(self, spec: Field, value: Any) -> Any:
        match spec.kind:
            case "ref":
                return self._reference(spec.target, value)
            case "enum":
                return value if self._simple else {"id": value, "refName": spec.options.get(value, value)}
            case "number" | "money":
                return Decimal(value)
            case "part":
                return {name: self._shown(spec.part[name], inner) for name, inner in value.items()}
        return value

    def _reference(self, targets: str, record_id: str) -> JSON:
        found = self._account.holder(targets, record_id)
        if found is None:
            return {"id": record_id}
        target, row = found
        external = {"externalId": row["externalId"]} if row.get("externalId") else {}
        name = self._account.label(target, record_id)
        return {"links": self.links(target, record_id), "id": record_id, "refName": name, **external}

    def _sublist(self, record_type: RecordType, row: Row, name: str) -> JSON:
        here = f"{self.address(record_type.name, row['id'])}/{name}"
        links = [{"rel": "self", "href": here}]
        if not self._expand:
            return {"links": links}
        lines = [self._line(record_type, line, name, here) for line in row.get(name, ())]
        return {"links": links, "items": lines, "totalResults": len(lines)}

    def _line(self, record_type: RecordType, line: Row, name: str, here: str) -> JSON:
        fields = record_type.sublists[name]
        shown = {key: self._shown(fields[key], value) for key, value in line.items() if key in fields}
        return {"links": [{"rel": "self", "href": f"{here}/{line['line']}"}], **shown}
