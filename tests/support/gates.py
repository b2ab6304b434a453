"""Holds a process of ours inside PostgreSQL, at the moment it is about to write a row: there it can be killed.

A trigger of the test waits for a lock of the test. The product knows nothing of it: to it the database is slow. What the
process has done before that row is done; the row itself is not written, since its session is ended before the gate opens.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.support.demo import until

_LOCK = 20_260_801
_SET = """
create function test_gate() returns trigger language plpgsql as $$
begin
    if {when} then perform pg_advisory_xact_lock_shared({lock}); end if;
    return new;
end $$;
create trigger test_gate before {event} on {table} for each row execute function test_gate()
"""
_CLEAR = "drop trigger if exists test_gate on {table}; drop function if exists test_gate()"
_WAITING = "select pid from pg_locks where locktype = 'advisory' and not granted and objid = %s"


class Gate:
    """A closed gate."""

    def __init__(self, session: psycopg.Connection) -> None:
        self._session = session

    def waiting(self) -> list[int]:
        """Database sessions that stand before it."""
        return [row[0] for row in self._session.execute(_WAITING, (_LOCK,)).fetchall()]

    def until_reached(self, what: str, seconds: float = 60) -> None:
        """Until somebody stands before it."""
        until(self.waiting, f"somebody to reach {what}", seconds, every=0.02)


@contextmanager
def gate(database_url: str, table: str, event: str, when: str) -> Iterator[Gate]:
    """Closed before `event` (insert, update) on rows of `table` for which `when` (SQL over `new`) holds. Opened at the
    end, after the sessions that stand before it have been ended: whoever is killed inside never wrote its row."""
    with psycopg.connect(database_url, autocommit=True) as session:
        session.execute("select pg_advisory_lock(%s)", (_LOCK,))
        session.execute(_SET.format(table=table, event=event, when=when, lock=_LOCK))
        closed = Gate(session)
        try:
            yield closed
        finally:
            for pid in closed.waiting():
                session.execute("select pg_terminate_backend(%s, 5000)", (pid,))
            session.execute(_CLEAR.format(table=table))
            session.execute("select pg_advisory_unlock(%s)", (_LOCK,))
