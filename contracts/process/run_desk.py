"""Looking at runs of all workflows, and steering them."""

from typing import Protocol

from msgspec import Struct

from contracts.call import Call
from contracts.canon.ref import Code, Cursor, Limit, Reason
from contracts.operation import operation
from contracts.problems import Conflict, NotFound
from contracts.process.orders import ChangedSince, RunSort
from contracts.process.runs import RunPage, RunStatus, RunView


class Steering(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a person steps in."""

    reason: Reason


class RunDesk(Protocol):
    """Runs."""

    @operation("GET", "/runs", scope="runs:read")
    async def list_runs(
        self,
        call: Call,
        status: RunStatus | None = None,
        workflow: Code | None = None,
        changed_since: ChangedSince | None = None,
        sort: RunSort = "-id",
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> RunPage:
        """List runs without their steps, newest first unless `sort` says otherwise."""
        ...

    @operation("GET", "/runs/{run_id}", scope="runs:read", problems=(NotFound,))
    async def get_run(self, call: Call, run_id: Code) -> RunView:
        """Read a run with its steps, and what it waits for."""
        ...

    @operation("POST", "/runs/{run_id}/resume", scope="runs:operate", status=202, problems=(NotFound, Conflict))
    async def resume_run(self, call: Call, run_id: Code, body: Steering) -> RunView:
        """Run the waiting step again: it looks before it acts."""
        ...

    @operation("POST", "/runs/{run_id}/cancel", scope="runs:operate", status=202, problems=(NotFound, Conflict))
    async def cancel_run(self, call: Call, run_id: Code, body: Steering) -> RunView:
        """Undo what the run did, in reverse order, and end it (WF-4)."""
        ...
