"""Secret reference -> access token, cached until shortly before it expires or the vendor refuses it.

A secret is a JSON document behind `env:NAME` or `file:PATH`; a private key inside it may again be a reference.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from msgspec import Struct

from contracts.periods import Clock, SystemClock
from contracts.problems import VendorCredentials
from runtime.catalogue import vendor_name
from runtime.http.outbound import Answer, Outbound, TransportFactory, VendorBudget, direct_transport
from runtime.settings import SettingsError, secret

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_EARLY_S = 60
_DEFAULT_LIFE_S = 3600


class Secret(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a secret document may hold. `private_key` is PEM text or a reference to it; `key_id` names it at the vendor."""

    client_id: str
    client_secret: str | None = None
    username: str | None = None
    private_key: str | None = None
    key_id: str | None = None
    refresh_token: str | None = None


def read_secret(reference: str) -> Secret:
    """The document behind a reference. Raises VendorCredentials when it cannot be read or is no such document."""
    try:
        found = msgspec.json.decode(secret(reference), type=Secret)
        key = found.private_key
        if key and key.startswith(("file:", "env:")):
            return msgspec.structs.replace(found, private_key=secret(key))
    except (SettingsError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise VendorCredentials(f"The secret {reference} cannot be used: {error}") from error
    return found


class Grant(Struct, frozen=True, kw_only=True):
    """One way to ask for a token: `form` fields, `auth` is the client authentication method of RFC 6749/7523.

    `assertion` says which claim set is signed and in which form field the result goes.
    """

    token_path: str
    grant_type: str
    auth: str = "none"
    form: Mapping[str, str] = {}
    assertion_field: str | None = None
    assertion_algorithm: str = "RS256"
    assertion_claims: Mapping[str, Any] = {}


def _signed(found: Secret, grant: Grant, now: int) -> str:
    key_type = RSAKey if grant.assertion_algorithm.startswith(("RS", "PS")) else ECKey
    header = {"typ": "JWT", "alg": grant.assertion_algorithm} | ({"kid": found.key_id} if found.key_id else {})
    claims = {**grant.assertion_claims, "iat": now, "exp": now + 180}
    return jwt.encode(
        header, claims, key_type.import_key(found.private_key or ""), algorithms=[grant.assertion_algorithm]
    )


class _Token(Struct, frozen=True):
    """What a token endpoint answers (RFC 6749 section 5.1); some vendors give the seconds as text."""

    access_token: str
    expires_in: int | None = None


class _Refusal(Struct, frozen=True):
    """RFC 6749 section 5.2."""

    error: str


class OAuthToken:
    """Bearer tokens of one connection. Callers who need a new one at the same time share one request and its outcome."""

    def __init__(
        self,
        vendor: str,
        base_url: str,
        found: Secret,
        grant: Grant,
        transport: TransportFactory = direct_transport,
        clock: Clock | None = None,
    ) -> None:
        self._vendor = vendor
        self._found = found
        self._grant = grant
        self._base_url = base_url.rstrip("/")
        self._clock = clock or SystemClock()
        self._outbound = Outbound(vendor, self._base_url, VendorBudget(concurrency=1), None, transport, self._clock)
        self._token: str | None = None
        self._good_until = 0.0
        self._renewal: asyncio.Task[None] | None = None

    async def headers(self, method: str, url: str) -> Mapping[str, str]:
        """`Authorization: Bearer ...` (the request itself plays no part)."""
        if self._token is None or time.monotonic() >= self._good_until:
            await asyncio.shield(self._renewed())
        return {"authorization": f"Bearer {self._token}"}

    def forget(self, refused: Mapping[str, str]) -> None:
        """Ask for a new token next time, unless the refused one was replaced already."""
        if refused.get("authorization") == f"Bearer {self._token}":
            self._token = None

    async def close(self) -> None:
        """Close the connections to the token endpoint."""
        await self._outbound.close()

    def _renewed(self) -> asyncio.Task[None]:
        """The renewal under way. It outlives the caller who began it: others wait for the same one."""
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew())
            self._renewal.add_done_callback(self._done)
        return self._renewal

    def _done(self, renewal: asyncio.Task[None]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # whoever still waits has it; nobody is no error of the loop

    async def _renew(self) -> None:
        answer = await self._ask()
        life = answer.expires_in or _DEFAULT_LIFE_S
        self._token = answer.access_token
        self._good_until = time.monotonic() + max(1, life - min(_EARLY_S, life // 2))

    async def _ask(self) -> _Token:
        headers, body = self._request()
        answer = await self._outbound.send(
            "POST", self._grant.token_path, operation="token", writes=False, headers=headers, content=body
        )
        if answer.status == 200:
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                return _token(answer.body)
        raise VendorCredentials(
            f"{vendor_name(self._vendor)} gives no token: {_refusal(answer)}.", vendor=self._vendor, operation="token"
        )

    def _request(self) -> tuple[dict[str, str], str]:
        """Headers and form of the token request."""
        found, grant = self._found, self._grant
        form = dict(grant.form)
        if grant.assertion_field:
            form[grant.assertion_field] = _signed(found, grant, int(self._clock.now().timestamp()))
        body = prepare_token_request(grant.grant_type, **form)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        client = ClientAuth(found.client_id, found.client_secret or "", grant.auth)
        _, headers, body = client.prepare("POST", self._base_url + grant.token_path, headers, body)
        return headers, body


def _token(body: bytes) -> _Token:
    return msgspec.json.decode(body, type=_Token, strict=False)


def _refusal(answer: Answer) -> str:
    """The vendor's error code, else the status: never what it says at length."""
    try:
        code = msgspec.json.decode(answer.body, type=_Refusal).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"HTTP {answer.status} without an error code"
    return code[:100] if code.isascii() and code.isprintable() else f"HTTP {answer.status}"
