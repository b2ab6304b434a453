"""Who did what: written with the effect, or a moment later; sealed afterwards, so that tampering shows."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from contracts.problems import RuleViolated
from gateway.app import Gateway
from runtime.data.database import Database
from runtime.data.trail import NOBODY
from runtime.work.housekeeping import housekeeping
from runtime.work.sealer import seal, seal_all, verify
from tests.support.clock import FixedClock
from tests.support.tiny import Desk

NOTES = "/process/v1/notes"


async def trail(database: Database, tenant: str = "acme") -> list[tuple[object, ...]]:
    rows = await database.fetch(
        "select operation, method, status, problem, principal, object from audit where tenant = $1 order by position",
        tenant,
    )
    return [tuple(row) for row in rows]


async def test_a_write_is_audited_with_its_effect(client: httpx.AsyncClient, desk: Desk, database: Database) -> None:
    await client.post(NOTES, json={"text": "hi"}, headers={"idempotency-key": '"k"'})
    assert await trail(database) == [("notes.write_note", "POST", 201, None, "maya", "n1")]
    desk.fail_with = RuleViolated("No.", code="NOTES_FULL")
    await client.post(NOTES, json={"text": "hi"}, headers={"idempotency-key": '"k2"'})
    assert (await trail(database))[1] == ("notes.write_note", "POST", 422, "rule-violated", "maya", None)
    stored = str(await database.fetch("select * from audit"))
    assert "hi" not in stored, "never the payload"


async def test_reads_replays_and_refusals_are_written_behind(
    gateway: Gateway, client: httpx.AsyncClient, stranger: httpx.AsyncClient, database: Database
) -> None:
    await client.get(f"{NOTES}/n7")
    await client.get(f"{NOTES}?limt=1")
    for _ in range(2):
        await client.post(NOTES, json={"text": "hi"}, headers={"idempotency-key": '"k"'})
    await stranger.get(f"{NOTES}/n7")
    await gateway.services.trail.flush()
    assert sorted(str(row[:4]) for row in await trail(database)) == [
        "('notes.get_note', 'GET', 200, None)",
        "('notes.list_notes', 'GET', 400, 'invalid-request')",
        "('notes.write_note', 'POST', 201, None)",
        "('notes.write_note', 'POST', 201, None)",
    ]
    assert await trail(database, NOBODY) == [("notes.get_note", "GET", 401, "unauthenticated", None, "n7")]
    assert await database.fetchval("select count(*) from audit where facts ->> 'replayed' = 'true'") == 1


async def fill(database: Database, count: int, tenant: str = "acme") -> None:
    for index in range(count):
        await database.execute(
            "insert into audit (tenant, id, operation, status, facts) values ($1, $2, 'x.y', 200, $3)",
            tenant,
            f"aud_{tenant}_{index}",
            {"n": index},
        )


async def tamper(database: Database, statement: str) -> None:
    async with database.transaction() as connection:
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(statement)


async def test_the_chain_is_whole_until_somebody_touches_it(database: Database, clock: FixedClock) -> None:
    await fill(database, 3)
    await fill(database, 2, "globex")
    assert await seal_all(database, clock) == 5
    await fill_one(database, "aud_late")
    report = await verify(database, "acme", clock)
    assert (report.intact, report.rows, report.seals, report.unsealed, report.unsealed_from) == (True, 3, 1, 1, 6)
    assert await seal(database, "acme", clock) == 1
    assert await seal(database, "acme", clock) == 0
    report = await verify(database, "acme", clock)
    assert (report.rows, report.seals, report.unsealed) == (4, 2, 0)


async def fill_one(database: Database, key: str) -> None:
    await database.execute("insert into audit (tenant, id, status) values ('acme', $1, 200)", key)


@pytest.mark.parametrize(
    ("statement", "kind", "position"),
    [
        ("update audit set status = 201 where position = 2", "altered", 2),
        ("update audit set facts = '{\"n\": 7}' where position = 3", "altered", 3),
        ("update audit set tenant = 'globex' where position = 2", "missing", 2),
        ("delete from audit where position = 1", "missing", 1),
        ("update audit_seal set leaves = leaves || leaves where number = 1", "seal", None),
        ("delete from audit_seal where number = 1", "seal", None),
        (
            "insert into audit (tenant, position, id, status) overriding system value values ('acme', -5, 'aud_x', 200)",
            "inserted",
            -5,
        ),
    ],
)
async def test_the_first_broken_row_is_named(
    database: Database, clock: FixedClock, statement: str, kind: str, position: int | None
) -> None:
    await fill(database, 3)
    await seal(database, "acme", clock)
    await fill_one(database, "aud_more")
    await seal(database, "acme", clock)
    clock.advance(timedelta(minutes=11))
    await tamper(database, statement)
    report = await verify(database, "acme", clock)
    assert report.broken is not None
    assert (report.broken.kind, report.broken.position) == (kind, position)


async def test_a_row_that_commits_late_is_sealed_later(database: Database, clock: FixedClock) -> None:
    async with database.transaction() as slow:
        await slow.execute("insert into audit (tenant, id, status) values ('acme', 'aud_slow', 200)")
        await fill(database, 2)
        assert await seal(database, "acme", clock) == 2
    clock.advance(seconds=30)
    assert await seal(database, "acme", clock) == 1
    report = await verify(database, "acme", clock)
    assert (report.intact, report.rows, report.unsealed) == (True, 3, 0)


async def test_two_sealers_make_one_chain(database: Database, clock: FixedClock) -> None:
    await fill(database, 20)
    sealed = await asyncio.gather(*(seal(database, "acme", clock) for _ in range(4)))
    assert sum(sealed) == 20
    assert (await verify(database, "acme", clock)).intact


async def test_housekeeping_seals_and_forgets(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> None:
    await client.post(NOTES, json={"text": "hi"}, headers={"idempotency-key": '"k"'})
    clock.advance(hours=25)
    for sweep in housekeeping(database, clock):
        await sweep.work()
    assert (await verify(database, "acme", clock)).rows == 1
    assert await database.fetchval("select count(*) from idempotency") == 0
