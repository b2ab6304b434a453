"""Events from the outbox to subscribers: once, in order per key, whatever fails."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.call import Call
from contracts.events import EVENTS, ProjectCreated
from contracts.problems import NotFound, RuleViolated, VendorUnavailable
from runtime import tracing
from runtime.data.database import Connection, Database
from runtime.tracing import Span
from runtime.work import letters
from runtime.work.calls import worker_call
from runtime.work.inbox import Inbox
from runtime.work.outbox import publish, publish_all, read
from runtime.work.process import Batched, Subscriber
from runtime.work.relay import Relay
from runtime.work.unit import unit_of_work
from runtime.work.worker import attempt
from tests.support.clock import NOON
from tests.workflow.stage import CALL, Register

DELAYS = (0.05, 0.05)


def call_for(tenant: str, correlation_id: str, key: str) -> Call:
    return worker_call(
        tenant,
        principal="system",
        scopes=frozenset(),
        correlation_id=correlation_id,
        request_id=key,
        idempotency_key=key,
    )


def relay(database: Database, register: Register, *subscribers: Subscriber) -> Relay:
    return Relay(
        database, subscribers, EVENTS, call_for=call_for, attempt=attempt, hooks=register, delays_s=DELAYS, batch=10
    )


async def created(database: Database, project: str, version: int, call: Call = CALL) -> bool:
    event = ProjectCreated(
        object_id=project, version=version, occurred_at=NOON, actor="ada", code="P1", legal_entity_id="ent_1"
    )
    async with unit_of_work(database) as connection:
        return await publish(connection, call, event)


def noting(seen: list[tuple[str, int]], fail: Callable[[Any], Exception | None] = lambda _: None) -> Any:
    async def handle(connection: Connection, call: Call, event: Any) -> None:
        seen.append((event.object_id, event.version))
        await connection.execute(
            "insert into link (tenant, canonical_id, system, object, external_id, is_primary) values ($1, $2, 's', 'o', $3, false)",
            call.tenant,
            event.object_id,
            f"{event.object_id}-{event.version}",
        )
        if (error := fail(event)) is not None:
            raise error

    return handle


async def effects(database: Database) -> list[str]:
    return [r["external_id"] for r in await database.fetch("select external_id from link where tenant = 'acme'")]


async def drained(work: Relay | Inbox) -> None:
    """Until no retry is due any more."""
    while (wait_s := await work.drain()) is not None:  # noqa: ASYNC110
        await asyncio.sleep(wait_s)


async def test_a_repeated_publication_is_one_event_and_reaches_each_subscriber_once(database: Database) -> None:
    assert await created(database, "prj_1", 1)
    assert not await created(database, "prj_1", 1)
    seen: list[tuple[str, int]] = []
    other: list[tuple[str, int]] = []

    async def other_handler(_: Connection, __: Call, event: Any) -> None:
        other.append((event.object_id, event.version))

    work = relay(
        database,
        Register(),
        Subscriber(name="view", handlers={ProjectCreated: noting(seen)}),
        Subscriber(name="other", handlers={ProjectCreated: other_handler}),
    )
    await work.drain()
    await work.drain()
    assert seen == other == [("prj_1", 1)]
    assert [p.event.object_id for p in await read(database, "acme")] == ["prj_1"]


async def test_a_failing_event_blocks_its_own_key_only_and_keeps_the_order(database: Database) -> None:
    for project, version in (("prj_1", 1), ("prj_2", 1), ("prj_1", 2)):
        await created(database, project, version)
    seen: list[tuple[str, int]] = []
    away = True

    def fail(event: Any) -> Exception | None:
        return VendorUnavailable("No.") if away and (event.object_id, event.version) == ("prj_1", 1) else None

    work = relay(database, Register(), Subscriber(name="view", handlers={ProjectCreated: noting(seen, fail)}))
    wait_s = await work.drain()
    assert wait_s is not None
    assert await effects(database) == ["prj_2-1"]
    away = False
    await drained(work)
    assert await effects(database) == ["prj_2-1", "prj_1-1", "prj_1-2"]


async def test_poison_goes_to_the_dead_letters_after_the_retries_and_can_be_replayed(database: Database) -> None:
    await created(database, "prj_1", 1)
    await created(database, "prj_1", 2)
    seen: list[tuple[str, int]] = []
    register, broken = Register(), True

    def fail(event: Any) -> Exception | None:
        return KeyError("bug") if broken and event.version == 1 else None

    work = relay(database, register, Subscriber(name="view", handlers={ProjectCreated: noting(seen, fail)}))
    await drained(work)
    [letter] = register.letters
    assert (letter.subscriber, letter.event_id, letter.attempts) == ("view", "project.created:prj_1:1", 3)
    assert await effects(database) == ["prj_1-2"]
    broken = False
    async with unit_of_work(database) as connection:
        letter_id = await connection.fetchval("select id from dead_letter where event_id = $1", letter.event_id)
        await letters.replay(connection, "acme", letter_id)
        with pytest.raises(NotFound):
            await letters.replay(connection, "acme", letter_id)
    await work.drain()
    assert await effects(database) == ["prj_1-2", "prj_1-1"]


async def test_a_business_refusal_is_a_dead_letter_at_once_and_spares_the_other_subscriber(database: Database) -> None:
    await created(database, "prj_1", 1)
    register = Register()
    seen: list[tuple[str, int]] = []
    refused: list[tuple[str, int]] = []
    work = relay(
        database,
        register,
        Subscriber(name="picky", handlers={ProjectCreated: refusing(refused)}),
        Subscriber(name="view", handlers={ProjectCreated: noting(seen)}),
    )
    assert await work.drain() is None
    assert [letter.problem.slug for letter in register.letters] == ["rule-violated"]
    assert await effects(database) == ["prj_1-1"]


def refusing(seen: list[tuple[str, int]]) -> Callable[[Connection, Call, Any], Awaitable[None]]:
    async def handle(_: Connection, __: Call, event: Any) -> None:
        seen.append((event.object_id, event.version))
        raise RuleViolated("Never.")

    return handle


async def test_events_that_follow_each_other_are_given_at_once_and_a_failing_one_is_left_out(
    database: Database,
) -> None:
    for project, version in (("prj_1", 1), ("prj_2", 1), ("prj_1", 2), ("prj_3", 1)):
        await created(database, project, version)
    portions: list[list[tuple[str, int]]] = []
    alone = noting([], lambda event: RuleViolated("Never.") if event.object_id == "prj_2" else None)

    async def handle(connection: Connection, told: Sequence[tuple[Call, Any]]) -> None:
        portions.append([(event.object_id, event.version) for _, event in told])
        for call, event in told:
            await alone(connection, call, event)

    register, beside = Register(), list[tuple[str, int]]()
    work = relay(
        database,
        register,
        Subscriber(name="many", handlers={ProjectCreated: Batched(handle)}),
        Subscriber(name="beside", handlers={ProjectCreated: counting(beside)}),
    )
    assert await work.drain() is None
    all_of_them = [("prj_1", 1), ("prj_2", 1), ("prj_1", 2), ("prj_3", 1)]
    assert portions == [all_of_them, *([one] for one in all_of_them)]
    assert [letter.event_id for letter in register.letters] == ["project.created:prj_2:1"]
    assert await effects(database) == ["prj_1-1", "prj_1-2", "prj_3-1"]
    assert beside == all_of_them


def counting(seen: list[tuple[str, int]]) -> Callable[[Connection, Call, Any], Awaitable[None]]:
    async def handle(_: Connection, __: Call, event: Any) -> None:
        seen.append((event.object_id, event.version))

    return handle


async def test_what_many_cause_goes_by_the_trace_of_each(database: Database) -> None:
    traces = [f"00-{digit * 32}-00f067aa0ba902b7-01" for digit in "12"]
    for number, trace in enumerate(traces):
        await created(database, f"prj_{number}", 1, replace(CALL, traceparent=trace))
    spans: list[Span] = []
    tracing.configure(spans.extend)

    async def handle(connection: Connection, told: Sequence[tuple[Call, Any]]) -> None:
        caused = [(call, replace(event, version=2)) for call, event in told if event.version == 1]
        await publish_all(connection, caused)

    try:
        await relay(database, Register(), Subscriber(name="many", handlers={ProjectCreated: Batched(handle)})).drain()
    finally:
        tracing.configure(None)
    rows = await database.fetch("select traceparent from outbox where objectversion = 2 order by position")
    first = {span.root.trace_id: span.traceparent for span in spans if span.parent_id == "00f067aa0ba902b7"}
    assert [row["traceparent"] for row in rows] == [first[trace[3:35]] for trace in traces]


async def test_two_relays_share_the_keys_without_delivering_twice(database: Database) -> None:
    for version in range(1, 41):
        await created(database, f"prj_{version % 7}", version)
    seen: list[tuple[str, int]] = []
    subscriber = Subscriber(name="view", handlers={ProjectCreated: noting(seen)})
    works = [relay(database, Register(), subscriber) for _ in range(2)]
    await asyncio.gather(*(work.drain() for work in works))
    await works[0].drain()
    assert len(seen) == len(set(seen)) == 40
    for key in range(7):
        versions = [version for project, version in seen if project == f"prj_{key}"]
        assert versions == sorted(versions)


async def test_tenants_with_the_same_ids_are_two_events(database: Database) -> None:
    other = worker_call("globex", principal="bob", scopes=frozenset(), correlation_id="c", request_id="r")
    assert await created(database, "prj_1", 1)
    assert await created(database, "prj_1", 1, other)
    tenants: list[str] = []

    async def handle(_: Connection, call: Call, __: Any) -> None:
        tenants.append(call.tenant)

    await relay(database, Register(), Subscriber(name="view", handlers={ProjectCreated: handle})).drain()
    assert sorted(tenants) == ["acme", "globex"]


async def test_a_second_relay_works_on_what_lies_behind_the_keys_of_the_first(database: Database) -> None:
    for number in range(25):
        await created(database, f"prj_{number}", 1)
    held, go_on = asyncio.Event(), asyncio.Event()

    async def hold(connection: Connection, call: Call, event: Any) -> None:
        held.set()
        await go_on.wait()

    seen: list[tuple[str, int]] = []
    first = relay(database, Register(), Subscriber(name="view", handlers={ProjectCreated: hold}))
    second = relay(database, Register(), Subscriber(name="view", handlers={ProjectCreated: noting(seen)}))
    slow = asyncio.create_task(first.drain())
    await held.wait()
    await second.drain()
    assert [int(project.removeprefix("prj_")) for project, _ in seen] == list(range(10, 25))
    go_on.set()
    await slow
    await second.drain()
    assert len(seen) == 15
