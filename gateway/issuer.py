"""The development issuer: tokens for the sandbox personas. It cannot be made in live mode, and its secrets are no secrets."""

import hmac
import json
import secrets
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey

from contracts.periods import Clock
from gateway.exchange import Exchange
from gateway.kept import kept
from gateway.personas import PERSONAS as PERSONAS
from gateway.personas import Persona
from runtime.http.arguments import media_type
from runtime.http.replies import JSON, Headers, Reply

LIFE_S = 3600
LAYERS = ("system", "process", "experience")
_ALGORITHM = "ES256"
_UNCACHED: Headers = (("content-type", JSON), ("cache-control", "no-store"))


class IssuerError(Exception):
    """The issuer cannot be made or the request cannot be met; `error` is the code of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


class DevelopmentIssuer:
    """Issues RFC 9068 tokens for `personas`. Its key lives in the state directory, so tokens survive a restart."""

    algorithms = (_ALGORITHM,)

    def __init__(
        self,
        *,
        mode: str,
        state_dir: Path,
        base_url: str,
        tenant: str,
        clock: Clock,
        scopes: Iterable[str],
        personas: tuple[Persona, ...] = PERSONAS,
    ) -> None:
        if mode != "sandbox":
            raise IssuerError("invalid_request", "The development issuer exists in sandbox mode only.")
        self._base_url, self._tenant, self._clock = base_url, tenant, clock
        self.known, self.personas = frozenset(scopes), personas
        self._personas = {persona.id: persona for persona in personas}
        self._key = _key_in(state_dir)

    @property
    def issuer(self) -> str:
        """Our identifier."""
        return self._base_url

    @property
    def audiences(self) -> list[str]:
        """Identifiers of the layers."""
        return [f"{self._base_url}/{layer}" for layer in LAYERS]

    def tenant_of(self, persona: str) -> str:
        """The tenant a persona belongs to."""
        return self._personas[persona].tenant or self._tenant

    def jwks(self) -> dict[str, Any]:
        """The public key set."""
        return {"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": _ALGORITHM}]}

    def metadata(self) -> dict[str, Any]:
        """Provider metadata (RFC 8414)."""
        return {
            "issuer": self.issuer,
            "token_endpoint": f"{self._base_url}/oauth/token",
            "jwks_uri": f"{self._base_url}/oauth/jwks",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": sorted(self.known),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [_ALGORITHM],
        }

    def issue(
        self, client_id: str, scope: str | None = None, resource: str | None = None, life_s: int = LIFE_S
    ) -> dict[str, Any]:
        """The token response for a client that is known already. Raises IssuerError: invalid_client, invalid_scope, invalid_target."""
        persona = self._personas.get(client_id)
        if persona is None:
            raise IssuerError(
                "invalid_client", f"There is no client {client_id}; there are {', '.join(self._personas)}."
            )
        granted = _granted(persona.scopes(self.known), scope)
        claims = self._claims(persona, granted, resource, life_s)
        header = {"alg": _ALGORITHM, "typ": "at+jwt", "kid": self._key.kid}
        token = jwt.encode(header, claims, self._key)
        return {"access_token": token, "token_type": "Bearer", "expires_in": life_s, "scope": " ".join(granted)}

    def _claims(self, persona: Persona, granted: tuple[str, ...], resource: str | None, life_s: int) -> dict[str, Any]:
        if resource is not None and resource not in (*self.audiences, self._base_url):
            raise IssuerError("invalid_target", f"resource is one of {', '.join(self.audiences)}.")
        now = int(self._clock.now().timestamp())
        return {
            "iss": self.issuer,
            "sub": persona.id,
            "client_id": persona.id,
            "aud": resource or self.audiences,
            "tenant": self.tenant_of(persona.id),
            "scope": " ".join(granted),
            "iat": now,
            "exp": now + life_s,
            "jti": secrets.token_hex(16),
        }

    async def token(self, x: Exchange) -> Reply:
        """The token endpoint: client credentials, in the form or by Basic."""
        try:
            form, client_id = self._authenticated(x)
            return _json(200, self.issue(client_id, form.get("scope"), form.get("resource")))
        except IssuerError as refused:
            status = 401 if refused.error == "invalid_client" else 400
            reply = _json(status, {"error": refused.error, "error_description": refused.description})
            basic: Headers = (("www-authenticate", f'Basic realm="{x.services.name}"'),) if status == 401 else ()
            return Reply(status, reply.body, reply.headers + basic)

    def _authenticated(self, x: Exchange) -> tuple[dict[str, str], str]:
        if media_type(x.header(b"content-type")) != "application/x-www-form-urlencoded":
            raise IssuerError("invalid_request", "Send a form: application/x-www-form-urlencoded.")
        form = _form(x.body)
        if form.get("grant_type") != "client_credentials":
            raise IssuerError("unsupported_grant_type", "grant_type is client_credentials here.")
        client_id, secret = _credentials(x.header(b"authorization"), form)
        persona = self._personas.get(client_id)
        expected = persona.secret if persona is not None else secrets.token_hex(16)
        if not hmac.compare_digest(expected.encode(), secret.encode()) or persona is None:
            raise IssuerError("invalid_client", "The client is not known, or its secret is another one.")
        return form, client_id


def _json(status: int, value: dict[str, Any]) -> Reply:
    return Reply(status, msgspec.json.encode(value), _UNCACHED)


def _granted(held: tuple[str, ...], asked: str | None) -> tuple[str, ...]:
    if not asked:
        return held
    wanted = asked.split()
    missing = [scope for scope in wanted if scope not in held]
    if missing:
        raise IssuerError("invalid_scope", f"This client does not hold {missing[0]}.")
    return tuple(dict.fromkeys(wanted))


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError as error:
        raise IssuerError("invalid_request", "The form cannot be read.") from error
    if repeated := [name for name, values in pairs.items() if len(values) > 1]:
        raise IssuerError("invalid_request", f"{repeated[0]} is given more than once.")
    return {name: values[0] for name, values in pairs.items()}


def _credentials(authorization: str | None, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    if "client_secret" in form:
        raise IssuerError("invalid_request", "Authenticate once: by Basic or in the form.")
    try:
        client_id, _, secret = b64decode(value, validate=True).decode().partition(":")
    except ValueError as error:
        raise IssuerError("invalid_client", "Basic credentials cannot be read.") from error
    return unquote_plus(client_id), unquote_plus(secret)


def _key_in(state_dir: Path) -> ECKey:
    return ECKey.import_key(json.loads(kept(state_dir / "issuer-key.json", _new_key)))


def _new_key() -> bytes:
    return json.dumps(ECKey.generate_key("P-256", private=True, auto_kid=True).as_dict(private=True)).encode()
