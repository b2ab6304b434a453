"""The billing workbench: what can be billed, what blocks the rest."""

from typing import Literal

from litestar import get
from msgspec import Struct

from contracts.experience.finance_dashboard import FinanceDashboard
from experience_apis.portal import shell
from experience_apis.portal.visit import Page, Visiting


class View(Struct, frozen=True, kw_only=True):
    """What is shown of the queue."""

    view: Literal["ready", "blocked", "posting", "posted"] = "ready"


@get("/billing")
async def workbench(visit: Visiting) -> Page:
    """The queue."""
    view = visit.query(View).view
    queue = await visit.call(FinanceDashboard.billing_queue)
    strip = shell.freshness(queue.freshness, "psa", "time", "hcm", "erp")
    return await shell.page(visit, "billing.html", queue=queue, view=view, strip=strip)


HANDLERS = (workbench,)
