"""Tokens as a test wants them, good or bad: an issuer of its own whose keys the gateway may be told to trust."""

import base64
import hmac
import json
from typing import Any

import msgspec
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

BASE = "https://gw.example"
ISSUER = "https://id.example"
NOW_S = 1_795_176_000  # 2026-11-20 12:00 UTC, where the fixed clock stands


class TestIssuer:
    """`token(...)` makes an RFC 9068 token; every part of it can be replaced or, with None, left out."""

    __test__ = False

    def __init__(self, algorithm: str = "RS256") -> None:
        self.algorithm = algorithm
        self.key = _key(algorithm, "k1")

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        return {"keys": [{**self.key.as_dict(private=False), "use": "sig"}]}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claims of a good token."""
        good = {
            "iss": ISSUER,
            "sub": "maya",
            "client_id": "desk",
            "aud": f"{BASE}/process",
            "tenant": "acme",
            "scope": "notes:read notes:write notes:send",
            "iat": NOW_S - 10,
            "exp": NOW_S + 600,
            "jti": "t1",
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, key: Any = None, **changes: Any) -> str:
        """A signed token."""
        named = {"alg": self.algorithm, "typ": "at+jwt", "kid": "k1"} | (header or {})
        named = {name: value for name, value in named.items() if value is not None}
        signed = f"{encoded(msgspec.json.encode(named))}.{encoded(msgspec.json.encode(self.claims(**changes)))}"
        signature = JWSRegistry.algorithms[named["alg"]].sign(signed.encode(), key or self.key)
        return f"{signed}.{encoded(signature)}"


def _key(algorithm: str, kid: str) -> Any:
    parameters = {"kid": kid}
    if algorithm in ("RS256", "PS256"):
        return RSAKey.generate_key(2048, parameters)
    return (
        ECKey.generate_key("P-256", parameters) if algorithm == "ES256" else OKPKey.generate_key("Ed25519", parameters)
    )


def unsigned(claims: dict[str, Any]) -> str:
    """`alg: none`."""
    parts = ({"alg": "none", "typ": "at+jwt", "kid": "k1"}, claims)
    return ".".join(encoded(json.dumps(part).encode()) for part in parts) + "."


def encoded(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def confused(issuer: TestIssuer) -> str:
    """HS256 with the public key as the secret (RFC 8725 section 2.1)."""
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "k1"}
    signed = f"{encoded(msgspec.json.encode(header))}.{encoded(msgspec.json.encode(issuer.claims()))}"
    return f"{signed}.{encoded(hmac.digest(issuer.key.as_pem(private=False), signed.encode(), 'sha256'))}"
