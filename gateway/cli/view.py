"""`ledgerway view`: what is shown, made of the event log, and making it again from there."""

import difflib
import importlib
from typing import Any

import msgspec
from cyclopts import App

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Asked

app = App(name="view")
_EVENTS = "select count(*) from outbox where tenant = $1 and type = any($2::text[])"
_UNSEEN = "select min(occurred_at) from outbox where tenant = $1 and type = any($2::text[]) and relayed_at is null"


@app.command(name="list")
async def list_(*, session: Asked) -> Exit:
    """List views: the events of the log they are made of, and the oldest one that is not shown yet.

    Example: `ledgerway view list`
    """
    from gateway.cli.stores import database
    from gateway.cli.tables import moment, table

    tenant, items = session.settings.tenant, []
    async with database(session) as opened:
        for name, view in _views().items():
            types = list(view.projection.SHOWN)
            counted = await opened.fetchval(_EVENTS, tenant, types)
            unseen = await opened.fetchval(_UNSEEN, tenant, types)
            items.append({"name": name, "events": counted, "tables": view.projection.TABLES, "waiting_since": unseen})
    rows = [(i["name"], i["events"], moment(i["waiting_since"]), " ".join(i["tables"])) for i in items]
    heads = ("VIEW", "EVENTS", "WAITING SINCE", "TABLES")
    session.show(msgspec.json.encode({"items": items}), table(heads, rows, right="EVENTS"))
    return Exit.DONE


@app.command
async def rebuild(name: str, /, *, session: Asked) -> Exit:
    """Empty a view of the tenant and make it again from the event log, as one: readers see the old rows until it is done.

    Example: `ledgerway view rebuild finance_dashboard`

    Parameters
    ----------
    name
        The view: `ledgerway view list`.
    """
    from gateway.cli.progress import Progress
    from gateway.cli.stores import database

    view, tenant = _named(name), session.settings.tenant
    session.assure(session.settings.mode, tenant)
    async with database(session) as opened:
        progress = Progress(session, await opened.fetchval(_EVENTS, tenant, list(view.projection.SHOWN)))
        try:
            count = await view.rebuild(opened, tenant, tell=progress.count)
        finally:
            progress.end()
    session.show(msgspec.json.encode({"name": name, "events": count}), f"{name} was made again from {count:,} events.")
    return Exit.DONE


def _views() -> dict[str, Any]:
    from runtime import catalogue

    return {name: importlib.import_module(f"experience_apis.{name}.view") for name in catalogue.views()}


def _named(name: str) -> Any:
    known = _views()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
    raise Complaint(Exit.NOT_FOUND, f"There is no view {name}; {hint}", look="ledgerway view list")
