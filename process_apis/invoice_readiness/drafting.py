"""Drafting a bill group (4f.1, 4f.2), cancelling the draft, skipping the group. Each runs in the unit of its command."""

from datetime import timedelta

from msgspec.structs import replace

from contracts.money import negate
from contracts.problems import Conflict, RuleViolated, Violation
from contracts.process.billing_objects import BillGroup, Check, DraftInvoice, DraftRequest
from process_apis.invoice_readiness import assembly
from process_apis.invoice_readiness.evaluation import evaluation, failing, told
from process_apis.invoice_readiness.facts import gather
from process_apis.invoice_readiness.findings import Judgement, blocks, judge
from process_apis.invoice_readiness.grouping import roll
from process_apis.invoice_readiness.rules import Facts
from process_apis.registers import bill_groups, contracts, exceptions, invoices, transactions
from process_apis.registers.unit import Unit
from runtime.connections import Connections
from runtime.data.ids import new_id

_FARTHEST = timedelta(days=366)


async def draft(unit: Unit, connections: Connections, group: BillGroup, body: DraftRequest) -> DraftInvoice:
    """Draft what is queued. Raises Conflict when the group takes no draft, RuleViolated with what blocks it or wants an
    acknowledgement. A dry run answers the same draft without an id and changes nothing."""
    if group.state not in bill_groups.OPEN:
        raise Conflict(f"A bill group that is {group.state} cannot be drafted.", code="ILLEGAL_TRANSITION")
    _refuse_far(unit, body)
    facts = await gather(unit, connections, group, body.invoice_date)
    judgement = judge(facts)
    _refuse(judgement, body)
    made = assembly.draft(facts, judgement.assembly, "", unit.call.principal, _correlation(unit, facts))
    if body.dry_run:
        return made
    return await _store(unit, facts, judgement, made, body)


def _refuse_far(unit: Unit, body: DraftRequest) -> None:
    """No period is open that far ahead, and the calendar of due dates ends somewhere."""
    if body.invoice_date is not None and body.invoice_date > unit.now.date() + _FARTHEST:
        far = Violation(pointer="#/invoice_date", code="GUARD_FAILED", detail="at most a year from now")
        raise RuleViolated("An invoice is dated at most a year from now.", errors=[far], code="GUARD_FAILED")


def _refuse(judgement: Judgement, body: DraftRequest) -> None:
    """A group that is not ready is not drafted; warnings need a person's reason."""
    if judgement.verdict.status == "blocked":
        found = [c for c in failing(judgement.checks) if blocks(c)]
        detail = told(found, "This group is blocked", "block this group")
        raise RuleViolated(
            f"{detail} Clear what blocks it, then draft again.", errors=_errors(found), code=found[0].code
        )
    if judgement.verdict.status == "ready_with_warnings" and body.acknowledge_warnings is None:
        warned = failing(judgement.checks)
        detail = told(warned, "A check warns", "warn")
        raise RuleViolated(
            f"{detail} Draft again with a reason in `acknowledge_warnings`.",
            errors=_errors(warned),
            code="GUARD_FAILED",
        )


def _errors(checks: tuple[Check, ...] | list[Check]) -> list[Violation]:
    return [Violation(code=check.code, detail=check.sentence) for check in checks]


def _correlation(unit: Unit, facts: Facts) -> str:
    """The deal's, which the work carries (ID-4)."""
    return next((t.correlation_id for t in facts.billable), unit.call.correlation_id)


async def _store(
    unit: Unit, facts: Facts, judgement: Judgement, made: DraftInvoice, body: DraftRequest
) -> DraftInvoice:
    unit = unit._replace(call=replace(unit.call, correlation_id=made.correlation_id))
    group = await bill_groups.evaluated(unit, facts.group, evaluation(unit, facts, judgement))
    invoice = replace(made, id=new_id("inv", unit.now))
    stored = await invoices.add(unit, invoice)
    for transaction in facts.billable:
        await transactions.change(unit, transaction, "draft", values={"invoice_id": invoice.id})
    await contracts.draw_retainer(unit, invoice.contract_id, judgement.assembly.drawn, invoice.id)
    await bill_groups.change(
        unit,
        group,
        "draft",
        reason=body.acknowledge_warnings,
        values={"invoice_id": invoice.id},
        transaction_ids=judgement.assembly.transaction_ids,
    )
    await bill_groups.touch_contract(unit, invoice.contract_id)
    return stored


async def cancel(unit: Unit, invoice: DraftInvoice, reason: str) -> BillGroup:
    """Discard a draft that is not approved: its transactions are queued again, the retainer has its money back."""
    cancelled = await invoices.change(unit, invoice, "cancel", reason=reason)
    ids = [i for line in cancelled.lines for i in line.transaction_ids]
    for transaction in [t for t in await transactions.many(unit, ids) if t.state == "drafted"]:
        await transactions.change(unit, transaction, "undraft", reason=reason, values={"invoice_id": None})
    await give_back(unit, cancelled)
    await exceptions.clear(unit, cancelled.id, note="The draft was cancelled.")
    group = await bill_groups.lock(unit, cancelled.bill_group_id)
    values = {"invoice_id": None, "dirty_since": unit.now}
    return await bill_groups.change(unit, group, "discard_draft", reason=reason, values=values)


async def give_back(unit: Unit, invoice: DraftInvoice) -> None:
    """What a draft drew from the retainer is there again."""
    for line in invoice.lines:
        if line.kind == "retainer":
            await contracts.draw_retainer(unit, invoice.contract_id, negate(abs(line.amount)), invoice.id)


async def skip(unit: Unit, group: BillGroup, reason: str) -> BillGroup:
    """Leave a group out of this period; what it gathered goes to the next one that is open."""
    skipped = await bill_groups.change(unit, group, "skip", reason=reason, values={"dirty_since": None})
    await roll(unit, group.id)
    await bill_groups.touch_contract(unit, group.contract_id)
    return skipped
