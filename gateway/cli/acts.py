"""Plays the people who make an event happen in the simulated PSA, and waits until Ledgerway tells it. Sandbox only."""

import asyncio
import difflib
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import date

from contracts.periods import SystemClock
from contracts.problems import VendorRefused
from contracts.process.registers import Registers
from contracts.process.trail import CloudEvent, Trail
from contracts.wire import encode
from gateway.cli.client import Client
from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Session
from gateway.cli.simulators import remembered
from gateway.consultant import RecordedTime, SimulatedPsa

LOOK_EVERY_S = 1
_ASKING = "integration-developer"
_PAGE = 200
_PROJECTS_TRIED = 10

# What leads to an event: each act of people in the PSA, and the event that tells that Ledgerway saw it.
_SUBMITTED = ("Submitted", "time.submitted")
_APPROVED = ("Approved", "time.approved")
_ACTS: dict[str, tuple[tuple[str, str], ...]] = {
    "time.submitted": (_SUBMITTED,),
    "time.approved": (_SUBMITTED, _APPROVED),
    "time.rejected": (_SUBMITTED, ("Rejected", "time.rejected")),
    "time.recalled": (_SUBMITTED, ("Saved", "time.recalled")),
    "time.voided": (_SUBMITTED, _APPROVED, ("Rejected", "time.voided")),
}
# Events that come of what people do in Ledgerway itself.
_COMMANDS = {
    "project.created": "ledgerway run onboarding --deal REF",
    "invoice.drafted": "ledgerway billing draft ID",
    "invoice.approved": "ledgerway billing approve ID",
    "invoice.posted": "ledgerway billing post ID",
    "transaction.held": "ledgerway billing hold ID --reason WHY",
    "transaction.released": "ledgerway billing release ID --reason WHY",
    "exception.resolved": "ledgerway exceptions resolve ID --note WHAT",
}


async def play(session: Session, event: str, project: str | None, hours: str, on: date | None) -> Exit:
    """Act by act, each once Ledgerway told the one before."""
    acts = _acts(event)
    psa = SimulatedPsa(remembered(session), session.settings)
    try:
        async with session.product(_ASKING) as api:
            codes = [project] if project else await _active_projects(api)
            after = (await api.call(Trail.list_events, after="now")).value.last_sequence
            done = await _recorded(psa, codes, hours, on or SystemClock().now().date())
            session.talk(f"{done.person} recorded {done.hours} h on {done.on} for {done.project}.")
            told = await _play(session, api, psa, done, acts, after)
    finally:
        await psa.close()
    session.show(encode(told), f"{told.type}  {told.subject}  {told.id}")
    session.suggest(f"What came of it: ledgerway explain {told.correlationid}")
    return Exit.DONE


async def _play(
    session: Session, api: Client, psa: SimulatedPsa, done: RecordedTime, acts: tuple[tuple[str, str], ...], after: str
) -> CloudEvent:
    ends = time.monotonic() + session.follow_s
    for status, expected in acts:
        await (psa.submit(done.timecard_id) if status == "Submitted" else psa.become(done.timecard_id, status))
        session.talk(f"{status} in the PSA; waiting for {expected}.")
        told = await _heard(api, expected, done.source_ref, after, ends)
        after = told.sequence
    return told


async def _heard(
    api: Client, expected: str, source_ref: str, after: str, ends: float
) -> CloudEvent:  # house: float seconds
    """The first event of that type about the entry. Raises Complaint when patience ends."""
    while time.monotonic() < ends:
        feed = (await api.call(Trail.list_events, after=after, type=expected, limit=_PAGE)).value
        if found := first_about(feed.items, source_ref):
            return found
        after = feed.last_sequence
        await asyncio.sleep(LOOK_EVERY_S)
    detail = f"{expected} did not come. Does a worker run? The simulated PSA has done its part."
    raise Complaint(Exit.UNAVAILABLE, detail, look="ledgerway time list --limit 5")


def first_about(told: Iterable[CloudEvent], source_ref: str) -> CloudEvent | None:
    """The first event about a time entry, by its ref in the tool: others record time at the same moment."""
    return next((event for event in told if event.data["entry"]["ref"] == source_ref), None)


async def _active_projects(api: Client) -> list[str]:
    found = (await api.call(Registers.list_projects, status="active")).value
    codes = [one.code for one in found.items]
    if not codes:
        raise Complaint(Exit.NOT_FOUND, "No project is active; onboard one first.", look="ledgerway deals list --open")
    return codes


async def _recorded(psa: SimulatedPsa, codes: list[str], hours: str, on: date) -> RecordedTime:
    """The time on the first of the projects that takes it; some want an assignment first. Raises VendorRefused."""
    for code in codes[:_PROJECTS_TRIED]:
        with suppress(VendorRefused):
            return await psa.record_time(code, hours, on)
    return await psa.record_time(codes[-1], hours, on)


def _acts(event: str) -> tuple[tuple[str, str], ...]:
    if event in _ACTS:
        return _ACTS[event]
    if event in _COMMANDS:
        raise Complaint(Exit.MISUSE, f"{event} comes of what people do in Ledgerway.", look=_COMMANDS[event])
    near = difflib.get_close_matches(event, _ACTS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_ACTS)}."
    raise Complaint(Exit.MISUSE, f"No simulated system leads to {event}; {hint}")
