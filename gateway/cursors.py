"""Cursors as callers see them: opaque, sealed, good for one tenant, one listing and one filter only.

Layers hand out cursors of their own making, which name keys of rows; nobody outside gets to write one.
"""

import base64
import binascii
import hmac
import secrets
from pathlib import Path

from contracts.problems import InvalidRequest, Violation
from contracts.wire import encode
from gateway.exchange import Exchange
from gateway.kept import kept

_SEAL_BYTES = 12
_NOT_BOUND = ("cursor", "limit")  # the next page may have another size


def key_in(state_dir: Path) -> bytes:
    """The secret of this installation that cursors are sealed with; made at first use."""
    return kept(state_dir / "cursor-key", lambda: secrets.token_bytes(32))


class Cursors:
    """Seals and opens with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sealed(self, x: Exchange, cursor: str) -> str:
        """What the caller gets to go on with."""
        raw = cursor.encode()
        return base64.urlsafe_b64encode(self._seal(x, raw) + raw).rstrip(b"=").decode()

    def opened(self, x: Exchange, cursor: str) -> str:
        """What the layer gave out. Raises InvalidRequest for a cursor of another listing, filter, tenant or making."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        seal, inner = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(x, inner)):
            violation = Violation(
                code="cursor", detail="is not one this list gave out", parameter="cursor", in_="query"
            )
            raise InvalidRequest("cursor is not one this list gave out; start again without it.", errors=[violation])
        return inner.decode()

    def _seal(self, x: Exchange, raw: bytes) -> bytes:
        filters = {name: value for name, value in x.arguments.items() if name not in _NOT_BOUND}
        place = encode([x.known().tenant, x.target, sorted(filters.items())])
        return hmac.digest(self._key, place + b"\0" + raw, "sha256")[:_SEAL_BYTES]
