"""What every operation passes: scope, deadline, and a failure that says nothing of itself."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from contracts.call import Call
from contracts.problems import Conflict, DeadlineExceeded, Forbidden, Internal, Overloaded, Problem, StoreAway
from runtime.bind import bind, serve_in_process
from tests.support.clock import FixedClock
from tests.support.tiny import Notes

CALL = Call(
    tenant="acme",
    principal="ada",
    client="desk",
    scopes=frozenset({"notes:read"}),
    correlation_id="cor-7",
    request_id="req",
)


class Desk:
    """Does what it is told to, for every operation alike."""

    def __init__(self) -> None:
        self.does: Any = lambda: None
        self.asked = 0

    async def get_note(self, call: Call, note_id: str) -> Any:
        self.asked += 1
        done = self.does()
        return await done if asyncio.iscoroutine(done) else done

    list_notes = write_note = find_notes = replace_note = send_note = start = get_run = get_note


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def notes(desk: Desk, clock: FixedClock) -> Any:
    return bind(Notes, desk, clock)


async def test_a_caller_without_the_scope_is_refused_unheard(notes: Any, desk: Desk):
    with pytest.raises(Forbidden) as refused:
        await notes.get_note(replace(CALL, scopes=frozenset({"notes:write", "notes"})), "n")
    assert (refused.value.facts, desk.asked) == ({"scope": "notes:read"}, 0)


async def test_a_deadline_that_passed_is_told_before_anything_is_done(notes: Any, desk: Desk, clock: FixedClock):
    with pytest.raises(DeadlineExceeded):
        await notes.get_note(replace(CALL, deadline=clock.now()), "n")
    assert desk.asked == 0


async def test_a_deadline_ends_what_takes_longer(notes: Any, desk: Desk, clock: FixedClock):
    desk.does = lambda: asyncio.sleep(30)
    async with asyncio.timeout(5):
        with pytest.raises(DeadlineExceeded):
            await notes.get_note(replace(CALL, deadline=clock.now() + timedelta(seconds=0.05)), "n")


async def test_problems_pass_and_everything_else_becomes_one(notes: Any, desk: Desk, capsys: pytest.CaptureFixture):
    def fail(error: Exception) -> None:
        raise error

    desk.does = lambda: fail(Conflict("Taken.", code="X"))
    with pytest.raises(Conflict):
        await notes.get_note(CALL, "n")
    desk.does = lambda: fail(RuntimeError("secret detail"))
    with pytest.raises(Internal) as failed:
        await notes.get_note(CALL, "n")
    assert "secret" not in failed.value.detail
    assert failed.value.facts == {"correlation_id": "cor-7"}
    assert "operation.failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (asyncpg.ConnectionDoesNotExistError("gone"), StoreAway),
        (asyncpg.InterfaceError("closed"), StoreAway),
        (ConnectionRefusedError(), StoreAway),
        (asyncpg.DeadlockDetectedError("deadlock"), Overloaded),
    ],
)
async def test_a_database_that_is_away_or_busy_is_asked_again_later(
    notes: Any, desk: Desk, error: Exception, told: type[Problem]
):
    async def fail() -> None:
        raise error

    desk.does = fail
    with pytest.raises(told) as failed:
        await notes.get_note(CALL, "n")
    assert failed.value.retryable and failed.value.retry_after_s


async def test_who_gives_up_is_not_told_a_problem(notes: Any, desk: Desk):
    desk.does = lambda: asyncio.sleep(30)
    asking = asyncio.create_task(notes.get_note(CALL, "n"))
    await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


def test_an_implementation_without_an_operation_is_refused():
    class Part:
        async def get_note(self, call: Call, note_id: str) -> None: ...

    with pytest.raises(AttributeError):
        bind(Notes, Part())


async def test_operations_are_served_at_their_addresses(notes: Any, desk: Desk):
    served = {one.operation.name: one for one in serve_in_process(Notes, notes, "/process/v1")}
    assert served["get_note"].path == "/process/v1/notes/{note_id}"
    desk.does = lambda: 7
    assert await served["get_note"].invoke(CALL, {"note_id": "n"}) == 7


class Calculator(Desk):
    """Reads notes without waiting for anybody."""

    def get_note(self, call: Call, note_id: str) -> Any:  # type: ignore[override]
        return self.does() or note_id


async def test_what_only_computes_is_a_plain_function_and_awaited_all_the_same(clock: FixedClock):
    notes: Any = bind(Notes, desk := Calculator(), clock)
    served = {one.operation.name: one for one in serve_in_process(Notes, notes, "/process/v1")}
    compute = served["get_note"].compute
    assert compute is not None and served["list_notes"].compute is None
    assert compute(CALL, {"note_id": "n"}) == "n"
    assert await notes.get_note(CALL, "n") == await notes.get_note(CALL, note_id="n") == "n"
    assert await served["get_note"].invoke(CALL, {"note_id": "n"}) == "n"
    with pytest.raises(Forbidden):
        compute(replace(CALL, scopes=frozenset()), {"note_id": "n"})
    with pytest.raises(DeadlineExceeded):
        compute(replace(CALL, deadline=clock.now()), {"note_id": "n"})
    desk.does = lambda: 1 // 0
    with pytest.raises(Internal):
        compute(CALL, {"note_id": "n"})
