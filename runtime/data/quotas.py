"""Monthly budgets: counted in memory (one process) or in Redis (several), kept in the table `usage`.

Theory of operation. A counter starts from `usage` when it is first asked for, so a lost counter loses nothing but what was not yet
written; what was spent since goes to `usage` once a second as an addition, so processes never overwrite each other. Refusals
spend nothing. In Redis one script compares and adds; its key is seeded with SET NX, so of two processes that find it missing one wins.
"""

import asyncio
import calendar
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.periods import Clock
from contracts.problems import StoreAway
from runtime.data.counters import Grant
from runtime.data.database import Database
from runtime.data.outages import guarded
from runtime.data.write_behind import WriteBehind
from runtime.telemetry import log

_FLUSH_S = 1.0
_KEEP_S = 40 * 24 * 3600

SPEND = """
local spent = redis.call('GET', KEYS[1])
if not spent then return -1 end
if tonumber(spent) >= tonumber(ARGV[1]) then return -2 end
return redis.call('INCR', KEYS[1])
"""


class Account(NamedTuple):
    """Whose budget, of which month (its first day, UTC), under which policy name."""

    tenant: str
    client: str
    month: date
    policy: str


class Month(NamedTuple):
    """A calendar month, UTC: its first day, and the instants it begins and ends."""

    first: date
    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, now: datetime) -> "Month":
        """The month an instant lies in."""
        first = now.astimezone(UTC).date().replace(day=1)
        begins = datetime(first.year, first.month, first.day, tzinfo=UTC)
        return cls(first, begins, begins + timedelta(days=calendar.monthrange(first.year, first.month)[1]))

    @property
    def length_s(self) -> int:
        return (self.ends - self.begins).days * 86400

    def left_s(self, now: datetime) -> int:
        """Seconds until the next month, rounded up."""
        left = self.ends - now
        return left.days * 86400 + left.seconds + (left.microseconds > 0)


class Quotas:
    """Budgets of clients per month. `start` begins writing behind, `close` writes the rest."""

    def __init__(self, database: Database, clock: Clock, redis: Redis | None = None) -> None:
        self._database, self._clock, self._redis = database, clock, redis
        self._spent: dict[Account, int] = {}
        self._loading: dict[Account, asyncio.Lock] = {}
        self._unwritten: dict[Account, int] = {}
        self._behind = WriteBehind(self.flush, _FLUSH_S, self._away)
        self._month = Month.of(clock.now())

    def _this_month(self, now: datetime) -> Month:
        if not self._month.begins <= now < self._month.ends:
            self._month = Month.of(now)
        return self._month

    def spend_now(self, tenant: str, client: str, policy: str, limit: int, now: datetime) -> Grant | None:
        """As `spend`, where the budget is counted in this process and was asked for before; else None."""
        month = self._this_month(now)
        account = Account(tenant, client, month.first, policy)
        if self._redis is not None or (spent := self._spent.get(account)) is None:
            return None
        return self._grant(account, limit, self._spend_here(account, limit, spent), month, now)

    async def spend(self, tenant: str, client: str, policy: str, limit: int) -> Grant:
        """One unit. Raises StoreAway when neither the counter nor its table can be asked."""
        now = self._clock.now()
        month = self._this_month(now)
        account = Account(tenant, client, month.first, policy)
        if self._redis is not None:
            return self._grant(account, limit, await self._spend_there(account, limit), month, now)
        if account not in self._spent:
            await self._load(account)
        return self._grant(account, limit, self._spend_here(account, limit, self._spent[account]), month, now)

    def _grant(self, account: Account, limit: int, spent: int | None, month: Month, now: datetime) -> Grant:
        if spent is not None:
            self._unwritten[account] = self._unwritten.get(account, 0) + 1
        return Grant(
            policy=account.policy,
            allowed=spent is not None,
            quota=limit,
            window_s=month.length_s,
            remaining=0 if spent is None else max(0, limit - spent),
            reset_s=month.left_s(now),
        )

    def _spend_here(self, account: Account, limit: int, spent: int) -> int | None:
        if spent >= limit:
            return None
        self._spent[account] = spent + 1
        return spent + 1

    async def _load(self, account: Account) -> None:
        async with self._loading.setdefault(account, asyncio.Lock()):
            if account not in self._spent:
                self._spent[account] = await self._recorded(account)
        self._loading.pop(account, None)

    async def _recorded(self, account: Account) -> int:
        with guarded("database"):
            found = await self._database.fetchval(
                "select count from usage where tenant = $1 and client = $2 and month = $3 and policy = $4", *account
            )
        return int(found or 0) + self._unwritten.get(account, 0)

    async def _spend_there(self, account: Account, limit: int) -> int | None:
        assert self._redis is not None
        key = f"quota:{{{account.tenant}}}:{account.client}:{account.policy}:{account.month:%Y-%m}"
        try:
            spent = int(await self._redis.eval(SPEND, 1, key, limit))
            if spent == -1:
                await self._redis.set(key, await self._recorded(account), nx=True, ex=_KEEP_S)
                spent = int(await self._redis.eval(SPEND, 1, key, limit))
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreAway("The quota counter does not answer.") from error
        return None if spent < 0 else spent

    async def start(self) -> None:
        """Begin writing behind."""
        await self._behind.start()

    async def close(self) -> None:
        """Stop, and write what is left."""
        await self._behind.close()

    def _away(self) -> None:
        log.warning("quotas.store_away", waiting=len(self._unwritten))

    async def flush(self) -> None:
        """Add what was spent to `usage`. Raises StoreAway, and keeps it for the next time."""
        batch, self._unwritten = self._unwritten, {}
        if not batch:
            return
        columns = list(zip(*((*account, count) for account, count in batch.items()), strict=True))
        try:
            with guarded("database"):
                await self._database.execute(_ADD, *(list(column) for column in columns))
        except StoreAway:
            for account, count in batch.items():
                self._unwritten[account] = self._unwritten.get(account, 0) + count
            raise
        self._forget_old_months()

    def _forget_old_months(self) -> None:
        month = self._this_month(self._clock.now()).first
        for account in [a for a in self._spent if a.month < month]:
            del self._spent[account]


_ADD = """
insert into usage (tenant, client, month, policy, count)
select * from unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::bigint[])
on conflict (tenant, client, month, policy) do update set count = usage.count + excluded.count, updated_at = now()
"""
