"""`ledgerway db`: the database schema."""

from collections.abc import Callable

import msgspec
from cyclopts import App

from gateway.cli.exits import Exit
from gateway.cli.session import Asked, Session

app = App(name="db")


@app.command
def migrate(*, session: Asked) -> Exit:
    """Apply the migrations that are pending. Forward only; a second call changes nothing.

    Example: `LEDGERWAY_DATABASE_URL=postgresql://... ledgerway db migrate`
    """
    from runtime.data.migrate import migrate

    return _told("applied", migrate, session)


@app.command
def pending(*, session: Asked) -> Exit:
    """List the migrations that are not applied yet.

    Example: `ledgerway db pending`
    """
    from runtime.data.migrate import pending

    return _told("pending", pending, session)


def _told(name: str, ask: Callable[[str], list[str]], session: Session) -> Exit:
    from gateway.cli.stores import database_url

    found = ask(database_url(session))
    session.show(msgspec.json.encode({name: found}), "\n".join(found) or "The schema is up to date.")
    return Exit.DONE
