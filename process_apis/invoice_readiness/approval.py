"""Approving a draft, sending it back, taking an approval back (4f.3, 4f.4). Each runs in the unit of its command."""

from decimal import Decimal

from msgspec import Struct

from contracts.call import Call
from contracts.money import written
from contracts.problems import PreconditionFailed, RuleViolated, Violation
from contracts.process.billing_objects import Approval, DraftInvoice
from process_apis.invoice_readiness.evaluation import failing, regression, told
from process_apis.invoice_readiness.facts import gather
from process_apis.invoice_readiness.findings import blocks, judge
from process_apis.invoice_readiness.posting import PostingOrder
from process_apis.invoice_readiness.redrafting import whole
from process_apis.registers import bill_groups, exceptions, invoices
from process_apis.registers.exceptions import Finding
from process_apis.registers.policies import CONTROLLER, Policies
from process_apis.registers.unit import Unit
from runtime.data.database import Connection
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.runs import cancel_run
from runtime.work.unit import apart


class Limit(Struct, frozen=True, kw_only=True):
    """The approval limit in force and the policy version it comes from."""

    amount: Decimal
    policy: str


async def approve(services: Services, unit: Unit, invoice: DraftInvoice, body: Approval) -> DraftInvoice:
    """Approve what was seen. Raises PreconditionFailed for another draft version; RuleViolated for the preparer (SOD-1), above
    the limit (APPROVAL_LIMIT) and when something blocks the group by now (READINESS_REGRESSED)."""
    if body.draft_version != invoice.draft_version:
        detail = f"The draft changed: version {invoice.draft_version}, not {body.draft_version}. Read it again."
        raise PreconditionFailed(detail, code="VERSION_CONFLICT", version=invoice.draft_version)
    if unit.call.principal in await invoices.submitters(unit, invoice.id) | {invoice.prepared_by}:
        detail = "You prepared this draft or put it up for review; another person has to approve it (SOD-1)."
        raise RuleViolated(detail, code="GUARD_FAILED", rule="SOD-1")
    if invoice.state == "in_review":
        await whole(unit, invoice)
        await _still_ready(services, unit, invoice)
        await _within_limit(services, unit, invoice)
    approved = await invoices.change(unit, invoice, "approve", values={"approved_by": unit.call.principal})
    await exceptions.clear(unit, invoice.id, note="The draft was approved.")
    return approved


async def _still_ready(services: Services, unit: Unit, invoice: DraftInvoice) -> None:
    group = await bill_groups.lock(unit, invoice.bill_group_id)
    judgement = judge(await gather(unit, services.ports.connections, group, invoice.invoice_date))
    if judgement.verdict.status != "blocked":
        return
    await _open_apart(services, unit.call, regression(invoice, judgement))
    found = [c for c in failing(judgement.checks) if blocks(c)]
    errors = [Violation(code=c.code, detail=c.sentence) for c in found]
    detail = told(found, "This group is blocked since it was drafted", "block this group since it was drafted")
    raise RuleViolated(
        f"{detail} Clear what blocks it, or cancel the draft.", errors=errors, code="READINESS_REGRESSED"
    )


async def _within_limit(services: Services, unit: Unit, invoice: DraftInvoice) -> None:
    """The limit is compared with the gross amount in the invoice's currency."""
    limit = await _limit(unit, invoice)
    if invoice.gross <= limit.amount or unit.call.allows(CONTROLLER):
        return
    finding = Finding(
        code="APPROVAL_LIMIT",
        object_id=invoice.id,
        contract_id=invoice.contract_id,
        amount_at_risk=invoice.gross,
        currency=invoice.currency,
        facts={"limit": str(limit.amount), "policy": limit.policy, "approver": unit.call.principal},
    )
    await _open_apart(services, unit.call, finding)
    gross, most = (written(amount, invoice.currency) for amount in (invoice.gross, limit.amount))
    detail = f"{gross} is above your approval limit of {most}; finance control approves it."
    raise RuleViolated(detail, code="APPROVAL_LIMIT", limit=str(limit.amount), policy=limit.policy)


async def _limit(unit: Unit, invoice: DraftInvoice) -> Limit:
    scopes = {
        "contract": invoice.contract_id,
        "customer": invoice.customer_id,
        "legal_entity": invoice.legal_entity_id,
    }
    known = await Policies.load(unit, "approval")
    amount, policy = known.value("approval", "billing_manager_limit", unit.now.date(), scopes)
    return Limit(amount=amount, policy=policy)


async def _open_apart(services: Services, call: Call, finding: Finding) -> None:
    """An exception that outlasts the command it refuses."""

    async def open_it(connection: Connection) -> None:
        await exceptions.open_(Unit(connection, call, services.clock.now()), finding)

    await apart(services.database, open_it)


async def check_unposted(services: Services, call: Call, invoice: DraftInvoice) -> None:
    """An invoice whose posting failed is taken back only when the ERP confirms that it has nothing (3, invoice).

    Asked before the unit that takes it back locks anything. Raises RuleViolated, or what asking raises.
    """
    if invoice.state != "post_failed":
        return
    asking = system_call(call.tenant, call.principal, invoice.correlation_id)
    billing = services.ports.billing(asking, invoice.legal_entity_id)
    key = PostingOrder(invoice_id=invoice.id, draft_version=invoice.draft_version).key
    found = [one for one in (await billing.find_invoices(asking, key=key)).items if one.status != "voided"]
    if found:
        detail = f"The ERP holds this invoice as {found[0].number or found[0].ref}: resume its posting instead."
        raise RuleViolated(detail, code="GUARD_FAILED", erp_ref=found[0].ref)


async def unapprove(services: Services, unit: Unit, invoice: DraftInvoice, reason: str) -> DraftInvoice:
    """Back to review. After a refusal of the ERP nothing is posted: the run ends and a new approval posts under a new key."""
    values: dict[str, object] = {"approved_by": None}
    if invoice.state == "post_failed":
        values |= {"draft_version": invoice.draft_version + 1, "run_id": None}
        if invoice.run_id is not None:
            await cancel_run(unit.connection, unit.call, invoice.run_id, reason, clock=services.clock)
    taken = await invoices.change(unit, invoice, "unapprove", reason=reason, values=values)
    await exceptions.clear(unit, invoice.id, note="The approval was taken back.")
    return taken
