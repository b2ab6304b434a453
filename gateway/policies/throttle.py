"""Requests per second: one bucket per tenant, client and group of routes."""

from collections.abc import Awaitable

from msgspec import Struct

from contracts.problems import Throttled
from gateway.exchange import Exchange
from runtime.data.counters import Grant, Limit

WHEN_STORE_IS_AWAY = "open"  # an outage of the counter must not become an outage of the gateway

POLICY = "burst"


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rate_per_s` sustained, `burst` at once."""

    rate_per_s: int
    burst: int

    def __post_init__(self) -> None:
        if self.rate_per_s < 1 or self.burst < 1:
            raise ValueError("rate_per_s and burst are at least 1")

    def limit(self) -> Limit:
        """As the counters take it."""
        return Limit(policy=POLICY, rate_per_s=self.rate_per_s, burst=self.burst)


def on_request(x: Exchange, limit: Limit) -> Awaitable[None] | None:
    """Take one from the bucket. Raises Throttled."""
    who, group = x.known(), x.at().group
    key = f"throttle:{{{who.tenant}}}:{who.client}:{group}"
    grant = x.services.counters.take_now(key, limit)
    if grant is None:
        return _ask(x, key, limit)
    _spend(x, limit, grant)
    return None


async def _ask(x: Exchange, key: str, limit: Limit) -> None:
    _spend(x, limit, await x.services.counters.take(key, limit))


def _spend(x: Exchange, limit: Limit, grant: Grant) -> None:
    x.limits.append(grant)
    if not grant.allowed:
        detail = f"{limit.burst} requests at once and {limit.rate_per_s} a second are yours; wait {grant.reset_s} s."
        raise Throttled(detail, retry_after_s=grant.reset_s, violated_policies=[limit.policy])


def on_response(x: Exchange, limit: Limit) -> None:
    """Tell what is left, of the month's budget too, on success and on refusal."""
    if x.limits:
        x.headers += headers(x.limits)


def headers(grants: list[Grant]) -> list[tuple[str, str]]:
    """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10)."""
    policies = limits = ""
    for g in grants:
        policies += f', "{g.policy}";q={g.quota};w={g.window_s}'
        limits += f', "{g.policy}";r={g.remaining};t={g.reset_s}'
    return [("ratelimit-policy", policies[2:]), ("ratelimit", limits[2:])]
