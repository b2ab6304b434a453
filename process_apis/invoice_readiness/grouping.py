"""Which bill group a transaction belongs to (INV-1, INV-2): contract or grouping key times billing period of its service date.

A group whose draft exists, that is billed or was skipped takes no more: what comes late goes to the next one that is open.
"""

from collections.abc import Iterable

from contracts.periods import BillingCycle, Period, billing_period
from contracts.process.register_objects import Contract
from contracts.process.time_posting import Transaction
from domain.invoices import GroupedTransaction, draft_key
from process_apis.registers import bill_groups, contracts, customers, invoices, transactions
from process_apis.registers.bill_groups import NewBillGroup
from process_apis.registers.unit import Unit

# What a group gathers. Excluded value is never billed, so it opens no group.
GATHERED = frozenset({"pending", "validated", "exception", "rated", "held", "queued"})
_MOST_PERIODS = 120


def cycle_of(contract: Contract) -> BillingCycle:
    """The cycle of the billing period; what is billed on an event is gathered by month."""
    return "monthly" if contract.billing_cycle == "on_event" else contract.billing_cycle


def key_of(transaction: Transaction, contract: Contract, period: Period) -> str:
    """The key of the group. Terms are the contract's, so that a change in the ERP splits no group in two."""
    question = GroupedTransaction(
        id=transaction.id,
        legal_entity_id=transaction.legal_entity_id or contract.legal_entity_id,
        bill_to_id=transaction.bill_to_id or contract.bill_to_id or contract.customer_id,
        currency=contract.currency,
        payment_terms=contract.payment_terms or "-",
        po_number=contract.po.number if contract.po else None,
        billing_period=f"{period.start}/{period.last}",
        contract_id=contract.id,
        project_id=transaction.project_id,
        contract_line_id=transaction.contract_line_id,
        amount=transaction.amount,
    )
    return draft_key(question, contract.invoice_grouping)


def projects_of(contract: Contract, project_id: str | None) -> tuple[str, ...]:
    """The projects a group is about: the one of the transaction where the contract bills by project or line, else all."""
    if contract.invoice_grouping in ("per_project", "per_contract_line") and project_id:
        return (project_id,)
    return tuple(sorted({line.project_id for line in contract.lines}))


def method_of(contract: Contract, line_id: str | None) -> str:
    """How the line of a transaction is billed."""
    lines = {line.id: line.billing_method for line in contract.lines}
    return lines.get(line_id or "") or contract.lines[0].billing_method


async def gather(unit: Unit, transaction_ids: Iterable[str]) -> None:
    """Put transactions into the groups they belong to now, and mark these for evaluation."""
    for transaction in await transactions.many(unit, transaction_ids):
        await _settle(unit, transaction)


async def _settle(unit: Unit, transaction: Transaction) -> None:
    current = transaction.bill_group_id
    if transaction.state not in GATHERED or transaction.contract_id is None:
        if current is not None:
            await bill_groups.mark(unit, current)
        return
    if current is not None and (await bill_groups.get(unit, current)).state in bill_groups.OPEN:
        await bill_groups.mark(unit, current)
        return
    if transaction.replaces_id is None or not await _take_place(unit, transaction):
        await place(unit, transaction)


async def _take_place(unit: Unit, transaction: Transaction) -> bool:
    """What replaces a transaction that a correction pulled from a draft joins the draft's group, while the draft is open (IMP-5)."""
    (pulled,) = await transactions.many(unit, [transaction.replaces_id or ""])
    if pulled.bill_group_id is None or not await invoices.open_drafts(unit, [pulled.invoice_id or ""]):
        return False
    await transactions.assign(unit, [transaction.id], pulled.bill_group_id)
    await bill_groups.mark(unit, pulled.bill_group_id)
    return True


async def place(unit: Unit, transaction: Transaction) -> str:
    """Assign a transaction to the group of its period, or the first one after it that still takes more."""
    contract = await contracts.get(unit, transaction.contract_id or "")
    period = billing_period(transaction.service_date, cycle_of(contract))
    key, state = await _group_at(unit, transaction, contract, period)
    for _ in range(_MOST_PERIODS):
        if state is None or state in bill_groups.OPEN:
            break
        period = billing_period(period.end, cycle_of(contract))
        key, state = await _group_at(unit, transaction, contract, period)
    if state is None:
        group_id = await bill_groups.touch(unit, await _new_group(unit, transaction, contract, period))
    else:
        group_id = await bill_groups.join(unit, key, projects_of(contract, transaction.project_id))
    await transactions.assign(unit, [transaction.id], group_id)
    return group_id


async def _group_at(unit: Unit, transaction: Transaction, contract: Contract, period: Period) -> tuple[str, str | None]:
    key = key_of(transaction, contract, period)
    return key, await bill_groups.state_of(unit, key)


async def open_for(unit: Unit, expected: Transaction) -> None:
    """Open the group of a transaction that does not exist yet, unless its period has one."""
    contract = await contracts.get(unit, expected.contract_id or "")
    period = billing_period(expected.service_date, cycle_of(contract))
    if await bill_groups.state_of(unit, key_of(expected, contract, period)) is None:
        await bill_groups.touch(unit, await _new_group(unit, expected, contract, period))


async def _new_group(unit: Unit, transaction: Transaction, contract: Contract, period: Period) -> NewBillGroup:
    bill_to = await customers.get(unit, contract.bill_to_id or contract.customer_id)
    return NewBillGroup(
        key=key_of(transaction, contract, period),
        contract_id=contract.id,
        contract_name=contract.name,
        customer_id=bill_to.id,
        customer_name=bill_to.name,
        project_ids=projects_of(contract, transaction.project_id),
        legal_entity_id=contract.legal_entity_id,
        currency=contract.currency,
        billing_method=method_of(contract, transaction.contract_line_id),
        period_start=period.start,
        period_end=period.last,
    )


async def roll(unit: Unit, bill_group_id: str) -> None:
    """Move what a group did not bill to the next group that is open."""
    for transaction in await transactions.of_group(unit, bill_group_id):
        if transaction.state in GATHERED:
            await place(unit, transaction)
