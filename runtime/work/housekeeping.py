"""Periodic work that belongs to no process: sealing the audit trail, dropping replies past their retention."""

from contracts.periods import Clock
from runtime.data.claims import purge
from runtime.data.database import Database
from runtime.work.sealer import BATCH, seal_all
from runtime.work.sweeps import Sweep

_SEAL_EVERY_S, _PURGE_EVERY_S = 5, 900
_MOST_AT_ONCE = 10_000


def housekeeping(database: Database, clock: Clock) -> tuple[Sweep, ...]:
    """The sweeps a worker runs besides those of its processes."""

    async def seal() -> None:
        while await seal_all(database, clock) >= BATCH:
            pass

    async def forget() -> None:
        while await purge(database, clock.now(), _MOST_AT_ONCE) == _MOST_AT_ONCE:
            pass

    return Sweep("seal the audit trail", _SEAL_EVERY_S, seal), Sweep("forget kept replies", _PURGE_EVERY_S, forget)
