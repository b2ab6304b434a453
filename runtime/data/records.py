"""What stands or falls with an effect: the reply kept under its key, and its audit row. One statement, in the effect's transaction."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from contracts.problems import InProgress
from runtime.data.claims import Claim
from runtime.data.database import Connection
from runtime.data.trail import AuditRow

_WRITE = """
with held as (
    update idempotency set state = $7, lease_until = $8, status = $9, headers = $10, body = $11
    where tenant = $1 and client = $2 and method = $3 and route = $4 and key = $5
      and state = 'pending' and lease_until = $6
    returning true
), noted as (
    insert into audit (tenant, id, at, client, principal, operation, method, path, status, problem, correlation_id,
        request_id, object, facts)
    values ($12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
)
select exists (select from held)
"""


class Record(Struct, kw_only=True):
    """Filled in by the policies that have something to write, then written once."""

    row: AuditRow | None = None
    claim: Claim | None = None
    kept: bool = False
    outcome: tuple[Any, ...] = (None,) * 5

    def keep(self, claim: Claim, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        """The reply is final: whoever repeats the request gets it."""
        self.claim, self.kept = claim, True
        self.outcome = ("done", claim.lease_until, status, [list(header) for header in headers], body)

    def release(self, claim: Claim, now: datetime) -> None:
        """The lease ends now: the same request may run again at once, other content stays refused."""
        self.claim, self.kept = claim, False
        self.outcome = ("pending", now, None, None, None)

    async def write(self, connection: Connection) -> None:
        """Raises InProgress when a reply cannot be kept: the lease ran out, and another request has the key."""
        assert self.row is not None
        key = (None,) * 6 if self.claim is None else (*self.claim.scope.columns(), self.claim.lease_until)
        held = await connection.fetchval(_WRITE, *key, *self.outcome, *astuple(self.row))
        if self.kept and not held:
            raise InProgress(
                "This took longer than its lease and was undone; another request with the key runs.", retry_after_s=1
            )
