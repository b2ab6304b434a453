"""A day's work in the simulated PSA, recorded and approved there, and what Ledgerway makes of it."""

import asyncio
import time
from datetime import date

from contracts.periods import SystemClock
from contracts.process.time_posting import TimePosting, Transaction
from contracts.wire import encode
from gateway.cli.client import Client
from gateway.cli.exits import Exit
from gateway.cli.session import Session
from gateway.cli.simulators import remembered
from gateway.cli.tables import hours, money, table
from gateway.consultant import SimulatedPsa

_ASKING = "billing-analyst"
_HEADS = ("TRANSACTION", "STATE", "HOURS", "RATE", "AMOUNT", "CODES", "BILL GROUP")
_SETTLED = frozenset({"queued", "exception", "excluded", "held"})


async def record(
    session: Session, project: str, worked: str, on: date | None, person: str | None, follow: bool
) -> Exit:
    """Record and approve the time; with `follow`, wait until Ledgerway has it queued or says why not."""
    psa = SimulatedPsa(remembered(session), session.settings)
    try:
        done = await psa.approve_time(project, worked, on or SystemClock().now().date(), person)
    finally:
        await psa.close()
    if not follow:
        session.show(encode(done), f"{done.person} worked {done.hours} h on {done.on}; approved.")
        session.suggest(f"Look: ledgerway transactions list --source-ref {done.source_ref}")
        return Exit.DONE
    session.talk(f"{done.person} worked {done.hours} h on {done.on}; approved. Waiting for Ledgerway.")
    async with session.product(_ASKING) as api:
        found = await _settled(api, done.source_ref, session.follow_s)
    session.show(encode({"items": found}), table(_HEADS, [_row(t) for t in found], right="HOURS RATE AMOUNT"))
    return Exit.DONE if found and all(t.state == "queued" for t in found) else Exit.HELD


async def _settled(api: Client, source_ref: str, patience_s: int) -> tuple[Transaction, ...]:
    ends = time.monotonic() + patience_s
    while True:
        page = (await api.call(TimePosting.list_transactions, source_ref=source_ref)).value
        there = bool(page.items) and all(t.state in _SETTLED for t in page.items)
        grouped = all(t.bill_group_id for t in page.items if t.state == "queued")
        if (there and grouped) or time.monotonic() > ends:
            return tuple(page.items)
        await asyncio.sleep(1)


def _row(found: Transaction) -> tuple[str, ...]:
    rate = found.rating.bill_rate
    return (
        found.id,
        found.state,
        hours(found.hours),
        money(rate, None) if rate is not None else "-",
        money(found.amount, found.currency),
        ", ".join(found.codes) or "-",
        found.bill_group_id or "-",
    )
