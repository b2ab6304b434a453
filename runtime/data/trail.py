"""Rows of the table `audit`: who did what, with which outcome, never the payload. Added, never changed. Those of writes: see `records`."""

import getpass
import os
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from contracts.problems import StoreAway
from runtime.data.database import Connection, Database
from runtime.data.ids import new_id
from runtime.data.outages import guarded
from runtime.data.write_behind import WriteBehind
from runtime.telemetry import log

NOBODY = "-"
_FLUSH_S = 0.5
_MOST_WAITING = 50_000
_SLICE = 250

_ADD = """
insert into audit (tenant, id, at, client, principal, operation, method, path, status, problem, correlation_id,
    request_id, object, facts)
select tenant, id, at, client, principal, operation, method, path, status, problem, correlation_id, request_id, object, facts
from json_to_recordset($1::text::json) as r (tenant text, id text, at timestamptz, client text, principal text, operation text,
    method text, path text, status integer, problem text, correlation_id text, request_id text, object text, facts jsonb)
on conflict (tenant, id) do nothing
"""
_NOTE = """
insert into audit (tenant, id, at, client, principal, operation, object, facts) values ($1, $2, $3, $4, $5, $6, $7, $8)
"""


class AuditRow(Struct, frozen=True, kw_only=True, gc=False):
    """One row. `tenant` is NOBODY for a request that was not authenticated; `operation` is None where no route was found."""

    tenant: str
    id: str
    at: datetime
    client: str | None
    principal: str | None
    operation: str | None
    method: str
    path: str
    status: int
    problem: str | None
    correlation_id: str
    request_id: str
    object: str | None = None
    facts: dict[str, Any] = {}


async def note_change(
    connection: Connection, tenant: str, operation: str, what: str, at: datetime, **facts: Any
) -> None:
    """Note in its transaction what somebody changed on this machine without asking the gateway; `what` is the id of it."""
    row = (tenant, new_id("aud", at), at, "command-line", _operator(), operation, what, facts)
    await connection.execute(_NOTE, *row)


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return f"uid {os.getuid()}"


class Trail:
    """Rows that may be written a moment later: reads and refusals. `start` begins writing behind, `close` writes the rest.

    When the database is away and the buffer is full, the oldest rows are given up and counted.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[AuditRow] = []
        self._behind = WriteBehind(self.flush, _FLUSH_S, self._away)
        self.given_up = 0

    def append(self, row: AuditRow) -> None:
        """Queue one row."""
        self._waiting.append(row)

    async def start(self) -> None:
        """Begin writing behind."""
        await self._behind.start()

    async def close(self) -> None:
        """Stop, and write what is left."""
        await self._behind.close()

    def _away(self) -> None:
        log.warning("audit.store_away", waiting=len(self._waiting), given_up=self.given_up)

    async def flush(self) -> None:
        """Write what waits, in slices that hold nobody up. Raises StoreAway, and keeps it for the next time; a row that was written
        is not written twice.
        """
        rows, self._waiting = self._waiting, []
        try:
            while rows:
                with guarded("database"):
                    await self._database.execute(_ADD, msgspec.json.encode(rows[:_SLICE]).decode())
                del rows[:_SLICE]
        except StoreAway:
            self._keep(rows)
            raise

    def _keep(self, rows: list[AuditRow]) -> None:
        waiting = rows + self._waiting
        excess = max(0, len(waiting) - _MOST_WAITING)
        self.given_up += excess
        self._waiting = waiting[excess:]
