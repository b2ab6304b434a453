"""Drafts that are made again while nobody approved them: a correction pulled an item (IMP-5), or a person moves items on (4f.3).

What leaves a draft leaves it in the register first; lines and totals follow, as the next draft version. Until they did, the draft
cannot be approved (`whole`).
"""

from contracts import events
from contracts.problems import Conflict, PreconditionFailed, RuleViolated, Violation
from contracts.process.billing_objects import Deferral, DraftInvoice
from contracts.process.time_posting import Transaction
from process_apis.invoice_readiness import assembly
from process_apis.invoice_readiness.drafting import cancel, give_back
from process_apis.invoice_readiness.evaluation import evaluate
from process_apis.invoice_readiness.facts import gather
from process_apis.invoice_readiness.grouping import place
from process_apis.invoice_readiness.taxes import taxes_of
from process_apis.registers import bill_groups, contracts, invoices, transactions
from process_apis.registers.unit import Unit
from runtime.services import Services

_CORRECTED = "A correction changed what is billed."


async def follow(services: Services, unit: Unit, event: events.TransactionEvent) -> None:
    """What was pulled from an open draft is reversed, or what takes its place is queued: the draft is made again."""
    (changed,) = await transactions.many(unit, [event.object_id])
    pulled = changed if isinstance(event, events.TransactionReversed) else await _replaced(unit, changed)
    if pulled is None or pulled.invoice_id is None or not await invoices.open_drafts(unit, [pulled.invoice_id]):
        return
    invoice = await _in_turn(unit, pulled.invoice_id)
    if invoice is None:
        return
    if changed is not pulled:
        await transactions.assign(unit, [changed.id], invoice.bill_group_id)
        await transactions.change(unit, changed, "draft", values={"invoice_id": invoice.id})
    await _again(services, unit, invoice, _CORRECTED)


async def _replaced(unit: Unit, changed: Transaction) -> Transaction | None:
    """What a queued transaction takes the place of, if it does."""
    if changed.state != "queued" or changed.replaces_id is None:
        return None
    found = await transactions.many(unit, [changed.replaces_id])
    return found[0] if found else None


async def _in_turn(unit: Unit, invoice_id: str) -> DraftInvoice | None:
    """The open draft, with its contract's turn and its group locked; None when it was approved or cancelled meanwhile."""
    asked = await invoices.get(unit, invoice_id)
    await contracts.take_turn(unit, asked.contract_id)
    await bill_groups.lock(unit, asked.bill_group_id)
    return await invoices.get(unit, invoice_id) if await invoices.open_drafts(unit, [invoice_id]) else None


async def defer(services: Services, unit: Unit, invoice: DraftInvoice, body: Deferral) -> DraftInvoice:
    """Move items of an open draft to the next period's group. Raises Conflict when the draft is not open, RuleViolated for items
    it does not have and when none would be left."""
    if not await invoices.open_drafts(unit, [invoice.id]):
        raise Conflict(f"An invoice that is {invoice.state} keeps its items.", code="ILLEGAL_TRANSITION")
    on_draft = {t.id: t for t in await _items(unit, invoice)}
    strangers = [
        Violation(pointer=f"#/transaction_ids/{place}", code="GUARD_FAILED", detail="is not on this draft")
        for place, one in enumerate(body.transaction_ids)
        if one not in on_draft
    ]
    if strangers:
        raise RuleViolated("Only items of the draft can be moved on.", errors=strangers, code="GUARD_FAILED")
    if not on_draft.keys() - set(body.transaction_ids):
        detail = "That would leave the draft empty; cancel it and skip the group instead."
        raise RuleViolated(detail, code="GUARD_FAILED")
    for one in dict.fromkeys(body.transaction_ids):
        queued = await transactions.change(
            unit, on_draft[one], "undraft", reason=body.reason, values={"invoice_id": None}
        )
        await place(unit, queued)
    return await _again(services, unit, invoice, body.reason)


async def _items(unit: Unit, invoice: DraftInvoice) -> list[Transaction]:
    found = await transactions.of_group(unit, invoice.bill_group_id)
    return [t for t in found if t.state == "drafted" and t.invoice_id == invoice.id]


async def _again(services: Services, unit: Unit, invoice: DraftInvoice, reason: str) -> DraftInvoice:
    """Lines and totals of what is on the draft now; without anything on it there is no draft."""
    items = await _items(unit, invoice)
    if not items:
        await cancel(unit, invoice, reason)
        return await invoices.get(unit, invoice.id)
    await give_back(unit, invoice)
    group = await bill_groups.lock(unit, invoice.bill_group_id)
    facts = await gather(unit, services.ports.connections, group, invoice.invoice_date, only=items)
    assembled = assembly.assemble(facts, taxes_of(facts))
    made = assembly.draft(facts, assembled, invoice.id, invoice.prepared_by, invoice.correlation_id)
    again = await invoices.redraft(unit, invoice, made, reason)
    await contracts.draw_retainer(unit, invoice.contract_id, assembled.drawn, invoice.id)
    await evaluate(services, unit, invoice.bill_group_id)
    return again


async def whole(unit: Unit, invoice: DraftInvoice) -> None:
    """Raises PreconditionFailed while lines name what is not on the draft any more."""
    named = {i for line in invoice.lines for i in line.transaction_ids}
    if named != {t.id for t in await _items(unit, invoice)}:
        detail = "A correction changes this draft; read it again in a moment, then approve the new version."
        raise PreconditionFailed(detail, code="VERSION_CONFLICT", version=invoice.draft_version)
