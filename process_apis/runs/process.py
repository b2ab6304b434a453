"""The run desk: what people and programs see of runs, and how they resume or cancel one."""

from datetime import datetime

from contracts.call import Call
from contracts.process.orders import RunSort
from contracts.process.run_desk import RunDesk, Steering
from contracts.process.runs import RunPage, RunStatus, RunView
from runtime.data.listing import Wanted
from runtime.services import Services
from runtime.work import runs
from runtime.work.process import Process
from runtime.work.unit import unit_of_work


class RunCommands:
    """Implements contracts.process.run_desk.RunDesk."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list_runs(
        self,
        call: Call,
        status: RunStatus | None = None,
        workflow: str | None = None,
        changed_since: datetime | None = None,
        sort: RunSort = "-id",
        cursor: str | None = None,
        limit: int = 50,
    ) -> RunPage:
        filters = {"status": status, "workflow": workflow, "changed_since": changed_since}
        wanted = Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit)
        return await runs.list_runs(self._services.database, call, wanted)

    async def get_run(self, call: Call, run_id: str) -> RunView:
        return await runs.get_run(self._services.database, call, run_id)

    async def resume_run(self, call: Call, run_id: str, body: Steering) -> RunView:
        async with unit_of_work(self._services.database) as connection:
            return await runs.resume_run(connection, call, run_id, clock=self._services.clock)

    async def cancel_run(self, call: Call, run_id: str, body: Steering) -> RunView:
        async with unit_of_work(self._services.database) as connection:
            return await runs.cancel_run(connection, call, run_id, body.reason, clock=self._services.clock)


def build(services: Services) -> Process:
    """The process `runs`."""
    return Process(name="runs", contract=RunDesk, implementation=RunCommands(services))
