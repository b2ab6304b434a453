"""`ledgerway listen`: events as they happen, to the terminal or on to a receiver."""

from gateway.cli.exits import Exit
from gateway.cli.session import Asked


async def listen(
    *,
    forward_to: str | None = None,
    events: str | None = None,
    after: str = "now",
    count: int | None = None,
    session: Asked,
) -> Exit:
    """Show events as they happen; with --forward-to send each on as a signed webhook.

    A receiver is asked up to five times; what it does not take is named, and the next event goes on. Ctrl-C ends it and says where
    to go on from.

    Example: `ledgerway listen --events "invoice.*" --forward-to http://localhost:3000/hooks`

    Parameters
    ----------
    forward_to
        Address that gets each event by POST: CloudEvents in structured mode, signed as Standard Webhooks say.
    events
        Only these types, comma between them: invoice.posted, or invoice.* for all of invoices.
    after
        Where to begin: the `sequence` of an event; what is yet to come unless given.
    count
        End after so many events.
    """
    from gateway.cli.event_stream import run

    return await run(session, forward_to=forward_to, events=events, after=after, count=count)
