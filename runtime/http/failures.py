"""Why a request to a vendor had no answer, in the words of RFC 9209 section 2.3."""

import errno

import aiohttp
import httpx  # house: httpx it makes no client, it knows the errors of one

Rule = tuple[type[Exception] | tuple[type[Exception], ...], str]

# The first that fits counts: the special ones stand before those they are kinds of.
_BY_CAUSE: tuple[Rule, ...] = (
    (aiohttp.ClientConnectorDNSError, "dns_error"),
    (aiohttp.ClientConnectorCertificateError, "tls_certificate_error"),
    (aiohttp.ClientSSLError, "tls_protocol_error"),
    ((aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout, httpx.PoolTimeout), "connection_timeout"),
    ((TimeoutError, httpx.TimeoutException), "http_response_timeout"),
    ((aiohttp.ClientPayloadError, httpx.DecodingError), "http_response_incomplete"),
    (aiohttp.ClientResponseError, "http_protocol_error"),
    (aiohttp.ClientConnectorError, "destination_unavailable"),
    ((aiohttp.ClientConnectionError, httpx.RemoteProtocolError, httpx.ReadError), "connection_terminated"),
)
UNAVAILABLE = "destination_unavailable"
# How a client says that the connection ended without an answer.
LOST = httpx.RemoteProtocolError


def failure_of(error: Exception) -> str:
    """The word for what ended a request; `destination_unavailable` where there is no better one."""
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientConnectorError) and cause.os_error.errno == errno.ECONNREFUSED:
        return "connection_refused"
    # What the transport calls it counts only where its cause is none of the client below.
    told = (cause,) if isinstance(cause, aiohttp.ClientError) else (cause, error)
    return next((word for kinds, word in _BY_CAUSE if any(isinstance(one, kinds) for one in told)), UNAVAILABLE)
