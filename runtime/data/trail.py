"""Rows of the table `audit`: who did what, with which outcome, never the payload. Added, never changed."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from contracts.problems import StoreAway
from contracts.wire import encode
from runtime.data.database import Connection, Database
from runtime.data.outages import guarded
from runtime.data.write_behind import WriteBehind
from runtime.telemetry import log

NOBODY = "-"
_FLUSH_S = 0.5
_MOST_WAITING = 50_000

_ADD = """
insert into audit (tenant, id, at, client, principal, operation, method, path, status, problem, correlation_id,
    request_id, object, facts)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
_ADD_MANY = """
insert into audit (tenant, id, at, client, principal, operation, method, path, status, problem, correlation_id,
    request_id, object, facts)
select r.tenant, r.id, r.at, r.client, r.principal, r.operation, r.method, r.path, r.status, r.problem, r.correlation_id,
    r.request_id, r.object, r.facts::jsonb
from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::integer[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])
  as r (tenant, id, at, client, principal, operation, method, path, status, problem, correlation_id, request_id, object, facts)
on conflict (tenant, id) do nothing
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


def _told(facts: dict[str, Any]) -> str:
    return encode(facts).decode() if facts else "{}"


async def add(connection: Connection, row: AuditRow) -> None:
    """Write one row in the caller's transaction."""
    await connection.execute(_ADD, *astuple(row))


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
        """Write what waits. Raises StoreAway, and keeps it for the next time; a row that was written is not written twice."""
        rows, self._waiting = self._waiting, []
        if not rows:
            return
        try:
            with guarded("database"):
                *columns, facts = map(list, zip(*map(astuple, rows), strict=True))
                await self._database.execute(_ADD_MANY, *columns, [_told(one) for one in facts])
        except StoreAway:
            self._keep(rows)
            raise

    def _keep(self, rows: list[AuditRow]) -> None:
        waiting = rows + self._waiting
        excess = max(0, len(waiting) - _MOST_WAITING)
        self.given_up += excess
        self._waiting = waiting[excess:]
