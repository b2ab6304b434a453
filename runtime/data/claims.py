"""Rows of the table `idempotency`: who holds a key, and the reply kept under it. States and races: see the idempotency policy.

Requests that claim at the same time share a statement, which leaves keys alone that are there already: so it never waits for a row that
somebody is finishing. Its rows are in the order of their keys, so that those of two processes never wait for each other crosswise. Each
key is looked up by itself: a join would be planned while the table is small, and read all of it ever after.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from runtime.data.batches import Batches
from runtime.data.database import Database
from runtime.data.outages import guarded

_CLAIM = """
insert into idempotency (tenant, client, method, route, key, fingerprint, lease_until, created_at, expires_at)
select tenant, client, method, route, key, decode(fingerprint, 'base64'), lease_until, created_at, expires_at
from json_to_recordset($1::text::json) as asked (tenant text, client text, method text, route text, key text, fingerprint text,
    lease_until timestamptz, created_at timestamptz, expires_at timestamptz)
where (
    select true from idempotency as held where held.tenant = asked.tenant and held.client = asked.client
      and held.method = asked.method and held.route = asked.route and held.key = asked.key
) is null
on conflict (tenant, client, method, route, key) do nothing
returning tenant, client, method, route, key
"""
_TAKE_OVER = """
update idempotency set fingerprint = $6, state = 'pending', lease_until = $7, status = null, headers = null, body = null,
    created_at = $8, expires_at = $9
where tenant = $1 and client = $2 and method = $3 and route = $4 and key = $5
  and (expires_at <= $8 or (state = 'pending' and lease_until <= $8 and fingerprint = $6))
returning true
"""
_READ = """
select fingerprint, state, lease_until, status, headers, body from idempotency
where tenant = $1 and client = $2 and method = $3 and route = $4 and key = $5
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


class _Asked(KeyScope, frozen=True, kw_only=True, gc=False):
    """The row of a key that is asked for."""

    fingerprint: bytes
    lease_until: datetime
    created_at: datetime
    expires_at: datetime


class Claims:
    """Takes keys."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._taking = Batches(self._take)

    async def claim(
        self, scope: KeyScope, fingerprint: bytes, now: datetime, lease: timedelta, retention: timedelta
    ) -> Claim | Held:
        """Take the key, or say what stands in the way. A lease that ran out is taken over by the same content. Raises StoreAway."""
        until = now + lease
        asked = _Asked(
            tenant=scope.tenant,
            client=scope.client,
            method=scope.method,
            route=scope.route,
            key=scope.key,
            fingerprint=fingerprint,
            lease_until=until,
            created_at=now,
            expires_at=now + retention,
        )
        for _ in range(3):
            if await self._taking.ask(asked):
                return Claim(scope=scope, lease_until=until)
            with guarded("database"):
                if await self._database.fetchval(_TAKE_OVER, *astuple(asked)):
                    return Claim(scope=scope, lease_until=until)
                found = await self._database.fetchrow(_READ, *scope.columns())
            if found is not None:
                return _held(found)
        return Held(fingerprint=fingerprint, done=False, lease_until=until)

    async def _take(self, asked: Sequence[_Asked]) -> list[bool]:
        """Which of the keys are taken now: of several requests for one key the first gets it."""
        first = {one.columns(): one for one in reversed(asked)}
        rows = msgspec.json.encode([first[key] for key in sorted(first)]).decode()
        with guarded("database"):
            taken = set(map(tuple, await self._database.fetch(_CLAIM, rows)))
        return [first[key := one.columns()] is one and key in taken for one in asked]


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


async def purge(database: Database, now: datetime, most: int = 10_000) -> int:
    """Drop what is past its retention, of all tenants; returns how many rows went."""
    tag = await database.execute(_PURGE, now, most)
    return int(tag.rpartition(" ")[2])
