"""Who calls: OAuth 2.0 client credentials with a signed assertion (help: OAuth 2.0 for M2M), and access tokens on requests."""

import secrets
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, RSAKey

from runtime.http.simulate import Request, Response, SandboxClock, Store, from_json
from system_apis.netsuite.sandbox.account import stamp
from system_apis.netsuite.sandbox.errors import Refused

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_SCOPES = frozenset(("restlets", "rest_webservices", "suite_analytics"))
_LIFE_S = 3600
_LONGEST_ASSERTION_S = 3600
_SKEW_S = 60


def refused() -> Refused:
    """The vendor's 401."""
    return Refused(401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail.")


class _NoToken(Exception):
    """The token endpoint's refusal: an OAuth error code."""


class Tokens:
    """The integration records of the account and the tokens it gave. Assertions are checked against real time."""

    def __init__(self, store: Store, clock: SandboxClock, public_url: str) -> None:
        self._store, self._clock = store, clock
        self._audience = f"{public_url.rstrip('/')}{TOKEN_PATH}"

    def register(self, client_id: str, certificate_id: str, public_pem: str) -> None:
        """Upload a public key: the certificate id names it in assertions."""
        with self._store.transaction() as change:
            change.put("_certificates", certificate_id, {"client": client_id, "pem": public_pem})

    def give(self, request: Request) -> Response:
        """The token endpoint."""
        form = request.form()
        try:
            if form.get("grant_type") != "client_credentials":
                raise _NoToken("unsupported_grant_type")
            if form.get("client_assertion_type") != _ASSERTION_TYPE or "client_assertion" not in form:
                raise _NoToken("invalid_request")
            client, scopes = self._verified(form["client_assertion"], request)
        except _NoToken as why:
            return Response.of(400, {"error": str(why)})
        token = self._issue(client, scopes)
        return Response.of(200, {"access_token": token, "expires_in": str(_LIFE_S), "token_type": "bearer"})

    def check(self, request: Request) -> None:
        """Raise the vendor's 401 unless the bearer token is one of ours and alive, 403 when its scope is too small."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        row = self._store.get("_tokens", _digest(token)) if scheme.lower() == "bearer" else None
        if row is None or row["until"] <= stamp(self._clock.real()):
            raise refused()
        if "rest_webservices" not in row["scopes"]:
            raise Refused(403, "INSUFFICIENT_PERMISSION", "Permission Violation: the token lacks rest_webservices.")

    def forget(self, request: Request) -> None:
        """The access token of this request is dead from now on."""
        _, _, token = (request.header("authorization") or "").partition(" ")
        self._store.settle("_tokens", _digest(token), None)

    def _verified(self, assertion: str, request: Request) -> tuple[str, list[str]]:
        try:
            header = jwt_header(assertion)
            certificate = self._store.get("_certificates", str(header.get("kid")))
            if certificate is None or header.get("alg") not in _ALGORITHMS:
                raise _NoToken("invalid_client" if certificate is None else "invalid_grant")
            kind = ECKey if str(header["alg"]).startswith("ES") else RSAKey
            claims = jwt.decode(assertion, kind.import_key(certificate["pem"]), algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError) as why:
            raise _NoToken("invalid_grant") from why
        if claims.get("iss") != certificate["client"]:
            raise _NoToken("invalid_client")
        self._check_times(claims)
        if self._audience_of(request).isdisjoint(_listed(claims.get("aud"))):
            raise _NoToken("invalid_grant")
        scopes = _listed(claims.get("scope"))
        if not scopes or not _SCOPES.issuperset(scopes):
            raise _NoToken("invalid_scope")
        return str(claims["iss"]), sorted(scopes)

    def _audience_of(self, request: Request) -> set[str]:
        return {self._audience, f"{request.base_url}{TOKEN_PATH}"}

    def _check_times(self, claims: dict[str, Any]) -> None:
        issued, expires = claims.get("iat"), claims.get("exp")
        now = int(self._clock.real().timestamp())
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise _NoToken("invalid_grant")
        if not (now - _SKEW_S < expires <= issued + _LONGEST_ASSERTION_S and issued <= now + _SKEW_S):
            raise _NoToken("invalid_grant")

    def _issue(self, client: str, scopes: list[str]) -> str:
        until = self._clock.real() + timedelta(seconds=_LIFE_S)
        claims = {"sub": client, "scope": scopes, "exp": int(until.timestamp()), "jti": secrets.token_hex(16)}
        token = jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, OctKey.import_key(secrets.token_bytes(32)))
        now = stamp(self._clock.real())
        with self._store.transaction() as change:
            for dead in [key for key, row in self._store.rows("_tokens").items() if row["until"] <= now]:
                change.delete("_tokens", dead)
            change.put("_tokens", _digest(token), {"client": client, "scopes": scopes, "until": stamp(until)})
        return token


def jwt_header(assertion: str) -> dict[str, Any]:
    """The protected header, unverified. Raises ValueError when it is no compact JWT."""
    part = assertion.split(".", 1)[0]
    header = from_json(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(header, dict):
        raise ValueError("the header is no object")
    return header


def _listed(value: object) -> set[str]:
    if isinstance(value, str):
        return set(value.replace(",", " ").split())
    return {str(v) for v in value} if isinstance(value, Iterable) else set()


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
