"""The posting run (4f.5, 4f.6): the invoice into the ERP once, its totals compared, then acknowledged with all it bills."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct

from contracts.call import Call
from contracts.canon.billing import Invoice, InvoiceDraft
from contracts.money import Exact, plain, written
from contracts.problems import Conflict, NotFound, Problem, RuleViolated, VendorRefused, VendorUnavailable
from contracts.process.billing_objects import DraftInvoice
from domain.reconciliation import compare
from process_apis.invoice_readiness.facts import instance_of, ref_in
from process_apis.invoice_readiness.grouping import roll
from process_apis.registers import bill_groups, contracts, customers, invoices, projects, replicas, transactions
from process_apis.registers.unit import Unit
from runtime.services import Services
from runtime.work.run import Run
from runtime.work.unit import unit_of_work

WORKFLOW = "post_invoice"


class PostingOrder(Struct, frozen=True, kw_only=True):
    """Which invoice is posted, in the version that was approved, and what it is worth."""

    invoice_id: str
    draft_version: int
    gross: Exact | None = None
    currency: str | None = None

    @property
    def key(self) -> str:
        """What the ERP knows the invoice by, and the run's key (4f): the same in every try (WF-3)."""
        return f"post:{self.invoice_id}:{self.draft_version}"


class PostedInvoice(Struct, frozen=True, kw_only=True):
    """How the run ended."""

    invoice_id: str
    erp_ref: str
    erp_number: str
    gross: Exact
    currency: str
    transactions: int


class PostInvoice:
    """The workflow `post_invoice`."""

    name = WORKFLOW
    version = 1
    input: type[Struct] = PostingOrder

    def __init__(self, services: Services) -> None:
        self._services = services

    async def perform(self, run: Run, input: PostingOrder) -> PostedInvoice:
        """Ensure it is posted, compare totals, acknowledge. Once it is posted nobody can cancel the run."""
        run.about(amount_at_risk=input.gross, currency=input.currency)

        async def ensure(call: Call) -> Invoice:
            return await self._ensure(call, input)

        async def give_up(call: Call) -> None:
            await self._give_up(call, input)

        posted = await run.step("ensure invoice posted", ensure, undo=give_up, request=input)
        await run.irreversible()

        async def check(call: Call) -> Invoice:
            return await self._compare(call, input, posted)

        agreed = await run.step("compare totals", check)

        async def acknowledge(call: Call) -> PostedInvoice:
            return await self._acknowledge(call, input, agreed)

        return await run.step("acknowledge", acknowledge)

    @asynccontextmanager
    async def _unit(self, call: Call) -> AsyncIterator[Unit]:
        async with unit_of_work(self._services.database) as connection:
            yield Unit(connection, call, self._services.clock.now())

    async def _ensure(self, call: Call, order: PostingOrder) -> Invoice:
        """Look under the key, post when nothing is there (WF-3): one step, so a repeat looks again."""
        async with self._unit(call) as unit:
            invoice = await self._begin(unit, order)
            wanted = await self._wanted(unit, invoice, order)
        billing = self._services.ports.billing(call, invoice.legal_entity_id)
        found = (await billing.find_invoices(call, key=order.key)).items
        if len(found) > 1 or any(f.status == "voided" for f in found):
            detail = f"The ERP holds {len(found)} invoices under {order.key}, or a voided one; settle that there first."
            raise RuleViolated(detail, code="POSTING_FAILED", **_about(invoice))
        if found:
            return found[0]
        try:
            return await billing.post_invoice(call, body=wanted)
        except (VendorRefused, NotFound, Conflict) as refusal:
            await self._refused(call, invoice, refusal)
            detail = f"The ERP refused the invoice: {refusal.detail}"
            raise RuleViolated(detail, code="POSTING_FAILED", refusal=refusal.facts, **_about(invoice)) from refusal

    async def _begin(self, unit: Unit, order: PostingOrder) -> DraftInvoice:
        """The invoice in `posting`: tried again under the same key when it had failed."""
        invoice = await invoices.get(unit, order.invoice_id)
        if invoice.state == "post_failed" and invoice.draft_version == order.draft_version:
            invoice = await invoices.change(unit, invoice, "retry")
        if invoice.state != "posting" or invoice.draft_version != order.draft_version:
            detail = f"Invoice {invoice.id} is {invoice.state} in draft version {invoice.draft_version}; this run posts no more."
            raise Conflict(detail, code="ILLEGAL_TRANSITION")
        return invoice

    async def _wanted(self, unit: Unit, invoice: DraftInvoice, order: PostingOrder) -> InvoiceDraft:
        connections, entity = self._services.ports.connections, invoice.legal_entity_id
        instance = instance_of(connections, unit.call, "billing", entity)
        customer = await customers.get(unit, invoice.customer_id)
        customer_ref, _ = await replicas.debtor(unit, customer.refs, instance, entity)
        if customer_ref is None:
            detail = f"Customer {customer.name} is not linked to the ERP; link it, then resume."
            raise RuleViolated(detail, code="XREF_MISSING", **_about(invoice))
        group = await bill_groups.get(unit, invoice.bill_group_id)
        shell = None
        if len(group.project_ids) == 1:
            shell = ref_in((await projects.get(unit, group.project_ids[0])).refs, instance)
        return ordered(invoice, order.key, customer_ref, shell)

    async def _refused(self, call: Call, invoice: DraftInvoice, refusal: Problem) -> None:
        async with self._unit(call) as unit:
            await invoices.change(unit, invoice, "nack", reason=refusal.detail)

    async def _give_up(self, call: Call, order: PostingOrder) -> None:
        """The run was cancelled. What the ERP has not taken has failed; what it took cannot be undone, so it is acknowledged."""
        async with self._unit(call) as unit:
            invoice = await invoices.get(unit, order.invoice_id)
        if invoice.state != "posting" or invoice.draft_version != order.draft_version:
            return
        billing = self._services.ports.billing(call, invoice.legal_entity_id)
        found = (await billing.find_invoices(call, key=order.key)).items
        if taken := next((one for one in found if one.status != "voided"), None):
            await self._acknowledge(call, order, await self._compare(call, order, taken))
            return
        async with self._unit(call) as unit:
            await invoices.change(unit, invoice, "nack", reason="The run was cancelled.")

    async def _compare(self, call: Call, order: PostingOrder, posted: Invoice) -> Invoice:
        """REC-05 on the invoice as it stands in the ERP now: a person who corrected it there resumes the run."""
        async with self._unit(call) as unit:
            invoice = await invoices.get(unit, order.invoice_id)
        billing = self._services.ports.billing(call, invoice.legal_entity_id)
        found = await billing.get_invoice(call, invoice_ref=posted.ref)
        if found.number is None:
            detail = f"The ERP has not numbered invoice {found.ref} yet."
            raise VendorUnavailable(detail, exception="POSTING_TIMEOUT", **_about(invoice))
        values = {"canonical_gross": invoice.gross, "erp_gross": found.gross}
        outcome = compare("REC-05", invoice.currency, values)
        if outcome.status == "matched" and found.currency == invoice.currency:
            return found
        detail = (
            f"The ERP says {written(found.gross, found.currency)}, the draft {written(invoice.gross, invoice.currency)}:"
            f" {outcome.variance} apart (REC-05)."
        )
        about = _about(invoice) | {"amount_at_risk": abs(outcome.variance)}
        raise RuleViolated(detail, code="INVOICE_TOTAL_MISMATCH", **about, **_sides(invoice, found))

    async def _acknowledge(self, call: Call, order: PostingOrder, agreed: Invoice) -> PostedInvoice:
        """Invoice, transactions and group in one unit; a repeat finds it done."""
        async with self._unit(call) as unit:
            asked = await invoices.get(unit, order.invoice_id)
            await contracts.take_turn(unit, asked.contract_id)
            group = await bill_groups.lock(unit, asked.bill_group_id)
            invoice = await invoices.get(unit, order.invoice_id)
            ids = [i for line in invoice.lines for i in line.transaction_ids]
            if invoice.state == "posting":
                values = {"erp_ref": agreed.ref, "erp_number": agreed.number}
                body = {"open_amount": plain(agreed.open_amount)}
                await invoices.change(unit, invoice, "ack", values=values, body=body)
                for transaction in await transactions.many(unit, ids):
                    await transactions.change(unit, transaction, "invoice", values={"invoice_id": invoice.id})
                await bill_groups.change(unit, group, "close", values={"dirty_since": None}, transaction_ids=ids)
                await roll(unit, group.id)
                await bill_groups.touch_contract(unit, invoice.contract_id)
        return PostedInvoice(
            invoice_id=invoice.id,
            erp_ref=agreed.ref,
            erp_number=agreed.number or "",
            gross=invoice.gross,
            currency=invoice.currency,
            transactions=len(ids),
        )


def ordered(invoice: DraftInvoice, key: str, customer_ref: str, shell_ref: str | None) -> InvoiceDraft:
    """The approved draft as the ERP takes it, to the cent."""
    return InvoiceDraft(
        key=key,
        invoice_id=invoice.id,
        entity_code=invoice.legal_entity_id,
        customer_ref=customer_ref,
        project_shell_ref=shell_ref,
        currency=invoice.currency,
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        payment_terms=invoice.payment_terms,
        po_number=invoice.po_number,
        memo=f"{invoice.customer_name}, {invoice.period_start} to {invoice.period_end}, {invoice.correlation_id}",
        lines=invoice.lines,
        net=invoice.net,
        tax_groups=invoice.tax_groups,
        tax=invoice.tax,
        gross=invoice.gross,
    )


def _about(invoice: DraftInvoice) -> dict[str, Any]:
    """What the exception register needs to know about a problem of this run."""
    return {
        "object_id": invoice.id,
        "contract_id": invoice.contract_id,
        "amount_at_risk": invoice.gross,
        "currency": invoice.currency,
    }


def _sides(invoice: DraftInvoice, found: Invoice) -> Mapping[str, Any]:
    sides = {"draft": invoice, "erp": found}
    return {f"{side}_{name}": getattr(one, name) for side, one in sides.items() for name in ("net", "tax", "gross")} | {
        "erp_ref": found.ref,
        "erp_number": found.number,
    }
