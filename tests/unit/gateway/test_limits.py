"""Throttle and quota: never more than the limit, told on every answer, open when their store is away."""

import asyncio
from datetime import UTC, datetime

from redis.asyncio import Redis

from runtime.data.counters import Limit, LocalCounters, RedisCounters
from runtime.data.database import Database
from runtime.data.quotas import Quotas
from tests.support.clock import FixedClock
from tests.support.tiny import Desk
from tests.support.tokens import TestIssuer
from tests.unit.gateway.conftest import CONFIG, Build, client_of

NOTE = "/process/v1/notes/n7"
LIMIT = Limit(policy="burst", rate_per_s=10, burst=20)


class Ticks:
    def __init__(self) -> None:
        self.ns = 1_000_000_000_000

    def __call__(self) -> int:
        return self.ns


async def test_gcra_grants_burst_then_rate() -> None:
    ticks = Ticks()
    counters = LocalCounters(ticks)
    grants = [await counters.take("k", LIMIT) for _ in range(25)]
    assert [g.allowed for g in grants] == [True] * 20 + [False] * 5
    assert [g.remaining for g in grants[:3]] == [19, 18, 17]
    assert (grants[0].quota, grants[0].window_s) == (20, 2)
    assert grants[-1].reset_s == 1
    ticks.ns += 99_000_000
    assert not (await counters.take("k", LIMIT)).allowed
    ticks.ns += 1_000_000
    assert (await counters.take("k", LIMIT)).allowed
    assert not (await counters.take("k", LIMIT)).allowed
    assert (await counters.take("other", LIMIT)).allowed


async def test_redis_never_grants_more_than_the_limit(redis_url: str) -> None:
    clients = [Redis.from_url(redis_url, protocol=2) for _ in range(3)]
    counters = [RedisCounters(client, processes=3) for client in clients]
    limit = Limit(policy="burst", rate_per_s=1, burst=100)
    grants = await asyncio.gather(*(counters[i % 3].take("k", limit) for i in range(600)))
    granted = sum(g.allowed for g in grants)
    assert 100 <= granted <= 102
    assert min(g.remaining for g in grants if g.allowed) <= 2
    for client in clients:
        await client.aclose()


async def test_without_redis_each_process_goes_on_with_its_share() -> None:
    client = Redis.from_url("redis://127.0.0.1:1/0", protocol=2, socket_connect_timeout=0.2)
    counters = RedisCounters(client, processes=2)
    grants = [await counters.take("k", LIMIT) for _ in range(15)]
    assert sum(g.allowed for g in grants) == 10
    assert counters.outages == 1
    await client.aclose()


async def test_a_spent_burst_is_429(build: Build, issuer: TestIssuer, desk: Desk) -> None:
    gateway = build(config=CONFIG.replace("rate_per_s = 10\nburst = 50", "rate_per_s = 1\nburst = 5"))
    async with client_of(gateway, issuer.token()) as client:
        answers = await asyncio.gather(*(client.get(NOTE) for _ in range(12)))
        refused = [a for a in answers if a.status_code == 429]
        assert (len(answers) - len(refused), len(desk.calls)) == (5, 5)
        body = refused[0].json()
        assert body["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
        assert (body["code"], body["violated-policies"], body["retryable"]) == ("throttled", ["burst"], True)
        assert refused[0].headers["retry-after"] == "1"
        assert refused[0].headers["ratelimit"] == '"burst";r=0;t=1'
    async with client_of(gateway, issuer.token(client_id="other")) as other:
        assert (await other.get(NOTE)).status_code == 200
    async with client_of(gateway, issuer.token(tenant="globex")) as other:
        assert (await other.get(NOTE)).status_code == 200


async def test_what_a_caller_may_not_do_is_counted_like_what_they_may(build: Build, issuer: TestIssuer) -> None:
    gateway = build(config=CONFIG.replace("rate_per_s = 10\nburst = 50", "rate_per_s = 1\nburst = 3"))
    async with client_of(gateway, issuer.token(scope="other:read")) as client:
        answers = [await client.get(NOTE) for _ in range(4)]
    assert [a.status_code for a in answers] == [403, 403, 403, 429]
    assert answers[0].headers["ratelimit"].startswith('"burst";r=2')


async def test_a_spent_month_is_429_and_survives_a_restart(
    build: Build, issuer: TestIssuer, database: Database
) -> None:
    config = CONFIG.replace("per_month = 1000", "per_month = 3")
    gateway = build(config=config)
    async with client_of(gateway, issuer.token()) as client:
        answers = await asyncio.gather(*(client.get(NOTE) for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [200, 200, 200, 429, 429]
    refused = next(a for a in answers if a.status_code == 429)
    assert (refused.json()["code"], refused.json()["violated-policies"]) == ("quota-spent", ["month"])
    assert int(refused.headers["retry-after"]) >= 907_200
    await gateway.stop()
    async with client_of(build(config=config), issuer.token()) as client:
        assert (await client.get(NOTE)).status_code == 429


async def test_a_new_month_starts_at_nothing(database: Database, clock: FixedClock) -> None:
    quotas = Quotas(database, clock)
    clock.set(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    assert [(await quotas.spend("acme", "desk", "month", 1)).allowed for _ in range(2)] == [True, False]
    clock.advance(seconds=1)
    grant = await quotas.spend("acme", "desk", "month", 1)
    assert (grant.allowed, grant.window_s, grant.reset_s) == (True, 31 * 86400, 31 * 86400)
    await quotas.close()
    rows = await database.fetch("select month, count from usage where tenant = 'acme' order by month")
    assert [row["count"] for row in rows] == [1, 1]


async def test_quotas_are_exact_over_processes_and_outlive_redis(
    database: Database, clock: FixedClock, redis_url: str
) -> None:
    redis = Redis.from_url(redis_url, protocol=2)
    quotas = [Quotas(database, clock, redis) for _ in range(3)]
    grants = await asyncio.gather(*(quotas[i % 3].spend("acme", "desk", "month", 40) for i in range(90)))
    assert sum(g.allowed for g in grants) == 40
    for one in quotas:
        await one.flush()
    await redis.flushdb()
    assert not (await quotas[0].spend("acme", "desk", "month", 40)).allowed
    await redis.aclose()


async def test_quota_is_open_when_its_store_is_away(build: Build, issuer: TestIssuer, module_database_url: str) -> None:
    away = await Database.connect(module_database_url)
    await away.close()
    async with client_of(build(database=away), issuer.token()) as client:
        answer = await client.get(NOTE)
        refused = await client.post("/process/v1/notes", json={"text": "hi"}, headers={"idempotency-key": '"k"'})
    assert answer.status_code == 200
    assert answer.headers["ratelimit-policy"] == '"burst";q=50;w=5'
    assert (refused.status_code, refused.json()["code"]) == (503, "store-away")
    assert refused.headers["retry-after"] == "2"
