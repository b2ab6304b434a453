"""`/metrics` at the front door: for whoever holds the scope `metrics:read`, and in sandbox mode for this machine without a token.

A request that came through a proxy is never this machine's, whatever its peer address says.
"""

import ipaddress

from contracts.problems import Forbidden
from gateway import process_facts  # noqa: F401 - the gauges of the process
from gateway.exchange import Exchange
from gateway.facts import Facts
from gateway.policies import auth
from runtime import metrics
from runtime.data.counters import Limit
from runtime.http.replies import Headers, Reply

SCOPE = "metrics:read"
_HEADERS: Headers = (("content-type", metrics.CONTENT_TYPE), ("cache-control", "no-store"))
_FORWARDED = (b"x-forwarded-for", b"forwarded", b"via", b"x-real-ip")


class MetricsPage:
    """Numbers of this API process, and what the database knows of the installation."""

    def __init__(self, facts: Facts, failures: Limit, mode: str, tenant: str) -> None:
        self._facts, self._failures = facts, failures
        self._open_here, self._tenant = mode == "sandbox", tenant

    async def __call__(self, x: Exchange) -> Reply:
        """Raises Unauthenticated, Forbidden."""
        if not (self._open_here and _local(x)):
            waits = auth.admit(x, self._failures, SCOPE, frozenset({x.services.base_url}))
            if waits is not None:
                await waits
            if x.known().tenant != self._tenant:
                raise Forbidden("These numbers are of all tenants; the operator's own may read them.", scope=SCOPE)
        await self._facts.refresh()
        return Reply(200, metrics.exposition(metrics.FAMILIES.values()).encode(), _HEADERS)


def _local(x: Exchange) -> bool:
    if any(name in x.request_headers for name in (*_FORWARDED, b"authorization", b"x-api-key")):
        return False
    try:
        return ipaddress.ip_address(x.address).is_loopback
    except ValueError:
        return False
