"""What a run does on the real engine: steps in order, retries, holds, waits, cancelling, failing, children."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.call import Call
from contracts.problems import Conflict, RuleViolated, VendorUnavailable
from runtime.data.database import Database
from runtime.data.listing import Wanted
from runtime.work import runs
from runtime.work.run import Run
from tests.workflow.stage import CALL, FAST, Order, Receipt, Told, eventually, staged


async def test_a_run_completes_with_its_result_and_one_event(database: Database, database_url: str) -> None:
    keys: list[str | None] = []

    async def perform(run: Run, order: Order) -> Receipt:
        async def ensure(call: Call) -> Receipt:
            keys.append(call.idempotency_key)
            return Receipt(id=f"prj_{order.number}")

        return await run.step("ensure project", ensure, request=order)

    async with staged(database, database_url, Told(perform)) as stage:
        started = await stage.start(number=7)
        again = await stage.start(number=8)
        ended = await stage.until(started.id, "completed")
    assert again.id == started.id
    assert ended.result == {"id": "prj_7"}
    assert [(s.name, s.status, s.external_ref) for s in ended.steps] == [("ensure project", "done", "prj_7")]
    assert keys == [f"{started.id}/ensure project"]
    assert await stage.events("workflow.") == [("workflow.completed", started.id)]


async def test_a_transient_problem_is_retried_and_recorded_steps_are_not_run_again(
    database: Database, database_url: str
) -> None:
    ran: list[str] = []

    async def perform(run: Run, order: Order) -> Receipt:
        async def first(call: Call) -> Receipt:
            ran.append("first")
            return Receipt(id="a")

        async def second(call: Call) -> Receipt:
            ran.append("second")
            if ran.count("second") < 3:
                raise VendorUnavailable("Try later.")
            return Receipt(id="b")

        await run.step("first", first)
        return await run.step("second", second)

    async with staged(database, database_url, Told(perform)) as stage:
        ended = await stage.until((await stage.start()).id, "completed")
    assert ran == ["first", "second", "second", "second"]
    assert ended.steps[1].attempt == 3
    assert stage.register.opened == []


async def test_an_outage_that_outlasts_the_retries_is_held_and_resumes_when_the_system_answers(
    database: Database, database_url: str
) -> None:
    away = True

    async def perform(run: Run, order: Order) -> Receipt:
        async def post(call: Call) -> Receipt:
            if away:
                raise VendorUnavailable("No answer.")
            return Receipt(id="inv_1")

        return await run.step("post", post)

    async with staged(database, database_url, Told(perform)) as stage:
        run_id = (await stage.start()).id
        held = await stage.until_waiting_for(run_id, "person")
        assert held.status == "waiting" and held.waiting_for is not None
        assert (held.waiting_for.code, held.waiting_for.exception_id) == ("SYSTEM_UNAVAILABLE", "exc_post")
        away = False
        await stage.until(run_id, "completed")
    assert stage.register.cleared == ["exc_post"]


async def test_what_an_outage_holds_says_what_the_run_is_about(database: Database, database_url: str) -> None:
    async def perform(run: Run, order: Order) -> Receipt:
        run.about(object_id="inv_1", amount_at_risk=Decimal("80.00"), currency="EUR")

        async def post(call: Call) -> Receipt:
            raise VendorUnavailable("No answer.", amount_at_risk=Decimal("0.01"))

        return await run.step("post", post)

    async with staged(database, database_url, Told(perform)) as stage:
        await stage.until_waiting_for((await stage.start()).id, "person")
    (problem,) = stage.register.problems
    assert problem.facts == {"object_id": "inv_1", "amount_at_risk": Decimal("0.01"), "currency": "EUR"}


async def test_a_refusal_waits_for_a_person_and_goes_on_after_resume(database: Database, database_url: str) -> None:
    tries = 0

    async def perform(run: Run, order: Order) -> Receipt:
        async def check(call: Call) -> Receipt:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise RuleViolated("No rate for the role.", code="RATE_MISSING")
            return Receipt(id="ok")

        return await run.step("check", check)

    async with staged(database, database_url, Told(perform)) as stage:
        run_id = (await stage.start()).id
        held = await stage.until_waiting_for(run_id, "person")
        assert held.steps[0].error is not None and held.steps[0].error["code"] == "rule-violated"
        await asyncio.sleep(0.5)
        assert tries == 1
        resumed = await stage.command(runs.resume_run, run_id, exception_id="exc_check")
        assert resumed.status == "running"
        await stage.until(run_id, "completed")
        with pytest.raises(Conflict):
            await stage.command(runs.resume_run, run_id)
    assert stage.register.opened == [("check", "RATE_MISSING")]


async def test_cancelling_undoes_what_was_done_in_reverse_order(database: Database, database_url: str) -> None:
    undone: list[str] = []

    def undo(name: str) -> Any:
        async def work(call: Call) -> None:
            undone.append(name)

        return work

    async def perform(run: Run, order: Order) -> Receipt:
        async def ensure(call: Call) -> Receipt:
            return Receipt(id="x")

        await run.step("customer", ensure, undo=undo("customer"))
        await run.step("project", ensure)
        run.compensation("cancel project", undo("project"))
        await run.hold("CUSTOMER_MATCH_REVIEW", "Two candidates.")
        return await run.step("never", ensure)

    async with staged(database, database_url, Told(perform)) as stage:
        run_id = (await stage.start()).id
        await stage.until_waiting_for(run_id, "person")
        assert (await stage.command(runs.cancel_run, run_id, "Client withdrew.")).status == "compensating"
        ended = await stage.until(run_id, "compensated")
    assert undone == ["project", "customer"]
    assert [s.name for s in ended.steps] == [
        *("customer", "project", "hold CUSTOMER_MATCH_REVIEW 1", "cancel project", "undo customer")
    ]
    assert ended.waiting_for is None
    assert await stage.events("workflow.") == [("workflow.compensated", run_id)]


async def test_a_compensation_that_cannot_run_is_held_until_a_person_repaired_it(
    database: Database, database_url: str
) -> None:
    repaired = False

    async def perform(run: Run, order: Order) -> Receipt:
        async def ensure(call: Call) -> Receipt:
            return Receipt(id="x")

        async def deactivate(call: Call) -> None:
            if not repaired:
                raise RuleViolated("The shell has postings.")

        await run.step("shell", ensure, undo=deactivate)
        await run.wait_for("approval")
        return Receipt(id="x")

    async with staged(database, database_url, Told(perform)) as stage:
        run_id = (await stage.start()).id
        await stage.until_waiting_for(run_id, "signal")
        await stage.command(runs.cancel_run, run_id, "No.")
        held = await stage.until_waiting_for(run_id, "person")
        assert held.status == "compensating"
        assert stage.register.opened == [("undo shell", "COMPENSATION_FAILED")]
        repaired = True
        await stage.command(runs.resume_run, run_id)
        await stage.until(run_id, "compensated")


async def test_a_run_that_committed_itself_cannot_be_cancelled(database: Database, database_url: str) -> None:
    async def perform(run: Run, order: Order) -> Receipt:
        await run.irreversible()
        return Receipt(id=str(await run.wait_for("sent", type=str)))

    async with staged(database, database_url, Told(perform)) as stage:
        run_id = (await stage.start()).id
        await stage.until_waiting_for(run_id, "signal")
        with pytest.raises(RuleViolated):
            await stage.command(runs.cancel_run, run_id, "Too late.")
        await stage.command(runs.signal_run, run_id, "sent", "inv_9", key="s1")
        await stage.command(runs.signal_run, run_id, "sent", "inv_9", key="s1")
        assert (await stage.until(run_id, "completed")).result == {"id": "inv_9"}


async def test_a_failed_run_is_resumed_behind_its_last_step(database: Database, database_url: str) -> None:
    ran, broken = 0, True

    async def perform(run: Run, order: Order) -> Receipt:
        async def count(call: Call) -> Receipt:
            nonlocal ran
            ran += 1
            return Receipt(id=str(ran))

        receipt = await run.step("count", count)
        if broken:
            raise RuleViolated("The plan does not hold.")
        return receipt

    async with staged(database, database_url, Told(perform)) as stage:
        run_id = (await stage.start()).id
        failed = await stage.until(run_id, "failed")
        assert failed.error is not None and failed.error["detail"] == "The plan does not hold."
        broken = False
        await stage.command(runs.resume_run, run_id)
        ended = await stage.until(run_id, "completed")
    assert (ended.result, ran) == ({"id": "1"}, 1)
    assert [kind for kind, _ in await stage.events("workflow.")] == ["workflow.failed", "workflow.completed"]


async def test_a_wait_times_out_and_a_child_reports_to_its_parent(database: Database, database_url: str) -> None:
    async def child(run: Run, order: Order) -> Receipt:
        await run.sleep(0.05)
        return Receipt(id=str(order.number))

    async def parent(run: Run, order: Order) -> Receipt:
        assert await run.wait_for("never", 0.1) is None
        begun = await run.now()
        started = await run.start("child", "child-1", Order(number=3))
        ended = await run.join(started, 5)
        return Receipt(id=f"{ended.status} {begun.year > 2000}")

    async with staged(database, database_url, Told(parent), Told(child, "child")) as stage:
        run_id = (await stage.start()).id
        assert (await stage.until(run_id, "completed")).result == {"id": "completed True"}
        page = await runs.list_runs(database, CALL, Wanted(filters={"workflow": "child"}, sort="-id"))
    assert [(r.parent_id, r.status) for r in page.items] == [(run_id, "completed")]


async def test_gathered_steps_wait_each_for_themselves(database: Database, database_url: str) -> None:
    done: list[str] = []

    async def perform(run: Run, order: Order) -> Receipt:
        async def shell(call: Call) -> Receipt:
            if "demand" not in done or "shell tried" not in done:
                done.append("shell tried")
                raise RuleViolated("No mapping.", code="COST_CENTER_UNMAPPED")
            return Receipt(id="shell")

        async def demand(call: Call) -> Receipt:
            await asyncio.sleep(0.1)
            done.append("demand")
            return Receipt(id="demand")

        found = await asyncio.gather(run.step("shell", shell), run.step("demand", demand))
        return Receipt(id=" ".join(r.id for r in found))

    async with staged(database, database_url, Told(perform)) as stage:
        run_id = (await stage.start()).id
        await stage.until_waiting_for(run_id, "person")
        await asyncio.sleep(0.3)
        held = await stage.view(run_id)
        assert {s.name: s.status for s in held.steps} == {"shell": "waiting", "demand": "done"}
        await stage.command(runs.resume_run, run_id)
        assert (await stage.until(run_id, "completed")).result == {"id": "shell demand"}


async def test_a_run_of_an_unknown_workflow_is_held_not_lost(database: Database, database_url: str) -> None:
    async def perform(run: Run, order: Order) -> Receipt:
        return Receipt(id="found")

    async with staged(database, database_url) as stage:
        run_id = (await stage.start()).id
        held = await stage.until_waiting_for(run_id, "person")
        assert held.steps[0].name == "find workflow"
    async with staged(database, database_url, Told(perform)) as stage:
        assert (await stage.until(run_id, "completed")).result == {"id": "found"}


async def test_an_engine_whose_runs_all_wait_rests_and_is_woken_by_a_signal_or_by_the_hour(
    database: Database, database_url: str
) -> None:
    ran: list[str] = []

    async def perform(run: Run, order: Order) -> Receipt:
        async def count(call: Call) -> Receipt:
            ran.append(run.key)
            return Receipt(id=run.key)

        await run.step("count", count)
        if run.key == "sleeper":
            await run.sleep(2.5)
            return Receipt(id="slept")
        return Receipt(id=await run.wait_for("go", type=str))

    async def resting() -> bool:
        sessions = "select count(*) from pg_stat_activity where datname = current_database() and application_name = $1"
        return bool(await database.fetchval(sessions, "dbos_transact") == 0)

    async with staged(database, database_url, Told(perform), tuning=replace(FAST, rest_after_s=0.4)) as stage:
        waiting, sleeping = (await stage.start("waiter")).id, (await stage.start("sleeper")).id
        await stage.until_waiting_for(waiting, "signal")
        await eventually(resting)
        await stage.until(sleeping, "completed")
        await eventually(resting)
        await stage.command(runs.signal_run, waiting, "go", "went", key="1")
        assert (await stage.until(waiting, "completed")).result == {"id": "went"}
    assert sorted(ran) == ["sleeper", "waiter"]


async def test_a_run_whose_record_takes_long_is_not_taken_for_one_that_waits(
    database: Database, database_url: str
) -> None:
    done = asyncio.Event()

    async def perform(run: Run, order: Order) -> Receipt:
        async def work(call: Call) -> Receipt:
            done.set()
            return Receipt(id="worked")

        return await run.step("work", work)

    async with staged(database, database_url, Told(perform), tuning=replace(FAST, rest_after_s=0.2)) as stage:
        first = await stage.start("first")
        await stage.until(first.id, "completed")
        async with database.transaction() as connection:
            await connection.execute("lock table dbos.operation_outputs in share mode")
            done.clear()
            second = await stage.start("second")
            await done.wait()
            await asyncio.sleep(1)
        assert (await stage.until(second.id, "completed")).result == {"id": "worked"}
