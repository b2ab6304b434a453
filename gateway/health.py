"""Whether this process lives, whether it can serve, and how the vendors are. Calls no vendor."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.periods import Clock
from contracts.problems import Problem
from gateway import facts
from gateway.exchange import Exchange
from runtime.data.database import Database
from runtime.http.replies import JSON, Headers, Reply

VendorHealth = Callable[[], list[dict[str, Any]]]

_TIMEOUT_S = 2.0
_REMEMBER_S = 1.0
OUTBOX_LATE_S = 300
_WHOSE = ("tenant", "instance")
_HEADERS: Headers = (("content-type", JSON), ("cache-control", "no-store"))


class Health:
    """`ready` needs the database. Redis away or a late outbox is `degraded`: served, and somebody should look."""

    def __init__(self, database: Database, redis: Redis | None, clock: Clock, vendors: VendorHealth) -> None:
        self._database, self._redis, self._clock, self._vendors = database, redis, clock, vendors
        self._said: tuple[float, Reply] | None = None  # house: float seconds

    async def live(self, x: Exchange) -> Reply:
        """200 as long as this process answers."""
        return _reply(200, {"status": "live"})

    async def ready(self, x: Exchange) -> Reply:
        """200 or 503, each check with what it found."""
        return await self.standing()

    async def standing(self) -> Reply:
        """The same for whoever asks otherwise; remembered for a second."""
        if self._said is None or time.monotonic() - self._said[0] > _REMEMBER_S:
            self._said = time.monotonic(), await self._look()
        return self._said[1]

    async def vendors(self, x: Exchange) -> Reply:
        """The connected systems as this process remembers them; whose they are is nobody else's business."""
        shown = [{k: v for k, v in one.items() if k not in _WHOSE} for one in self._vendors()]
        return _reply(200, {"items": shown})

    async def _look(self) -> Reply:
        database, redis, outbox = await asyncio.gather(
            _checked(self._ask_database), _checked(self._ask_redis), _checked(self._ask_outbox)
        )
        status = "unready" if not database["ok"] else "ready" if redis["ok"] and outbox["ok"] else "degraded"
        body = {"status": status, "checks": {"database": database, "redis": redis, "outbox": outbox}}
        reply = _reply(200 if database["ok"] else 503, body)
        return reply if database["ok"] else Reply(reply.status, reply.body, (*reply.headers, ("retry-after", "2")))

    async def _ask_database(self) -> dict[str, Any]:
        await self._database.fetchval("select 1")
        return {"ok": True}

    async def _ask_redis(self) -> dict[str, Any]:
        if self._redis is None:
            return {"ok": True, "detail": "not used"}
        await self._redis.ping()
        return {"ok": True}

    async def _ask_outbox(self) -> dict[str, Any]:
        age_s = (await facts.outbox(self._database)).age_s(self._clock.now())
        return {"ok": age_s <= OUTBOX_LATE_S, "age_s": age_s}


async def _checked(check: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await check()
    except (OSError, TimeoutError, RedisError, Problem, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return {"ok": False, "detail": type(error).__name__}


def _reply(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status, msgspec.json.encode(body), _HEADERS)
