"""Keys are taken together, and looked up one by one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from runtime.data.claims import Claim, Claims, KeyScope
from runtime.data.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEASE, RETENTION = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """One session."""
    opened = await Database.connect(database_url, max_size=1)
    yield opened
    await opened.close()


def scope(key: int) -> KeyScope:
    return KeyScope(tenant="acme", client="c", method="POST", route="/x", key=f"k-{key}")


async def read_whole(database: Database) -> int:
    """How often the table of keys was read from its beginning to its end, as far as the one session knows."""
    await database.fetchval("select pg_stat_force_next_flush()")
    found = await database.fetchval("select seq_scan from pg_stat_user_tables where relname = 'idempotency'")
    return int(found)


async def test_a_batch_never_reads_the_whole_table(database: Database) -> None:
    claims, before = Claims(database), await read_whole(database)
    for start in (0, 20):
        keys = [scope(start + n) for n in range(20)]
        taken = await asyncio.gather(*(claims.claim(key, b"x" * 32, NOW, LEASE, RETENTION) for key in keys))
        assert [isinstance(one, Claim) and one.scope for one in taken] == keys
    assert await read_whole(database) == before
