"""The hash chain over the audit trail, made afterwards by one sealer per tenant, and its verification.

A batch of rows becomes a seal: the SHA-256 of each row (its leaf), and one hash over the previous seal's hash, the positions and the
leaves. Requests never wait for the head of a chain. A row that commits after its neighbours were sealed goes into a later
batch; one that turns up later than any transaction can last was put there by somebody.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from contracts.periods import Clock
from runtime.data.database import Connection, Database
from runtime.telemetry import log

_GENESIS = bytes(32)
BATCH = 1000
_LONGEST_TRANSACTION = timedelta(minutes=10)

_COLUMNS = (
    *("tenant", "position", "id", "at", "client", "principal", "operation", "method", "path", "status", "problem"),
    *("correlation_id", "request_id", "object", "told"),
)
_UNSEALED = """
with settled as (
    select coalesce(max(positions[cardinality(positions)]), 0) as floor from (
        select positions from audit_seal where tenant = $1 and sealed_at <= $2 order by number desc limit 50) old),
recent as (select unnest(positions) as position from audit_seal where tenant = $1 and sealed_at > $2)
select audit.*, facts::text as told from audit
where tenant = $1 and position > (select floor from settled) and position not in (select position from recent)
order by position limit $3
"""
_SEALED = "select audit.*, facts::text as told from audit where tenant = $1 and position = any($2::bigint[])"
_TENANTS = """
with recursive found as (
    (select tenant from audit order by tenant limit 1)
    union all
    select (select tenant from audit where tenant > found.tenant order by tenant limit 1) from found where tenant is not null)
select tenant from found where tenant is not null
"""
_LAST = "select number, hash from audit_seal where tenant = $1 order by number desc limit 1"
_SEAL = """
insert into audit_seal (tenant, number, positions, leaves, previous_hash, hash, sealed_at)
values ($1, $2, $3, $4, $5, $6, $7)
"""

Kind = Literal["altered", "missing", "inserted", "seal"]


class Broken(Struct, frozen=True, kw_only=True):
    """The first thing that is wrong: a row that was `altered`, is `missing` or was `inserted`, or a `seal` that does not fit."""

    kind: Kind
    position: int | None
    seal: int | None


class AuditReport(Struct, frozen=True, kw_only=True):
    """Result of a verification. `head` is the last seal's hash: note it elsewhere, and a trail cut short is seen too."""

    tenant: str
    rows: int
    seals: int
    head: str
    broken: Broken | None
    unsealed: int
    unsealed_from: int | None

    @property
    def intact(self) -> bool:
        """True when nothing sealed was touched."""
        return self.broken is None


def leaf(row: Any) -> bytes:
    """SHA-256 over the row as a JSON array, its columns in the order of the table, `facts` as PostgreSQL prints them."""
    return hashlib.sha256(msgspec.json.encode([row[name] for name in _COLUMNS])).digest()


def seal_hash(previous: bytes, positions: Sequence[int], leaves: bytes) -> bytes:
    """The hash of one seal."""
    return hashlib.sha256(previous + b"".join(p.to_bytes(8, "big") for p in positions) + leaves).digest()


class Tail(Struct, frozen=True):
    """Rows of all tenants that no seal covers yet, and the time of the first."""

    rows: int
    oldest_at: datetime | None


async def unsealed(database: Database, clock: Clock) -> Tail:
    """The tail that waits for the sealer; at most BATCH rows of each tenant are counted."""
    settled = clock.now() - _LONGEST_TRANSACTION
    waiting = [
        row["at"]
        for tenant in await database.fetch(_TENANTS)
        for row in await database.fetch(_UNSEALED, tenant["tenant"], settled, BATCH)
    ]
    return Tail(len(waiting), min(waiting, default=None))


async def seal_all(database: Database, clock: Clock) -> int:
    """One pass over all tenants; returns how many rows were sealed. Call it again at once while it returns many."""
    tenants = await database.fetch(_TENANTS)
    return sum([await seal(database, row["tenant"], clock) for row in tenants])


async def seal(database: Database, tenant: str, clock: Clock) -> int:
    """Seal one batch of a tenant. 0 when nothing waits, or another sealer is at work."""
    async with database.transaction() as connection:
        if not await connection.fetchval(
            "select pg_try_advisory_xact_lock(hashtextextended($1, 17))", f"audit:{tenant}"
        ):
            return 0
        now = clock.now()
        rows = await connection.fetch(_UNSEALED, tenant, now - _LONGEST_TRANSACTION, BATCH)
        if rows:
            await _add_seal(connection, tenant, rows, now)
    if rows:
        log.debug("audit.sealed", tenant=tenant, rows=len(rows))
    return len(rows)


async def _add_seal(connection: Connection, tenant: str, rows: Sequence[Any], now: datetime) -> None:
    last = await connection.fetchrow(_LAST, tenant)
    number, previous = (last["number"] + 1, last["hash"]) if last else (1, _GENESIS)
    positions = [row["position"] for row in rows]
    leaves = b"".join(leaf(row) for row in rows)
    digest = seal_hash(previous, positions, leaves)
    await connection.execute(_SEAL, tenant, number, positions, leaves, previous, digest, now)


async def verify(database: Database, tenant: str, clock: Clock) -> AuditReport:
    """Recompute the chain of a tenant: the first broken row, and the tail that is not sealed yet."""
    head, rows, seals, broken = _GENESIS, 0, 0, None
    while broken is None:
        batch = await database.fetch(
            "select * from audit_seal where tenant = $1 and number > $2 order by number limit 50", tenant, seals
        )
        if not batch:
            break
        for sealed in batch:
            broken = await _check_seal(database, tenant, sealed, seals + 1, head)
            if broken is not None:
                break
            head, rows, seals = sealed["hash"], rows + len(sealed["positions"]), seals + 1
    return await _report(
        database,
        clock,
        AuditReport(
            tenant=tenant, rows=rows, seals=seals, head=head.hex(), broken=broken, unsealed=0, unsealed_from=None
        ),
    )


async def _check_seal(database: Database, tenant: str, sealed: Any, number: int, head: bytes) -> Broken | None:
    digest = seal_hash(head, sealed["positions"], sealed["leaves"])
    if (sealed["number"], sealed["previous_hash"], sealed["hash"]) != (number, head, digest):
        return Broken(kind="seal", position=None, seal=number)
    found = await database.fetch(_SEALED, tenant, sealed["positions"])
    rows = {row["position"]: row for row in found}
    for position, expected in _leaves(sealed):
        if position not in rows:
            return Broken(kind="missing", position=position, seal=number)
        if leaf(rows[position]) != expected:
            return Broken(kind="altered", position=position, seal=number)
    return None


def _leaves(sealed: Any) -> Iterator[tuple[int, bytes]]:
    for index, position in enumerate(sealed["positions"]):
        yield position, sealed["leaves"][32 * index : 32 * index + 32]


_LOOSE = """
select count(*) as count, min(position) as first,
    min(position) filter (where position < (
        select max(positions[cardinality(positions)]) from audit_seal where tenant = $1 and sealed_at <= $2)) as inserted
from audit where tenant = $1 and position not in (select unnest(positions) from audit_seal where tenant = $1)
"""


async def _report(database: Database, clock: Clock, report: AuditReport) -> AuditReport:
    loose = await database.fetchrow(_LOOSE, report.tenant, clock.now() - _LONGEST_TRANSACTION)
    assert loose is not None
    broken = report.broken
    if broken is None and loose["inserted"] is not None:
        broken = Broken(kind="inserted", position=loose["inserted"], seal=None)
    return msgspec.structs.replace(report, broken=broken, unsealed=loose["count"], unsealed_from=loose["first"])
