"""Deliveries: a duplicate changes nothing, a failing one does not hold up the others."""

from collections.abc import Sequence
from typing import Any

from contracts.call import Call
from contracts.problems import InvalidContent
from runtime.data.database import Connection, Database
from runtime.work.inbox import Inbox, receive
from runtime.work.process import Batched, Delivery
from runtime.work.unit import unit_of_work
from runtime.work.worker import attempt
from tests.workflow.stage import Register
from tests.workflow.test_relay import DELAYS, call_for, drained

LINK = "insert into link (tenant, canonical_id, system, object, external_id, is_primary) values ($1, $2, 's', 'o', $2, false)"


def inbox(database: Database, register: Register, handler: Any) -> Inbox:
    return Inbox(
        database, {"time": handler}, call_for=call_for, attempt=attempt, hooks=register, delays_s=DELAYS, batch=10
    )


async def delivered(database: Database, delivery_id: str, *, instance: str = "psa", kind: str = "time") -> bool:
    async with unit_of_work(database) as connection:
        return await receive(
            connection,
            tenant="acme",
            instance=instance,
            delivery_id=delivery_id,
            kind=kind,
            payload={"id": delivery_id},
        )


async def test_a_duplicate_is_told_and_processed_once(database: Database) -> None:
    assert await delivered(database, "d1")
    assert not await delivered(database, "d1")
    assert await delivered(database, "d1", instance="psa.emea")
    seen: list[tuple[str, Any]] = []

    async def handle(_: Connection, call: Call, delivery: Delivery) -> None:
        seen.append((delivery.connection, delivery.payload["id"]))

    work = inbox(database, Register(), handle)
    await work.drain()
    await work.drain()
    assert seen == [("psa", "d1"), ("psa.emea", "d1")]


async def test_a_failing_delivery_is_retried_alone_and_ends_as_a_dead_letter(database: Database) -> None:
    for delivery_id in ("bad", "good", "refused"):
        await delivered(database, delivery_id)
    tries: list[str] = []
    register = Register()

    async def handle(_: Connection, __: Call, delivery: Delivery) -> None:
        tries.append(delivery.delivery_id)
        if delivery.delivery_id == "bad":
            raise KeyError("bug")
        if delivery.delivery_id == "refused":
            raise InvalidContent("Not a time entry.", code="SCHEMA_INVALID")

    work = inbox(database, register, handle)
    await drained(work)
    assert [(letter.event_id, letter.attempts) for letter in register.letters] == [("psa/refused", 1), ("psa/bad", 3)]
    left = await database.fetchval("select count(*) from inbox where tenant = 'acme' and processed_at is null")
    assert left == 0


async def test_a_failing_delivery_of_many_is_left_out_and_the_others_are_done_once(database: Database) -> None:
    for delivery_id in ("d1", "bad", "d2"):
        await delivered(database, delivery_id)
    portions: list[list[str]] = []

    async def handle(connection: Connection, told: Sequence[tuple[Call, Delivery]]) -> None:
        portions.append([delivery.delivery_id for _, delivery in told])
        for call, delivery in told:
            if delivery.delivery_id == "bad":
                raise InvalidContent("Not a time entry.", code="SCHEMA_INVALID")
            assert call.correlation_id == f"psa/{delivery.delivery_id}"
            await connection.execute(LINK, call.tenant, delivery.delivery_id)

    register = Register()
    await inbox(database, register, Batched(handle)).drain()
    assert portions == [["d1", "bad", "d2"], ["d1"], ["bad"], ["d2"]]
    assert [letter.event_id for letter in register.letters] == ["psa/bad"]
    rows = await database.fetch("select external_id from link where tenant = 'acme' order by external_id")
    assert [row["external_id"] for row in rows] == ["d1", "d2"]


async def test_a_kind_nobody_reads_is_a_dead_letter(database: Database) -> None:
    await delivered(database, "d1", kind="unknown")
    register = Register()
    await inbox(database, register, None).drain()
    assert [letter.subscriber for letter in register.letters] == ["inbox:unknown"]
