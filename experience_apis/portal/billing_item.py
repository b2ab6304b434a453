"""One billing item: why it is ready or blocked, with evidence, who can fix it, and how it got here. In the drawer and as a page."""

import re
from typing import Any

from litestar import get
from litestar.params import FromPath

from contracts.experience.finance_dashboard import BillingItem, FinanceDashboard, QueueItem
from contracts.problems import Problem
from contracts.process.billing_objects import Check, DraftInvoice, Explanation
from contracts.process.invoice_readiness import InvoiceReadiness
from experience_apis.portal import billing_effects, billing_entries, billing_waivers, reasons, shell, words
from experience_apis.portal.billing import ON_ITS_WAY
from experience_apis.portal.billing_timeline import timeline
from experience_apis.portal.visit import Page, Visit, Visiting

_STATES = {
    "collecting": ("Collecting", "neutral"),
    "blocked": ("Blocked", "bad"),
    "ready": ("Ready", "ok"),
    "ready_with_warnings": ("Ready, with warnings", "warn"),
    "billed": ("Posted", "ok"),
    "skipped": ("Held to the next period", "neutral"),
}
# Digits after the cents that say nothing.
_SMALL_ZEROS = re.compile(r"^(-?\d+\.\d\d)0+$")


@get("/billing/items/{item_id:str}")
async def item_page(visit: Visiting, item_id: FromPath[str]) -> Page:
    """The item."""
    found = await visit.call(FinanceDashboard.billing_item, item_id)
    explained = await _explained(visit, found)
    invoice = explained.invoice if explained is not None else None
    applicable = [check for check in found.checks if check.status != "not_applicable"]
    return await shell.page(
        visit,
        "billing_item.html",
        block="sheet",
        found=found,
        item=found.item,
        state=_state(found, invoice),
        passed=[_check(visit, c, found.item) for c in applicable if c.status == "passed"],
        failed=[_check(visit, c, found.item) for c in applicable if c.status == "failed" and not c.waived],
        waived=[_check(visit, c, found.item) for c in applicable if c.waived],
        apart=[c for c in found.checks if c.status == "not_applicable"],
        applicable=len(applicable),
        timeline=await timeline(visit, found, explained),
        invoice=invoice,
        entries=billing_entries.offered(visit),
        actions=billing_effects.for_item(visit, found.item, invoice),
        strip=shell.freshness(found.freshness, "psa", "time", "hcm", "erp", "billing"),
    )


async def _explained(visit: Visit, found: BillingItem) -> Explanation | None:
    """The invoice with its chain to the deal, where there is one and the visitor may see it."""
    if found.item.invoice_id is None or not visit.may(InvoiceReadiness.explain):
        return None
    try:
        return await visit.call(InvoiceReadiness.explain, found.item.invoice_id)
    except Problem:
        return None


def _state(found: BillingItem, invoice: DraftInvoice | None) -> tuple[str, str]:
    """The words of the pill and its kind."""
    if found.item.state == "drafted":
        return ON_ITS_WAY.get("" if invoice is None else invoice.state, ("Draft", "info"))
    return _STATES[found.item.state]


def _check(visit: Visit, check: Check, item: QueueItem) -> dict[str, Any]:
    """A check as it is shown, failed ones with who can fix them and by when."""
    return {
        "check": check,
        "title": reasons.passed(check.code) if check.status == "passed" else reasons.title(check.code),
        "owner": reasons.role(check.owner_role),
        "group": reasons.group(check.owner_role),
        "due": reasons.due(item.since, check.sla_hours, visit.now),
        "evidence": [(name, words.told(said, visit.now.date())) for name, said in _evidence(check.evidence)],
        "waived_by": check.waived and visit.person(check.waived.waived_by),
        "decision": billing_waivers.action_of(visit, item.id, check),
    }


def _evidence(evidence: dict[str, Any]) -> list[tuple[str, str]]:
    return [(_named(name), _told(value)) for name, value in evidence.items() if value not in (None, "", [], {})]


def _named(name: str) -> str:
    return name.replace(".", " ").replace("_", " ")


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{_named(str(name))} {_told(part)}" for name, part in value.items())
    if isinstance(value, list):
        shown = "; ".join(_told(part) for part in value[:5])
        return f"{shown}; and {len(value) - 5} more" if len(value) > 5 else shown
    return _SMALL_ZEROS.sub(r"\1", str(value))


HANDLERS = (item_page,)
