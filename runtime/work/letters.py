"""Dead letters after they were written: what they hold, and the two ways out. Each joins the caller's transaction.

A replayed letter is gone and its event or delivery is due again; whoever has the event already has a mark of it. A discarded
letter stays as a mark, so that the replay of another reader's letter does not bring the event back to this one.
"""

from typing import Any

from msgspec import Struct

from contracts.problems import NotFound
from runtime.data.database import Connection

_INBOX = "inbox:"
_LETTER = """
select subscriber, event_id, occurred_at from dead_letter
where tenant = $1 and id = $2 and discarded_at is null for update
"""
_EVENT = """
select subject, data from outbox
where tenant = $1 and id = $2 and ($3::timestamptz is null or occurred_at = $3) limit 1
"""
_DELIVERY = "select payload from inbox where tenant = $1 and connection = $2 and delivery_id = $3"
_DELIVERED = "select count(*) from delivered where tenant = $1 and event_id = $2"
_GONE = "delete from dead_letter where tenant = $1 and id = $2"
_EVENT_AGAIN = """
update outbox set relayed_at = null, retry_at = null, attempts = 0
where tenant = $1 and id = $2 and ($3::timestamptz is null or occurred_at = $3)
"""
_DELIVERY_AGAIN = """
update inbox set processed_at = null, retry_at = null, attempts = 0, error = null
where tenant = $1 and connection = $2 and delivery_id = $3
"""
_DISCARDED = "update dead_letter set discarded_at = now() where tenant = $1 and id = $2"


class Letter(Struct, frozen=True, kw_only=True):
    """What a letter is about. `delivered` counts the readers that have the event."""

    subject: str
    payload: Any
    delivered: int = 0


async def read(connection: Connection, tenant: str, letter_id: str) -> Letter:
    """Raises NotFound."""
    row = await _found(connection, tenant, letter_id)
    if row["subscriber"].startswith(_INBOX):
        payload = await connection.fetchval(_DELIVERY, tenant, *_delivery(row))
        return Letter(subject=row["event_id"], payload=payload)
    event = await connection.fetchrow(_EVENT, tenant, row["event_id"], row["occurred_at"])
    delivered = await connection.fetchval(_DELIVERED, tenant, row["event_id"])
    return Letter(subject=event["subject"], payload=event["data"], delivered=delivered)


async def replay(connection: Connection, tenant: str, letter_id: str) -> None:
    """Hands the event or delivery to its reader again. Raises NotFound when there is no such letter, or no more."""
    row = await _found(connection, tenant, letter_id)
    await connection.execute(_GONE, tenant, letter_id)
    if row["subscriber"].startswith(_INBOX):
        await connection.execute(_DELIVERY_AGAIN, tenant, *_delivery(row))
        await connection.execute("select pg_notify('inbox', '')")
    else:
        await connection.execute(_EVENT_AGAIN, tenant, row["event_id"], row["occurred_at"])
        await connection.execute("select pg_notify('outbox', '')")


async def discard(connection: Connection, tenant: str, letter_id: str) -> None:
    """Gives it up for good. Raises NotFound when there is no such letter, or no more."""
    await _found(connection, tenant, letter_id)
    await connection.execute(_DISCARDED, tenant, letter_id)


async def _found(connection: Connection, tenant: str, letter_id: str) -> Any:
    row = await connection.fetchrow(_LETTER, tenant, letter_id)
    if row is None:
        raise NotFound(f"Nothing is held under {letter_id}; it may have gone on meanwhile.")
    return row


def _delivery(row: Any) -> tuple[str, str]:
    instance, _, delivery_id = row["event_id"].partition("/")
    return instance, delivery_id
