"""How a Call travels between our own layers: a token signed by us that lives one minute, never bare headers."""

from contextlib import suppress

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from contracts.call import Call
from contracts.periods import Clock, SystemClock
from contracts.problems import Unauthenticated
from contracts.wire import convert, to_builtins

_LIFE_S = 60
_ALGORITHM = "HS256"
_TYPE = "ledgerway-hop+jwt"


class HopTokens:
    """Signs and reads calls. `key` is at least 32 bytes and shared by the layers of one installation."""

    def __init__(self, key: bytes, clock: Clock | None = None) -> None:
        if len(key) < 32:
            raise ValueError("a key between layers has at least 32 bytes")
        self._key = OctKey.import_key(key)
        self._clock = clock or SystemClock()

    def sign(self, call: Call, audience: str) -> str:
        """The token for one request to `audience` (the method and path it may be used for)."""
        now = int(self._clock.now().timestamp())
        claims = {"call": to_builtins(call), "aud": audience, "iat": now, "exp": now + _LIFE_S}
        return jwt.encode({"alg": _ALGORITHM, "typ": _TYPE}, claims, self._key)

    def read(self, token: str, audience: str) -> Call:
        """The call a token carries. Raises Unauthenticated for anything but a fresh token for this request."""
        with suppress(JoseError, ValueError, KeyError, TypeError):
            found = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
            now = int(self._clock.now().timestamp())
            live = now - 5 <= int(found.claims["exp"]) <= now + _LIFE_S + 5
            if found.header.get("typ") == _TYPE and found.claims["aud"] == audience and live:
                call: Call = convert(found.claims["call"], Call)
                return call
        raise Unauthenticated("The token between layers is missing, expired or not ours.", error="invalid_token")
