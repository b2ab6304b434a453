"""Text search: `FIND {words} IN NAME FIELDS RETURNING Account(Id, Name WHERE .. LIMIT n), Contact`.

Words are found as whole words in any case, `*` and `?` stand for the rest of one; quotes hold words together, all others
must occur. RETURNING takes what a query takes. Source: SOQL and SOSL Reference (FIND, IN SearchGroup, RETURNING FieldSpec).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from runtime.http.simulate import Request, Response, Row
from system_apis.platforms.salesforce.soql import SoqlRefused, parse

from .errors import OrgError
from .org import Org
from .query import select, source_of
from .render import Answer
from .rest import Caller, Operation
from .schema import Field, Table

_MOST, _LONGEST = 2000, 20_000
_TEXT = ("string", "textarea", "email", "phone", "url", "picklist")
_GROUPS: dict[str, Callable[[Field], bool]] = {
    "ALL": lambda field: field.type in _TEXT,
    "SIDEBAR": lambda field: field.type in _TEXT,
    "NAME": lambda field: field.name in ("Name", "FirstName", "LastName"),
    "EMAIL": lambda field: field.type == "email",
    "PHONE": lambda field: field.type == "phone",
}
_SEARCH = re.compile(
    r"FIND\s*\{(?P<words>(?:[^{}\\]|\\.)*)\}"
    r"(?:\s*IN\s+(?P<group>\w+)\s+FIELDS)?(?:\s+RETURNING\s+(?P<returning>.+?))?(?:(?<!\s)\s+LIMIT\s+(?P<limit>\d{1,4}))?",
    re.IGNORECASE | re.DOTALL,
)
_RETURNED = re.compile(r"\s*(?P<type>\w+)(?:\s*\((?P<columns>(?:[^()']|'(?:[^'\\]|\\.)*'|\([^()]*\))*)\))?\s*(?:,|$)")
_CLAUSE = re.compile(r"(?<!\s)\s+(?=(?:WHERE|ORDER\s+BY|LIMIT|OFFSET)\b)", re.IGNORECASE)
_WORD = re.compile(r'"([^"]+)"|(\S+)')


def _search(org: Org, caller: Caller, request: Request) -> Response:
    text = request.query.get("q", "").strip()
    if len(text) > _LONGEST:
        raise SoqlRefused("SOSL statements cannot be longer than 20000 characters.", "MALFORMED_SEARCH")
    found = _SEARCH.fullmatch(text)
    if found is None or len(found["words"].strip()) < 2:
        raise SoqlRefused("FIND {two characters or more} is needed", "MALFORMED_SEARCH")
    group = _GROUPS.get((found["group"] or "ALL").upper())
    if group is None:
        raise SoqlRefused(f"unknown search group: {found['group']}", "MALFORMED_SEARCH")
    patterns = [_pattern(quoted or word) for quoted, word in _WORD.findall(re.sub(r"\\(.)", r"\1", found["words"]))]
    records: list[dict[str, Any]] = []
    for query_text in _queries(org, found["returning"]):
        records += _matches(org, query_text, lambda table, row: _holds(table, row, group, patterns), caller.root)
    most = min(int(found["limit"] or _MOST), _MOST)
    return Response.of(200, {"searchRecords": records[:most]})


def _pattern(word: str) -> re.Pattern[str]:
    wild = {"*": r"\w*", "?": r"\w"}
    return re.compile(r"\b" + "".join(wild.get(c) or re.escape(c) for c in word) + r"(?!\w)", re.IGNORECASE)


def _holds(table: Table, row: Row, group: Callable[[Field], bool], patterns: list[re.Pattern[str]]) -> bool:
    text = "\n".join(str(row.get(field.name) or "") for field in table.fields.values() if group(field))
    return all(pattern.search(text) for pattern in patterns)


def _queries(org: Org, returning: str | None) -> Iterator[str]:
    """One query for each object to look through; without RETURNING all objects answer ids."""
    if returning is None:
        yield from (_query("Id", table.name) for table in org.schema.tables())
        return
    end = 0
    while end < len(returning):
        found = _RETURNED.match(returning, end)
        if found is None:
            raise SoqlRefused(f"unexpected token: '{returning[end : end + 20]}'", "MALFORMED_SEARCH")
        columns, *clauses = _CLAUSE.split(found["columns"] or "Id", maxsplit=1)
        yield _query(columns, found["type"], *clauses)
        end = found.end()


def _query(columns: str, source: str, *clauses: str) -> str:
    return " ".join(("SELECT", columns, "FROM", source, *clauses))


def _matches(org: Org, text: str, holds: Callable[[Table, Row], bool], root: str) -> list[dict[str, Any]]:
    query = parse(text)
    if query.counting or query.children:
        raise OrgError(400, "MALFORMED_SEARCH", "RETURNING takes fields only")
    table = source_of(org, query)
    answer = Answer(org, table, query)
    rows = [row for row in org.rows(table.name) if holds(table, row)]
    return answer.records(select(org, table, query, rows), root)


SEARCH: tuple[tuple[str, str, Operation], ...] = (("GET", "/search", _search),)
