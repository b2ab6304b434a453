"""Token-based authentication: OAuth 1.0a with HMAC-SHA256 (RFC 5849; help: Token-based Authentication)."""

import hmac
from base64 import b64encode
from hashlib import sha256
from urllib.parse import parse_qsl, quote, unquote

from runtime.http.simulate import Request, SandboxClock, Store
from system_apis.netsuite.sandbox.account import ACCOUNT_ID
from system_apis.netsuite.sandbox.tokens import refused

_WINDOW_S = 300
_KEPT_NONCES = 10_000


class Signatures:
    """Consumers and tokens of the account, and the nonces seen lately."""

    def __init__(self, store: Store, clock: SandboxClock) -> None:
        self._store, self._clock = store, clock
        self._nonces: dict[str, None] = {}

    def register(self, consumer: str, consumer_secret: str, token: str, token_secret: str) -> None:
        """An integration record with one access token."""
        row = {"consumer": consumer, "key": f"{_quoted(consumer_secret)}&{_quoted(token_secret)}"}
        with self._store.transaction() as change:
            change.put("_tba", token, row)

    def check(self, request: Request) -> None:
        """Raise the vendor's 401 unless the request is signed by a known token, lately, and for the first time."""
        given = _parameters(request.header("authorization") or "")
        known = self._store.get("_tba", given.get("oauth_token", ""))
        if known is None or known["consumer"] != given.get("oauth_consumer_key") or given.get("realm") != ACCOUNT_ID:
            raise refused()
        if given.get("oauth_signature_method") != "HMAC-SHA256" or not self._fresh(given):
            raise refused()
        wanted = _signature(request, given, known["key"])
        if not hmac.compare_digest(wanted.encode(), given.get("oauth_signature", "").encode()):
            raise refused()
        self._remember(given["oauth_nonce"])

    def _fresh(self, given: dict[str, str]) -> bool:
        at, nonce = given.get("oauth_timestamp", ""), given.get("oauth_nonce")
        now = int(self._clock.real().timestamp())
        return at.isdigit() and abs(int(at[:12]) - now) <= _WINDOW_S and bool(nonce) and nonce not in self._nonces

    def _remember(self, nonce: str) -> None:
        self._nonces[nonce] = None
        if len(self._nonces) > _KEPT_NONCES:
            self._nonces.pop(next(iter(self._nonces)))


def _quoted(text: str) -> str:
    return quote(text, safe="~")


def _parameters(header: str) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in header[len("OAuth ") :].split(","))
    return {name: unquote(value.strip('"')) for name, _, value in parts if name}


def _signature(request: Request, given: dict[str, str], key: str) -> str:
    """The signature of RFC 5849 section 3.4: query parameters count, realm and the signature itself do not."""
    own = [(name, value) for name, value in given.items() if name not in ("realm", "oauth_signature")]
    _, _, query = request.target.partition("?")
    pairs = sorted((_quoted(n), _quoted(v)) for n, v in [*own, *parse_qsl(query, keep_blank_values=True)])
    normal = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join((request.method, _quoted(f"{request.base_url}{request.path}"), _quoted(normal)))
    return b64encode(hmac.new(key.encode(), base.encode(), sha256).digest()).decode()
