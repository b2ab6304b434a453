"""What keeps invoices from the ERP right now: runs that post and wait, and systems whose last copy is old. Each as a banner."""

from datetime import datetime
from typing import Any

from litestar import post

from contracts.experience.finance_dashboard import Freshness
from contracts.problems import Problem
from contracts.process.run_desk import RunDesk, Steering
from contracts.process.runs import RunView
from experience_apis.portal import shell, words
from experience_apis.portal.visit import Page, Visit, Visiting

_POSTING = "post_invoice"
_MOST = 200
_NAMED = 3
_HERE = "/portal/billing?view=posting"


async def waiting_runs(visit: Visit) -> list[RunView]:
    """Runs that post invoices and wait; none for a visitor who may not see runs."""
    if not visit.may(RunDesk.list_runs):
        return []
    found = await visit.call(RunDesk.list_runs, status="waiting", workflow=_POSTING, limit=_MOST)
    return list(found.items)


def away(runs: list[RunView], items: tuple[Freshness, ...], now: datetime) -> list[dict[str, Any]]:
    """What did not answer or is old: `said` in bold, `then` what is shown, held and tried again."""
    found = []
    retrying = [run for run in runs if run.waiting_for is not None and run.waiting_for.kind == "retry"]
    held = [run for run in runs if run.waiting_for is not None and run.waiting_for.kind == "person"]
    if retrying:
        found.append(_banner("bad", "alert", _why(retrying), _next_try(retrying, now), retrying))
    if held:
        said = f"{words.count(len(held), 'invoice is held and needs', 'invoices are held and need')} a person."
        found.append(_banner("warn", "status", said, _why(held), held))
    found += [_old(item, now) for item in items if item.stale and item.port in ("erp", "billing")]
    return found


def _banner(kind: str, role: str, said: str, then: str, runs: list[RunView]) -> dict[str, Any]:
    named = tuple(run.id for run in runs[:_NAMED])
    return {"kind": kind, "role": role, "said": said, "then": then, "again": True, "runs": named}


def _why(runs: list[RunView]) -> str:
    told = next(
        (run.waiting_for.detail for run in runs if run.waiting_for is not None and run.waiting_for.detail), None
    )
    return told or "The ERP did not answer."


def _next_try(runs: list[RunView], now: datetime) -> str:
    times = [run.waiting_for.retry_at for run in runs if run.waiting_for is not None and run.waiting_for.retry_at]
    count = words.count(len(runs), "invoice waits", "invoices wait")
    return f"Nothing was lost: {count}" + (
        f", tried again at {words.clock(min(times), now)}." if times else " and are tried again."
    )


def _old(item: Freshness, now: datetime) -> dict[str, Any]:
    read = "was never read" if item.read_at is None else f"was last read {words.age(item.read_at, now)} ago"
    copy = "" if item.read_at is None else f" Showing the last copy from {words.moment(item.read_at, now)}."
    return {
        "kind": "warn",
        "role": "status",
        "said": f"{shell.port_label(item.port)} ({item.name}) {read}.",
        "then": f"{copy} Ledgerway keeps asking.".strip(),
        "again": False,
        "runs": (),
    }


@post("/billing/runs/retry")
async def retry(visit: Visiting) -> Page:
    """Try every waiting posting now. One that went on meanwhile is left alone."""
    for run in await waiting_runs(visit):
        try:
            await visit.call(RunDesk.resume_run, run.id, Steering(reason="Tried again from the billing workbench."))
        except Problem as problem:
            if problem.status not in (404, 409):
                raise
    return visit.go(_HERE)


HANDLERS = (retry,)
