"""The entries of one billing item: moved on from its draft to the next period, or given up for good."""

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any

from litestar import get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from contracts.problems import Conflict
from contracts.process.billing_objects import BillGroup, Deferral, DraftInvoice
from contracts.process.invoice_readiness import InvoiceReadiness
from contracts.process.time_posting import Hold, TimePosting, Transaction
from experience_apis.portal import shell, tasks, words
from experience_apis.portal.tasks import Action, Ask, Desk, Task
from experience_apis.portal.visit import Page, Visit, Visiting

PAGE = 50
_OPEN_DRAFT = ("draft", "in_review")
_GIVEN_UP_FROM = ("rated", "held", "queued")


class View(Struct, frozen=True, kw_only=True):
    """From where on the entries are listed."""

    cursor: Annotated[str, Meta(max_length=500)] | None = None


@get("/billing/items/{item_id:str}/entries")
async def entries(visit: Visiting, item_id: FromPath[str]) -> Page:
    """What the item is made of."""
    item = await visit.call(InvoiceReadiness.get_bill_group, item_id)
    view = visit.query(View)
    found = await visit.call(TimePosting.list_transactions, bill_group_id=item_id, cursor=view.cursor, limit=PAGE)
    made = desk(item_id)
    return await shell.page(
        visit,
        "billing_entries.html",
        block="sheet",
        item=item,
        found=found,
        desk=made,
        view=view,
        rows=[(one, _about(one), _state(visit, one)) for one in found.items],
        actions=[action for action in made.allowed(visit) if await _sensible(visit, action, item)],
    )


@get("/billing/items/{item_id:str}/entries/preview")
async def preview(visit: Visiting, item_id: FromPath[str]) -> Page:
    """What an action on the selected entries would do."""
    return await tasks.preview(visit, desk(item_id))


@post("/billing/items/{item_id:str}/entries/actions/{name:str}")
async def perform(visit: Visiting, item_id: FromPath[str], name: FromPath[str]) -> Page:
    """Do it."""
    return await tasks.perform(visit, desk(item_id), name)


def offered(visit: Visit) -> bool:
    """Whether the visitor may look at the entries of items."""
    return visit.may(TimePosting.list_transactions) and visit.may(InvoiceReadiness.get_bill_group)


def desk(item_id: str) -> Desk:
    """The entries of an item as tasks: the id of a task is that of the transaction."""
    defer = Action(
        name="defer",
        method=InvoiceReadiness.defer,
        one="Move 1 entry to the next period",
        many="Move # entries to the next period",
        verb="Move to the next period…",
        consequence="The draft is made again without them, as its next version, and waits for approval as before. All are moved, or none.",
        act=lambda visit, one, told: _defer(item_id, visit, [one], told),
        together=partial(_defer, item_id),
        ask=Ask(label="Reason", hint="Why they are billed later. It stays with each of them."),
    )
    return Desk(
        name="Entries of the item",
        path=f"/portal/billing/items/{item_id}/entries",
        actions=MappingProxyType({action.name: action for action in (defer, *_WRITE_OFFS)}),
        find=partial(_find, item_id),
    )


async def _sensible(visit: Visit, action: Action, item: BillGroup) -> bool:
    """Whether the item is where its entries can be treated so."""
    if action.name == "defer":
        return await _draft(visit, item) is not None
    return item.state not in ("billed", "drafted", "skipped")


async def _draft(visit: Visit, item: BillGroup) -> DraftInvoice | None:
    """The item's draft, while nobody approved it."""
    if item.state != "drafted" or item.invoice_id is None:
        return None
    invoice = await visit.call(InvoiceReadiness.get_invoice, item.invoice_id)
    return invoice if invoice.state in _OPEN_DRAFT else None


async def _find(item_id: str, visit: Visit, transaction_id: str, action: Action) -> Task:
    one = await visit.call(TimePosting.get_transaction, transaction_id)
    asked = one.write_off
    return Task(
        id=one.id,
        title=_about(one),
        note=f"{visit.person(asked.requested_by)} asks to write it off: {asked.reason}" if asked else "",
        amount=words.money(one.amount, one.currency) if one.currency else "",
        refused=_refused(item_id, one, action, visit.visitor.persona.id),
    )


def _refused(item_id: str, one: Transaction, action: Action, me: str) -> str:
    if one.bill_group_id != item_id:
        return "It is not on this item any more."
    return _REFUSALS[action.name](one, me)


def _not_moved(one: Transaction, _me: str) -> str:
    return "" if one.state == "drafted" else "It is on no draft."


def _not_asked_for(one: Transaction, _me: str) -> str:
    if one.state == "drafted":
        return "It is on a draft. Move it to the next period or discard the draft first."
    if one.state not in _GIVEN_UP_FROM:
        return f"It is {words.title(one.state).lower()}, and cannot be written off."
    if one.part == "non_billable" or not one.amount:
        return "It is worth nothing; there is nothing to write off."
    return "Somebody asked for that already." if one.write_off is not None else ""


def _not_given_up(one: Transaction, me: str) -> str:
    if one.write_off is None or one.state not in _GIVEN_UP_FROM:
        return "Nobody asked to write it off."
    return "You asked for it; another person decides." if one.write_off.requested_by == me else ""


def _not_declined(one: Transaction, _me: str) -> str:
    return "" if one.write_off is not None and one.state in _GIVEN_UP_FROM else "Nobody asked to write it off."


_REFUSALS: dict[str, Callable[[Transaction, str], str]] = {
    "defer": _not_moved,
    "ask-write-off": _not_asked_for,
    "write-off": _not_given_up,
    "decline-write-off": _not_declined,
}


def _about(one: Transaction) -> str:
    """`Hannah Lindqvist, DEV`, or what it is about."""
    who = ", ".join(part for part in (one.worker_name or one.worker_number, one.role_code) if part)
    return who or one.description or words.title(one.kind)


def _state(visit: Visit, one: Transaction) -> tuple[str, str, str]:
    """The words of the pill, its kind, and what stands under it."""
    if one.write_off is not None:
        return "Write-off asked for", "warn", f"{visit.person(one.write_off.requested_by)}: {one.write_off.reason}"
    kinds: dict[str, str] = {"held": "warn", "exception": "bad", "invoiced": "ok", "drafted": "info"}
    return words.title(one.state), kinds.get(one.state, "neutral"), ", ".join(words.title(c.lower()) for c in one.codes)


async def _defer(item_id: str, visit: Visit, ids: list[str], told: str) -> str:
    item = await visit.call(InvoiceReadiness.get_bill_group, item_id)
    if item.invoice_id is None:
        raise Conflict("The item has no draft any more.", code="ILLEGAL_TRANSITION")
    moved = Deferral(transaction_ids=tuple(ids), reason=told)
    draft = await visit.call(InvoiceReadiness.defer, item.invoice_id, moved)
    return f"Moved to the next period. Draft version {draft.draft_version} is over {words.money(draft.gross, draft.currency)} gross"


async def _ask_write_off(visit: Visit, transaction_id: str, told: str) -> str:
    await visit.call(TimePosting.request_write_off, transaction_id, Hold(reason=told))
    return "Asked for; another person decides."


async def _write_off(visit: Visit, transaction_id: str, told: str) -> str:
    await visit.call(TimePosting.write_off, transaction_id, Hold(reason=told))
    return "Written off; it is never billed."


async def _decline(visit: Visit, transaction_id: str, told: str) -> str:
    await visit.call(TimePosting.decline_write_off, transaction_id, Hold(reason=told))
    return "Declined; it goes on to be billed."


_WRITE_OFFS = (
    Action(
        name="ask-write-off",
        method=TimePosting.request_write_off,
        one="Ask to write 1 entry off",
        many="Ask to write # entries off",
        verb="Ask to write off…",
        consequence="Nothing is given up yet: another person decides. Until then all goes on as before.",
        act=_ask_write_off,
        ask=Ask(label="Reason", hint="Why it should never be billed."),
    ),
    Action(
        name="write-off",
        method=TimePosting.write_off,
        one="Write 1 entry off",
        many="Write # entries off",
        verb="Write off…",
        consequence="They are given up for good and never billed. That cannot be taken back.",
        act=_write_off,
        ask=Ask(label="Reason", hint="Why you agree."),
    ),
    Action(
        name="decline-write-off",
        method=TimePosting.decline_write_off,
        one="Decline 1 write-off",
        many="Decline # write-offs",
        verb="Decline write-off…",
        consequence="They go on to be billed as before.",
        act=_decline,
        ask=Ask(label="Reason", hint="Why it is to be billed."),
    ),
)

HANDLERS: tuple[Any, ...] = (entries, preview, perform)
