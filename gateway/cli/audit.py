"""`ledgerway audit`: the audit trail."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter

from contracts.process.orders import AuditSort
from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.options import SORTING
from gateway.cli.session import Asked

if TYPE_CHECKING:
    from contracts.process.trail import AuditEntry

app = App(name="audit")
_ASKING = "finance-controller"
_PAGE = 200
_HEADS = ("REQUEST", "AT", "WHO", "OPERATION", "STATUS", "PROBLEM", "OBJECT", "CORRELATION")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows.

    Parameters
    ----------
    client
        Only what this client asked.
    operation
        Only this operation, such as invoice_readiness.approve.
    problem
        Only what was refused with this problem.
    since
        Only from this instant on, such as 2026-11-01 or 2026-11-01T08:00Z; without a zone it is UTC.
    until
        Only before this instant.
    """

    client: str | None = None
    operation: str | None = None
    problem: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def filters(self) -> dict[str, Any]:
        """As the operation takes them."""
        return {
            "client": self.client,
            "operation": self.operation,
            "problem": self.problem,
            "since": _aware(self.since),
            "until": _aware(self.until),
        }


def _aware(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


_EVERYTHING = Wanted()


@app.command(name="list")
async def list_(
    *,
    wanted: Wanted = _EVERYTHING,
    sort: Annotated[AuditSort, SORTING] = "-at",
    limit: int = 50,
    session: Asked,
) -> Exit:
    """List who asked for what, with which outcome, newest first unless sorted otherwise. Payloads are never kept.

    Example: `ledgerway audit list --operation invoice_readiness.approve --since 2026-11-01`

    Parameters
    ----------
    sort
        By time; with - before it the newest first.
    limit
        At most so many.
    """
    from contracts.process.trail import Trail
    from gateway.cli.pages import collect
    from gateway.cli.tables import table

    async with session.product(_ASKING) as api:
        found = await collect(
            lambda cursor, size: api.call(Trail.list_audit, **wanted.filters(), sort=sort, cursor=cursor, limit=size),
            limit,
        )
    session.show(found.raw, table(_HEADS, [_row(entry) for entry in found.items], right="STATUS"))
    found.hint(session)
    return Exit.DONE


@app.command
async def export(file: Path | None = None, /, *, wanted: Wanted = _EVERYTHING, session: Asked) -> Exit:
    """Write the audit trail as JSON lines, newest first, to a file that is not there yet, or to stdout.

    Example: `ledgerway audit export november.jsonl --since 2026-11-01 --until 2026-12-01`

    Parameters
    ----------
    file
        Where to; stdout unless given.
    """
    from contracts.process.trail import Trail
    from gateway.cli.progress import Progress

    count, cursor, progress = 0, None, Progress(session)
    async with session.product(_ASKING) as api:
        page = await api.call(Trail.list_audit, **wanted.filters(), limit=_PAGE)
        with _opened(file) as out:
            while True:
                out.writelines(_lines(page.raw))
                count, cursor = count + len(page.value.items), page.value.next_cursor
                if file is not None:
                    progress.count(count)
                if cursor is None:
                    break
                page = await api.call(Trail.list_audit, **wanted.filters(), cursor=cursor, limit=_PAGE)
    progress.end()
    session.talk(f"{count:,} rows. Is the trail whole? ledgerway audit verify")
    return Exit.DONE


def _lines(raw: bytes) -> list[str]:
    items = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])["items"]
    return [f"{bytes(item).decode()}\n" for item in msgspec.json.decode(items, type=list[msgspec.Raw])]


def _opened(file: Path | None) -> Any:
    import contextlib

    if file is None:
        return contextlib.nullcontext(sys.stdout)
    try:
        return file.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise Complaint(Exit.CONFLICT, f"{file} is there already; name another file.") from error
    except OSError as error:
        raise Complaint(Exit.MISUSE, f"{file} cannot be written: {error.strerror}.") from error


def _row(entry: "AuditEntry") -> tuple[Any, ...]:
    from gateway.cli.tables import NOTHING, moment

    return (
        entry.request_id or entry.id,
        moment(entry.at),
        entry.principal or entry.client or NOTHING,
        entry.operation or f"{entry.method} {entry.path}",
        entry.status or NOTHING,
        entry.problem or NOTHING,
        entry.object or NOTHING,
        entry.correlation_id or NOTHING,
    )


@app.command
async def verify(*, tenant: str | None = None, session: Asked) -> Exit:
    """Recompute the hash chain over the audit trail: was anything altered, removed or slipped in?

    Note the head elsewhere: a trail cut short is then seen, too.

    Example: `ledgerway audit verify --tenant demo`

    Parameters
    ----------
    tenant
        Whose trail (LEDGERWAY_TENANT, demo).
    """
    from contracts.periods import SystemClock
    from gateway.cli.stores import database
    from gateway.cli.tables import fields
    from runtime.work.sealer import verify

    async with database(session) as opened:
        report = await verify(opened, tenant or session.settings.tenant, SystemClock())
    text = fields(
        (
            ("Trail of", report.tenant),
            ("Result", "intact" if report.intact else "BROKEN"),
            (
                "Broken",
                report.broken and f"{report.broken.kind}, position {report.broken.position}, seal {report.broken.seal}",
            ),
            ("Sealed rows", report.rows),
            ("Seals", report.seals),
            ("Not sealed yet", report.unsealed),
            ("Head", report.head),
        )
    )
    session.show(msgspec.json.encode(report), text)
    return Exit.DONE if report.intact else Exit.PROBLEM
