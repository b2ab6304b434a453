"""What one org calls the custom fields and picklist values that Ledgerway assumes: translated at the edge, both ways.

A connection's settings may hold `fields` = {"Opportunity.Service_Line__c": "Practice_Line__c"} and `values` =
{"pse__Proj__c.pse__Stage__c": {"In Progress": "Running"}}: ours on the left, the org's on the right.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

# Relationship name -> object, for the parents our queries walk to.
_PARENTS = {
    "Owner": "User",
    "pse__Approver__r": "User",
    "pse__Project_Manager__r": "Contact",
    "pse__Project_Task__r": "pse__Project_Task__c",
    "pse__Resource__r": "Contact",
}


class Dialect(Struct, frozen=True, kw_only=True):
    """Names and values of one org; empty means the org uses ours."""

    fields: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}

    def path(self, source: str, path: str) -> str:
        """The org's name of a field of `source`, given as a path through parents."""
        *parents, name = path.split(".")
        owner = _PARENTS.get(parents[-1], source) if parents else source
        return ".".join([*parents, self.fields.get(f"{owner}.{name}", name)])

    def value(self, source: str, name: str, value: Any) -> Any:
        """The org's picklist value for ours."""
        known = self.values.get(f"{source}.{name}", {})
        return known.get(value, value) if isinstance(value, str) else value

    def body(self, source: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A record to write, in the org's names and values."""
        return {self.path(source, name): self.value(source, name, value) for name, value in body.items()}

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A record that was read, with its parents and children, in our names and values."""
        source = (row.get("attributes") or {}).get("type", "")
        ours = {theirs: name.partition(".")[2] for name, theirs in self.fields.items() if name.startswith(f"{source}.")}
        named = ((ours.get(key, key), value) for key, value in row.items() if key != "attributes")
        return {name: self._read(source, name, value) for name, value in named}

    def _read(self, source: str, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            records = value.get("records")
            return self.row(value) if records is None else {**value, "records": [self.row(r) for r in records]}
        known = self.values.get(f"{source}.{name}")
        if known is None:
            return value
        return next((mine for mine, theirs in known.items() if theirs == value), value)


def dialect_of(settings: Mapping[str, Any]) -> Dialect:
    """The dialect in a connection's settings. Raises msgspec.ValidationError when it is malformed."""
    return msgspec.convert({name: settings.get(name, {}) for name in ("fields", "values")}, Dialect)
