"""What a stretch of work changed in the registers and in the vendors' stores, as text that two runs of it must have in common.

Compared byte for byte, except for what may rightly differ between two runs:
- ids that the work made: they hold a time and random bits (ID-1, ID-4). An id is replaced by a name made of the rows it
  stands in, so that what belongs together must still belong together;
- numbers that the ERP gives its rows: the smaller one says which came first. A row's external id stands for its number;
- instants (`2026-11-20T12:00:00Z`): when it happened. Dates stay;
- how often things were tried and looked at: attempts and errors of steps, the version of a run, which counts its waits, what
  an undoing found to undo. The version of a register's row stays;
- when and by whom a bill group was evaluated: by a sweep 30 s after a change, or by a person first, and how often. What
  the evaluation said in the end stands in the group and in the view;
- copies of what vendors own, cursors, deliveries and replies: bookkeeping of the machinery, which may read twice.
The vendors' own tables (sessions, job queues, request logs, armed faults) are left out, their business tables are not.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.support.site import Site

REGISTERS = (
    "customer", "project", "contract", "contract_line", "rate_card", "policy", "cost_center_map", "time_entry",
    "billable_transaction", "bill_group", "invoice", "business_exception", "history", "link", "dead_letter",
    "finance_item", "finance_transaction", "finance_timeline",
)  # fmt: skip
_ROWS = "select (to_jsonb(t) - 'position' - 'attempts')::text from {table} t"
_OTHERS = {
    "run": "select jsonb_build_array(workflow, key, state, result, parent_id)::text from run",
    "step": """
        select jsonb_build_array(r.key, s.name, s.kind, s.state,
            case when s.kind <> 'undo' then s.external_ref end)::text
        from step s join run r on r.tenant = s.tenant and r.id = s.run_id""",
    "fact": r"""
        select jsonb_build_array(regexp_replace(id, '^(workflow[.].*):[0-9]+$', '\1'), type, subject,
            case when starts_with(type, 'workflow.') then data - 'version' else data end)::text
        from outbox where not starts_with(type, 'run.')""",
    "mark": r"""
        select jsonb_build_array(subscriber, regexp_replace(event_id, '^(workflow[.].*):[0-9]+$', '\1'))::text
        from delivered where not starts_with(event_id, 'run.')""",
}
_ID = re.compile(r"\b(?:[a-z]+_[0-9A-HJKMNP-TV-Z]{26}|(?:req_)?[0-9a-f]{32})\b")
_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_OWN, _EXTERNAL = ("_", "access_tokens"), "_eid:"
_EVALUATION = re.compile(r'"command": "evaluate"|\b(?:queue_item\.changed|invoice\.ready):')
_EVALUATED, _VERSION = ("bill_group", "finance_item"), re.compile(r'"(version|readiness_version)": \d+')
_ROW = re.compile(
    r"\bnetsuite:(?P<kind>\w+):(?P<number>\d+)\b"
    r'|(?<=_Posting__c": ")(?P<posting>\d+)(?=")'
    r'|"object": "(?P<linked>\w+)", "system": "netsuite", [^{}]*"external_id": "(?P<link>\d+)(?=")'
)
_POSTING = re.compile(r"\b(txn_\w{26}):\d+\b")
_ROUNDS = 4

Lines = dict[str, Counter[str]]
Tables = dict[str, dict[str, Any]]
Numbers = dict[tuple[str, str], str]


class State(Struct, frozen=True):
    """Everything that stands there, and the ids in it."""

    lines: Lines
    ids: frozenset[str]


def state(site: Site) -> State:
    """As it is now."""
    stores = {journal.stem: _replayed(journal) for journal in sorted((site.state_dir / "sandbox").glob("*/*.jsonl"))}
    numbers = {number: name for tables in stores.values() for number, name in _numbers(tables).items()}
    lines = _registers(site) | {
        f"{s}.{t}": rows for s, tables in stores.items() for t, rows in _rows(tables, numbers).items()
    }
    told = {
        table: Counter(_ROW.sub(lambda m: _numberless(m, numbers), line) for line in rows.elements())
        for table, rows in lines.items()
    }
    return State(told, frozenset(found for rows in told.values() for line in rows for found in _ID.findall(line)))


def vendors(known: State) -> State:
    """What the vendors hold of it. A line that somebody had posted again is the next version of itself."""
    held = {table: rows for table, rows in known.lines.items() if "." in table}
    return State(
        {t: Counter(_POSTING.sub(r"\1", line) for line in rows.elements()) for t, rows in held.items()}, known.ids
    )


def changed(before: State, after: State) -> Lines:
    """What the work between two states took away (`-`) and put there (`+`), without what may differ between two runs."""
    lines: dict[str, list[str]] = {}
    for table in {*before.lines, *after.lines}:
        old, new = _timeless(table, before), _timeless(table, after)
        lines[table] = [f"- {line}" for line in (old - new).elements()] + [
            f"+ {line}" for line in (new - old).elements()
        ]
    return _named(lines, after.ids - before.ids)


def _timeless(table: str, known: State) -> Counter[str]:
    """The rows of a table without instants, and without what an evaluation that may come any time leaves in them."""
    rows = known.lines.get(table, Counter())
    told = Counter(_INSTANT.sub("<instant>", line) for line in rows.elements() if not _EVALUATION.search(line))
    return Counter(_VERSION.sub(r"\1", line) for line in told.elements()) if table in _EVALUATED else told


def differences(expected: Lines, found: Lines) -> list[str]:
    """In words; empty when they are the same."""
    told = []
    for table in sorted({*expected, *found}):
        before, after = expected.get(table, Counter()), found.get(table, Counter())
        told += [f"{table}: {n} missing: {line}" for line, n in (before - after).items()]
        told += [f"{table}: {n} too many: {line}" for line, n in (after - before).items()]
    return told


def _registers(site: Site) -> Lines:
    queries = {table: _ROWS.format(table=table) for table in REGISTERS} | _OTHERS
    return {name: Counter(row[0] for row in site.rows(sql)) for name, sql in queries.items()}


def _replayed(journal: Path) -> Tables:
    """What a simulator holds, from its journal; rows by their ids."""
    tables: Tables = {}
    for line in journal.read_bytes().splitlines():
        for table, row_id, row in json.loads(line, parse_float=str, parse_int=str):
            tables.setdefault(table, {})[row_id] = row
    return tables


def _rows(tables: Tables, numbers: Numbers) -> Lines:
    """The rows of the business tables."""
    return {
        name: Counter(
            json.dumps([numbers.get((name.lower(), i), i), _facts(row)], sort_keys=True)
            for i, row in rows.items()
            if row is not None
        )
        for name, rows in tables.items()
        if not name.startswith(_OWN)
    }


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    """Without the number, which the key tells, and without what the simulator keeps for itself."""
    return {name: value for name, value in row.items() if name != "id" and not name.startswith("_")}


def _numbers(tables: Tables) -> Numbers:
    """External ids by record type and number."""
    return {
        (name.removeprefix(_EXTERNAL).lower(), row["id"]): external_id
        for name, rows in tables.items()
        if name.startswith(_EXTERNAL)
        for external_id, row in rows.items()
        if row is not None
    }


def _numberless(found: re.Match[str], numbers: Numbers) -> str:
    kind, number = found["kind"] or found["linked"] or "timebill", found["number"] or found["link"] or found["posting"]
    return found[0].removesuffix(number) + numbers.get((kind, number), number)


def _named(lines: dict[str, list[str]], made: frozenset[str]) -> Lines:
    """Ids replaced by names: first all alike, then by the lines they stand in, again and again, until neighbours tell."""
    names = dict.fromkeys(made, "")
    for _ in range(_ROUNDS):
        names = _renamed(lines, names)
    return {table: Counter(_line(line, names) for line in rows) for table, rows in lines.items()}


def _renamed(lines: dict[str, list[str]], names: dict[str, str]) -> dict[str, str]:
    stands: dict[str, list[str]] = {name: [] for name in names}
    for table, rows in lines.items():
        for line in rows:
            for found in set(_ID.findall(line)) & names.keys():
                seen = _line(line.replace(found, "<this>"), names)
                stands[found].append(f"{table} {seen}")
    return {found: _digest(places) for found, places in stands.items()}


def _line(line: str, names: dict[str, str]) -> str:
    return _ID.sub(lambda m: f"<{_kind(m[0])} {names[m[0]]}>" if m[0] in names else m[0], line)


def _kind(found: str) -> str:
    return found.partition("_")[0] if "_" in found else "hex"


def _digest(places: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(places)).encode()).hexdigest()[:8]
