"""Sign-in of the tenant: refresh-token grant over HTTP Basic, optionally a signed assertion; bearer tokens for an hour.

The credentials below open nothing but this local simulator.
"""

import secrets
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from runtime.http.simulate import Refused, Request, Response, SandboxClock, Store, to_json
from system_apis.workday.sandbox.errors import refusal

TENANT = "fairmont"
CLIENT_ID = "YWNiZjU1OWEtbGVkZ2Vyd2F5LXNhbmRib3g"
CLIENT_SECRET = "sandbox-client-secret-of-fairmont"  # noqa: S105 - opens only this simulator
REFRESH_TOKEN = "sandbox-refresh-token-of-fairmont"  # noqa: S105 - opens only this simulator
INTEGRATION_USER = "ISU_Ledgerway"
INTEGRATION_PASSWORD = "sandbox-password-of-isu-ledgerway"  # noqa: S105 - opens only this simulator
SECRET_FILE = "workday-secret.json"  # noqa: S105 - a file name
SOAP_SECRET_FILE = "workday-soap.json"  # noqa: S105 - a file name

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKENS = "access_tokens"
_LIFE_S = 3600
_LONGEST_ASSERTION = timedelta(minutes=10)


def leave_secrets(folder: Path) -> None:
    """Write what clients of this tenant sign in with, readable by the owner only."""
    rest = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}
    soap = {"username": f"{INTEGRATION_USER}@{TENANT}", "password": INTEGRATION_PASSWORD}
    for name, secret in ((SECRET_FILE, rest), (SOAP_SECRET_FILE, soap)):
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(to_json(secret))


def is_integration_user(username: str, password: str) -> bool:
    """Whether a user name with its tenant and a password are those of the web services' user."""
    known = _same(username, f"{INTEGRATION_USER}@{TENANT}")
    return _same(password, INTEGRATION_PASSWORD) and known


class Access:
    """Gives and checks access tokens. `public_key` (PEM) is the certificate an assertion is checked with."""

    def __init__(self, store: Store, clock: SandboxClock, public_key: str | None) -> None:
        self._store, self._clock = store, clock
        self._public_key = RSAKey.import_key(public_key) if public_key else None

    def give(self, request: Request) -> Response:
        """The token endpoint."""
        form = request.form()
        if request.params["tenant"] != TENANT:
            return refusal(404, "unknown tenant")
        grants: dict[str, Callable[[], str | None]] = {
            "refresh_token": lambda: self._by_refresh_token(request, form.get("refresh_token", "")),
            _JWT_BEARER: lambda: self._by_assertion(form.get("assertion", "")),
        }
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            return refusal(400, "unsupported_grant_type")
        why = grant()
        return self._token() if why is None else refusal(401 if why == "invalid_client" else 400, why)

    def signed_in(self, handle: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """The handler behind a valid bearer token of this tenant."""

        def checked(request: Request) -> Response:
            self._check(request)
            if request.params.get("tenant") != TENANT:
                raise Refused(refusal(404, "unknown tenant"))
            return handle(request)

        return checked

    def forget(self, request: Request) -> None:
        """Make the token of this request worthless."""
        with self._store.transaction() as change:
            change.delete(_TOKENS, _bearer(request))

    def _check(self, request: Request) -> None:
        row = self._store.get(_TOKENS, _bearer(request))
        if row is None or self._clock.now() >= datetime.fromisoformat(row["expires_at"]):
            raise Refused(refusal(401, "invalid or expired access token"))

    def _by_refresh_token(self, request: Request, token: str) -> str | None:
        if not _same(_basic(request), f"{CLIENT_ID}:{CLIENT_SECRET}"):
            return "invalid_client"
        return None if _same(token, REFRESH_TOKEN) else "invalid_grant"

    def _by_assertion(self, assertion: str) -> str | None:
        if self._public_key is None:
            return "invalid_grant"
        try:
            claims = jwt.decode(assertion, self._public_key, algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            return "invalid_grant"
        now = self._clock.real().timestamp()
        wanted = (claims.get("iss"), claims.get("sub"), claims.get("aud")) == (CLIENT_ID, INTEGRATION_USER, "wd")
        expires = claims.get("exp", 0)
        in_time = isinstance(expires, int) and now < expires <= now + _LONGEST_ASSERTION.total_seconds()
        return None if wanted and in_time else "invalid_grant"

    def _token(self) -> Response:
        token = secrets.token_urlsafe(32)
        expires_at = self._clock.now() + timedelta(seconds=_LIFE_S)
        with self._store.transaction() as change:
            for old, row in list(self._store.rows(_TOKENS).items()):
                if datetime.fromisoformat(row["expires_at"]) <= self._clock.now():
                    change.delete(_TOKENS, old)
            change.put(_TOKENS, token, {"expires_at": expires_at.isoformat()})
        body = {"access_token": token, "token_type": "Bearer", "expires_in": _LIFE_S, "refresh_token": REFRESH_TOKEN}
        return Response.of(200, body, ("Cache-Control", "no-store"))


def _bearer(request: Request) -> str:
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _basic(request: Request) -> str:
    scheme, _, value = (request.header("authorization") or "").partition(" ")
    try:
        return b64decode(value, validate=True).decode() if scheme.lower() == "basic" else ""
    except (BadBase64, UnicodeDecodeError):
        return ""


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())
