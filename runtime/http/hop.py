"""How a Call travels between our own layers: a token signed by us that lives one minute, never bare headers.

A token holds for one request: its audience is a digest of method, path, query and body. Whoever reads one on the way can send that same
request again for a minute and nothing else; what has effects is keyed, so that it finds its own first result. The layers share one key and
trust each other for every tenant. Answers are not signed: across a network that others can write to, layers speak https.
"""

from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from urllib.parse import parse_qsl, unquote_to_bytes

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from msgspec import MsgspecError

from contracts.call import Call
from contracts.periods import Clock, SystemClock
from contracts.problems import Unauthenticated
from contracts.wire import convert, to_builtins

HEADER = "ledgerway-call"
NOT_SERVED = "OPERATION_NOT_SERVED"
"""The code with which a layer says that it has no such address; an operation never says so."""
SHORTEST_KEY = 32
_LIFE_S = 60
_SKEW_S = 5
_ALGORITHM = "HS256"
_TYPE = "ledgerway-hop+jwt"


def fingerprint(method: str, path: str, query: str, body: bytes) -> str:
    """What a token is bound to: the request as decoded, because escapes may be rewritten on the way."""
    digest = blake2b(digest_size=32)
    segments = [unquote_to_bytes(segment) for segment in path.split("/")]
    pairs = [text.encode(errors="surrogateescape") for pair in _pairs(query) for text in pair]
    for group in ([method.encode()], segments, pairs, [body]):
        digest.update(len(group).to_bytes(4))
        for part in group:
            digest.update(len(part).to_bytes(4))
            digest.update(part)
    return digest.hexdigest()


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


def read_key(path: Path) -> bytes:
    """The key in a file, less a closing line end. Raises ValueError that names the file when it is no such key."""
    try:
        key = path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise ValueError(f"The key between layers cannot be read from {path}: {error.strerror}.") from error
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"{path} holds {len(key)} bytes; a key between layers has at least {SHORTEST_KEY}.")
    return key


class HopTokens:
    """Signs and reads calls. `key` is at least 32 bytes and shared by the layers of one installation."""

    def __init__(self, key: bytes, clock: Clock | None = None) -> None:
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"a key between layers has at least {SHORTEST_KEY} bytes")
        self._key = OctKey.import_key(key)
        self._clock = clock or SystemClock()

    def sign(self, call: Call, audience: str) -> str:
        """The token for one request; `audience` is its fingerprint."""
        now = int(self._clock.now().timestamp())
        claims = {"call": to_builtins(call), "aud": audience, "iat": now, "exp": now + _LIFE_S}
        return jwt.encode({"alg": _ALGORITHM, "typ": _TYPE}, claims, self._key)

    def read(self, token: str, audience: str) -> Call:
        """The call a token carries. Raises Unauthenticated for anything but a fresh token for this request."""
        with suppress(JoseError, MsgspecError, ValueError, KeyError, TypeError, OverflowError):
            found = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
            now = int(self._clock.now().timestamp())
            live = now - _SKEW_S <= int(found.claims["exp"]) <= now + _LIFE_S + _SKEW_S
            if found.header.get("typ") == _TYPE and found.claims["aud"] == audience and live:
                call: Call = convert(found.claims["call"], Call)
                return call
        raise Unauthenticated("The token between layers is missing, expired or not ours.", error="invalid_token")
