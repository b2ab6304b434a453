"""Migrations: what is pending is applied once, in order, and a rerun finds nothing."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psycopg
import pytest

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
