"""API keys: 256 random bits behind a readable head, kept as a keyed hash, two alive per client so that one can replace the other."""

import hmac
import re
import secrets
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct

from contracts.periods import Clock
from contracts.problems import Conflict, NotFound, Unauthenticated
from gateway.exchange import Identity
from gateway.generations import Generations
from gateway.kept import kept
from runtime.data.database import Database
from runtime.data.ids import new_id
from runtime.data.outages import guarded

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
        now = self._clock.now()
        text = HEADS[self._mode] + secrets.token_urlsafe(32)
        key_id = new_id("key", now)
        # house: transaction counting a client's keys and adding one is one decision
        async with self._database.transaction() as connection:
            await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 18))", f"key:{tenant}:{client}")
            alive = await connection.fetchval(_ALIVE, tenant, client, now)
            if alive >= _MOST_ALIVE:
                raise Conflict(f"{client} has two keys alive; revoke one first.", code="TOO_MANY_KEYS")
            row = await connection.fetchrow(
                _ADD, tenant, key_id, text[:_SHOWN], self._hash(text), client, list(scopes), now, expires_at
            )
        return _api_key(row), text

    async def revoke(self, tenant: str, key_id: str) -> ApiKey:
        """End a key at once here, and within half a minute in other processes. Raises NotFound."""
        row = await self._database.fetchrow(_REVOKE, tenant, key_id, self._clock.now())
        if row is None:
            raise NotFound(f"There is no key {key_id}.")
        self._good.clear()
        return _api_key(row)

    async def list_keys(self, tenant: str) -> list[ApiKey]:
        """All keys of a tenant, oldest first."""
        rows = await self._database.fetch("select * from api_key where tenant = $1 order by created_at, id", tenant)
        return [_api_key(row) for row in rows]

    def remembered(self, key: str) -> Identity | None:
        """The identity of a key that was looked up lately."""
        found = self._good.get(self._hash(key))
        return found.identity if found is not None and found.until > self._clock.now().timestamp() else None

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
_FIND = "select * from api_key where prefix = $1"  # house: tenant the key itself names the tenant
