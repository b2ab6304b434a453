"""Sessions of the portal: 256 random bits in a cookie, their keyed hash in the database, so that signing out ends them."""

import secrets
from datetime import timedelta
from hashlib import blake2b

from msgspec import Struct

from contracts.periods import Clock
from runtime.data.database import Database
from runtime.data.outages import guarded

LIFE = timedelta(hours=8)
_LONGEST = 64

_ADD = """
insert into portal_session (tenant, id, mode, persona, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)
"""
_FIND = "select tenant, persona from portal_session where id = $1 and mode = $2 and expires_at > $3"
_END = "delete from portal_session where tenant = $1 and id = $2"
_FORGET = "delete from portal_session where tenant = $1 and expires_at <= $2"


class Found(Struct, frozen=True):
    """Whose session it is."""

    tenant: str
    persona: str


class Sessions:
    """Opens, finds and ends sessions of one installation; one of another `mode` is not found."""

    def __init__(self, database: Database, key: bytes, mode: str, clock: Clock) -> None:
        self._database, self._key, self._mode, self._clock = database, key, mode, clock

    def _hash(self, text: str) -> bytes:
        return blake2b(text.encode("latin-1", "replace"), key=self._key, digest_size=32, person=b"session").digest()

    async def open(self, tenant: str, persona: str) -> str:
        """A new session; what the cookie holds. Sessions that ended by themselves are forgotten."""
        text, now = secrets.token_urlsafe(32), self._clock.now()
        with guarded("database"):
            await self._database.execute(_FORGET, tenant, now)
            await self._database.execute(_ADD, tenant, self._hash(text), self._mode, persona, now, now + LIFE)
        return text

    async def find(self, text: str) -> Found | None:
        """The session, while it lives."""
        if len(text) > _LONGEST:
            return None
        with guarded("database"):
            row = await self._database.fetchrow(_FIND, self._hash(text), self._mode, self._clock.now())
        return None if row is None else Found(row["tenant"], row["persona"])

    async def end(self, tenant: str, text: str) -> None:
        """End it at once."""
        with guarded("database"):
            await self._database.execute(_END, tenant, self._hash(text))
