"""One effect per key (draft-ietf-httpapi-idempotency-key-header-07), with leases instead of locks.

Theory of operation. A key is unique per tenant, client, method and route template. Its row is `pending` while a request holds it (the
intent, committed before the operation runs) and `done` once the reply is kept (committed with the rows of the effect and the audit row).

    absent  --claim-->  pending (lease)  --final reply-->  done  --retention over-->  absent
                        pending (lease over)  --claim, same content-->  pending
                        pending  --reply that is not final: lease ended now-->  pending (lease over)

Same content meets `done`: the kept reply again, with `Idempotent-Replayed: true`; meets a running lease: 409 with `Retry-After`. Other
content: 422. What can race: two first requests (the primary key lets one insert win), a lease that runs out under a slow request
(finishing compares the end of the lease, the loser's effect is rolled back), a crash (the lease runs out, the operation runs
again and finds its own run or row). Final are the operation's results and the problems that a repeat would meet again. Not final is
what a repeat may cure: retryable problems, outcomes that are unknown (the operation looks before it acts, WF-3), refused
credentials, our own failures (their rows were rolled back).
"""

import hashlib
import re
from collections.abc import Awaitable
from datetime import timedelta

from msgspec import Struct

from contracts.problems import (
    Forbidden,
    InProgress,
    Internal,
    InvalidRequest,
    KeyReused,
    OutcomeUnknown,
    Problem,
    Throttled,
    Unauthenticated,
    VendorCredentials,
)
from gateway.exchange import Exchange
from runtime.data.claims import Held, KeyScope
from runtime.data.records import Record
from runtime.http.arguments import media_type
from runtime.http.replies import Reply

WHEN_STORE_IS_AWAY = "closed"  # an effect without its key could happen twice

_STRING = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"\Z')
_BARE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]{1,255}\Z")
_NOT_FINAL = (OutcomeUnknown, VendorCredentials, Internal, Unauthenticated, Forbidden, Throttled)
_KEYED = ("POST", "PATCH")


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`lease_s` is longer than any operation may run; replies are kept for `retention_h`."""

    lease_s: int = 60
    retention_h: int = 24

    def __post_init__(self) -> None:
        if self.lease_s < 1 or self.retention_h < 24:
            raise ValueError("lease_s is at least 1, retention_h at least 24")


def on_request(x: Exchange, config: Config) -> Awaitable[None] | None:
    """Claim the key, or answer what was answered before. Raises InvalidRequest, KeyReused, InProgress."""
    key: str | None = x.request_id
    if x.method in _KEYED:
        key = read_key(x.header(b"idempotency-key"), b"idempotency-key" in x.repeated)
    if not x.at().effects:
        return None
    if key is None:
        raise InvalidRequest(
            'Idempotency-Key is missing; send one of your own, for example Idempotency-Key: "8e03978e-40d5-43e8-bc93".',
            policy="/problems/key-reused",
        )
    return _claim(x, key, config)


async def _claim(x: Exchange, key: str, config: Config) -> None:
    who, now = x.known(), x.now
    x.key_scope = KeyScope(tenant=who.tenant, client=who.client, method=x.method, route=x.at().template, key=key)
    mark = fingerprint(x)
    lease, retention = timedelta(seconds=config.lease_s), timedelta(hours=config.retention_h)
    outcome = await x.services.claims.claim(x.key_scope, mark, now, lease, retention)
    if not isinstance(outcome, Held):
        x.claim = outcome
    elif outcome.fingerprint != mark:
        raise KeyReused("This key was used for another request; use a new key, or send the first request again.")
    elif outcome.done:
        x.reply = Reply(outcome.status, outcome.body, outcome.headers)
        x.headers.append(("idempotent-replayed", "true"))
    else:
        left = (outcome.lease_until - now).total_seconds()
        raise InProgress(
            "The first request with this key is still running; ask again for its reply.",
            retry_after_s=max(1, min(5, round(left))),
        )


def on_record(x: Exchange, record: Record, config: Config) -> None:
    """Keep the reply, or end the lease. A lease that was lost rolls the effect back."""
    mine, reply = x.claim, x.reply
    if mine is None or reply is None:
        return
    if x.problem is not None and not final(x.problem):
        record.release(mine, x.services.clock.now())
    else:
        record.keep(mine, reply.status, reply.headers, reply.body)


def final(problem: Problem) -> bool:
    """True when a repeat of the same request would meet the same answer."""
    return not problem.retryable and not isinstance(problem, _NOT_FINAL)


def fingerprint(x: Exchange) -> bytes:
    """SHA-256 over method, target, media type and body."""
    head = f"{x.method}\n{x.target}\n{x.query.decode('latin-1')}\n{media_type(x.header(b'content-type'))}\n"
    return hashlib.sha256(head.encode() + x.body).digest()


def read_key(value: str | None, repeated: bool = False) -> str | None:
    """The key: a Structured Field String (RFC 9651), or as many clients send it, without quotes. Raises InvalidRequest."""
    if value is None:
        return None
    text = value.strip(" ")
    quoted = _STRING.match(text)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text if _BARE.match(text) else ""
    if repeated or not 1 <= len(key) <= 255:
        raise InvalidRequest(
            'Idempotency-Key is not one String of 1 to 255 characters, for example "8e03978e-40d5-43e8-bc93".',
            policy="/problems/key-reused",
        )
    return key
