"""The billing workbench: what can be billed, what blocks the rest."""

from typing import Any

from litestar import get

from contracts.experience.finance_dashboard import BillingQueue, FinanceDashboard, QueueItem
from contracts.experience.finance_figures import BillingFigures
from contracts.problems import Problem
from contracts.process.invoice_readiness import InvoiceReadiness
from contracts.process.run_desk import RunDesk
from experience_apis.portal import billing_effects, billing_figures, reasons, shell
from experience_apis.portal.billing_view import PAGE, PATH, View, periods, tabs
from experience_apis.portal.billing_waiting import away, waiting_runs
from experience_apis.portal.visit import Page, Visit, Visiting

_PORTS = ("psa", "time", "hcm", "erp", "billing")
# States of invoices that are on their way, with the words and the pill for each.
ON_ITS_WAY = {
    "draft": ("Sent back", "warn"),
    "in_review": ("Waits for approval", "info"),
    "approved": ("Approved", "ok"),
    "posting": ("Posting", "info"),
    "post_failed": ("ERP refused it", "bad"),
}


@get("/billing")
async def workbench(visit: Visiting) -> Page:
    """The queue with everything around it; of a part, the queue alone."""
    view = visit.query(View)
    queue = await visit.call(FinanceDashboard.billing_queue, **view.question())
    visit.counts[PATH] = sum(f.count for f in queue.figures if f.state.startswith("ready"))
    context: dict[str, Any] = {
        "view": view,
        "queue": queue,
        "tabs": tabs(view, queue),
        "periods": periods(view, queue),
        "rows": [_row(visit, item) for item in queue.items],
        "foot": foot(queue),
        "on_its_way": ON_ITS_WAY,
        "states": await _states(visit) if view.view == "posting" else {},
        "actions": billing_effects.for_view(visit, view.view),
        "away": await _away(visit, view, queue),
        "can_retry": visit.may(RunDesk.resume_run),
        "reason_title": reasons.title(view.reason) if view.reason else None,
    }
    if not visit.partial:
        context |= await _around(visit, view)
        strip = context["strip"] = shell.freshness(queue.freshness, *_PORTS)
        context["lagging"] = billing_figures.lagging(strip) if queue.figures and not context["away"] else []
    return await shell.page(visit, "billing.html", block="queue", **context)


async def _around(visit: Visit, view: View) -> dict[str, Any]:
    """What stands around the queue; when it cannot be had, the page says so and shows the queue."""
    try:
        found: BillingFigures = await visit.call(FinanceDashboard.billing_figures)
    except Problem as problem:
        return {"figures": None, "missing": problem}
    return {
        "figures": billing_figures.figures(found),
        "currency": found.currency,
        "found": found,
        "charts": billing_figures.drawn(found),
        "blocked_by": billing_figures.blocked_by(found),
        "close": billing_figures.close(found, view.period),
        "controls": billing_figures.controls(found),
    }


def _row(visit: Visit, item: QueueItem) -> dict[str, Any]:
    """An item as a row: `due` of what blocks it first."""
    now = visit.now
    blocking = item.failed[0] if item.failed else None
    return {
        "item": item,
        "href": f"{PATH}/items/{item.id}",
        "blocking": blocking and reasons.title(blocking),
        "more": len(item.failed) - 1,
        "owner": blocking and reasons.role(reasons.owner_of(blocking)),
        "due": blocking and reasons.due_of(blocking, item.since, now),
        "warnings": [reasons.title(code) for code in item.warnings],
    }


def foot(queue: BillingQueue) -> dict[str, Any]:
    """`1–50 of 212`, and the sums of all."""
    count = sum(one.count for one in queue.matching)
    before = sum(one.before for one in queue.matching)
    return {"first": before + 1, "last": before + len(queue.items), "count": count, "more": count > PAGE}


async def _away(visit: Visit, view: View, queue: BillingQueue) -> list[dict[str, Any]]:
    """Banners over invoices on their way; without them when runs cannot be asked."""
    if view.view not in ("posting", "posted"):
        return []
    try:
        runs = await waiting_runs(visit)
    except Problem:
        runs = []
    return away(runs, queue.freshness, visit.now)


async def _states(visit: Visit) -> dict[str, str]:
    """The state of each invoice that is on its way, by item."""
    found: dict[str, str] = {}
    if visit.may(InvoiceReadiness.list_invoices):
        for state in ON_ITS_WAY:
            page = await visit.call(InvoiceReadiness.list_invoices, state=state, limit=200)  # type: ignore[arg-type]
            found |= {invoice.bill_group_id: state for invoice in page.items}
    return found


HANDLERS = (workbench,)
