"""The database for commands that use it directly: the configured one, or the one a demo of this state directory runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Session

if TYPE_CHECKING:
    from runtime.data.database import Database


def database_url(session: Session) -> str:
    """Its address. Complains when nothing is configured and nothing runs."""
    from runtime.data.embedded import running

    settings = session.settings
    if settings.database_url is not None:
        return settings.database_url
    found = running(settings.state_dir)
    if found is None:
        detail = f"LEDGERWAY_DATABASE_URL is not set, and no `ledgerway demo` runs in {settings.state_dir}."
        raise Complaint(Exit.UNAVAILABLE, detail, look="ledgerway demo")
    return found.database_url


@asynccontextmanager
async def database(session: Session) -> AsyncIterator["Database"]:
    """An open database. Complains when it does not answer."""
    import asyncpg

    from runtime.data.database import Database

    url = database_url(session)
    try:
        opened = await Database.connect(url, application_name="ledgerway-cli", max_size=2)
    except (OSError, asyncpg.PostgresError) as error:
        raise unreachable(error) from error
    try:
        yield opened
    finally:
        await opened.close()


def unreachable(error: Exception) -> Complaint:
    """The complaint about a database that cannot be used; the address stays out of it: it may hold a password."""
    return Complaint(Exit.UNAVAILABLE, f"The database does not answer: {str(error).strip() or type(error).__name__}.")
