"""Why an amount is what it is and where it is: what blocks a group, and the chain from invoice line to deal (AUD-1)."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from contracts.canon.billing import InvoiceLine
from contracts.money import plain, written
from contracts.problems import NotFound
from contracts.process.billing_objects import BillGroup, Chain, Check, DraftInvoice, Explanation, Link
from contracts.process.register_objects import Contract
from contracts.process.time_posting import Rating, Transaction
from contracts.wire import to_builtins
from domain.transaction_explanation import explain_transaction
from process_apis.invoice_readiness.evaluation import failing
from process_apis.registers import bill_groups, contracts, invoices, time_entries, transactions
from process_apis.registers.time_entries import EntryVersion
from process_apis.registers.unit import Unit

HUB = "hub"


class _Known(Struct, frozen=True, kw_only=True):
    """What chains are made of, by id; `invoice` once the transactions are on one."""

    invoice: DraftInvoice | None
    transactions: Mapping[str, Transaction]
    entries: Mapping[str, EntryVersion]
    contracts: Mapping[str, Contract]


async def explain(unit: Unit, subject_id: str) -> Explanation:
    """A bill group, an invoice or a transaction. Raises NotFound."""
    if subject_id.startswith("bg_"):
        return await _of_group(unit, await bill_groups.get(unit, subject_id))
    if subject_id.startswith("inv_"):
        return await _of_invoice(unit, await invoices.get(unit, subject_id))
    if subject_id.startswith("txn_"):
        return await _of_transaction(unit, await transactions.get(unit, subject_id))
    raise NotFound(f"{subject_id} is no bill group (bg_...), invoice (inv_...) or transaction (txn_...).")


async def _of_group(unit: Unit, group: BillGroup) -> Explanation:
    checks = await _checks(unit, group)
    if group.invoice_id is not None:
        invoice = await invoices.get(unit, group.invoice_id)
        return Explanation(
            subject=group.id,
            sentence=f"{_group_sentence(group, checks)} {_invoice_sentence(invoice)}",
            bill_group=group,
            invoice=invoice,
            failed=failing(checks),
            chains=await _chains(unit, invoice),
        )
    return Explanation(
        subject=group.id, sentence=_group_sentence(group, checks), bill_group=group, failed=failing(checks)
    )


async def _of_invoice(unit: Unit, invoice: DraftInvoice) -> Explanation:
    return Explanation(
        subject=invoice.id,
        sentence=_invoice_sentence(invoice),
        bill_group=await bill_groups.get(unit, invoice.bill_group_id),
        invoice=invoice,
        chains=await _chains(unit, invoice),
    )


async def _of_transaction(unit: Unit, one: Transaction) -> Explanation:
    invoice = await invoices.get(unit, one.invoice_id) if one.invoice_id else None
    # What a correction pulled from a draft keeps the draft's id, but is on no line of it.
    line = next((line for line in invoice.lines if one.id in line.transaction_ids), None) if invoice else None
    known = await _known(unit, invoice if line else None, [one.id])
    return Explanation(
        subject=one.id, sentence=_transaction_sentence(one), invoice=known.invoice, chains=(_chain(known, line, one),)
    )


def _transaction_sentence(one: Transaction) -> str:
    what = (
        f"{plain(one.hours)} hours of {one.worker_name or one.worker_number}" if one.kind == "time" else one.description
    )
    worth = "no amount" if one.currency is None else written(one.amount, one.currency)
    why = f" ({', '.join(one.codes)})" if one.codes else ""
    return f"{what} on {one.service_date}: {worth}, {one.part.replace('_', ' ')}, {one.state.replace('_', ' ')}{why}."


async def _checks(unit: Unit, group: BillGroup) -> tuple[Check, ...]:
    if group.evaluated_at is None:
        return ()
    return (await bill_groups.readiness(unit, group.id)).checks


def _group_sentence(group: BillGroup, checks: tuple[Check, ...]) -> str:
    amount = written(group.net_amount, group.currency)
    about = f"{group.contract_name}, {group.period_start} to {group.period_end}"
    found, applicable = failing(checks), [c for c in checks if c.status != "not_applicable"]
    if group.evaluated_at is None:
        return f"Collecting: {about}; it was not evaluated yet."
    state = group.state.replace("_", " ").capitalize()
    said = f"{state}: {about}, {amount}, {len(applicable) - len(found)} of {len(applicable)} checks passed."
    return " ".join((said, *(check.sentence for check in found)))


def _invoice_sentence(invoice: DraftInvoice) -> str:
    amount = written(invoice.gross, invoice.currency)
    lines = f"{len(invoice.lines)} line{'' if len(invoice.lines) == 1 else 's'}"
    number = f" as {invoice.erp_number}" if invoice.erp_number else ""
    state = invoice.state.replace("_", " ")
    return (
        f"Invoice {invoice.id} to {invoice.customer_name} over {amount} is {state}{number};"
        f" {lines}, prepared by {invoice.prepared_by}"
        + (f", approved by {invoice.approved_by}." if invoice.approved_by else ".")
    )


async def _chains(unit: Unit, invoice: DraftInvoice) -> tuple[Chain, ...]:
    known = await _known(unit, invoice, [i for line in invoice.lines for i in line.transaction_ids])
    return tuple(
        _chain(known, line, one)
        for line in invoice.lines
        for i in line.transaction_ids
        if (one := known.transactions.get(i)) is not None
    )


async def _known(unit: Unit, invoice: DraftInvoice | None, ids: Iterable[str]) -> _Known:
    found = {t.id: t for t in await transactions.many(unit, ids)}
    return _Known(
        invoice=invoice,
        transactions=found,
        entries=await time_entries.many(unit, (t.source_id for t in found.values() if t.kind == "time")),
        contracts=await contracts.many(unit, (t.contract_id for t in found.values() if t.contract_id)),
    )


def _chain(known: _Known, line: InvoiceLine | None, one: Transaction) -> Chain:
    return Chain(
        line_id=line.id if line else None,
        transaction_id=one.id,
        links=tuple(_links(known, line, one)),
        figures=explain_transaction(one),
    )


def _links(known: _Known, line: InvoiceLine | None, one: Transaction) -> Iterable[Link]:
    if known.invoice is not None and line is not None:
        yield _line(known.invoice, line)
    yield _transaction(one)
    yield _rating(one)
    yield from _source(one, known.entries.get(one.source_id))
    contract = known.contracts.get(one.contract_id or "")
    if contract is not None:
        yield _contract(contract, one)
        yield from _deal(contract)


def _line(invoice: DraftInvoice, line: InvoiceLine) -> Link:
    return Link(
        kind="invoice_line",
        id=f"{invoice.id}/{line.id}",
        title=line.description,
        system=invoice.erp_ref.split(":", 1)[0] if invoice.erp_ref else HUB,
        by=invoice.prepared_by,
        facts=to_builtins(
            {
                "amount": line.amount,
                "currency": invoice.currency,
                "tax_code": line.tax_code,
                "erp_number": invoice.erp_number,
                "erp_ref": invoice.erp_ref,
                "approved_by": invoice.approved_by,
            }
        ),
    )


def _transaction(one: Transaction) -> Link:
    rate = "" if one.rating.bill_rate is None else f" x {plain(one.rating.bill_rate)}"
    return Link(
        kind="transaction",
        id=one.id,
        title=f"{plain(one.quantity)} {one.unit}{rate} = {plain(one.amount)} {one.currency or ''}".strip(),
        system=HUB,
        at=one.updated_at,
        facts=to_builtins(
            {
                "state": one.state,
                "part": one.part,
                "service_date": one.service_date,
                "posting_date": one.posting_date,
                "codes": one.codes,
                "erp_ref": one.erp_ref,
            }
        ),
    )


def _rating(one: Transaction) -> Link:
    rating = one.rating
    title = f"Rate line {rating.rate_line_id}" if rating.rate_line_id else "Agreed amount"
    return Link(
        kind="rating",
        id=rating.rate_line_id or f"{one.id}:{one.rating_version}",
        title=f"{title}, {rating.level.replace('_', ' ')} level" if rating.level else title,
        system=HUB,
        facts=_stored(rating) | {"rating_version": one.rating_version},
    )


def _stored(rating: Rating) -> dict[str, Any]:
    return {name: value for name, value in to_builtins(rating).items() if value not in (None, {})}


def _source(one: Transaction, entry: EntryVersion | None) -> Iterable[Link]:
    system = one.source_ref.split(":", 1)[0]
    facts = {"ref": one.source_ref, "version": one.source_version, "worker": one.worker_name, "hours": one.hours}
    title = f"{one.kind.capitalize()} of {one.service_date}, version {one.source_version}"
    if entry is not None:
        facts |= {"project_ref": entry.entry.project_ref, "description": entry.entry.description}
        facts |= {"current_version": entry.version}
    kind = "time_entry" if one.kind == "time" else one.kind
    yield Link(kind=kind, id=one.source_id, title=title, system=system, facts=to_builtins(facts))
    by = entry.entry.approver_name if entry else None
    approved = f"Approved by {by}" if by else "Approved"
    yield Link(kind="approval", id=one.source_id, title=approved, system=system, at=one.approved_at, by=by, facts={})


def _contract(contract: Contract, one: Transaction) -> Link:
    return Link(
        kind="contract",
        id=contract.id,
        title=f"{contract.name}, version {contract.contract_version}",
        system=HUB,
        at=contract.updated_at,
        facts=to_builtins(
            {
                "contract_version": contract.contract_version,
                "contract_line_id": one.contract_line_id,
                "signed_on": contract.signed_on,
                "document_ref": contract.document_ref,
            }
        ),
    )


def _deal(contract: Contract) -> Iterable[Link]:
    if contract.opportunity_id is not None:
        ref = contract.opportunity_id
        yield Link(kind="deal", id=ref, title=f"Deal behind {contract.name}", system=ref.split(":", 1)[0])
