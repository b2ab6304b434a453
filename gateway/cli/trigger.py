"""`ledgerway trigger`: makes an event happen in a simulated system. Sandbox only."""

from datetime import date

from gateway.cli.exits import Exit
from gateway.cli.session import Asked


async def trigger(
    event: str, /, *, project: str | None = None, hours: str = "7.5", on: date | None = None, session: Asked
) -> Exit:
    """Make the simulated PSA do what leads to an event, and wait until Ledgerway tells it. Sandbox mode only.

    Events: time.submitted, time.approved, time.rejected, time.recalled, time.voided. What follows from approved time (transactions,
    invoice.ready) comes by itself.

    Example: `ledgerway trigger time.approved`, while `ledgerway listen` runs in another terminal.

    Parameters
    ----------
    event
        The event.
    project
        Code of the project the time is for; else the first active one.
    hours
        Hours worked.
    on
        The day (today).
    """
    from gateway.cli.acts import play

    return await play(session, event, project, hours, on)
