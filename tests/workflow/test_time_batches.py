"""What is taken in and decided about together says the same as what is done one by one: rows, audit rows and events."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.canon.timesheet import TimeEntry
from contracts.events import EVENTS
from process_apis.registers.hooks import ExceptionHooks
from process_apis.time_posting import intake
from runtime.data.database import Database
from runtime.work.calls import system_call
from runtime.work.inbox import Inbox
from runtime.work.relay import Relay
from runtime.work.unit import unit_of_work
from runtime.work.worker import attempt
from tests.support import servers as machinery
from tests.support.servers import Servers
from tests.workflow.time_stage import TENANT, TimeFirm

WEDNESDAY = date(2026, 11, 18)
CAPPED, OPEN = "PRJ-2120", "PRJ-2108"
_SEEDED = "delete from inbox where position % 40 <> 0"
_OBJECTS = """
select id, source_ref as name from time_entry
union all select id, concat_ws('/', source_ref, source_version, part, rating_version) from billable_transaction
union all select id, concat_ws('/', code, object_id, rule_key, run_id) from business_exception
"""
_BY_DAY = """
update contract_line set body = body || '{"rounding_scope": "day", "increment_minutes": 30, "increment_mode": "up"}'
where project_id = (select id from project where code = $1)
"""
_QUANTITIES = "select quantity from billable_transaction where source_ref like 'certinia:time:day-%' order by id"
_STATES = "select distinct part, state from billable_transaction"
STATES = {
    ("billable", "rated"),
    ("billable", "exception"),
    ("billable", "reversed"),
    ("overage", "held"),
    ("overage", "reversed"),
    ("non_billable", "excluded"),
}
_IDS = re.compile(r"\b(?:tme|txn|exc)_[0-9A-Z]{26}\b")
# What tells one run from another, and when it was worked on, is left out; so is the order of different keys.
_TABLES = {
    "time_entry": "select to_jsonb(t) as row, id as key from time_entry t order by id",
    "billable_transaction": "select to_jsonb(t) as row, id as key from billable_transaction t order by id",
    "business_exception": "select to_jsonb(t) as row, id as key from business_exception t order by id",
    "history": "select to_jsonb(t) - 'position' as row, object_id as key from history t order by position",
    "outbox": """select to_jsonb(t) - array['position', 'xact', 'relayed_at'] as row, partitionkey as key
        from outbox t where type ~ '^(time|transaction|exception)' order by position""",
    "delivered": "select to_jsonb(t) - 'at' as row, event_id as key from delivered t order by event_id",
    "dead_letter": "select to_jsonb(t) - array['id', 'at'] as row, event_id as key from dead_letter t order by event_id",
}


class Story:
    """Statements in their order, worked on `batch` at a time."""

    def __init__(self, firm: TimeFirm, batch: int) -> None:
        self.firm = firm
        means: dict[str, Any] = {
            "call_for": lambda tenant, correlation, _key: system_call(tenant, "system:worker", correlation),
            "attempt": attempt,
            "hooks": ExceptionHooks(firm.clock),
            "delays_s": (),
            "batch": batch,
        }
        self._inbox = Inbox(firm.database, firm.process.inbox, **means)
        self._relay = Relay(firm.database, [firm.process.subscriber], EVENTS, **means)

    async def hear(self, entries: Iterable[TimeEntry]) -> None:
        async with unit_of_work(self.firm.database) as connection:
            await intake.take(connection, system_call(TENANT, "system:tests", "cor-sweep"), "certinia", entries)
        await self._inbox.drain()
        await self._relay.drain()
        await self.firm.pass_time(minutes=1)

    async def tell(self) -> None:
        """Every kind of entry there is, in a hurry."""
        await intake.sweep(self.firm.services)
        await self.firm.database.execute(_SEEDED)
        first = [*await self._over_a_cap(), *await self._odd(), *await self._hasty(), *await self._of_a_day()]
        await self.hear(first)
        await self.hear(self._changed(first))

    async def _sheet(self, name: str, project: str, person: str, on: date, hours: str, **more: Any) -> TimeEntry:
        known = {"ref": f"certinia:time:{name}", "description": f"Workshop {name}", **more}
        return await self.firm.sheet(project, person, on, hours, **known)

    async def _over_a_cap(self) -> list[TimeEntry]:
        days = [WEDNESDAY - timedelta(days=back) for back in range(4)]
        return [await self._sheet(f"cap-{day}", CAPPED, "E1010", day, "23") for day in days]

    async def _odd(self) -> list[TimeEntry]:
        """Twins, too much on a day, work for a project nobody knows."""
        twins = [await self._sheet(n, OPEN, "E2006", WEDNESDAY, "5", description="Twin") for n in ("twin-1", "twin-2")]
        much = [await self._sheet(f"much-{n}", OPEN, "E2007", WEDNESDAY, "13") for n in range(2)]
        lost = await self._sheet("lost", OPEN, "E2007", WEDNESDAY, "1", project_ref="certinia:project:nobody")
        return [*twins, *much, lost]

    async def _hasty(self) -> list[TimeEntry]:
        """Said, corrected and taken back before anybody looked."""
        said = await self._sheet("hasty", OPEN, "E2006", WEDNESDAY - timedelta(days=7), "4")
        corrected = replace(said, hours=said.hours + 1, changed_at=said.changed_at + timedelta(seconds=1))
        back = replace(corrected, status="voided", changed_at=said.changed_at + timedelta(seconds=2))
        return [said, corrected, corrected, back, await self._sheet("calm", OPEN, "E2006", WEDNESDAY, "3")]

    async def _of_a_day(self) -> list[TimeEntry]:
        """Rounded up together: 1.2 and 1.1 hours are 1.5 and 1 hours, not 1.5 and 1.5."""
        await self.firm.database.execute(_BY_DAY, OPEN)
        day = WEDNESDAY - timedelta(days=1)
        return [await self._sheet(f"day-{hours}", OPEN, "E2006", day, hours) for hours in ("1.2", "1.1", "0.1")]

    def _changed(self, first: list[TimeEntry]) -> list[TimeEntry]:
        """One of a pair goes, the cap gets headroom, hours change."""
        known = {entry.ref.split(":")[2]: entry for entry in first}
        gone = [known[name] for name in ("twin-1", "much-0", f"cap-{WEDNESDAY}")]
        more = [known["calm"], known[f"cap-{WEDNESDAY - timedelta(days=1)}"]]
        now = self.firm.clock.now()
        return [
            *(replace(entry, status="voided", changed_at=now) for entry in gone),
            *(replace(entry, hours=entry.hours - 1, changed_at=now) for entry in more),
        ]

    async def states(self) -> set[tuple[str, str]]:
        """What became of parts."""
        return {(row["part"], row["state"]) for row in await self.firm.database.fetch(_STATES)}

    async def of_a_day(self) -> list[Decimal]:
        """Quantities of what is rounded together, in the order it was told."""
        return [row["quantity"] for row in await self.firm.database.fetch(_QUANTITIES)]

    async def told(self) -> dict[str, dict[str, list[str]]]:
        """By table, what there is of each key in its order; our ids by what they stand for."""
        names = {row["id"]: row["name"] for row in await self.firm.database.fetch(_OBJECTS)}

        def named(text: str) -> str:
            return _IDS.sub(lambda found: named(names[found[0]]), text)

        tables: dict[str, dict[str, list[str]]] = {}
        for table, sql in _TABLES.items():
            rows = tables.setdefault(table, {})
            for row in await self.firm.database.fetch(sql):
                rows.setdefault(named(row["key"]), []).append(named(str(row["row"])))
        return tables


@pytest.fixture
async def singly(sleeping_firm: TimeFirm) -> dict[str, dict[str, list[str]]]:
    """What there is when everything is done one by one."""
    story = Story(sleeping_firm, 1)
    await story.tell()
    return await story.told()


@pytest.mark.parametrize("batch", [7, 100])
async def test_a_batch_says_what_its_entries_say_one_by_one(
    singly: dict[str, dict[str, list[str]]], firm_servers: Servers, tmp_path: Path, batch: int
) -> None:
    url, folder = machinery.clone(firm_servers), tmp_path / "batch"
    folder.mkdir()
    firm = TimeFirm(await Database.connect(url), folder)
    await firm.systems.tell_time()
    story = Story(firm, batch)
    await story.tell()
    together, states, quantities = await story.told(), await story.states(), await story.of_a_day()
    await firm.services.close()
    machinery.drop(firm_servers, url)
    assert states == STATES
    assert quantities == [Decimal("1.5000"), Decimal("1.0000"), Decimal(0)]
    assert not together["dead_letter"]
    assert {table: len(rows) for table, rows in together.items()} == {
        table: len(rows) for table, rows in singly.items()
    }
    for table, rows in singly.items():
        assert together[table] == rows, table
