"""Requests per calendar month (UTC): one budget per tenant, client and group of routes."""

import zlib
from collections.abc import Awaitable

from msgspec import Struct

from contracts.problems import QuotaSpent
from gateway.exchange import Exchange
from runtime.data.counters import Grant

WHEN_STORE_IS_AWAY = "open"  # served and counted as an outage: nobody loses a month's work over a counter

POLICY = "month"
_JITTER_S = 300


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`per_month` requests."""

    per_month: int

    def __post_init__(self) -> None:
        if self.per_month < 1:
            raise ValueError("per_month is at least 1")


def on_request(x: Exchange, config: Config) -> Awaitable[None] | None:
    """Spend one. Raises QuotaSpent; when to come back is spread over five minutes, so that not all clients come at once."""
    who, group = x.known(), x.at().group
    name = POLICY if group == "standard" else f"{POLICY}-{group}"
    grant = x.services.quotas.spend_now(who.tenant, who.client, name, config.per_month, x.now)
    if grant is None:
        return _ask(x, name, config)
    _spend(x, name, config, grant)
    return None


async def _ask(x: Exchange, name: str, config: Config) -> None:
    who = x.known()
    _spend(x, name, config, await x.services.quotas.spend(who.tenant, who.client, name, config.per_month))


def _spend(x: Exchange, name: str, config: Config, grant: Grant) -> None:
    who = x.known()
    x.limits.append(grant)
    if not grant.allowed:
        wait = grant.reset_s + zlib.crc32(f"{who.tenant}:{who.client}".encode()) % _JITTER_S
        detail = (
            f"The {config.per_month} requests of this month are spent; the next month's start in {grant.reset_s} s."
        )
        raise QuotaSpent(detail, retry_after_s=wait, violated_policies=[name])
