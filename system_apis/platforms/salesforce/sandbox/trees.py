"""Records with their children in one call, all or none.

Source: REST API Developer Guide (sObject Tree).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from runtime.http.simulate import Request, Response

from .errors import OrgError, invalid
from .org import Org
from .rest import Caller, Operation, body_of
from .schema import Table

MOST_RECORDS, MOST_LEVELS = 200, 5


class _Leaf(NamedTuple):
    """One record of the tree: its own fields, and where its parent's id goes."""

    reference: str
    table: Table
    fields: dict[str, Any]
    lookup: str
    parent: str


def plant(org: Org, caller: Caller, request: Request) -> Response:
    """201 with the id of each reference, or 400 with the first record at fault and nothing written."""
    leaves = list(_leaves(org, org.table(request.params["type"]), body_of(request).get("records"), "", "", 1))
    references = [leaf.reference for leaf in leaves]
    if len(set(references)) < len(references):
        raise invalid("INVALID_INPUT", "Duplicate ReferenceId provided in the request.")
    if len(leaves) > MOST_RECORDS:
        raise invalid("INVALID_INPUT", f"Up to {MOST_RECORDS} records are created in one request.")
    ids: dict[str, str] = {}
    with org.store.transaction():
        for leaf in leaves:
            try:
                ids[leaf.reference] = _insert(org, leaf, ids, caller, request)
            except OrgError as error:
                raise _Felled(leaf.reference, error) from error
    results = [{"referenceId": reference, "id": id_} for reference, id_ in ids.items()]
    return Response.of(201, {"hasErrors": False, "results": results})


class _Felled(OrgError):
    """A record of the tree is refused, and with it the tree."""

    def __init__(self, reference: str, cause: OrgError) -> None:
        super().__init__(400, cause.code, cause.message, cause.fields)
        self.reference = reference

    def response(self) -> Response:
        failed = {"referenceId": self.reference, "errors": [self.collection_item()]}
        return Response.of(self.status, {"hasErrors": True, "results": [failed]})


def _insert(org: Org, leaf: _Leaf, ids: dict[str, str], caller: Caller, request: Request) -> str:
    lookup = {leaf.lookup: ids[leaf.parent]} if leaf.lookup else {}
    return org.insert(leaf.table, {**leaf.fields, **lookup}, caller.user, request)


def _leaves(org: Org, table: Table, records: Any, lookup: str, parent: str, level: int) -> Iterator[_Leaf]:
    """Parents before their children."""
    if not isinstance(records, list) or not records:
        raise invalid("INVALID_INPUT", "records must be an array of records.")
    if level > MOST_LEVELS:
        raise invalid("INVALID_INPUT", f"A tree has up to {MOST_LEVELS} levels.")
    for record in records:
        reference = _reference(table, record)
        below = {name: value for name, value in record.items() if isinstance(value, dict) and "records" in value}
        own = {name: value for name, value in record.items() if name not in below}
        yield _Leaf(reference, table, own, lookup, parent)
        for name, held in below.items():
            child = org.schema.children(table, name)
            if child is None:
                raise invalid("INVALID_FIELD", f"No such relationship '{name}' on sobject of type {table.name}", name)
            yield from _leaves(org, child[0], held["records"], child[1].name, reference, level + 1)


def _reference(table: Table, record: Any) -> str:
    attributes = record.get("attributes") if isinstance(record, dict) else None
    marks: dict[str, Any] = attributes if isinstance(attributes, dict) else {}
    reference = marks.get("referenceId")
    if not isinstance(reference, str) or not reference:
        raise invalid("INVALID_INPUT", "Include a reference ID for each record in the request.")
    if str(marks.get("type", "")).lower() != table.name.lower():
        raise invalid("INVALID_INPUT", f"The records here are of the type {table.name}.")
    return reference


TREES: tuple[tuple[str, str, Operation], ...] = (("POST", "/composite/tree/{type}", plant),)
