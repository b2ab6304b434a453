"""Search: an id leads to its page, anything else to what is found in the billing queue."""

from litestar import get
from msgspec import Struct

from contracts.experience.finance_dashboard import FinanceDashboard
from contracts.problems import Forbidden, NotFound
from contracts.process.invoice_readiness import InvoiceReadiness
from experience_apis.portal import shell
from experience_apis.portal.billing_view import PAGE, PATH
from experience_apis.portal.visit import Page, Visit, Visiting

_LONGEST = 200


class _Asked(Struct, frozen=True, kw_only=True):
    q: str = ""


@get("/search")
async def search(visit: Visiting) -> Page:
    """What is asked for."""
    asked = visit.query(_Asked).q.strip()[:_LONGEST]
    place = await _place(visit, asked)
    if place is not None:
        return visit.go(place)
    found = await visit.call(FinanceDashboard.billing_queue, search=asked, limit=PAGE) if asked else None
    return await shell.page(visit, "search.html", asked=asked, found=found)


async def _place(visit: Visit, asked: str) -> str | None:
    """The page of an id, if it is one of somebody's we know."""
    try:
        if asked.startswith("bg_"):
            return f"{PATH}/items/{(await visit.call(FinanceDashboard.billing_item, asked[:60])).item.id}"
        if asked.startswith("inv_"):
            invoice = await visit.call(InvoiceReadiness.get_invoice, asked[:60])
            return f"{PATH}/items/{invoice.bill_group_id}"
    except (NotFound, Forbidden):
        return None
    return None


HANDLERS = (search,)
