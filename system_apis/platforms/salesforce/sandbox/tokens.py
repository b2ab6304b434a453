"""The token endpoint and the sessions it opens: client credentials (form or Basic) and JWT bearer (RS256).

Source: Salesforce Help, OAuth 2.0 Client Credentials Flow, OAuth 2.0 JWT Bearer Flow; OAuth error codes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from runtime.http.simulate import Refused, Request, Response

from .errors import dead_session, not_found
from .ids import record_id
from .org import Org

APPS = "_apps"
_SESSIONS = "_sessions"
_LIFETIME = timedelta(hours=2)
_SCOPE = "api"
_LONGEST_EPOCH = 16
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
ORG_ID = record_id("00D", 1)


def identity_url(request: Request, user: str) -> str:
    """Where a user's identity is read."""
    return f"{request.base_url}/id/{ORG_ID}/{user}"


class ConnectedApp(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer: `run_as` is the user of client credentials, `users` may be named by a JWT bearer assertion (Username -> id)."""

    client_id: str
    secret: str
    public_key: str
    run_as: str
    users: dict[str, str]


class Tokens:
    """Opens and checks sessions, kept in the org's store. `public_url` is accepted as an audience too."""

    def __init__(self, org: Org, public_url: str) -> None:
        self._org, self._public_url = org, public_url

    def serve(self, request: Request) -> Response:
        """POST /services/oauth2/token."""
        form = request.form()
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            return self._open(request, *self._by_secret(request, form))
        if grant == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return self._open(request, *self._by_assertion(form.get("assertion", "")))
        raise _refused("unsupported_grant_type", "grant type not supported")

    def revoke(self, request: Request) -> Response:
        """POST /services/oauth2/revoke: a session ends, even one that is over already."""
        token = request.form().get("token") or request.query.get("token")
        if not token:
            raise _refused("invalid_request", "token is required")
        self.forget(token)
        return Response(200)

    def user(self, request: Request) -> str:
        """The user behind the bearer token. Raises INVALID_SESSION_ID."""
        kind, _, token = (request.header("authorization") or "").partition(" ")
        session = self._org.store.get(_SESSIONS, _digest(token)) if kind.lower() in ("bearer", "oauth") else None
        if session is None or self._org.clock.now() >= datetime.fromisoformat(session["until"]):
            raise dead_session()
        return str(session["user"])

    def identity(self, request: Request) -> Response:
        """Who the token's user is, at the address its token came with. Raises NOT_FOUND for anybody else's."""
        user = self.user(request)
        if request.params != {"org": ORG_ID, "user": user}:
            raise not_found()
        row = self._org.store.get("User", user) or {}
        known = {"username": row.get("Username"), "display_name": row.get("Name"), "email": row.get("Email")}
        urls = {"rest": f"{request.base_url}/services/data/v{{version}}/"}
        ids = {"id": identity_url(request, user), "user_id": user, "organization_id": ORG_ID}
        return Response.of(200, {**ids, **known, "asserted_user": True, "active": True, "urls": urls})

    def forget(self, token: str) -> None:
        """End a session for good."""
        self._org.store.settle(_SESSIONS, _digest(token), None)

    def _by_secret(self, request: Request, form: dict[str, str]) -> tuple[ConnectedApp, str]:
        client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        app = self._app(client_id)
        if not hmac.compare_digest(secret.encode(), app.secret.encode()):
            raise _refused("invalid_client", "invalid client credentials")
        return app, app.run_as

    def _by_assertion(self, assertion: str) -> tuple[ConnectedApp, str]:
        claims = _unverified(assertion)
        app = self._app(str(claims.get("iss", "")))
        try:
            jwt.decode(assertion, RSAKey.import_key(app.public_key), algorithms=["RS256"])
        except (JoseError, ValueError):
            raise _refused("invalid_grant", "invalid assertion") from None
        self._check_claims(claims)
        user = app.users.get(str(claims.get("sub", "")))
        if user is None:
            raise _refused("invalid_grant", "user hasn't approved this consumer")
        return app, user

    def _check_claims(self, claims: dict[str, Any]) -> None:
        audiences = claims.get("aud")
        named = audiences if isinstance(audiences, list) else [audiences]
        if not any(str(name).rstrip("/") in (*_AUDIENCES, self._public_url.rstrip("/")) for name in named):
            raise _refused("invalid_grant", "audience is invalid")
        if _seconds(claims.get("exp")) <= self._org.clock.real().timestamp():
            raise _refused("invalid_grant", "expired authorization code")

    def _app(self, client_id: str) -> ConnectedApp:
        row = self._org.store.get(APPS, client_id)
        if row is None:
            raise _refused("invalid_client_id", "client identifier invalid")
        return msgspec.convert(row, ConnectedApp)

    def _open(self, request: Request, app: ConnectedApp, user: str) -> Response:
        now = self._org.clock.now()
        token = f"{ORG_ID[:15]}!{secrets.token_urlsafe(66)}"
        self._prune(now)
        self._org.store.settle(_SESSIONS, _digest(token), {"user": user, "until": (now + _LIFETIME).isoformat()})
        issued_at = str(int(now.timestamp() * 1000))
        identity = identity_url(request, user)
        signed = hmac.digest(app.secret.encode(), (identity + issued_at).encode(), "sha256")
        answer = {
            "access_token": token,
            "signature": base64.b64encode(signed).decode(),
            "scope": _SCOPE,
            "instance_url": request.base_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }
        return Response.of(200, answer, ("Cache-Control", "no-store"))

    def _prune(self, now: datetime) -> None:
        for key, session in tuple(self._org.store.rows(_SESSIONS).items()):
            if datetime.fromisoformat(session["until"]) <= now:
                self._org.store.settle(_SESSIONS, key, None)


def _seconds(expires: object) -> int:
    """Whole seconds of a claim; public clients write it as a number or as its digits. 0 = there is none."""
    text = str(expires).partition(".")[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_EPOCH else 0


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _basic(request: Request) -> tuple[str, str] | None:
    """Client id and secret of an HTTP Basic header, form-encoded as RFC 6749 2.3.1 wants, or plain."""
    kind, _, encoded = (request.header("authorization") or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _refused("invalid_client", "invalid client credentials") from None
    return unquote_plus(client_id), unquote_plus(secret)


def _unverified(assertion: str) -> dict[str, Any]:
    """The claims of an assertion that nobody has verified yet: only to find whose key to verify it with."""
    parts = assertion.split(".")
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        claims = None
    if len(parts) != 3 or not isinstance(claims, dict):
        raise _refused("invalid_grant", "invalid assertion")
    return claims


def _refused(error: str, description: str) -> Refused:
    return Refused(Response.of(400, {"error": error, "error_description": description}))
