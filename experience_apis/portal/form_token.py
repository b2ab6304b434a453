"""Form tokens: each form has one of its own. It proves that the form came from us, and is the idempotency key of what it does."""

import hmac
import re
import secrets
from hashlib import blake2b, sha256

FIELD = "form_token"
_FORM = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9a-f]{64})\Z")


def new(key: bytes, binding: str) -> str:
    """A token for a form shown to the holder of `binding`, the value of a cookie."""
    nonce = secrets.token_urlsafe(16)
    return f"{nonce}.{_seal(key, binding, nonce)}"


def nonce_of(key: bytes, binding: str, token: str) -> str | None:
    """The token's own part, or None when it was not made for the holder of `binding`."""
    match = _FORM.match(token)
    if match is None or not binding or not hmac.compare_digest(match[2], _seal(key, binding, match[1])):
        return None
    return match[1]


def effect_key(nonce: str, operation: str, target: str) -> str:
    """The idempotency key of one effect of a form: sending the form again repeats none of them."""
    return f"form-{blake2b(f'{nonce}/{operation}/{target}'.encode(), digest_size=20).hexdigest()}"


def _seal(key: bytes, binding: str, nonce: str) -> str:
    return hmac.digest(key, f"form/{binding}/{nonce}".encode("latin-1", "replace"), sha256).hex()
