"""From a connection to a client of its tenant: credentials by either OAuth flow, settings, budget.

Source: Workday REST API, authentication (refresh token with HTTP Basic; JWT bearer, RS256, audience `wd`).
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec import Struct

from contracts.periods import Clock, SystemClock
from contracts.problems import VendorCredentials
from runtime import catalogue
from runtime.connections import Connection
from runtime.http.credentials import JWT_BEARER, Grant, OAuthToken, Secret, read_secret
from runtime.http.outbound import Outbound, TransportFactory, VendorBudget
from system_apis.workday.client import Reports, TenantClient

_AUDIENCE = "wd"


class TenantSettings(Struct, frozen=True, kw_only=True):
    """What a connection says besides address and secret: `unit_hours` = hours of a time-off unit by its WID."""

    tenant: str
    report_owner: str
    reports: Reports = Reports()
    unit_hours: Mapping[str, Decimal] = {}


def settings_of(connection: Connection) -> TenantSettings:
    """The connection's settings. Raises VendorCredentials when they cannot be used."""
    try:
        return msgspec.convert(connection.settings, TenantSettings)
    except msgspec.ValidationError as error:
        detail = f"The settings of {connection.instance} cannot be used: {error}"
        raise VendorCredentials(detail, vendor=connection.vendor) from error


def grant_for(tenant: str, found: Secret) -> Grant:
    """The refresh token over HTTP Basic; with a private key, an RS256 assertion about the integration user."""
    token_path = f"/ccx/oauth2/{tenant}/token"
    if found.private_key is None:
        form = {"refresh_token": found.refresh_token or ""}
        return Grant(token_path=token_path, grant_type="refresh_token", auth="client_secret_basic", form=form)
    claims = {"iss": found.client_id, "sub": found.username, "aud": _AUDIENCE}
    return Grant(token_path=token_path, grant_type=JWT_BEARER, assertion_field="assertion", assertion_claims=claims)


def open_tenant(
    connection: Connection, settings: TenantSettings, transport: TransportFactory, clock: Clock | None
) -> TenantClient:
    """A client of the connection's tenant. Raises VendorCredentials when the secret cannot be used."""
    found, now = read_secret(connection.secret), clock or SystemClock()
    base_url, vendor = connection.base_url.rstrip("/"), connection.vendor
    token = OAuthToken(vendor, base_url, found, grant_for(settings.tenant, found), transport, now)
    budget = VendorBudget(concurrency=catalogue.vendors()[vendor].limits.concurrency)
    return TenantClient(
        Outbound(vendor, base_url, budget, token, transport, now),
        vendor=vendor,
        tenant=settings.tenant,
        report_owner=settings.report_owner,
        reports=settings.reports,
    )
