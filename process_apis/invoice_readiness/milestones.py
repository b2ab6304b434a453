"""Milestones that fall due: they open the bill group of their period, and become a transaction once they may be billed (4e)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec import Struct

from contracts.canon.project import Milestone
from contracts.money import HOURS_PLACES, ZERO, round_places
from contracts.process.register_objects import Contract, ContractLine
from contracts.process.time_posting import Rating, Transaction
from domain.milestones import MilestoneBilling, billing_obstacles
from process_apis.invoice_readiness.grouping import open_for, place
from process_apis.registers import contracts, exceptions, projects, replicas, transactions
from process_apis.registers.exceptions import Finding
from process_apis.registers.transactions import Cost
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.unit import unit_of_work

SWEEP_S = 30
_METHODS = ["milestone", "fixed_price"]
_LINES = """
select distinct l.contract_id, l.id from contract_line l
join contract c on c.tenant = l.tenant and c.id = l.contract_id and c.state in ('active', 'completed', 'terminated')
join link k on k.tenant = l.tenant and k.canonical_id = l.project_id and k.valid_to is null
join replica r on r.tenant = l.tenant and r.kind = 'milestone'
  and r.body->>'project_ref' = k.system || ':' || k.object || ':' || k.external_id
where l.tenant = $1 and l.body->>'billing_method' = any($2::text[]) and r.body->>'state' not in ('billed', 'cancelled')
  and not exists (select from billable_transaction t where t.tenant = l.tenant and t.source_id = r.key
    and t.state <> 'reversed')
order by l.contract_id, l.id
"""
_TOLD = """
select source_id, state, amount from billable_transaction
where tenant = $1 and contract_line_id = $2 and kind = 'milestone' and state <> 'reversed'
"""
_CORRELATION = "select correlation_id from project where tenant = $1 and id = $2"


class Told(Struct, frozen=True):
    """A milestone of a line that has a transaction."""

    ref: str
    amount: Decimal


async def sweep(services: Services) -> None:
    """Look at every line that is billed by milestone; each line is one unit."""
    for tenant in services.ports.connections.tenants():
        call = system_call(tenant, "system:milestones")
        for row in await services.database.fetch(_LINES, tenant, _METHODS):
            async with unit_of_work(services.database) as connection:
                await bill(Unit(connection, call, services.clock.now()), row["contract_id"], row["id"])


async def bill(unit: Unit, contract_id: str, line_id: str) -> None:
    """Open groups for what is due, and state what may be billed. Repeating it changes nothing."""
    contract = await contracts.get(unit, contract_id)
    line = next(one for one in contract.lines if one.id == line_id)
    project = await projects.get(unit, line.project_id)
    found = await replicas.milestones(unit, project.refs)
    told = [Told(r["source_id"], r["amount"]) for r in await unit.connection.fetch(_TOLD, unit.tenant, line_id)]
    correlation = await unit.connection.fetchval(_CORRELATION, unit.tenant, line.project_id)
    for milestone in due(found, told, unit.now.date()):
        made = transaction(unit, contract, line, milestone, correlation or unit.call.correlation_id)
        if not billable(milestone):
            await open_for(unit, made)
        elif not await _obstacles(unit, contract, line, milestone, found, told):
            await _state(unit, made)
            told.append(Told(milestone.ref, milestone.amount))


def due(found: Iterable[Milestone], told: Iterable[Told], today: date) -> list[Milestone]:
    """Milestones planned by today, or done before it, that are not billed and have no transaction."""
    known = {t.ref for t in told}
    return [
        m
        for m in found
        if m.ref not in known and m.state not in ("billed", "cancelled") and (m.planned_on <= today or billable(m))
    ]


def billable(milestone: Milestone) -> bool:
    """Accepted, or completed where nobody has to accept (3, milestone)."""
    return milestone.state == "accepted" or (milestone.state == "completed" and not milestone.acceptance_required)


def obstacles(
    contract: Contract, line: ContractLine, milestone: Milestone, found: Iterable[Milestone], told: Iterable[Told]
) -> tuple[str, ...]:
    """What forbids billing it: MS-1, MS-3, and an amount in another currency than the contract's."""
    stated = list(told)
    before = sum((t.amount for t in stated), ZERO)
    before += sum((m.amount for m in found if m.state == "billed" and m.ref not in {t.ref for t in stated}), ZERO)
    question = MilestoneBilling(
        amount=milestone.amount,
        billed_before=before,
        line_value=line.value or ZERO,
        holding_change_order=any(o.state == "submitted" and o.holds_billing for o in contract.change_orders),
    )
    mismatch = ("CONTRACT_MISMATCH",) if milestone.currency != contract.currency else ()
    return (*mismatch, *billing_obstacles(question))


async def _obstacles(
    unit: Unit,
    contract: Contract,
    line: ContractLine,
    milestone: Milestone,
    found: Iterable[Milestone],
    told: Iterable[Told],
) -> bool:
    codes = obstacles(contract, line, milestone, found, told)
    for exception in await exceptions.open_of(unit, milestone.ref):
        if exception.code not in codes:
            await exceptions.change(unit, exception.id, "auto_resolve", "The cause is gone.")
    for code in codes:
        finding = Finding(
            code=code,
            object_id=milestone.ref,
            contract_id=contract.id,
            amount_at_risk=milestone.amount,
            currency=milestone.currency,
            facts={"milestone": milestone.name, "contract_line_id": line.id},
        )
        await exceptions.open_(unit, finding)
    return bool(codes)


async def _state(unit: Unit, made: Transaction) -> None:
    """The ERP learns of a milestone by its invoice; no unbilled revenue is posted before."""
    if await transactions.add(unit, made, Cost(), ("validate", "rate", "post")):
        await place(unit, made)


def transaction(
    unit: Unit, contract: Contract, line: ContractLine, milestone: Milestone, correlation_id: str
) -> Transaction:
    """One unit at the milestone's amount, on the day it was planned for, at the latest today."""
    one = round_places(Decimal(1), HOURS_PLACES)
    return Transaction(
        id=new_id("txn", unit.now),
        kind="milestone",
        source_id=milestone.ref,
        source_version=1,
        source_ref=milestone.ref,
        contract_id=contract.id,
        contract_line_id=line.id,
        project_id=line.project_id,
        legal_entity_id=contract.legal_entity_id,
        bill_to_id=contract.bill_to_id or contract.customer_id,
        description=f"Milestone {milestone.sequence}: {milestone.name}",
        service_date=min(milestone.planned_on, unit.now.date()),
        posting_date=None,
        approved_at=milestone.changed_at,
        hours=round_places(ZERO, HOURS_PLACES),
        quantity=one,
        unit="unit",
        rating=Rating(),
        rating_version=1,
        amount=milestone.amount,
        currency=contract.currency,
        part="billable",
        state="queued",
        po_number=contract.po.number if contract.po else None,
        cost_center_id=line.cost_center_id,
        correlation_id=correlation_id,
        version=1,
        updated_at=unit.now,
    )
