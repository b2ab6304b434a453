"""Schema migrations: plain SQL files in `migrations/`, applied in order of their names, forward only (yoyo, psycopg 3).

A session lock of PostgreSQL lets one process at a time migrate; unlike yoyo's lock table it dies with its holder.
Imported only by start-up and `ledgerway db`: yoyo and psycopg are not wanted in a serving process.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import yoyo

from contracts.problems import StoreAway

DIRECTORY = Path(__file__).parent / "migrations"
LOCK = 7_234_015_561


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
    try:
        backend = yoyo.get_backend(urlunsplit(urlsplit(url)._replace(scheme="postgresql+psycopg")))
    except psycopg.OperationalError as error:
        raise StoreAway(f"The database does not answer: {str(error).splitlines()[0]}.") from error
    try:
        yield backend
    finally:
        backend.connection.close()


if __name__ == "__main__":
    sys.stdout.writelines(f"applied {name}\n" for name in migrate(sys.argv[1]))
