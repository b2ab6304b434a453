"""Is the database the right one: does it answer, is it ours, can it be written, does it have our schema, what time is it there?"""

import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from contracts.periods import Clock
from gateway.doctor.finding import Finding, ill, warning, well
from gateway.installation import recorded
from runtime.data.database import Database
from runtime.data.migrate import DIRECTORY

SKEW_WARNING_S, SKEW_ILL_S = 2, 30
CLOCK_FIX = "timedatectl set-ntp true   (on the machine whose clock is wrong)"
_URL = 'psql "$LEDGERWAY_DATABASE_URL" -c'
_ABOUT = """
select current_database() as name, current_setting('server_version') as version, pg_is_in_recovery() as replica,
       current_setting('transaction_read_only')::boolean as read_only,
       to_regclass('public.outbox') is not null as ours,
       coalesce(has_table_privilege(to_regclass('public.outbox'), 'insert'), true) as writable,
       (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname not like '%yoyo%') as tables
"""
_APPLIED = "select migration_id from _yoyo_migration"
_ID = "select id from installation limit 1"


async def opened(url: str) -> Database | Finding:
    """The database, or why it cannot be used. The address stays out of what is said: it may hold a password."""
    where = urlsplit(url)
    named = f"{where.path.lstrip('/') or 'the database'} at {where.hostname or 'a local socket'}"
    check = "database"
    try:
        return await Database.connect(url, application_name="ledgerway-doctor", max_size=2, statement_timeout_s=10)
    except asyncpg.InvalidCatalogNameError:
        return ill(check, f"Wrong database: that server has none named {named}.", f"createdb {where.path.lstrip('/')}")
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        return ill(check, f"{named} refuses our account.", "export LEDGERWAY_DATABASE_URL=postgresql://USER@HOST/NAME")
    except (OSError, TimeoutError) as error:
        if type(error) is ConnectionError:  # asyncpg's word for an answer that is not the protocol
            return _foreign(named, error)
        detail = f"{named} does not answer ({type(error).__name__})."
        return ill(check, detail, "ledgerway demo   (or start the server of LEDGERWAY_DATABASE_URL)")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, ValueError) as error:
        return _foreign(named, error)


def _foreign(named: str, error: Exception) -> Finding:
    detail = f"Wrong server: what answers for {named} is no PostgreSQL we can use ({type(error).__name__})."
    return ill("database", detail, "export LEDGERWAY_DATABASE_URL=postgresql://USER@HOST/NAME")


async def database(database: Database, state_dir: Path) -> Finding:
    """Ours, writable, and the one this state directory belongs to?"""
    about = await database.fetchrow(_ABOUT)
    assert about is not None
    name, told = about["name"], f"{about['name']}, PostgreSQL {about['version']}"
    elsewhere = "export LEDGERWAY_DATABASE_URL=postgresql://USER@HOST/NAME   (the right one)"
    if not about["ours"] and about["tables"]:
        detail = f"Wrong database: {name} holds {about['tables']} tables of something else and none of ours."
        return ill("database", detail, elsewhere)
    if about["replica"]:
        return ill("database", f"Wrong server: {name} is on a replica, which cannot be written.", elsewhere)
    if about["read_only"]:
        fix = f"{_URL} 'alter database \"{name}\" reset default_transaction_read_only'"
        return ill("database", f"{name} is read-only.", fix)
    if not about["writable"]:
        fix = f"{_URL} 'grant all on all tables in schema public to USER'"
        return ill("database", f"Our account may not write to {name}.", fix)
    ours, known = await _installation(database), recorded(state_dir)
    if ours is not None and known not in (None, ours):
        detail = f"Wrong database: {state_dir} belongs to installation {known}, {name} is installation {ours}."
        return ill("database", detail, elsewhere)
    return well("database", told)


async def _installation(database: Database) -> str | None:
    try:
        found: str | None = await database.fetchval(_ID)
    except asyncpg.UndefinedTableError:
        return None
    return found


async def migrations(database: Database) -> Finding:
    """Is the schema the one this program was made for?"""
    try:
        applied = {row["migration_id"] for row in await database.fetch(_APPLIED)}
    except asyncpg.UndefinedTableError:
        applied = set()
    known = {path.stem for path in DIRECTORY.glob("*.sql")}
    if missing := sorted(known - applied):
        return ill("schema", f"Missing migrations: {', '.join(missing)}.", "ledgerway db migrate")
    if newer := sorted(applied - known):
        detail = f"The database is newer than this program: {', '.join(newer)}."
        return ill("schema", detail, "ledgerway --version   (install the version that made the schema)")
    return well("schema", f"All {len(known)} migrations are applied.")


async def clock(database: Database, clock: Clock) -> Finding:
    """Does the database agree with us what time it is?"""
    began, before = time.monotonic(), clock.now()
    there = await database.fetchval("select clock_timestamp()")
    middle = before + timedelta(seconds=(time.monotonic() - began) / 2)
    return skewed("clock", "The database", round((there - middle).total_seconds()))


def skewed(check: str, whose: str, ahead_s: int) -> Finding:
    """What a difference of clocks means: tokens and leases are judged by them."""
    told = f"{whose} is {abs(ahead_s)} s {'ahead of' if ahead_s > 0 else 'behind'} this machine."
    if abs(ahead_s) > SKEW_ILL_S:
        return ill(check, f"Clock skew: {told}", CLOCK_FIX)
    return warning(check, f"Clock skew: {told}", CLOCK_FIX) if abs(ahead_s) > SKEW_WARNING_S else well(check, told)
