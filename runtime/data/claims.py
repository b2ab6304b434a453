"""Rows of the table `idempotency`: who holds a key, and the reply kept under it. States and races: see the idempotency policy."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from runtime.data.database import Connection, Database

_CLAIM = """
insert into idempotency as held (tenant, client, method, route, key, fingerprint, lease_until, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (tenant, client, method, route, key) do update
set fingerprint = excluded.fingerprint, state = 'pending', lease_until = excluded.lease_until,
    status = null, headers = null, body = null, created_at = excluded.created_at, expires_at = excluded.expires_at
where held.expires_at <= $8
   or (held.state = 'pending' and held.lease_until <= $8 and held.fingerprint = excluded.fingerprint)
returning true
"""
_READ = """
select fingerprint, state, lease_until, status, headers, body from idempotency
where tenant = $1 and client = $2 and method = $3 and route = $4 and key = $5
"""
_FINISH = """
update idempotency set state = 'done', status = $7, headers = $8, body = $9
where tenant = $1 and client = $2 and method = $3 and route = $4 and key = $5 and state = 'pending' and lease_until = $6
returning true
"""
_RELEASE = """
update idempotency set lease_until = $7
where tenant = $1 and client = $2 and method = $3 and route = $4 and key = $5 and state = 'pending' and lease_until = $6
"""
# house: tenant retention is everybody's
_PURGE = """
delete from idempotency where ctid in (select ctid from idempotency where expires_at <= $1 limit $2)
"""


class KeyScope(Struct, frozen=True, kw_only=True):
    """What a key is unique in: tenant, client, method and route template."""

    tenant: str
    client: str
    method: str
    route: str
    key: str

    def columns(self) -> tuple[str, str, str, str, str]:
        """In the order of the primary key."""
        return self.tenant, self.client, self.method, self.route, self.key


class Held(Struct, frozen=True, kw_only=True):
    """What stands under a key that could not be claimed. `status`, `headers` and `body` once `done`."""

    fingerprint: bytes
    done: bool
    lease_until: datetime
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Claim(Struct, frozen=True, kw_only=True):
    """A key that is ours until the lease ends; the instant of its end tells this claim from a later one."""

    scope: KeyScope
    lease_until: datetime


async def claim(
    database: Database, scope: KeyScope, fingerprint: bytes, now: datetime, lease: timedelta, retention: timedelta
) -> Claim | Held:
    """Take the key, or say what stands in the way. A lease that ran out is taken over by the same content."""
    until = now + lease
    for _ in range(3):
        row = (*scope.columns(), fingerprint, until, now, now + retention)
        if await database.fetchval(_CLAIM, *row):
            return Claim(scope=scope, lease_until=until)
        found = await database.fetchrow(_READ, *scope.columns())
        if found is not None:
            return _held(found)
    return Held(fingerprint=fingerprint, done=False, lease_until=until)


def _held(row: Any) -> Held:
    if row["state"] == "pending":
        return Held(fingerprint=row["fingerprint"], done=False, lease_until=row["lease_until"])
    return Held(
        fingerprint=row["fingerprint"],
        done=True,
        lease_until=row["lease_until"],
        status=row["status"],
        headers=tuple((name, value) for name, value in row["headers"]),
        body=row["body"],
    )


async def finish(
    connection: Connection, mine: Claim, status: int, headers: tuple[tuple[str, str], ...], body: bytes
) -> bool:
    """Keep the reply, in the transaction of its effect. False: the lease ran out and another request has the key."""
    values = (*mine.scope.columns(), mine.lease_until, status, [list(header) for header in headers], body)
    return bool(await connection.fetchval(_FINISH, *values))


async def release(connection: Connection, mine: Claim, now: datetime) -> None:
    """End the lease now: the same request may run again at once, other content stays refused."""
    await connection.execute(_RELEASE, *mine.scope.columns(), mine.lease_until, now)


async def purge(database: Database, now: datetime, most: int = 10_000) -> int:
    """Drop what is past its retention, of all tenants; returns how many rows went."""
    tag = await database.execute(_PURGE, now, most)
    return int(tag.rpartition(" ")[2])
