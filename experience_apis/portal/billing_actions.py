"""Previews and outcomes: what an action would do to the selected items, then doing it, item by item."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from msgspec import Struct

from contracts.canon.ref import LARGEST_BULK
from contracts.experience.finance_dashboard import FinanceDashboard
from contracts.problems import NotFound
from contracts.process.billing_objects import BillGroup
from experience_apis.portal import billing_effects as effects
from experience_apis.portal import shell
from experience_apis.portal.billing_view import View
from experience_apis.portal.visit import Page, Visit, Visiting

_LONGEST_REASON = 500


class _Selection(Struct, frozen=True, kw_only=True):
    """Which action; the items stand beside it, several times `item`, or a whole view with its filters."""

    action: str
    all: bool = False


@get("/billing/preview")
async def preview(visit: Visiting) -> Page:
    """What an action would do; nothing is changed."""
    asked = visit.query(_Selection)
    action = _action(asked.action)
    view = visit.query(View)
    items = await _whole_view(visit, view) if asked.all else visit.request.query_params.getall("item", [])
    return await _preview(visit, action, list(dict.fromkeys(items))[:LARGEST_BULK], view.view)


@post("/billing/actions/{name:str}")
async def perform(visit: Visiting, name: FromPath[str]) -> Page:
    """Do it; what came of it is told for each item. Sending the form again changes nothing."""
    action, view = _action(name), visit.text("view") or "ready"
    items, reason = list(dict.fromkeys(visit.texts("item")))[:LARGEST_BULK], visit.text("reason")
    wrong = _wrong(visit, reason, bool(visit.text("asks")))
    if wrong or not items:
        return await _preview(visit, action, items, view, wrong=wrong, status=422)
    found = [await effects.done(visit, action, item, visit.text(f"seen-{item}"), reason) for item in items]
    outcomes = [one for one in found if isinstance(one, effects.Outcome)]
    missing = [one for one in found if isinstance(one, str)]
    failed = [one for one in outcomes if not one.done]
    context: dict[str, Any] = {
        "action": action,
        "view": view,
        "outcomes": outcomes,
        "missing": missing,
        "failed": failed,
    }
    done = len(outcomes) - len(failed)
    return await shell.page(
        visit, "billing_outcome.html", 200 if done else 422, block="sheet", done=done, reason=reason, **context
    )


def _action(name: str) -> effects.Action:
    """Raises NotFound."""
    if name not in effects.ACTIONS:
        raise NotFound(f"There is no action {name[:60]} on billing items.")
    return effects.ACTIONS[name]


def _wrong(visit: Visit, reason: str, asked: bool) -> dict[str, str]:
    if asked and not reason:
        return {"reason": "Give a reason in a few words."}
    if len(reason) > _LONGEST_REASON:
        return {"reason": f"The reason has {len(reason)} characters; use {_LONGEST_REASON} at most."}
    return {}


async def _preview(
    visit: Visit,
    action: effects.Action,
    items: list[str],
    view: str,
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> Page:
    found = [await effects.looked(visit, action, item) for item in items]
    possible = [one for one in found if isinstance(one, effects.Effect) and one.refused is None]
    refused = [one for one in found if isinstance(one, effects.Effect) and one.refused is not None]
    groups: list[BillGroup] = [one.item for one in possible]
    return await shell.page(
        visit,
        "billing_preview.html",
        status,
        block="sheet",
        action=action,
        view=view,
        possible=possible,
        refused=refused,
        missing=[one for one in found if isinstance(one, str)],
        totals=_totals(possible),
        asks=action.asks(groups),
        reason=visit.text("reason"),
        wrong=wrong or {},
    )


def _totals(possible: list[effects.Effect]) -> list[tuple[Any, str]]:
    """Sums by currency: gross where there is an invoice, else the net of the items."""
    sums: dict[str, Any] = {}
    for one in possible:
        amount = one.item.net_amount if one.invoice is None else one.invoice.gross
        sums[one.item.currency] = sums.get(one.item.currency, 0) + amount
    return [(amount, currency) for currency, amount in sorted(sums.items(), key=lambda pair: -pair[1])]


async def _whole_view(visit: Visit, view: View) -> list[str]:
    """Every item of a view, as many as one action takes."""
    question = view.question() | {"limit": LARGEST_BULK, "cursor": None}
    queue = await visit.call(FinanceDashboard.billing_queue, **question)
    return [item.id for item in queue.items]


HANDLERS = (preview, perform)
