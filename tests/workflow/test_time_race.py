"""Several workers at once: caps are consumed one after the other, sweeps and batches do not get into each other's way."""

import asyncio
from collections import Counter
from contextvars import Context
from datetime import date, timedelta
from decimal import Decimal

from msgspec.structs import replace

from contracts.events import EVENTS
from process_apis.registers.hooks import ExceptionHooks
from process_apis.registers.unit import Unit
from process_apis.time_posting import correct, intake, posting
from runtime.data.database import Database
from runtime.work.calls import system_call
from runtime.work.inbox import Inbox
from runtime.work.relay import Relay
from runtime.work.unit import unit_of_work
from runtime.work.worker import attempt
from tests.workflow.stage import eventually
from tests.workflow.time_stage import TENANT, TimeFirm

WEDNESDAY = date(2026, 11, 18)
_WAITING = """
select count(*) from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()
"""


def _relay(firm: TimeFirm) -> Relay:
    return Relay(
        firm.database,
        [firm.process.subscriber],
        EVENTS,
        call_for=lambda tenant, correlation, _key: system_call(tenant, "system:worker", correlation),
        attempt=attempt,
        hooks=ExceptionHooks(firm.clock),
        delays_s=(0.05,),
    )


async def _at_once(*work: object) -> None:
    """Each in a context of its own, as in processes of their own."""
    await asyncio.gather(*(asyncio.create_task(one, context=Context()) for one in work))  # type: ignore[arg-type]


async def _decide(firm: TimeFirm, database: Database, ref: str, until: asyncio.Event) -> None:
    """One worker decides about an entry and commits when it may."""
    entry_id = await firm.entry(ref)
    async with unit_of_work(database) as connection:
        await correct.bring_up(Unit(connection, system_call(TENANT, "system:worker"), firm.clock.now()), entry_id)
        await until.wait()


async def test_two_workers_never_bill_more_than_a_cap(sleeping_firm: TimeFirm, firm_url: str) -> None:
    firm = sleeping_firm
    sheets = [await firm.sheet("PRJ-2120", "E1010", WEDNESDAY - timedelta(days=back), "24") for back in range(2)]
    await firm.hear(*sheets)
    other, commit = await Database.connect(firm_url), asyncio.Event()
    deciding = [
        asyncio.create_task(_decide(firm, database, sheet.ref, commit), context=Context())
        for database, sheet in zip((firm.database, other), sheets, strict=True)
    ]

    async def met() -> bool:
        return bool(await firm.database.fetchval(_WAITING))

    await eventually(met)
    commit.set()
    await asyncio.gather(*deciding)
    await other.close()
    sql = "select sum(amount) from billable_transaction where part = 'billable'"
    assert await firm.database.fetchval(sql) == Decimal("9500.00")
    assert await firm.faults() == []


async def test_two_statements_of_one_entry_at_once_become_two_versions(sleeping_firm: TimeFirm) -> None:
    firm = sleeping_firm
    first = await firm.sheet("PRJ-2108", "E2006", WEDNESDAY, "8")

    later = replace(first, status="voided", changed_at=first.changed_at + timedelta(seconds=1))
    await _at_once(*(firm.hear(one) for one in (first, later, first, later)))
    rows = await firm.database.fetch("select version, status from time_entry")
    assert [(row["version"] <= 2, row["status"]) for row in rows] == [(True, "voided")]


async def test_two_sweeps_at_once_take_everything_in_once(sleeping_firm: TimeFirm) -> None:
    firm = sleeping_firm
    await firm.from_now_on()
    days = [WEDNESDAY - timedelta(days=back) for back in range(3)]
    for day in days:
        await firm.systems.approve("PRJ-2108", "E2006", day, "4")
    await _at_once(*(intake.sweep(firm.services) for _ in range(3)))
    inbox = Inbox(
        firm.database,
        firm.process.inbox,
        call_for=lambda tenant, correlation, _key: system_call(tenant, "system:worker", correlation),
        attempt=attempt,
        hooks=ExceptionHooks(firm.clock),
        delays_s=(1,),
    )
    await _at_once(inbox.drain(), inbox.drain())
    rows = await firm.database.fetch("select worked_on, version from time_entry")
    assert sorted((row["worked_on"], row["version"]) for row in rows) == sorted((day, 1) for day in days)


async def test_a_transaction_is_claimed_by_one_batch(sleeping_firm: TimeFirm) -> None:
    firm = sleeping_firm
    await firm.hear(
        *[await firm.sheet("PRJ-2108", "E2006", WEDNESDAY - timedelta(days=back), "8") for back in range(5)]
    )
    await firm.database.execute("update outbox set relayed_at = now() where type not like 'time.%'")
    await _relay(firm).drain()
    await _at_once(*(posting.gather(firm.services) for _ in range(3)))
    batches = [row["input"]["transaction_ids"] for row in await firm.database.fetch("select input from run")]
    claimed = Counter(one for batch in batches for one in batch)
    assert (len(claimed), set(claimed.values())) == (5, {1})
    loose = "select count(*) from billable_transaction where state = 'rated' and posting_run_id is null"
    assert await firm.database.fetchval(loose) == 0
    assert {row["tenant"] for row in await firm.database.fetch("select tenant from run")} == {TENANT}
