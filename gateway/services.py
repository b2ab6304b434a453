"""What the policies share: the stores, the verifiers of credentials, the clock. Made once by the composition root."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from contracts.periods import Clock
from gateway.cursors import Cursors
from gateway.exchange import Identity
from gateway.turns import Turns
from runtime.data.claims import Claims
from runtime.data.counters import Counters, LocalCounters
from runtime.data.database import Database
from runtime.data.quotas import Quotas
from runtime.data.trail import Trail


class Verifier(Protocol):
    """Turns one kind of credential into an identity."""

    def remembered(self, credential: str, now: datetime) -> Identity | None:
        """What `verify` said lately, or None."""
        ...

    async def verify(self, credential: str) -> Identity:
        """Raises Unauthenticated, or StoreAway."""
        ...


class Services(Struct, frozen=True, kw_only=True):
    """`name` is the realm of challenges and the name in Proxy-Status; `deadline_s` is what an operation gets."""

    name: str
    base_url: str
    mode: str
    clock: Clock
    database: Database
    counters: Counters
    quotas: Quotas
    claims: Claims
    trail: Trail
    tokens: Verifier
    keys: Verifier
    failures: LocalCounters
    cursors: Cursors
    turns: Turns
    deadline_s: int
