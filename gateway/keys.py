"""API keys: 256 random bits behind a readable head, kept as a keyed hash, two alive per client so that one can replace the other."""

import hmac
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct

from contracts.periods import Clock
from contracts.problems import Conflict, NotFound, Unauthenticated
from gateway.exchange import Identity
from gateway.generations import Generations
from gateway.kept import kept
from runtime.data.database import Connection, Database
from runtime.data.ids import new_id
from runtime.data.outages import guarded
from runtime.data.trail import note_change

HEADS = {"sandbox": "lw_test_", "live": "lw_live_"}
_SHOWN = 16
_REMEMBER_S = 30
_MOST_ALIVE = 2
_FORM = re.compile(r"lw_(test|live)_[A-Za-z0-9_-]{43}\Z")


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as people may see it."""

    id: str
    prefix: str
    client: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class _Remembered(Struct, frozen=True):
    identity: Identity
    until: int


def pepper_in(state_dir: Path) -> bytes:
    """The secret of this installation that hashes are keyed with; made at first use, readable by its owner alone."""
    return kept(state_dir / "api-key-pepper", lambda: secrets.token_bytes(32))


class ApiKeys:
    """Makes, revokes and recognises keys of one installation; `mode` decides which heads are taken."""

    def __init__(self, database: Database, pepper: bytes, mode: str, clock: Clock) -> None:
        self._database, self._pepper, self._mode, self._clock = database, pepper, mode, clock
        self._good: Generations[_Remembered] = Generations(10_000)

    def _hash(self, key: str) -> bytes:
        return blake2b(key.encode("latin-1", "replace"), key=self._pepper, digest_size=32).digest()

    async def create(
        self, tenant: str, client: str, scopes: tuple[str, ...], expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which is shown this once. Raises Conflict when the client has two alive."""
        async with self._decision() as connection:
            return await self._add(connection, tenant, client, scopes, expires_at)

    @asynccontextmanager
    async def _decision(self) -> AsyncIterator[Connection]:
        # house: transaction counting a client's keys, adding one and ending another is one decision, kept with its audit rows
        async with self._database.transaction() as connection:
            yield connection

    async def _add(
        self, connection: Connection, tenant: str, client: str, scopes: tuple[str, ...], expires_at: datetime | None
    ) -> tuple[ApiKey, str]:
        now, text = self._clock.now(), HEADS[self._mode] + secrets.token_urlsafe(32)
        await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 18))", f"key:{tenant}:{client}")
        if await connection.fetchval(_ALIVE, tenant, client, now) >= _MOST_ALIVE:
            raise Conflict(f"{client} has two keys alive; revoke one first.", code="TOO_MANY_KEYS")
        values = (new_id("key", now), text[:_SHOWN], self._hash(text), client, list(scopes), now, expires_at)
        made = _api_key(await connection.fetchrow(_ADD, tenant, *values))
        await note_change(connection, tenant, "keys.create", made.id, now, of=client, scopes=scopes)
        return made, text

    async def rotate(self, tenant: str, key_id: str, overlap: timedelta) -> tuple[ApiKey, ApiKey, str]:
        """The old key, which now ends after `overlap` at the latest; a new one of the same client, scopes and life; its text.

        Raises NotFound, and Conflict when the key has ended already or the client has two alive.
        """
        now = self._clock.now()
        async with self._decision() as connection:
            found = await connection.fetchrow(_OWN, tenant, key_id)
            if found is None:
                raise NotFound(f"There is no key {key_id}.")
            old = _api_key(found)
            if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
                raise Conflict(f"{key_id} has ended; make a new key for {old.client} instead.", code="KEY_ENDED")
            await note_change(connection, tenant, "keys.rotate", key_id, now, of=old.client)
            ends = None if old.expires_at is None else now + (old.expires_at - old.created_at)
            new, text = await self._add(connection, tenant, old.client, old.scopes, ends)
            ended = _api_key(await connection.fetchrow(_END_BY, tenant, key_id, now + overlap))
        self._good.clear()
        return ended, new, text

    async def revoke(self, tenant: str, key_id: str) -> ApiKey:
        """End a key at once here, and within half a minute in other processes. Raises NotFound."""
        now = self._clock.now()
        async with self._decision() as connection:
            row = await connection.fetchrow(_REVOKE, tenant, key_id, now)
            if row is None:
                raise NotFound(f"There is no key {key_id}.")
            await note_change(connection, tenant, "keys.revoke", key_id, now, of=row["client"])
        self._good.clear()
        return _api_key(row)

    async def list_keys(self, tenant: str) -> list[ApiKey]:
        """All keys of a tenant, oldest first."""
        rows = await self._database.fetch("select * from api_key where tenant = $1 order by created_at, id", tenant)
        return [_api_key(row) for row in rows]

    def remembered(self, key: str, now: datetime) -> Identity | None:
        """The identity of a key that was looked up lately."""
        found = self._good.get(self._hash(key))
        return found.identity if found is not None and found.until > now.timestamp() else None

    async def verify(self, key: str) -> Identity:
        """The identity behind a key. Raises Unauthenticated."""
        if not _FORM.match(key) or not key.startswith(HEADS[self._mode]):
            raise Unauthenticated(
                f"This is no API key of this installation; keys here start {HEADS[self._mode]}.", error="invalid_token"
            )
        digest, now = self._hash(key), self._clock.now()
        with guarded("database"):
            rows = await self._database.fetch(_FIND, key[:_SHOWN])
        found = next((row for row in rows if hmac.compare_digest(row["hash"], digest)), None)
        if found is None:
            raise Unauthenticated("This API key is not known.", error="invalid_token")
        if found["revoked_at"] is not None:
            raise Unauthenticated(
                f"This key was revoked on {found['revoked_at']:%-d %b %Y}; make a new one.", error="invalid_token"
            )
        if found["expires_at"] is not None and found["expires_at"] <= now:
            raise Unauthenticated(
                f"This key ended on {found['expires_at']:%-d %b %Y}; make a new one.", error="invalid_token"
            )
        return self._remember(digest, found, int(now.timestamp()))

    def _remember(self, digest: bytes, row: object, now: int) -> Identity:
        identity = _identity(row)
        self._good.put(digest, _Remembered(identity, min(now + _REMEMBER_S, identity.expires_at)))
        return identity


def _identity(row: object) -> Identity:
    found = dict(row)  # type: ignore[call-overload]
    return Identity(
        tenant=found["tenant"],
        principal=found["client"],
        client=found["client"],
        scopes=frozenset(found["scopes"]),
        audiences=None,
        expires_at=int(found["expires_at"].timestamp()) if found["expires_at"] else 2**53,
        method="key",
    )


def _api_key(row: object) -> ApiKey:
    found = dict(row)  # type: ignore[call-overload]
    return ApiKey(**{name: found[name] for name in ApiKey.__struct_fields__} | {"scopes": tuple(found["scopes"])})


_ALIVE = """
select count(*) from api_key
where tenant = $1 and client = $2 and revoked_at is null and (expires_at is null or expires_at > $3)
"""
_ADD = """
insert into api_key (tenant, id, prefix, hash, client, scopes, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning *
"""
_REVOKE = "update api_key set revoked_at = coalesce(revoked_at, $3) where tenant = $1 and id = $2 returning *"
_OWN = "select * from api_key where tenant = $1 and id = $2"
_END_BY = "update api_key set expires_at = least(expires_at, $3) where tenant = $1 and id = $2 returning *"
_FIND = "select * from api_key where prefix = $1"  # house: tenant the key itself names the tenant
