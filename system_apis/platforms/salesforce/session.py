"""From a connection to a client of its org: credentials by either OAuth flow, one budget per org and secret.

Several products live in one org: connections with the same address and secret share the token, the slots and the breaker.
Source: Salesforce Help, OAuth 2.0 client credentials flow and JWT bearer flow.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from contracts.periods import Clock, SystemClock
from contracts.problems import VendorCredentials
from runtime import catalogue
from runtime.connections import Connection
from runtime.http.credentials import JWT_BEARER, Grant, OAuthToken, Secret, read_secret
from runtime.http.outbound import Outbound, TransportFactory, VendorBudget
from system_apis.platforms.salesforce.client import OrgClient
from system_apis.platforms.salesforce.dialect import dialect_of

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - an address
DEFAULT_VERSION = "62.0"
_AUDIENCE = "https://login.salesforce.com"

_open: WeakValueDictionary[tuple[Any, ...], Outbound] = WeakValueDictionary()


def open_org(connection: Connection, transport: TransportFactory, clock: Clock | None) -> OrgClient:
    """A client for the connection's org. Raises VendorCredentials when secret or settings cannot be used.

    Settings: `auth` (client_credentials or jwt_bearer; the latter by default when the secret has a private key),
    `audience` of the assertion, `api_version`, `fields` and `values` (the org's dialect).
    """
    now = clock or SystemClock()
    settings = connection.settings
    try:
        dialect = dialect_of(settings)
    except msgspec.ValidationError as error:
        detail = f"The settings of {connection.instance} cannot be used: {error}"
        raise VendorCredentials(detail, vendor=connection.vendor) from error
    version = str(settings.get("api_version", DEFAULT_VERSION))
    outbound = _shared(connection, transport, now)
    return OrgClient(outbound, now, vendor=connection.vendor, version=version, dialect=dialect)


def grant_for(settings: Mapping[str, Any], found: Secret) -> Grant:
    """The OAuth grant: client credentials in the form, or an RS256 assertion about the integration user."""
    if settings.get("auth", "jwt_bearer" if found.private_key else "client_credentials") != "jwt_bearer":
        return Grant(token_path=TOKEN_PATH, grant_type="client_credentials", auth="client_secret_post")
    audience = settings.get("audience", _AUDIENCE)
    claims = {"iss": found.client_id, "sub": found.username, "aud": audience}
    return Grant(token_path=TOKEN_PATH, grant_type=JWT_BEARER, assertion_field="assertion", assertion_claims=claims)


def _shared(connection: Connection, transport: TransportFactory, clock: Clock) -> Outbound:
    base_url, settings = connection.base_url.rstrip("/"), connection.settings
    how = (settings.get("auth"), settings.get("audience"))
    # The loop is part of the key: sockets and locks of one event loop are of no use to another.
    key = (connection.tenant, base_url, connection.secret, how, transport, _loop())
    outbound = _open.get(key)
    if outbound is None:
        outbound = _open[key] = _outbound(connection, transport, clock)
    return outbound


def _outbound(connection: Connection, transport: TransportFactory, clock: Clock) -> Outbound:
    found = read_secret(connection.secret)
    grant = grant_for(connection.settings, found)
    base_url, vendor = connection.base_url.rstrip("/"), connection.vendor
    token = OAuthToken(vendor, base_url, found, grant, transport, clock)
    limits = catalogue.vendors()[vendor].limits
    return Outbound(vendor, base_url, VendorBudget(concurrency=limits.concurrency), token, transport, clock)


def _loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
