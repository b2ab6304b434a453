"""Secret reference -> access token, cached until shortly before it expires or the vendor refuses it.

A secret is a JSON document behind `env:NAME` or `file:PATH`; a private key inside it may again be a reference.
"""

import asyncio
import time
import warnings
from collections.abc import Mapping
from typing import Any

import msgspec
from httpx import HTTPError  # house: httpx the OAuth library's client is one, on outbound's transport
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from msgspec import Struct

from contracts.periods import Clock, SystemClock
from contracts.problems import VendorCredentials, VendorUnavailable
from runtime.http.outbound import TransportFactory, direct_transport
from runtime.settings import SettingsError, secret

with warnings.catch_warnings():
    # Authlib announces its move to another HTTP library; ours is chosen in one place and moves with it.
    from authlib.deprecate import AuthlibDeprecationWarning

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

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


class OAuthToken:
    """Bearer tokens of one connection: one request at a time gets a new one, all others wait for it."""

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
        self._url = base_url.rstrip("/") + grant.token_path
        self._transport = transport(base_url)
        self._clock = clock or SystemClock()
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._good_until = 0.0

    async def headers(self, method: str, url: str) -> Mapping[str, str]:
        """`Authorization: Bearer ...` (the request itself plays no part)."""
        async with self._lock:
            if self._token is None or time.monotonic() >= self._good_until:
                await self._renew()
        return {"authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """Ask for a new token next time."""
        self._token = None

    async def _renew(self) -> None:
        answer = await self._ask()
        life = int(answer.get("expires_in") or _DEFAULT_LIFE_S)
        self._token = str(answer["access_token"])
        self._good_until = time.monotonic() + max(1, life - _EARLY_S)

    async def _ask(self) -> Mapping[str, Any]:
        found, grant = self._found, self._grant
        form = dict(grant.form)
        if grant.assertion_field:
            form[grant.assertion_field] = _signed(found, grant, int(self._clock.now().timestamp()))
        client = AsyncOAuth2Client(
            found.client_id,
            found.client_secret,
            token_endpoint_auth_method=grant.auth,
            transport=self._transport,
            trust_env=False,
        )
        try:
            answer: Mapping[str, Any] = await client.fetch_token(self._url, grant_type=grant.grant_type, **form)
        except OAuthError as refused:
            raise VendorCredentials(
                f"{self._vendor} gives no token: {refused.error}.", vendor=self._vendor, operation="token"
            ) from refused
        except HTTPError as away:
            raise VendorUnavailable(
                f"{self._vendor} does not answer at its token endpoint.", vendor=self._vendor, operation="token"
            ) from away
        return answer
