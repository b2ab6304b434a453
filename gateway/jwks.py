"""The keys of token issuers: held here, or read from the issuer and kept (RFC 7517, RFC 8725 section 3)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from contracts.problems import Problem, StoreAway
from runtime.http.outbound import Outbound, VendorBudget
from runtime.telemetry import log

Key = RSAKey | ECKey | OKPKey
Fetch = Callable[[str], Awaitable[bytes]]

FRESH_S = 300
LARGEST_SET = 64 * 1024
_COOL_DOWN_S = 30
_MOST_KEYS = 50
_SHAPES: dict[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
ALGORITHMS = tuple(_SHAPES)


class KeySource(Protocol):
    """Keys of one issuer. `epoch` changes when a key is no longer to be trusted."""

    epoch: int

    async def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key for a token, or None. Raises StoreAway when there are no keys at all to look in."""
        ...


class KeySet:
    """Public signing keys by id."""

    def __init__(self, jwks: dict[str, Any]) -> None:
        entries = jwks.get("keys")
        found = [_imported(entry) for entry in (entries if isinstance(entries, list) else [])[:_MOST_KEYS]]
        self._keys = [(entry, key) for entry, key in found if key is not None]

    @property
    def ids(self) -> frozenset[str | None]:
        """Key ids in the set."""
        return frozenset(entry.get("kid") for entry, _ in self._keys)

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key of that id and of the algorithm's type; without an id, the only one that fits."""
        fitting = [
            key for entry, key in self._keys if _fits(entry, algorithm) and (kid is None or entry.get("kid") == kid)
        ]
        return fitting[0] if len(fitting) == 1 or (fitting and kid is not None) else None


def _imported(entry: Any) -> tuple[dict[str, Any], Key | None]:
    kinds: dict[Any, type[Key]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or entry.get("kty") not in kinds:
        return {}, None
    public = {k: v for k, v in entry.items() if k not in ("d", "p", "q", "dp", "dq", "qi", "oth")}
    try:
        key = kinds[entry["kty"]].import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return {}, None
    too_short = isinstance(key, RSAKey) and key.raw_value.key_size < 2048
    return entry, None if too_short else key


def _fits(entry: dict[str, Any], algorithm: str) -> bool:
    kind, curve = _SHAPES[algorithm]
    named = entry.get("alg") in (None, algorithm) or {entry.get("alg"), algorithm} == {"EdDSA", "Ed25519"}
    return named and entry["kty"] == kind and (curve is None or entry.get("crv") == curve)


class HeldKeys:
    """Keys of an issuer in this process."""

    def __init__(self, jwks: dict[str, Any]) -> None:
        self._set = KeySet(jwks)
        self.epoch = 0

    async def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key for a token, or None."""
        return self._set.find(kid, algorithm)


class RemoteKeys:
    """Keys read from `url` and kept: asked for again after FRESH_S, used up to `stale_s` while the issuer is away.

    An unknown id makes one request, then none for 30 s whatever ids come; concurrent callers share a request.
    """

    def __init__(
        self, url: str, fetch: Fetch, stale_s: int = 24 * 3600, ticks: Callable[[], float] = time.monotonic
    ) -> None:  # house: float seconds
        self._url, self._fetch, self._stale_s, self._ticks = url, fetch, stale_s, ticks
        self._set: KeySet | None = None
        self._read_at = self._tried_at = float("-inf")  # house: float seconds
        self._reading = asyncio.Lock()
        self.epoch = 0

    async def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key for a token, or None. Raises StoreAway when the issuer never answered, or not for too long."""
        await self._refresh(FRESH_S)
        if self._set is None or self._ticks() - self._read_at > self._stale_s:
            raise StoreAway("The issuer's keys cannot be read; try again.", retry_after_s=_COOL_DOWN_S)
        if kid is not None and kid not in self._set.ids:
            await self._refresh(0)
        return self._set.find(kid, algorithm)

    async def _refresh(self, older_than_s: int) -> None:
        if self._ticks() - self._read_at < older_than_s or self._resting():
            return
        async with self._reading:
            if not self._resting():
                await self._read()

    def _resting(self) -> bool:
        return self._ticks() - self._tried_at < _COOL_DOWN_S

    async def _read(self) -> None:
        self._tried_at = self._ticks()
        try:
            raw = await self._fetch(self._url)
            found = KeySet(msgspec.json.decode(raw, type=dict[str, Any]))
        except (Problem, OSError, TimeoutError, msgspec.DecodeError) as error:
            log.warning("issuer.keys_unread", url=self._url, error=type(error).__name__)
            return
        if self._set is not None and not self._set.ids <= found.ids:
            self.epoch += 1
        self._set, self._read_at = found, self._ticks()


def fetcher() -> Fetch:
    """Reads a key set over HTTP: bounded in time and size, redirects not followed."""
    clients: dict[str, Outbound] = {}

    async def fetch(url: str) -> bytes:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        client = clients.setdefault(origin, Outbound("issuer", origin, VendorBudget(concurrency=2, timeout_s=5.0)))
        answer = await client.send("GET", parts.path or "/", operation="jwks", params=parts.query or None)
        if answer.status != 200 or len(answer.body) > LARGEST_SET:
            raise OSError(f"key set: status {answer.status}, {len(answer.body)} bytes")
        return answer.body

    return fetch
