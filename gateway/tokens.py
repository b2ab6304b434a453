"""Access tokens of the RFC 9068 profile: verified with the keys of exactly their issuer (RFC 8725), remembered for a while."""

import base64
import binascii
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry
from msgspec import Struct

from contracts.periods import Clock
from contracts.problems import Unauthenticated
from gateway.exchange import Identity
from gateway.generations import Generations
from gateway.jwks import KeySource

LARGEST_TOKEN = 8 * 1024
LEEWAY_S = 5
MOST_AHEAD_S = 60
_REMEMBER_S = 300
_REFUSE_AGAIN_S = 30
_TYPES = ("at+jwt", "application/at+jwt")
_REQUIRED = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")


class Issuer(Struct, frozen=True, kw_only=True):
    """Who may issue tokens, with which algorithms and keys; `tenant_claim` names the claim that holds the tenant."""

    issuer: str
    keys: KeySource
    algorithms: tuple[str, ...] = ("RS256", "ES256", "PS256", "EdDSA")
    tenant_claim: str = "tenant"


class _Remembered(Struct, frozen=True):
    identity: Identity
    until: int
    keys: KeySource
    epoch: int


class _Parts(Struct, frozen=True):
    """A compact token taken apart; nothing in it is believed yet."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def _invalid(reason: str) -> Unauthenticated:
    return Unauthenticated(f"The token {reason}.", error="invalid_token")


class Tokens:
    """Verifies tokens of some issuers."""

    def __init__(self, issuers: list[Issuer], clock: Clock, remember: int = 10_000) -> None:
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        self._clock = clock
        self._good: Generations[_Remembered] = Generations(remember)
        self._bad: Generations[tuple[int, str]] = Generations(remember)

    @property
    def issuers(self) -> list[str]:
        """Identifiers of the issuers."""
        return list(self._issuers)

    def remembered(self, token: str, now: datetime) -> Identity | None:
        """The identity of a token that was verified lately and is still good."""
        mark = _mark(token)
        found = self._good.get(mark)
        if found is None:
            return None
        if found.until > now.timestamp() and found.epoch == found.keys.epoch:
            return found.identity
        self._good.drop(mark)
        return None

    async def verify(self, token: str) -> Identity:
        """The identity behind a token. Raises Unauthenticated, or StoreAway when the issuer's keys cannot be read."""
        mark, now = _mark(token), int(self._clock.now().timestamp())
        refused = self._bad.get(mark)
        if refused is not None and refused[0] > now:
            raise Unauthenticated(refused[1], error="invalid_token")
        try:
            identity, issuer = await self._verify(token, now)
        except Unauthenticated as problem:
            self._bad.put(mark, (now + _REFUSE_AGAIN_S, problem.detail))
            raise
        until = min(identity.expires_at, now + _REMEMBER_S)
        self._good.put(mark, _Remembered(identity, until, issuer.keys, issuer.keys.epoch))
        return identity

    async def _verify(self, token: str, now: int) -> tuple[Identity, Issuer]:
        parts = take_apart(token)
        issuer = self._issuer(parts)
        await _check_signature(parts, issuer)
        _check_times(parts.claims, now)
        return _identity(parts.claims, issuer), issuer

    def _issuer(self, parts: _Parts) -> Issuer:
        kind = parts.header.get("typ")
        if not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise _invalid("is not an access token; its typ is at+jwt")
        if "crit" in parts.header or "b64" in parts.header:
            raise _invalid("has critical header parameters that are not understood")
        found = parts.claims.get("iss")
        issuer = self._issuers.get(found) if isinstance(found, str) else None
        if issuer is None:
            raise _invalid("comes from an issuer that is not trusted here")
        if parts.header.get("alg") not in issuer.algorithms:
            raise _invalid("is signed with an algorithm that is not allowed for its issuer")
        return issuer


def _mark(token: str) -> bytes:
    return blake2b(token.encode("utf-8", "replace"), digest_size=16).digest()


def take_apart(token: str) -> _Parts:
    """The parts of a compact JWS. Raises Unauthenticated for anything but three canonical base64url parts of JSON objects."""
    segments = token.split(".")
    if len(token) > LARGEST_TOKEN or len(segments) != 3:
        raise _invalid("is not a signed JWT")
    try:
        header, claims = (msgspec.json.decode(_bytes(s), type=dict[str, Any]) for s in segments[:2])
        signature = _bytes(segments[2])
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError) as error:
        raise _invalid("is not a signed JWT") from error
    return _Parts(header, claims, f"{segments[0]}.{segments[1]}".encode(), signature)


def _bytes(segment: str) -> bytes:
    raw = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != segment:
        raise ValueError("not canonical")
    return raw


async def _check_signature(parts: _Parts, issuer: Issuer) -> None:
    kid, algorithm = parts.header.get("kid"), parts.header["alg"]
    if kid is not None and not isinstance(kid, str):
        raise _invalid("names its key wrongly")
    key = await issuer.keys.find(kid, algorithm)
    if key is None:
        raise _invalid("is signed with a key its issuer does not publish")
    try:
        good = JWSRegistry.algorithms[algorithm].verify(parts.signed, parts.signature, key)
    except (JoseError, ValueError):
        good = False
    if not good:
        raise _invalid("has a signature that does not hold")


def _check_times(claims: dict[str, Any], now: int) -> None:
    missing = [name for name in _REQUIRED if claims.get(name) in (None, "")]
    if missing:
        raise _invalid(f"lacks the claim {missing[0]}")
    instants = [claims["exp"], claims["iat"], claims.get("nbf", 0)]
    if not all(isinstance(i, int | float) and not isinstance(i, bool) and abs(i) < 1e12 for i in instants):
        raise _invalid("has a time that is no number")
    if instants[0] <= now - LEEWAY_S:
        raise _invalid("expired; get a new one")
    if instants[1] > now + MOST_AHEAD_S or instants[2] > now + MOST_AHEAD_S:
        raise _invalid("is not valid yet")


def _identity(claims: dict[str, Any], issuer: Issuer) -> Identity:
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    tenant, scope = claims.get(issuer.tenant_claim), claims.get("scope", "")
    texts = [tenant, scope, claims["sub"], claims["client_id"], *audience]
    if not tenant or not all(isinstance(text, str) and "\x00" not in text for text in texts):
        raise _invalid("names no tenant, or has a claim of the wrong type")
    if "cnf" in claims:
        raise _invalid("is bound to a key; sent as a Bearer token it proves nothing")
    return Identity(
        tenant=tenant,
        principal=claims["sub"],
        client=claims["client_id"],
        scopes=frozenset(scope.split()),
        audiences=frozenset(audience),
        expires_at=int(claims["exp"]) + LEEWAY_S,
        method="token",
    )
