"""Following a run until it rests: progress on stderr, and the exit code it ends with. Leaving never stops the run."""

import asyncio
import time

from contracts.process.registers import Registers
from contracts.process.run_desk import RunDesk
from contracts.process.runs import RunView
from gateway.cli import run_text
from gateway.cli.client import Answered, Client
from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.progress import Progress
from gateway.cli.session import Session
from gateway.cli.tables import day, moment

LOOK_EVERY_S = 1
_ENDED = {
    "completed": Exit.DONE,
    "failed": Exit.PROBLEM,
    "compensated": Exit.PROBLEM,
    "cancelled": Exit.PROBLEM,
}


async def follow(api: Client, session: Session, started: Answered[RunView], *wanted: str) -> Exit:
    """Poll until the run ends, is held, or patience ends; then show it. `wanted` are ends that were asked for."""
    progress = Progress(session)
    try:
        run = await _rested(api, session, started, progress)
    except asyncio.CancelledError:
        progress.end()
        session.talk(f"Detached; the run goes on. Follow it: ledgerway runs show {started.value.id} --follow")
        raise
    progress.end()
    session.show(run.raw, run_text.whole(run.value))
    return Exit.DONE if run.value.status in wanted else await _outcome(api, session, run.value)


async def _rested(api: Client, session: Session, run: Answered[RunView], progress: Progress) -> Answered[RunView]:
    ends = time.monotonic() + session.follow_s
    while True:
        run = await api.call(RunDesk.get_run, run.value.id)
        progress.tell(run_text.progress(run.value))
        if run.value.status in _ENDED or _held(run.value) or time.monotonic() >= ends:
            return run
        await asyncio.sleep(LOOK_EVERY_S)


def _held(run: RunView) -> bool:
    return run.status == "waiting" and run.waiting_for is not None and run.waiting_for.kind == "person"


async def _outcome(api: Client, session: Session, run: RunView) -> Exit:
    """The exit code of a run as it stands, with a sentence on stderr when it is not done."""
    if run.status in _ENDED:
        return _ENDED[run.status]
    if _held(run):
        session.talk(await _why_held(api, run))
        return Exit.HELD
    session.talk(f"Not done yet: {_cause(run)} Follow it: ledgerway runs show {run.id} --follow")
    return Exit.UNAVAILABLE


def _cause(run: RunView) -> str:
    waiting = run.waiting_for
    if waiting is None:
        return f"the run is {run.status}."
    again = f" It is tried again at {moment(waiting.retry_at)}." if waiting.retry_at else ""
    return f"{waiting.detail or run_text.status(run) + '.'}{again}"


async def _why_held(api: Client, run: RunView) -> str:
    waiting = run.waiting_for
    assert waiting is not None
    lines = [f"Held: {waiting.detail or waiting.code or waiting.step}"]
    if waiting.exception_id is not None:
        lines += await _exception(api, waiting.exception_id)
    return "\n".join((*lines, f"  Then     ledgerway runs resume {run.id}"))


async def _exception(api: Client, exception_id: str) -> list[str]:
    try:
        found = (await api.call(Registers.get_exception, exception_id)).value
    except Complaint:
        return [f"  Look     ledgerway exceptions show {exception_id}"]
    return [
        f"  What     {found.meaning} ({found.code})",
        f"  Who      {found.owner_role}, by {day(found.due_at.date())}",
        *(f"  Fix      {fix}" for fix in found.suggested_fixes),
        f"  Look     ledgerway exceptions show {exception_id}",
    ]
