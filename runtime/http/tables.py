"""Tables of one vendor simulator: rows in memory, journaled to one file of its own (never the product's tables).

A committed transaction is one line, written before the call returns, so a killed simulator loses nothing it answered
for; a torn last line is dropped at open. Single-threaded: no `await` inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import msgspec

Row = dict[str, Any]
_Undo = tuple[str, str, Row | None]
_SEQUENCES = "_sequences"
_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def to_json(value: object) -> bytes:
    """JSON with Decimal written as an exact JSON number (240000.00), never through binary floating point."""
    return _encoder.encode(value)


def from_json(raw: bytes | str) -> Any:
    """Plain builtins; numbers with a fraction become Decimal. Raises ValueError when `raw` is not JSON."""
    return _decoder.decode(raw)


class Transaction:
    """Writes of one atomic change. They are visible to `Store.rows` at once and undone if the block raises."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, table: str, row_id: str, row: Row) -> None:
        """Insert or replace. `row` is kept as it is: never change a row in place, put a new dict."""
        self._store._write(table, row_id, row)

    def delete(self, table: str, row_id: str) -> None:
        """Remove the row; nothing happens when it is not there."""
        self._store._write(table, row_id, None)


class Store:
    """Tables by name; `path=None` keeps everything in memory only.

    `rows(table)` and `get(table, id)` read; `with store.transaction() as t: t.put(...); t.delete(...)` writes one
    journal line; a transaction inside another is a savepoint: if it raises, only its own writes are undone. Tables
    starting with `_` are the simulator's own. Rows hold JSON types and Decimal (a whole one comes back as int).
    """

    def __init__(self, path: Path | None = None) -> None:
        self._tables: dict[str, dict[str, Row]] = {}
        self._undo: list[_Undo] = []
        self._depth = 0
        self._path = path
        self._journal: IO[bytes] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._replay(path)
            self._compact()

    @property
    def empty(self) -> bool:
        """True when no row was ever written, or after `reset`."""
        return not any(self._tables.values())

    @property
    def folder(self) -> Path | None:
        """The folder of the journal, where a simulator may keep its own key files; None in memory."""
        return None if self._path is None else self._path.parent

    def rows(self, table: str) -> Mapping[str, Row]:
        """Read-only live view: row id -> row, in insertion order."""
        return MappingProxyType(self._tables.setdefault(table, {}))

    def get(self, table: str, row_id: str) -> Row | None:
        """The row, or None."""
        return self._tables.get(table, {}).get(row_id)

    def next(self, sequence: str, start: int = 1) -> int:
        """The next number of a journaled sequence: start, start + 1, ...; undone with the transaction around it."""
        row = self.get(_SEQUENCES, sequence)
        value = start if row is None else row["value"] + 1
        with self.transaction() as change:
            change.put(_SEQUENCES, sequence, {"value": value})
        return int(value)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All writes of the block or none; journaled when the outermost block ends."""
        mark = len(self._undo)
        self._depth += 1
        try:
            yield Transaction(self)
            if self._depth == 1:
                self._commit()
        except BaseException:  # house: except it rolls back and raises again
            self._roll_back(mark)
            raise
        finally:
            self._depth -= 1

    def settle(self, table: str, row_id: str, row: Row | None) -> None:
        """Put (or, with None, delete) and journal at once, even inside a transaction, whose failure leaves it."""
        _set(self._tables.setdefault(table, {}), row_id, row)
        self._append([[table, row_id, row]])

    def reset(self) -> None:
        """Forget every row and sequence, in memory and on disk."""
        self._tables.clear()
        if self._path is not None:
            self._compact()

    def close(self) -> None:
        """Close the journal; nothing may be written afterwards."""
        if self._journal is not None:
            self._journal.close()

    def _write(self, table: str, row_id: str, row: Row | None) -> None:
        rows = self._tables.setdefault(table, {})
        self._undo.append((table, row_id, rows.get(row_id)))
        _set(rows, row_id, row)

    def _commit(self) -> None:
        changed = dict.fromkeys((table, row_id) for table, row_id, _ in self._undo)
        if changed:
            self._append([[table, row_id, self.get(table, row_id)] for table, row_id in changed])
        self._undo.clear()

    def _append(self, changes: list[list[Any]]) -> None:
        if self._journal is not None:
            self._journal.write(to_json(changes) + b"\n")
            self._journal.flush()

    def _roll_back(self, mark: int) -> None:
        while len(self._undo) > mark:
            table, row_id, before = self._undo.pop()
            _set(self._tables[table], row_id, before)

    def _replay(self, path: Path) -> None:
        if not path.exists():
            return
        for line in path.read_bytes().split(b"\n"):
            try:
                changes = from_json(line)
            except ValueError:
                break
            for table, row_id, row in changes:
                _set(self._tables.setdefault(table, {}), row_id, row)

    def _compact(self) -> None:
        assert self._path is not None
        self.close()
        fresh = self._path.with_suffix(".compacting")
        with fresh.open("wb") as out:
            for table, rows in self._tables.items():
                out.writelines(to_json([[table, row_id, row]]) + b"\n" for row_id, row in rows.items())
        fresh.replace(self._path)
        self._journal = self._path.open("ab")


def _set(rows: dict[str, Row], row_id: str, row: Row | None) -> None:
    if row is None:
        rows.pop(row_id, None)
    else:
        rows[row_id] = row
