"""What browsers of listed origins may do and see (Fetch standard, CORS), and headers that keep answers harmless in any browser."""

from gateway.exchange import Exchange
from runtime.http.replies import Headers, Reply

EXPOSED = (
    "RateLimit, RateLimit-Policy, Retry-After, Deprecation, Sunset, Link, ETag, Location, Operation-Location, Preference-Applied, "
    "Idempotent-Replayed, WWW-Authenticate, DPoP-Nonce, X-Correlation-Id, Ledgerway-Request-Id, Ledgerway-Mode"
)
_ALLOWED = "Authorization, X-API-Key, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, X-Correlation-Id, traceparent, tracestate"
_PREFLIGHT_S = "600"

PLAIN: Headers = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("vary", "Origin"),
)
ENCRYPTED: Headers = (("strict-transport-security", "max-age=31536000"),)


def harmless(base_url: str) -> Headers:
    """Headers of every answer; those about TLS only where it is spoken."""
    return PLAIN + ENCRYPTED if base_url.startswith("https://") else PLAIN


def shared(x: Exchange, origins: tuple[str, ...]) -> Headers:
    """Headers for a page of a listed origin; none for others."""
    origin = x.header(b"origin") if origins else None
    if origin is None or origin not in origins:
        return ()
    return ("access-control-allow-origin", origin), ("access-control-expose-headers", EXPOSED)


def options(x: Exchange, allow: list[str], origins: tuple[str, ...]) -> Reply:
    """The answer to OPTIONS: what may be done here, and to a listed origin's preflight what it may send."""
    headers: Headers = (("allow", ", ".join(allow)),)
    if x.header(b"access-control-request-method") and shared(x, origins):
        headers += (
            ("access-control-allow-methods", ", ".join(allow)),
            ("access-control-allow-headers", _ALLOWED),
            ("access-control-max-age", _PREFLIGHT_S),
        )
    return Reply(204, b"", headers)
