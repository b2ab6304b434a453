"""`ledgerway time`: time as the connected time tool states it, before Ledgerway made anything of it."""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from cyclopts import App

from contracts.canon.timesheet import TimeStatus
from gateway.cli.exits import Exit
from gateway.cli.session import Asked

if TYPE_CHECKING:
    from contracts.canon.timesheet import TimeEntry

app = App(name="time")
_HEADS = ("ENTRY", "STATUS", "DAY", "WHO", "HOURS", "PROJECT", "TASK", "APPROVED BY", "CHANGED")


@app.command(name="list")
async def list_(
    *,
    status: TimeStatus | None = None,
    since: date | None = None,
    connection: str = "certinia",
    limit: int = 50,
    session: Asked,
) -> Exit:
    """List time entries of a time tool, oldest change first. Approving and sending back happens in that tool.

    Example: `ledgerway time list --since 2026-11-01 --status submitted`

    Parameters
    ----------
    status
        Only those in this status.
    since
        Only those that changed on or after this day (UTC).
    connection
        Name of the time tool's connection.
    limit
        Read at most so many.
    """
    from contracts.system.time import Time
    from gateway.cli.pages import collect

    changed_since = None if since is None else datetime.combine(since, time(), UTC)
    async with session.product("integration-developer") as api:
        tool = api.of(connection)
        found = await collect(
            lambda cursor, size: tool.call(Time.list_time, changed_since=changed_since, cursor=cursor, limit=size),
            limit,
        )
    shown = found if status is None else found.only(lambda entry: entry.status == status)
    session.show(shown.raw, _table(shown.items))
    found.hint(session)
    if shown.items:
        session.suggest(f"What became of it: ledgerway transactions list --source-ref {shown.items[0].ref}")
    return Exit.DONE


def _table(found: "tuple[TimeEntry, ...]") -> str:
    from gateway.cli.tables import NOTHING, day, hours, moment, table

    rows = [
        (
            e.ref,
            e.status,
            day(e.worked_on),
            e.worker_number or e.worker_ref,
            hours(e.hours),
            e.project_ref,
            e.task_code or NOTHING,
            e.approver_name or NOTHING,
            moment(e.changed_at),
        )
        for e in found
    ]
    return table(_HEADS, rows, right="HOURS")
