"""Worker slots: stable executor names, each held by a session lock while its worker lives.

Theory of operation. A worker takes the lowest free slot. Its name is its executor name, so a worker started after a crash
takes the slot that became free and resumes that slot's runs at once. A slot nobody takes again is taken over: when its lock
has been free longer than the longest outbound time-out (what its last request may still do is done by then), or at once when
its worker left in order, another worker takes the lock, makes the runs it left free for all, notes it and lets go.
A worker that starts while its slot is being swept takes another one: the runs are moving anyway.
"""

import time
from collections.abc import Awaitable, Callable

from msgspec import Struct

from runtime.data.database import Database
from runtime.telemetry import log
from runtime.work.session import Session

LOCK_SPACE = 0x4C57_01

_CLAIMED = """
insert into slot (name) values ($1)
on conflict (name) do update set claimed_at = now(), left_at = null, swept_at = null
"""
_LEFT = "update slot set left_at = now() where name = $1"
_SWEPT = "update slot set swept_at = now() where name = $1"
_FREE = """
select name, left_at is not null as left from slot
where swept_at is null and not exists (
    select from pg_locks where locktype = 'advisory' and granted and objsubid = 2 and classid::bigint = $1
    and objid::bigint = split_part(name, '-', 2)::bigint
    and database = (select oid from pg_database where datname = current_database()))
order by name
"""


_ALL = """
select name, case
    when exists (
        select from pg_locks where locktype = 'advisory' and granted and objsubid = 2 and classid::bigint = $1
        and objid::bigint = split_part(name, '-', 2)::bigint
        and database = (select oid from pg_database where datname = current_database())) then 'live'
    when swept_at is not null then 'taken_over' when left_at is not null then 'left' else 'dead' end as state
from slot order by name
"""
STATES = ("live", "dead", "left", "taken_over")


class Slot(Struct, frozen=True):
    """One executor name; `dead` when its worker is gone without a word and nobody took over what it left."""

    name: str
    state: str


async def standing(database: Database) -> list[Slot]:
    """All slots that ever had a worker."""
    return [Slot(**row) for row in await database.fetch(_ALL, LOCK_SPACE)]


class NoFreeSlot(Exception):
    """As many workers run already as there are slots."""


async def claim(session: Session, database: Database, slots: int) -> str:
    """Takes the lowest free slot and returns its name, `slot-0` and up. Raises NoFreeSlot."""
    for number in range(slots):
        if await session.take(LOCK_SPACE, number, own=True):
            await database.execute(_CLAIMED, f"slot-{number}")
            return f"slot-{number}"
    raise NoFreeSlot(f"all {slots} slots have a worker")


async def leave(database: Database, name: str) -> None:
    """Says that a worker goes in order: others need not wait before they take its runs."""
    await database.execute(_LEFT, name)


class Takeover:
    """Looks after slots without a worker. `adopt(name)` frees a dead executor's runs and returns how many."""

    def __init__(
        self,
        session: Session,
        database: Database,
        adopt: Callable[[str], Awaitable[int]],
        dead_after_s: float,  # house: float seconds
    ) -> None:
        self._session, self._database, self._adopt, self._dead_after_s = session, database, adopt, dead_after_s
        self._free_since: dict[str, float] = {}  # house: float seconds

    async def look(self) -> None:
        """One look; the worker repeats it."""
        now = time.monotonic()
        rows = await self._database.fetch(_FREE, LOCK_SPACE)
        self._free_since = {row["name"]: self._free_since.get(row["name"], now) for row in rows}
        for row in rows:
            if row["left"] or now - self._free_since[row["name"]] >= self._dead_after_s:
                await self._sweep(row["name"])

    async def _sweep(self, name: str) -> None:
        number = int(name.removeprefix("slot-"))
        if not await self._session.take(LOCK_SPACE, number):
            return
        try:
            runs = await self._adopt(name)
            await self._database.execute(_SWEPT, name)
        finally:
            await self._session.give(LOCK_SPACE, number)
        log.warning("slot.taken_over", slot=name, runs=runs)
