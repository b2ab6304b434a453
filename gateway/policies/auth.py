"""Who calls, and may they: access tokens and API keys, audience, scope (RFC 6750, RFC 9068, RFC 9728)."""

from collections.abc import Awaitable
from urllib.parse import parse_qsl

from msgspec import Struct

from contracts.problems import AbnormalUse, Forbidden, InvalidRequest, Unauthenticated
from gateway.challenges import challenge, forbidden
from gateway.exchange import Exchange, Identity
from gateway.services import Verifier
from runtime.data.counters import Limit

WHEN_STORE_IS_AWAY = "closed"  # nobody gets in because a key could not be looked up

_FIELDS = (b"authorization", b"x-api-key")
_CHALLENGED = (Unauthenticated, Forbidden, InvalidRequest)


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many credentials that do not hold an address may send at once, and per second, before it is refused unheard."""

    failures_burst: int = 60
    failures_per_s: int = 1

    def limit(self) -> Limit:
        """As the counters take it."""
        return Limit(policy="failures", rate_per_s=self.failures_per_s, burst=self.failures_burst)


def on_request(x: Exchange, limit: Limit) -> Awaitable[None] | None:
    """Authenticate, then check the audience. Whether the scope suffices is asked once the request is counted."""
    return admit(x, limit, "", x.at().audiences)


def admit(x: Exchange, limit: Limit, scope: str, audiences: frozenset[str]) -> Awaitable[None] | None:
    """Authenticate, then check audience and scope. Every refusal carries its challenge."""
    try:
        verifier, credential = _credential(x)
        identity = verifier.remembered(credential, x.now)
        if identity is None:
            return _meet(x, limit, verifier, credential, scope, audiences)
        x.identity = identity
        _authorise(identity, scope, audiences)
    except _CHALLENGED as problem:
        challenge(x, problem)
        raise
    return None


async def _meet(
    x: Exchange, limit: Limit, verifier: Verifier, credential: str, scope: str, audiences: frozenset[str]
) -> None:
    try:
        x.identity = await _identify(x, limit, verifier, credential)
        _authorise(x.identity, scope, audiences)
    except _CHALLENGED as problem:
        challenge(x, problem)
        raise


async def _identify(x: Exchange, limit: Limit, verifier: Verifier, credential: str) -> Identity:
    failures = f"failures:{x.address}"
    _refuse_flood(x, failures, limit)
    try:
        return await verifier.verify(credential)
    except Unauthenticated:
        x.services.failures.take_now(failures, limit)
        raise


def _refuse_flood(x: Exchange, key: str, limit: Limit) -> None:
    grant = x.services.failures.peek(key, limit)
    if not grant.allowed:
        detail = f"Too many credentials from this address did not hold; wait {grant.reset_s} s."
        raise AbnormalUse(detail, retry_after_s=grant.reset_s)


def _credential(x: Exchange) -> tuple[Verifier, str]:
    authorization, key = x.request_headers.get(b"authorization"), x.request_headers.get(b"x-api-key")
    if (x.repeated and not x.repeated.isdisjoint(_FIELDS)) or (authorization is not None and key is not None):
        raise _malformed("Credentials are given more than once; send one Authorization or one X-API-Key.")
    if b"access_token" in x.query and any(name == "access_token" for name, _ in _pairs(x.query)):
        raise _malformed("A token in the address is seen by others; send it as Authorization: Bearer.")
    if key is not None:
        return x.services.keys, key.decode("latin-1")
    scheme, _, token = (authorization or b"").decode("latin-1").partition(" ")
    scheme = scheme.lower()
    if scheme == "bearer":
        if not (token := token.strip()):
            raise _malformed("Authorization: Bearer has no token after it.")
        return x.services.tokens, token
    if scheme == "dpop":
        raise Unauthenticated("Tokens bound to a key are not taken here; send a Bearer token.", error="invalid_token")
    raise Unauthenticated("Send Authorization: Bearer with an access token, or X-API-Key.")


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)


def _malformed(detail: str) -> InvalidRequest:
    return InvalidRequest(detail, error="invalid_request")


def _authorise(who: Identity, scope: str, audiences: frozenset[str]) -> None:
    if who.audiences is not None and not who.audiences & audiences:
        wanted = max(audiences, key=len)
        raise Unauthenticated(f"The token is for another audience; ask for {wanted}.", error="invalid_token")
    if scope and scope not in who.scopes:
        raise forbidden(scope)
