"""The database seam: types in and out, transactions, the unit of work, LISTEN that survives a lost session."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import asyncpg
import psycopg
import pytest

from runtime.data.database import Database, reachable
from runtime.work.unit import unit_of_work

EVENT = """insert into outbox (tenant, id, type, source, subject, partitionkey, correlation_id, occurred_at, data)
           values ('acme', $1, 'TimeApproved', 'psa', 'tme_1', 'prj_1', 'cor_1', $2, $3)"""
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


async def test_json_columns_are_builtins_and_numbers_stay_exact(database: Database) -> None:
    row = await database.fetchrow(
        "select $1::jsonb as facts, 0.10::numeric as amount", {"hours": Decimal("1E+2"), "n": [1]}
    )
    assert row is not None
    assert row["facts"] == {"hours": "100", "n": [1]}
    assert row["amount"] == Decimal("0.10")
    assert await database.fetchval("select '2026-11-20 12:00+00'::timestamptz") == NOW


async def test_a_failing_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            await session.execute(EVENT, "evt_1", NOW, {})
            raise ZeroDivisionError
    assert await database.fetchval("select count(*) from outbox") == 0


async def test_a_statement_ends_at_the_server_after_its_time(database_url: str) -> None:
    hasty = await Database.connect(database_url, statement_timeout_s=1)
    with pytest.raises(asyncpg.QueryCanceledError):
        await hasty.execute("select pg_sleep(3)")
    await hasty.close()


async def test_an_inner_unit_joins_the_outer_one(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with unit_of_work(database) as outer:
            async with unit_of_work(database) as inner:
                assert inner is outer
                await inner.execute(EVENT, "evt_1", NOW, {})
            raise ZeroDivisionError
    assert await database.fetchval("select count(*) from outbox") == 0


async def test_a_task_that_outlasts_its_unit_opens_its_own(database: Database) -> None:
    go = asyncio.Event()

    async def later() -> None:
        await go.wait()
        async with unit_of_work(database) as session:
            await session.execute(EVENT, "evt_1", NOW, {})

    async with unit_of_work(database):
        task = asyncio.create_task(later())
    go.set()
    await task
    assert await database.fetchval("select count(*) from outbox") == 1


async def test_a_listener_hears_commits_and_comes_back_after_a_lost_session(database: Database) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    await database.listen("outbox", heard.put_nowait)
    await database.execute(EVENT, "evt_1", NOW, {})
    assert await asyncio.wait_for(heard.get(), 5) == ""
    await database.notify("outbox", "first")
    assert await asyncio.wait_for(heard.get(), 5) == "first"
    cut = "select pg_terminate_backend(pid) from pg_stat_activity where query like 'LISTEN%' and datname = current_database()"
    await database.execute(cut)
    assert await asyncio.wait_for(heard.get(), 5) == ""
    await database.notify("outbox", "second")
    assert await asyncio.wait_for(heard.get(), 5) == "second"


async def test_a_repeated_event_changes_nothing_even_at_another_time(database: Database) -> None:
    await database.execute(EVENT, "evt_1", NOW, {"hours": "8"})
    assert await database.execute(EVENT, "evt_1", NOW.replace(month=12), {"hours": "9"}) == "INSERT 0 0"
    assert await database.fetchval("select data from outbox") == {"hours": "8"}


async def test_events_go_to_the_partition_of_their_month(database: Database) -> None:
    await database.execute("select outbox_months($1, 2)", NOW)
    await database.execute("select outbox_months($1, 2)", NOW)
    await database.execute(EVENT, "evt_1", NOW, {})
    await database.execute(EVENT, "evt_2", NOW.replace(year=1999), {})
    rows = await database.fetch("select tableoid::regclass::text as part from outbox order by occurred_at")
    assert [row["part"] for row in rows] == ["outbox_default", "outbox_2026_11"]


@pytest.mark.parametrize("change", ["update audit set status = 200", "delete from audit", "truncate audit"])
async def test_audit_rows_cannot_be_changed(database: Database, change: str) -> None:
    await database.execute("insert into audit (tenant, id, status) values ('acme', 'aud_1', 403)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute(change)


async def test_reachable_tells_a_server_from_none(database_url: str) -> None:
    assert await reachable(database_url)
    assert not await reachable("postgresql://nobody@127.0.0.1:1/none")


async def test_a_session_stays_at_hand_and_goes_to_whoever_waits(database_url: str) -> None:
    database = await Database.connect(database_url, max_size=1)
    pids = [await database.fetchval("select pg_backend_pid()")]
    pids += await asyncio.gather(*(database.fetchval("select pg_backend_pid()") for _ in range(5)))
    async with database.transaction() as session:
        pids.append(await session.fetchval("select pg_backend_pid()"))
    assert len(set(pids)) == 1
    await database.close()


async def test_a_session_that_broke_at_hand_is_replaced(database: Database) -> None:
    broken = await database.fetchval("select pg_backend_pid()")
    other = await database.dedicated()
    await other.fetchval("select pg_terminate_backend($1, 5000)", broken)
    await other.close()
    async with asyncio.timeout(5):
        while (found := await _pid(database)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert found != broken


async def test_nobody_notices_a_session_that_was_seen_to_end_at_hand(database: Database) -> None:
    broken = await database.fetchval("select pg_backend_pid()")
    other = await database.dedicated()
    await other.fetchval("select pg_terminate_backend($1, 5000)", broken)
    await other.close()
    await asyncio.sleep(0.2)  # until its end was read
    assert await database.fetchval("select pg_backend_pid()") != broken


@pytest.mark.parametrize("inside", [False, True])
async def test_the_only_session_may_break_at_begin_and_at_commit(database_url: str, inside: bool) -> None:
    database = await Database.connect(database_url, max_size=1)
    pid = await database.fetchval("select pg_backend_pid()")
    if not inside:
        _cut(database_url, pid)
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        async with database.transaction():
            if inside:
                _cut(database_url, pid)
    async with asyncio.timeout(5), database.transaction() as session:
        assert await session.fetchval("select pg_backend_pid()") != pid
    await database.close()


def _cut(database_url: str, pid: int) -> None:
    """End a session; the event loop, which stands still, hears of it afterwards."""
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", (pid,))


async def _pid(database: Database) -> int | None:
    try:
        return int(await database.fetchval("select pg_backend_pid()"))
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.AdminShutdownError):
        return None
