"""What people do with billing items: each action with its words, what it needs, what it would do to one item, and doing it."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from contracts.problems import Conflict, Problem
from contracts.process.billing_objects import Approval, BillGroup, Decision, DraftInvoice, DraftRequest
from contracts.process.invoice_readiness import InvoiceReadiness
from experience_apis.portal import reasons, words
from experience_apis.portal.visit import Method, Visit


class Effect(Struct, frozen=True, kw_only=True):
    """What an action would do to an item, or why it would not. `seen` is the invoice and the version that was looked at."""

    item: BillGroup
    invoice: DraftInvoice | None = None
    note: str = ""
    refused: str | None = None

    @property
    def seen(self) -> str:
        return "" if self.invoice is None or not self.invoice.id else f"{self.invoice.id}@{self.invoice.draft_version}"


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of an action on one item."""

    item: BillGroup
    done: bool
    said: str
    slug: str = ""


Look = Callable[[Visit, BillGroup], Awaitable[Effect]]
Act = Callable[[Visit, BillGroup, str, str], Awaitable[str]]


class Action(Struct, frozen=True, kw_only=True):
    """`one` and `many` are the words of its button, `#` the count; `reason` asks for one, `reason_if` only for items like that."""

    name: str
    method: Method[..., Any]
    one: str
    many: str
    consequence: str
    look: Look
    act: Act
    reason: str | None = None
    reason_if: Callable[[BillGroup], bool] | None = None

    def label(self, count: int) -> str:
        """`Create 3 draft invoices`."""
        return self.one if count == 1 else self.many.replace("#", str(count))

    @property
    def verb(self) -> str:
        """The button for the one item that is looked at."""
        said = self.one.replace(" 1", "")
        return f"{said}…" if self.reason is not None and self.reason_if is None else said

    def asks(self, items: list[BillGroup]) -> bool:
        """Whether a reason has to be given for these items."""
        return self.reason is not None and (self.reason_if is None or any(map(self.reason_if, items)))


async def looked(visit: Visit, action: Action, item_id: str) -> Effect | str:
    """The effect on an item; a sentence for one that is not there."""
    try:
        item = await visit.call(InvoiceReadiness.get_bill_group, item_id)
    except Problem as problem:
        return problem.detail
    try:
        return await action.look(visit, item)
    except Problem as problem:
        return Effect(item=item, refused=problem.detail)


async def done(visit: Visit, action: Action, item_id: str, seen: str, reason: str) -> Outcome | str:
    """Do it to one item; a sentence for one that is not there."""
    try:
        item = await visit.call(InvoiceReadiness.get_bill_group, item_id)
    except Problem as problem:
        return problem.detail
    try:
        return Outcome(item=item, done=True, said=await action.act(visit, item, seen, reason))
    except Problem as problem:
        return Outcome(item=item, done=False, said=problem.detail, slug=problem.slug)


async def _invoice_of(visit: Visit, item: BillGroup) -> DraftInvoice:
    if item.invoice_id is None:
        raise Conflict(f"{item.contract_name} has no draft invoice.", code="ILLEGAL_TRANSITION")
    return await visit.call(InvoiceReadiness.get_invoice, item.invoice_id)


async def _look_draft(visit: Visit, item: BillGroup) -> Effect:
    warned = "; ".join(reasons.title(code) for code in item.warnings)
    body = DraftRequest(dry_run=True, acknowledge_warnings="Preview" if item.warnings else None)
    invoice = await visit.call(InvoiceReadiness.draft, item.id, body)
    return Effect(item=item, invoice=invoice, note=f"Warnings: {warned}" if warned else "")


async def _draft(visit: Visit, item: BillGroup, _seen: str, reason: str) -> str:
    body = DraftRequest(acknowledge_warnings=reason if item.warnings else None)
    invoice = await visit.call(InvoiceReadiness.draft, item.id, body)
    return f"Draft {invoice.id}, {words.money(invoice.gross, invoice.currency)} gross, waits for approval"


async def _look_invoice(visit: Visit, item: BillGroup) -> Effect:
    return Effect(item=item, invoice=await _invoice_of(visit, item))


async def _look_item(visit: Visit, item: BillGroup) -> Effect:
    return Effect(item=item)


async def _approve(visit: Visit, item: BillGroup, seen: str, _reason: str) -> str:
    invoice_id, _, version = seen.partition("@")
    if not version.isdecimal():
        raise Conflict(f"{item.contract_name} had no draft invoice when you looked. Open the preview again.")
    invoice = await visit.call(InvoiceReadiness.approve, invoice_id, Approval(draft_version=int(version)))
    return f"Approved, {words.money(invoice.gross, invoice.currency)} gross"


async def _post(visit: Visit, item: BillGroup, _seen: str, _reason: str) -> str:
    run = await visit.call(InvoiceReadiness.post, (await _invoice_of(visit, item)).id)
    return f"Sent to the ERP by {run.id}; it shows under Posted when the ERP confirms it"


async def _skip(visit: Visit, item: BillGroup, _seen: str, reason: str) -> str:
    await visit.call(InvoiceReadiness.skip, item.id, Decision(reason=reason))
    return "Left out of this period; what it holds rolls to the next"


async def _recheck(visit: Visit, item: BillGroup, _seen: str, _reason: str) -> str:
    found = await visit.call(InvoiceReadiness.recheck, item.id)
    failed = sum(check.status == "failed" and check.severity == "blocking" for check in found.checks)
    return f"Still blocked by {words.count(failed, 'check')}" if found.status == "blocked" else "Ready now"


async def _send_back(visit: Visit, item: BillGroup, _seen: str, reason: str) -> str:
    await visit.call(InvoiceReadiness.send_back, (await _invoice_of(visit, item)).id, Decision(reason=reason))
    return "Sent back with the reason"


async def _resubmit(visit: Visit, item: BillGroup, _seen: str, _reason: str) -> str:
    await visit.call(InvoiceReadiness.resubmit, (await _invoice_of(visit, item)).id)
    return "Waits for approval again"


async def _discard(visit: Visit, item: BillGroup, _seen: str, reason: str) -> str:
    await visit.call(InvoiceReadiness.cancel, (await _invoice_of(visit, item)).id, Decision(reason=reason))
    return "Draft discarded; the item is back in the queue"


async def _unapprove(visit: Visit, item: BillGroup, _seen: str, reason: str) -> str:
    await visit.call(InvoiceReadiness.unapprove, (await _invoice_of(visit, item)).id, Decision(reason=reason))
    return "Approval taken back; it waits for approval again"


_ALL = (
    Action(
        name="draft",
        method=InvoiceReadiness.draft,
        one="Create 1 draft invoice",
        many="Create # draft invoices",
        consequence="Nothing is sent to the ERP. Another person approves the drafts. A draft can be discarded until it is posted.",
        look=_look_draft,
        act=_draft,
        reason="Some checks gave warnings. Say why these items may be billed all the same.",
        reason_if=lambda item: bool(item.warnings),
    ),
    Action(
        name="hold",
        method=InvoiceReadiness.skip,
        one="Hold 1 item",
        many="Hold # items",
        consequence="Held items are left out of this period. What they hold rolls to the next one.",
        look=_look_item,
        act=_skip,
        reason="Say why. The reason stays with the item.",
    ),
    Action(
        name="recheck",
        method=InvoiceReadiness.recheck,
        one="Check 1 item again",
        many="Check # items again",
        consequence="All checks are made again with what is known now. Nothing else changes.",
        look=_look_item,
        act=_recheck,
    ),
    Action(
        name="approve",
        method=InvoiceReadiness.approve,
        one="Approve 1 invoice",
        many="Approve # invoices",
        consequence="Approved invoices can be posted. An approval can be taken back until then.",
        look=_look_invoice,
        act=_approve,
    ),
    Action(
        name="post",
        method=InvoiceReadiness.post,
        one="Post 1 invoice",
        many="Post # invoices",
        consequence="The ERP books the invoices and gives them numbers. That cannot be undone here; a credit note corrects it.",
        look=_look_invoice,
        act=_post,
    ),
    Action(
        name="send_back",
        method=InvoiceReadiness.send_back,
        one="Send 1 draft back",
        many="Send # drafts back",
        consequence="Who prepared a draft sees the reason and can put it up again.",
        look=_look_invoice,
        act=_send_back,
        reason="Say what has to change.",
    ),
    Action(
        name="resubmit",
        method=InvoiceReadiness.resubmit,
        one="Put 1 draft up for approval",
        many="Put # drafts up for approval",
        consequence="The drafts wait for approval by another person.",
        look=_look_invoice,
        act=_resubmit,
    ),
    Action(
        name="discard",
        method=InvoiceReadiness.cancel,
        one="Discard 1 draft",
        many="Discard # drafts",
        consequence="What the drafts hold goes back to the queue.",
        look=_look_invoice,
        act=_discard,
        reason="Say why. The reason stays with the item.",
    ),
    Action(
        name="unapprove",
        method=InvoiceReadiness.unapprove,
        one="Take 1 approval back",
        many="Take # approvals back",
        consequence="The drafts wait for approval again.",
        look=_look_invoice,
        act=_unapprove,
        reason="Say why. The reason stays with the item.",
    ),
)
ACTIONS: Mapping[str, Action] = MappingProxyType({action.name: action for action in _ALL})

_BY_VIEW = {"ready": ("draft", "hold"), "blocked": ("recheck", "hold"), "posting": ("approve", "post")}
_BY_INVOICE = {
    "draft": ("resubmit", "discard"),
    "in_review": ("approve", "send_back", "discard"),
    "approved": ("post", "unapprove"),
    "post_failed": ("post", "unapprove"),
}


def for_view(visit: Visit, view: str) -> list[Action]:
    """What the visitor may do with selected items of a view, the likeliest first."""
    return _allowed(visit, _BY_VIEW.get(view, ()))


def for_item(visit: Visit, item: BillGroup, invoice: DraftInvoice | None) -> list[Action]:
    """What the visitor may do with an item."""
    if item.state == "drafted":
        return _allowed(visit, _BY_INVOICE.get("" if invoice is None else invoice.state, ()))
    return _allowed(
        visit, _BY_VIEW["ready" if item.state.startswith("ready") else item.state] if item.state in _OPEN else ()
    )


_OPEN = ("ready", "ready_with_warnings", "blocked")


def _allowed(visit: Visit, names: tuple[str, ...]) -> list[Action]:
    return [ACTIONS[name] for name in names if visit.may(ACTIONS[name].method)]
