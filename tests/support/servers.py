"""The PostgreSQL and Redis-protocol servers tests use: the embedded ones, or external ones given by address.

One pair serves all workers of a run; whoever needs it first starts it, the run's controller stops it. A database per
test is a clone of one migrated template. LEDGERWAY_TEST_DATABASE_URL and LEDGERWAY_TEST_REDIS_URL (or LEDGERWAY_DATABASE_URL
and LEDGERWAY_REDIS_URL) name external servers: the role needs CREATEDB, and Redis databases 8 to 15 are emptied.
"""

import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from msgspec import Struct, json

from runtime.data.embedded import EmbeddedServers, erase
from runtime.data.migrate import migrate
from runtime.data.statedir import EmbeddedServerError

FOLDER = "LEDGERWAY_TEST_FOLDER"
PREFIX = "ledgerway-test-"
_ours: list[EmbeddedServers] = []


class Servers(Struct, frozen=True, kw_only=True):
    """Addresses of one test run: `database_url` of a database to administer from, `template` to clone."""

    database_url: str
    redis_url: str
    template: str
    external_redis: bool


def take_addresses() -> None:
    """In the controller, before workers start: addresses are the suite's from here on, no product under test sees them."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        if address := os.environ.pop(f"LEDGERWAY_{name}", None):
            os.environ.setdefault(f"LEDGERWAY_TEST_{name}", address)


def given(name: str) -> str | None:
    """The address of an external server."""
    return os.environ.get(f"LEDGERWAY_TEST_{name}") or None


def reserve_folder() -> None:
    """In the controller, before workers start: names this run's folder and removes what killed runs left."""
    _remove_leftovers()
    os.environ[FOLDER] = str(Path(tempfile.gettempdir()) / f"{PREFIX}{os.getpid()}")


def folder() -> Path:
    return Path(os.environ[FOLDER])


def servers() -> Servers:
    """The run's servers, started if no worker did yet. They outlive the worker: see `stop`."""
    folder().mkdir(mode=0o711, exist_ok=True)
    with _alone(folder() / "starting"):
        record = folder() / "servers.json"
        if not record.exists():
            record.write_bytes(json.encode(_start()))
        return json.decode(record.read_bytes(), type=Servers)


def stop() -> None:
    """In the controller, at the end: drops the template, stops the embedded servers and removes their folder."""
    record = folder() / "servers.json"
    if record.exists():
        found = json.decode(record.read_bytes(), type=Servers)
        if given("DATABASE_URL"):
            drop(found, found.template)
        for embedded in _ours:  # started by this very process: it holds their lock
            embedded.stop()
        _remove(folder())


def clone(found: Servers) -> str:
    """The address of a new database, a copy of the migrated template."""
    name = f"ledgerway_test_{secrets.token_hex(6)}"
    with psycopg.connect(found.database_url, autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "{found.template}"')
    return _named(found.database_url, name)


def drop(found: Servers, name_or_url: str) -> None:
    """Drops a database, sessions in it included."""
    name = urlsplit(name_or_url).path.lstrip("/") if "://" in name_or_url else name_or_url
    with psycopg.connect(found.database_url, autocommit=True) as admin:
        admin.execute(f'drop database if exists "{name}" with (force)')


def redis_database(found: Servers, worker: int) -> str:
    """A Redis database of one worker's own."""
    number = 8 + worker % 8
    parts = urlsplit(found.redis_url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))


def _start() -> Servers:
    database_url, redis_url = given("DATABASE_URL"), given("REDIS_URL")
    state = folder() / "state"
    embedded = EmbeddedServers(state, database_url=database_url, redis_url=redis_url, durable=False)
    addresses = embedded.start()
    _ours.append(embedded)
    template = f"ledgerway_test_template_{secrets.token_hex(4)}"
    with psycopg.connect(addresses.database_url, autocommit=True) as admin:
        admin.execute(f'create database "{template}"')
    migrate(_named(addresses.database_url, template))
    return Servers(
        database_url=addresses.database_url,
        redis_url=addresses.redis_url,
        template=template,
        external_redis=redis_url is not None,
    )


def _named(url: str, database: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc or "@"
    return f"{parts.scheme}://{host}/{database}" + (f"?{parts.query}" if parts.query else "")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove(place: Path) -> None:
    with suppress(EmbeddedServerError):
        erase(place / "state")
    for path in sorted(place.rglob("*"), reverse=True):
        path.unlink() if not path.is_dir() else path.rmdir()
    place.rmdir()


def _remove_leftovers() -> None:
    for place in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = place.name.removeprefix(PREFIX)
        with suppress(OSError):  # another run may be removing it too
            if pid.isdigit() and place.stat().st_uid == os.geteuid() and not _alive(int(pid)):
                _remove(place)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
