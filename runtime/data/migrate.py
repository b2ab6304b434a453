"""Schema migrations: plain SQL files in `migrations/`, applied in order of their names, forward only (yoyo, psycopg 3).

A session lock of PostgreSQL lets one process at a time migrate; unlike yoyo's lock table it dies with its holder.
Imported only by start-up and `ledgerway db`: yoyo and psycopg are not wanted in a serving process.
"""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import yoyo

from contracts.problems import StoreAway

DIRECTORY = Path(__file__).parent / "migrations"
LOCK = 7_234_015_561
OLDEST = 15
ABLE = """
select current_setting('server_version_num')::int / 10000, encoding = pg_char_to_encoding('UTF8'),
    coalesce(has_schema_privilege(current_schema(), 'create'), false) or to_regclass('_yoyo_migration') is not null
from pg_database where datname = current_database()
"""


def migrate(url: str) -> list[str]:
    """Applies what is pending and returns the ids applied, in order. Each file is one transaction; a failing one raises
    psycopg.Error and leaves those before it applied. Raises StoreAway when the server cannot be reached or refuses."""
    with _backend(url) as backend, redirect_stdout(sys.stderr):  # yoyo prints what a statement selects
        backend.execute(f"select pg_advisory_lock({LOCK})")
        todo = backend.to_apply(yoyo.read_migrations(str(DIRECTORY)))
        backend.apply_migrations(todo)
        return [migration.id for migration in todo]


def pending(url: str) -> list[str]:
    """Ids of the migrations not yet applied, in the order they would be."""
    with _backend(url) as backend:
        return [migration.id for migration in backend.to_apply(yoyo.read_migrations(str(DIRECTORY)))]


@contextmanager
def _backend(url: str) -> Iterator[Any]:
    """Raises StoreAway for a server that cannot be reached, and for a database that could not hold the schema."""
    try:
        with psycopg.connect(url) as session:
            _check(session)
            account = session.info.user
        backend = yoyo.get_backend(urlunsplit(urlsplit(url)._replace(scheme="postgresql+psycopg")))
        with closing(backend.connection):
            yield backend
    except psycopg.OperationalError as error:
        raise StoreAway(f"The database does not answer: {str(error).splitlines()[0].rstrip('.')}.") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise _refused(account, str(error).splitlines()[0]) from error


def _check(session: psycopg.Connection) -> None:
    version, unicode, allowed = session.execute(ABLE).fetchone() or (0, False, False)
    if version < OLDEST:
        raise StoreAway(f"The database runs on PostgreSQL {version}; use {OLDEST} or newer.")
    if not unicode:
        raise StoreAway(
            f"The database {session.info.dbname} is not encoded in UTF8. Make one that is: "
            "create database ledgerway encoding 'UTF8' template template0"
        )
    if not allowed:
        raise _refused(session.info.user, "it may not make tables")


def _refused(account: str, why: str) -> StoreAway:
    return StoreAway(
        f"The account {account} cannot make the schema: {why}. "
        f"Use its owner, or allow it: grant create on schema public to {account}"
    )


if __name__ == "__main__":
    sys.stdout.writelines(f"applied {name}\n" for name in migrate(sys.argv[1]))
