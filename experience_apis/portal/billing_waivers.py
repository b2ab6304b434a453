"""Waivers of an item's checks: let it be billed although a check fails, and take that back. Each is looked at before it is done."""

from functools import partial
from types import MappingProxyType

from litestar import get, post
from litestar.params import FromPath

from contracts.problems import NotFound
from contracts.process.billing_objects import Check, CheckDecision, Readiness
from contracts.process.invoice_readiness import InvoiceReadiness
from experience_apis.portal import reasons, tasks, words
from experience_apis.portal.tasks import Action, Ask, Desk, Task
from experience_apis.portal.visit import Page, Visit, Visiting


@get("/billing/items/{item_id:str}/preview")
async def preview(visit: Visiting, item_id: FromPath[str]) -> Page:
    """What a decision about checks of this item would do."""
    return await tasks.preview(visit, desk(item_id))


@post("/billing/items/{item_id:str}/actions/{name:str}")
async def perform(visit: Visiting, item_id: FromPath[str], name: FromPath[str]) -> Page:
    """Decide."""
    return await tasks.perform(visit, desk(item_id), name)


def desk(item_id: str) -> Desk:
    """The checks of an item as tasks: the id of a task is the code of the check."""
    waive = Action(
        name="waive",
        method=InvoiceReadiness.waive,
        one="Waive 1 check",
        many="Waive # checks",
        verb="Waive…",
        consequence="The check still fails, but only warns. The waiver and its reason stay with the item, under your name; "
        "it can be taken back until the item is billed.",
        act=partial(_waive, item_id),
        ask=Ask(label="Reason", hint="Why the item may be billed all the same."),
    )
    unwaive = Action(
        name="unwaive",
        method=InvoiceReadiness.unwaive,
        one="Take 1 waiver back",
        many="Take # waivers back",
        verb="Take the waiver back…",
        consequence="The check blocks the item again as long as it fails.",
        act=partial(_unwaive, item_id),
        ask=Ask(label="Reason", hint="Why the waiver does not hold any more."),
    )
    return Desk(
        name="This item",
        path=f"/portal/billing/items/{item_id}",
        actions=MappingProxyType({action.name: action for action in (waive, unwaive)}),
        find=partial(_find, item_id),
    )


def action_of(visit: Visit, item_id: str, check: Check) -> Action | None:
    """What the visitor may decide about a check."""
    name = "unwaive" if check.waived is not None else "waive" if _waivable(check) else ""
    action = desk(item_id).actions.get(name)
    return action if action is not None and visit.may(action.method) else None


def _waivable(check: Check) -> bool:
    return check.waivable and _blocks(check)


async def _find(item_id: str, visit: Visit, code: str, action: Action) -> Task:
    item = await visit.call(InvoiceReadiness.get_bill_group, item_id)
    checks = (await visit.call(InvoiceReadiness.get_readiness, item_id)).checks
    check = next((one for one in checks if one.code == code), None)
    if check is None:
        raise NotFound(f"This item has no check {code[:60]}.")
    return Task(
        id=code,
        title=f"{reasons.title(code)}: {item.customer_name}",
        note=check.sentence,
        amount=words.money(item.net_amount, item.currency),
        effect=_effect(checks, check) if action.name == "waive" else "",
        refused=_refused(check, action),
    )


def _refused(check: Check, action: Action) -> str:
    if action.name == "unwaive":
        return "" if check.waived is not None else "It is not waived."
    if check.waived is not None:
        return "It is waived already."
    if check.status != "failed" or check.severity != "blocking":
        return "It does not block this item now; there is nothing to waive."
    return "" if check.waivable else f"Nobody may waive it. {check.cleared_by}"


def _effect(checks: tuple[Check, ...], waived: Check) -> str:
    others = [one for one in checks if one.code != waived.code and _blocks(one)]
    if others:
        named = ", ".join(reasons.title(one.code) for one in others)
        return f"The item stays blocked by {words.count(len(others), 'check')}: {named}."
    return "Nothing else blocks the item: it becomes ready, with a warning."


def _blocks(check: Check) -> bool:
    return check.status == "failed" and check.severity == "blocking" and check.waived is None


async def _waive(item_id: str, visit: Visit, code: str, told: str) -> str:
    decided = await visit.call(InvoiceReadiness.waive, item_id, CheckDecision(code=code, reason=told))
    return f"Waived. {_stands(decided)}"


async def _unwaive(item_id: str, visit: Visit, code: str, told: str) -> str:
    decided = await visit.call(InvoiceReadiness.unwaive, item_id, CheckDecision(code=code, reason=told))
    return f"The waiver is taken back. {_stands(decided)}"


def _stands(decided: Readiness) -> str:
    blocking = sum(map(_blocks, decided.checks))
    if blocking:
        return f"The item is blocked by {words.count(blocking, 'check')}."
    return "Nothing blocks the item."


HANDLERS = (preview, perform)
