"""Migrations: what is pending is applied once, in order, and a rerun finds nothing."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from contracts.problems import StoreAway
from runtime.data.migrate import DIRECTORY, migrate, pending
from tests.support import servers as machinery
from tests.support.servers import Servers

OF_PROCESSES = {"slot", "installation"}
FILES = sorted(path.stem for path in DIRECTORY.glob("*.sql"))


@pytest.fixture
def empty_url(servers: Servers, database_url: str) -> str:
    name = urlsplit(database_url).path[1:]
    machinery.drop(servers, name)
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
    return database_url


def test_a_template_clone_has_nothing_pending(database_url: str) -> None:
    assert pending(database_url) == []


def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    assert pending(empty_url) == FILES
    with ThreadPoolExecutor(2) as pool:
        applied = list(pool.map(migrate, [empty_url, empty_url]))
    assert sorted(name for names in applied for name in names) == FILES
    assert pending(empty_url) == []


def test_every_table_begins_with_the_tenant(database_url: str) -> None:
    first = """select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum = 1
               join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = 'public' and c.relkind in ('r', 'p') and a.attname <> 'tenant'"""
    with psycopg.connect(database_url) as session:
        found = {row[0] for row in session.execute(first)}
    assert {name for name in found if "yoyo" not in name} <= OF_PROCESSES


def test_a_database_of_another_encoding_is_refused_with_the_way_to_a_right_one(
    servers: Servers, database_url: str
) -> None:
    name = urlsplit(database_url).path[1:]
    machinery.drop(servers, name)
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(f"""create database "{name}" encoding 'SQL_ASCII' locale 'C' template template0""")
    with pytest.raises(StoreAway, match=r"not encoded in UTF8\. Make one that is: create database"):
        migrate(database_url)


def test_an_account_that_may_not_make_tables_is_told_the_grant(servers: Servers, empty_url: str) -> None:
    poor = f"poor_{urlsplit(empty_url).path[1:]}"
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(f"""create role "{poor}" login password 'p'""")
    try:
        with pytest.raises(StoreAway, match=f"grant create on schema public to {poor}"):
            migrate(urlunsplit(urlsplit(empty_url)._replace(netloc=_as(poor, empty_url))))
    finally:
        with psycopg.connect(servers.database_url, autocommit=True) as admin:
            admin.execute(f'drop role "{poor}"')


def _as(account: str, url: str) -> str:
    return f"{account}:p@{urlsplit(url).netloc.rpartition('@')[2]}"
