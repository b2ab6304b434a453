"""`ledgerway audit`: the audit trail."""

import msgspec
from cyclopts import App

from gateway.cli.exits import Exit
from gateway.cli.session import Asked

app = App(name="audit")


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
