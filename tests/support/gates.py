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
    {waits}
    return new;
end $$;
create trigger test_gate before {event} on {table} for each row execute function test_gate()
"""
_CLEAR = "drop trigger if exists test_gate on {table}; drop function if exists test_gate()"
_WAIT = "if {when} then perform pg_advisory_xact_lock_shared({lock}); return new; end if;"
_WAITING = """
select objid, pid from pg_locks where locktype = 'advisory' and not granted and objid = any(%s)
    and database = (select oid from pg_database where datname = current_database()) order by 1
"""


class Gate:
    """A closed gate with a place for each of its conditions."""

    def __init__(self, session: psycopg.Connection, places: int) -> None:
        self._session, self._locks = session, [_LOCK + place for place in range(places)]

    def waiting(self) -> list[tuple[int, int]]:
        """Who stands before it: the place, and the database session."""
        return [(lock - _LOCK, pid) for lock, pid in self._session.execute(_WAITING, (self._locks,)).fetchall()]

    def until_reached(self, what: str, seconds: float = 60) -> int:
        """Until somebody stands before it; at which place."""
        found: list[tuple[int, int]] = until(self.waiting, f"somebody to reach {what}", seconds, every=0.02)
        return found[0][0]


@contextmanager
def gate(database_url: str, table: str, event: str, *when: str) -> Iterator[Gate]:
    """Closed before `event` (insert, update) on rows of `table` for which one of `when` (SQL over `new`) holds. Opened at the
    end, after the sessions that stand before it have been ended: whoever is killed inside never wrote its row."""
    with psycopg.connect(database_url, autocommit=True) as session:
        for place in range(len(when)):
            session.execute("select pg_advisory_lock(%s)", (_LOCK + place,))
        waits = "\n    ".join(_WAIT.format(when=one, lock=_LOCK + place) for place, one in enumerate(when))
        session.execute(_SET.format(table=table, event=event, waits=waits))
        closed = Gate(session, len(when))
        try:
            yield closed
        finally:
            for _, pid in closed.waiting():
                session.execute("select pg_terminate_backend(%s, 5000)", (pid,))
            session.execute(_CLEAR.format(table=table))
            session.execute("select pg_advisory_unlock_all()")
