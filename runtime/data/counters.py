"""Rate limits by the generic cell rate algorithm (GCRA): in this process, or shared by several through Redis.

Theory of operation. A key holds one number, its theoretical arrival time (TAT): when the bucket would be full again. A request moves it on by
`1 / rate`; it is granted when the new TAT lies no further ahead than `burst / rate`. So in any window at most burst + rate x window are granted.
One process: a dict, and nothing awaits between read and write, so nothing races. Several: one Lua script reads, decides and writes
with the server's clock; all requests that wait in one turn of the event loop go in one call. Redis away: each process
goes on alone with its share (rate / processes), because an outage of the counter must not become one of the gateway.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from runtime.telemetry import log

_NS = 1_000_000_000
_REST_S = 1.0
_MOST_KEYS = 200_000

SCRIPT = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local out = {}
for i = 1, #KEYS do
  local step, depth = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local tat = tonumber(redis.call('GET', KEYS[i]) or '0')
  if tat < now then tat = now end
  local ahead = tat + step - now
  if ahead <= depth then
    redis.call('SET', KEYS[i], string.format('%.0f', tat + step), 'PX', math.floor(ahead / 1000) + 1)
  end
  out[i] = ahead
end
return out
"""


class Limit(Struct, frozen=True, kw_only=True):
    """`burst` requests at once, `rate_per_s` sustained; `policy` is the name callers see."""

    policy: str
    rate_per_s: int
    burst: int

    @property
    def window_s(self) -> int:
        """Seconds in which an empty bucket fills."""
        return max(1, -(-self.burst // self.rate_per_s))


class Grant(Struct, frozen=True, kw_only=True, gc=False):
    """What a counter said: one item of `RateLimit` and of `RateLimit-Policy`. `remaining` is never above the truth."""

    policy: str
    allowed: bool
    quota: int
    window_s: int
    remaining: int
    reset_s: int


class Counters(Protocol):
    """Takes one unit of a key's budget."""

    def take_now(self, key: str, limit: Limit) -> Grant | None:
        """As `take`, where the answer is known in this process; None where others have to be asked."""
        ...

    async def take(self, key: str, limit: Limit) -> Grant:
        """Never raises: a store that is away is replaced by this process's own count."""
        ...


def _grant(limit: Limit, ahead: int, per_second: int) -> Grant:
    """From how far ahead the TAT would be, in ticks of which a second has `per_second`."""
    step, depth = per_second // limit.rate_per_s, per_second * limit.burst // limit.rate_per_s
    if ahead <= depth:
        allowed, remaining, wait = True, (depth - ahead) // step, ahead + step - depth
    else:
        allowed, remaining, wait = False, 0, ahead - depth
    return Grant(
        policy=limit.policy,
        allowed=allowed,
        quota=limit.burst,
        window_s=limit.window_s,
        remaining=remaining,
        reset_s=-(-wait // per_second) if wait > per_second else 1,
    )


class LocalCounters:
    """Counts in this process. `ticks` is a monotonic clock in nanoseconds."""

    def __init__(self, ticks: Callable[[], int] = time.monotonic_ns) -> None:
        self._ticks = ticks
        self._tat: dict[str, int] = {}

    async def take(self, key: str, limit: Limit) -> Grant:
        """One unit of the key's budget."""
        return self.take_now(key, limit)

    def take_now(self, key: str, limit: Limit) -> Grant:
        """As `take`, for callers that must not yield."""
        now = self._ticks()
        step = _NS // limit.rate_per_s
        tat = self._tat.get(key, 0)
        tat = (tat if tat > now else now) + step
        if tat - now <= _NS * limit.burst // limit.rate_per_s:
            if key not in self._tat and len(self._tat) >= _MOST_KEYS:
                self._forget(now)
            self._tat[key] = tat
        return _grant(limit, tat - now, _NS)

    def peek(self, key: str, limit: Limit) -> Grant:
        """What `take` would say, without taking."""
        now = self._ticks()
        return _grant(limit, max(self._tat.get(key, 0), now) + _NS // limit.rate_per_s - now, _NS)

    def _forget(self, now: int) -> None:
        """Full buckets need no memory; when all are in use the oldest half goes."""
        kept = {key: tat for key, tat in self._tat.items() if tat > now}
        excess = len(kept) - _MOST_KEYS // 2
        self._tat = dict(list(kept.items())[excess:]) if excess > 0 else kept


class RedisCounters:
    """Counts in Redis, exact over all processes; `processes` is how many share the limits while Redis is away."""

    def __init__(self, redis: Redis, processes: int = 1) -> None:
        self._redis = redis
        self._processes = max(1, processes)
        self._alone = LocalCounters()
        self._waiting: list[tuple[str, Limit, asyncio.Future[Grant]]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._sha: str | None = None
        self._away_until = 0.0
        self.outages = 0

    def take_now(self, key: str, limit: Limit) -> Grant | None:
        """Only Redis knows."""
        return None

    async def take(self, key: str, limit: Limit) -> Grant:
        """One unit of the key's budget."""
        if time.monotonic() < self._away_until:
            return self._take_alone(key, limit)
        future: asyncio.Future[Grant] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, limit, future))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._send)
        return await future

    def _send(self) -> None:
        batch, self._waiting = self._waiting, []
        task = asyncio.get_running_loop().create_task(self._ask(batch))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _ask(self, batch: list[tuple[str, Limit, asyncio.Future[Grant]]]) -> None:
        try:
            found = await self._evaluate(batch)
        except (RedisError, OSError, TimeoutError) as error:
            self._outage(error)
            for key, limit, future in batch:
                _tell(future, self._take_alone(key, limit))
            return
        for (_, limit, future), ahead in zip(batch, found, strict=True):
            _tell(future, _grant(limit, ahead, 1_000_000))

    async def _evaluate(self, batch: list[tuple[str, Limit, asyncio.Future[Grant]]]) -> list[int]:
        keys = [key for key, _, _ in batch]
        numbers = [n for _, limit, _ in batch for n in _script_numbers(limit)]
        try:
            self._sha = self._sha or await self._redis.script_load(SCRIPT)
            return list(await self._redis.evalsha(self._sha, len(keys), *keys, *numbers))
        except NoScriptError:
            return list(await self._redis.eval(SCRIPT, len(keys), *keys, *numbers))

    def _take_alone(self, key: str, limit: Limit) -> Grant:
        share = Limit(
            policy=limit.policy,
            rate_per_s=max(1, limit.rate_per_s // self._processes),
            burst=max(1, limit.burst // self._processes),
        )
        return self._alone.take_now(key, share)

    def _outage(self, error: BaseException) -> None:
        self.outages += 1
        self._away_until = time.monotonic() + _REST_S
        log.warning("counters.redis_away", error=type(error).__name__, outages=self.outages)


def _script_numbers(limit: Limit) -> tuple[int, int]:
    return 1_000_000 // limit.rate_per_s, 1_000_000 * limit.burst // limit.rate_per_s


def _tell(future: asyncio.Future[Grant], grant: Grant) -> None:
    if not future.done():
        future.set_result(grant)
