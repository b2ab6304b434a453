"""`ledgerway runs`: looking at runs and steering them."""

from collections.abc import Callable
from typing import Annotated, Any

from cyclopts import App

from contracts.process.orders import RunSort
from contracts.process.runs import RunStatus
from gateway.cli.exits import Exit
from gateway.cli.options import SORTING
from gateway.cli.session import Asked, Session

app = App(name="runs")
_ASKING = "integration-developer"
_REASON = "Asked for on the command line."


@app.command(name="list")
async def list_(
    *,
    status: RunStatus | None = None,
    workflow: str | None = None,
    sort: Annotated[RunSort, SORTING] = "-id",
    limit: int = 50,
    session: Asked,
) -> Exit:
    """List runs, newest first unless sorted otherwise.

    Example: `ledgerway runs list --status waiting --json`

    Parameters
    ----------
    status
        Only runs in this status.
    workflow
        Only runs of this workflow.
    sort
        By this member of an item; with - before it, as in --sort=-updated_at, the largest or latest first.
    limit
        At most so many.
    """
    from contracts.process.run_desk import RunDesk
    from gateway.cli import run_text
    from gateway.cli.pages import collect

    async with session.product(_ASKING) as api:
        found = await collect(
            lambda cursor, size: api.call(
                RunDesk.list_runs, status=status, workflow=workflow, sort=sort, cursor=cursor, limit=size
            ),
            limit,
        )
    session.show(found.raw, run_text.page(found.items))
    found.hint(session)
    return Exit.DONE


@app.command
async def show(run_id: str, /, *, follow: bool = False, session: Asked) -> Exit:
    """Show a run with its steps, and what it waits for.

    Example: `ledgerway runs show run_... --follow`

    Parameters
    ----------
    run_id
        The run.
    follow
        Stay until it ends or is held; the exit code tells which.
    """
    from contracts.process.run_desk import RunDesk
    from gateway.cli import run_text
    from gateway.cli.complaints import looking_at
    from gateway.cli.following import follow as followed

    async with session.product(_ASKING) as api:
        with looking_at("ledgerway runs list", "not-found"):
            run = await api.call(RunDesk.get_run, run_id)
        if follow:
            return await followed(api, session, run)
    session.show(run.raw, run_text.whole(run.value))
    return Exit.DONE


@app.command
async def resume(run_id: str, /, *, reason: str = _REASON, follow: bool = False, session: Asked) -> Exit:
    """Try the waiting step of a run again now; it looks before it acts.

    Example: `ledgerway runs resume run_... --reason "NetSuite is back"`

    Parameters
    ----------
    run_id
        The run.
    reason
        Why, for the record.
    follow
        Stay until it ends or is held.
    """
    from contracts.process.run_desk import RunDesk

    return await _steer(RunDesk.resume_run, run_id, reason, follow, session)


@app.command
async def cancel(run_id: str, /, *, reason: str = _REASON, follow: bool = False, session: Asked) -> Exit:
    """Undo what a run did, in reverse order, and end it.

    Example: `ledgerway runs cancel run_... --reason "The deal was a test"`

    Parameters
    ----------
    run_id
        The run.
    reason
        Why, for the record.
    follow
        Stay until it ends.
    """
    from contracts.process.run_desk import RunDesk

    return await _steer(RunDesk.cancel_run, run_id, reason, follow, session, "cancelled", "compensated")


async def _steer(
    how: Callable[..., Any], run_id: str, reason: str, follow: bool, session: Session, *wanted: str
) -> Exit:
    from contracts.process.run_desk import Steering
    from gateway.cli import run_text
    from gateway.cli.complaints import looking_at
    from gateway.cli.following import follow as followed

    async with session.product(_ASKING) as api:
        with looking_at(f"ledgerway runs show {run_id}", "conflict"):
            run = await api.call(how, run_id, Steering(reason=reason))
        if follow:
            return await followed(api, session, run, *wanted)
    session.show(run.raw, run_text.whole(run.value))
    return Exit.DONE
