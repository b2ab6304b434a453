"""One effect per key, whatever races, fails or crashes."""

import asyncio

import httpx
import pytest

from contracts.problems import InvalidRequest, OutcomeUnknown, RuleViolated, VendorUnavailable
from gateway.policies.idempotency import read_key
from runtime.data.claims import purge
from runtime.data.database import Database
from tests.support.clock import FixedClock
from tests.support.tiny import Desk
from tests.support.tokens import TestIssuer
from tests.unit.gateway.conftest import Build, client_of

NOTES = "/process/v1/notes"
BODY = {"text": "hi"}
KEY = {"idempotency-key": '"k-1"'}


async def rows(database: Database) -> int:
    return int(await database.fetchval("select count(*) from note"))


async def test_a_repeat_gets_the_first_reply(client: httpx.AsyncClient, desk: Desk, database: Database) -> None:
    first = await client.post(NOTES, json=BODY, headers=KEY)
    again = await client.post(NOTES, json=BODY, headers=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("location", "etag", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert again.headers["ledgerway-request-id"] != first.headers["ledgerway-request-id"]
    assert (len(desk.calls), await rows(database)) == (1, 1)
    assert desk.calls[0][1].idempotency_key == "k-1"


async def test_other_content_or_no_key(client: httpx.AsyncClient, desk: Desk) -> None:
    await client.post(NOTES, json=BODY, headers=KEY)
    other = await client.post(NOTES, json={"text": "other"}, headers=KEY)
    assert (other.status_code, other.json()["code"], other.json()["type"]) == (
        422,
        "key-reused",
        "/problems/key-reused",
    )
    missing = await client.post(NOTES, json=BODY)
    assert (missing.status_code, missing.json()["code"]) == (400, "invalid-request")
    assert len(desk.calls) == 1


async def test_a_key_belongs_to_tenant_client_and_route(
    client: httpx.AsyncClient, build: Build, issuer: TestIssuer, desk: Desk
) -> None:
    await client.post(NOTES, json=BODY, headers=KEY)
    assert (await client.post(f"{NOTES}/n1/sending", headers=KEY)).status_code == 200
    for changes in ({"tenant": "globex"}, {"client_id": "other"}):
        async with client_of(build(), issuer.token(**changes)) as other:
            assert (await other.post(NOTES, json={"text": "other"}, headers=KEY)).status_code == 201


async def test_authorisation_is_checked_again(client: httpx.AsyncClient, build: Build, issuer: TestIssuer) -> None:
    await client.post(NOTES, json=BODY, headers=KEY)
    async with client_of(build(), issuer.token(scope="notes:read")) as lesser:
        assert (await lesser.post(NOTES, json=BODY, headers=KEY)).status_code == 403


async def test_of_many_at_once_one_runs(client: httpx.AsyncClient, desk: Desk, database: Database) -> None:
    desk.hold = asyncio.Event()
    first = asyncio.create_task(client.post(NOTES, json=BODY, headers=KEY))
    await desk.entered.wait()
    others = await asyncio.gather(*(client.post(NOTES, json=BODY, headers=KEY) for _ in range(8)))
    assert {a.status_code for a in others} == {409}
    assert others[0].json()["code"] == "in-progress"
    assert others[0].headers["retry-after"] == "5"
    desk.hold.set()
    assert (await first).status_code == 201
    assert (await client.post(NOTES, json=BODY, headers=KEY)).headers["idempotent-replayed"] == "true"
    assert (len(desk.calls), await rows(database)) == (1, 1)


async def test_a_key_that_is_being_finished_holds_nobody_up(client: httpx.AsyncClient, database: Database) -> None:
    held = await client.post(NOTES, json=BODY, headers=KEY)
    async with database.transaction() as session:
        await session.execute("update idempotency set state = 'done'")
        async with asyncio.timeout(5):
            again, other = await asyncio.gather(
                client.post(NOTES, json=BODY, headers=KEY),
                client.post(NOTES, json=BODY, headers={"idempotency-key": '"k-2"'}),
            )
    assert (held.status_code, again.content, other.status_code) == (201, held.content, 201)


async def test_first_requests_race_for_the_key(client: httpx.AsyncClient, desk: Desk, database: Database) -> None:
    answers = await asyncio.gather(*(client.post(NOTES, json=BODY, headers=KEY) for _ in range(10)))
    assert {a.status_code for a in answers} <= {201, 409}
    assert (len(desk.calls), await rows(database)) == (1, 1)


async def test_a_final_problem_is_kept_and_its_rows_are_not(
    client: httpx.AsyncClient, desk: Desk, database: Database
) -> None:
    desk.fail_with = RuleViolated("Too many notes.", code="NOTES_FULL")
    first = await client.post(NOTES, json=BODY, headers=KEY)
    desk.fail_with = None
    again = await client.post(NOTES, json=BODY, headers=KEY)
    assert (first.status_code, again.status_code, again.content) == (422, 422, first.content)
    assert (await rows(database), len(desk.calls)) == (0, 1)


@pytest.mark.parametrize(
    "problem",
    [
        OutcomeUnknown("No answer came.", vendor="x", operation="y"),
        VendorUnavailable("Away.", vendor="x", operation="y"),
        ZeroDivisionError(),
    ],
)
async def test_what_a_repeat_may_cure_is_not_kept(client: httpx.AsyncClient, desk: Desk, problem: Exception) -> None:
    desk.fail_with = problem
    assert (await client.post(f"{NOTES}/n1/sending", headers=KEY)).status_code >= 500
    desk.fail_with = None
    assert (await client.post(f"{NOTES}/n1/sending", headers=KEY)).status_code == 200
    assert len(desk.calls) == 2
    other = await client.post(f"{NOTES}/n2/sending", headers=KEY)
    assert other.status_code == 422, "the key stays with its request"


async def test_after_a_crash_the_lease_runs_out_and_the_operation_runs_again(
    client: httpx.AsyncClient, desk: Desk, database: Database, clock: FixedClock
) -> None:
    desk.hold = asyncio.Event()
    crashed = asyncio.create_task(client.post(NOTES, json=BODY, headers=KEY))
    await desk.entered.wait()
    crashed.cancel()
    await asyncio.gather(crashed, return_exceptions=True)
    desk.hold = None
    assert await rows(database) == 0
    clock.advance(seconds=59)
    assert (await client.post(NOTES, json=BODY, headers=KEY)).status_code == 409
    clock.advance(seconds=2)
    assert (await client.post(NOTES, json=BODY, headers=KEY)).status_code == 201
    assert await rows(database) == 1


async def test_who_lost_the_lease_leaves_nothing(
    client: httpx.AsyncClient, desk: Desk, database: Database, clock: FixedClock
) -> None:
    desk.hold = asyncio.Event()
    slow = asyncio.create_task(client.post(NOTES, json=BODY, headers=KEY))
    await desk.entered.wait()
    clock.advance(seconds=61)
    held, desk.hold = desk.hold, None
    fast = await client.post(NOTES, json=BODY, headers=KEY)
    held.set()
    late = await slow
    assert (fast.status_code, late.status_code, late.json()["code"]) == (201, 409, "in-progress")
    assert await rows(database) == 1
    assert (await client.post(NOTES, json=BODY, headers=KEY)).content == fast.content


async def test_a_key_is_forgotten_after_its_retention(
    client: httpx.AsyncClient, desk: Desk, database: Database, clock: FixedClock, build: Build, issuer: TestIssuer
) -> None:
    await client.post(NOTES, json=BODY, headers=KEY)
    await client.post(NOTES, json=BODY, headers={"idempotency-key": "k-2"})
    now = clock.advance(hours=24, seconds=1)
    async with client_of(build(), issuer.token(iat=int(now.timestamp()), exp=int(now.timestamp()) + 60)) as later:
        assert (await later.post(NOTES, json={"text": "new"}, headers=KEY)).status_code == 201
    assert await purge(database, now) == 1
    assert len(desk.calls) == 3


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ('"8e03978e-40d5"', "8e03978e-40d5"),
        ("8e03978e-40d5", "8e03978e-40d5"),
        (r'"a\"b\\c"', r'a"b\c'),
        ('" "', " "),
        ('"' + "k" * 255 + '"', "k" * 255),
        (None, None),
    ],
)
def test_keys(value: str | None, key: str | None) -> None:
    assert read_key(value) == key


@pytest.mark.parametrize(
    "value",
    [
        '""',
        "",
        "a b",
        "a,b",
        "a;b",
        'a"b',
        '"a',
        '"a";p=1',
        '"a", "b"',
        '"é"',
        '"\\x"',
        "k" * 256,
        '"' + "k" * 256 + '"',
    ],
)
def test_no_keys(value: str) -> None:
    with pytest.raises(InvalidRequest):
        read_key(value)
