"""Gathers what decides about a bill group: registers and replicas, all read in the unit that will store the verdict."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from contracts.call import Call
from contracts.canon.project import Milestone
from contracts.money import ZERO
from contracts.problems import NotFound
from contracts.process.billing_objects import BillGroup
from contracts.process.exception_objects import BusinessException
from contracts.process.register_objects import Contract, RegisteredProject
from contracts.process.time_posting import Transaction
from process_apis.invoice_readiness import rules
from process_apis.invoice_readiness.rules import Facts, Systems
from process_apis.registers import (
    bill_groups,
    contracts,
    customers,
    exceptions,
    invoices,
    projects,
    replicas,
    time_entries,
    transactions,
)
from process_apis.registers.unit import Unit
from runtime.connections import Connections

_TAKEN = """
select source_id from billable_transaction
where tenant = $1 and kind = 'milestone' and source_id = any($2::text[]) and state <> 'reversed'
  and bill_group_id is distinct from $3
"""


async def gather(
    unit: Unit,
    connections: Connections,
    group: BillGroup,
    invoice_date: date | None = None,
    only: Sequence[Transaction] | None = None,
) -> Facts:
    """The facts about one group, as of now; on the draft's date once there is one. `invoice_date` is somebody's choice, `only`
    those of its transactions that are looked at."""
    items = tuple(only) if only is not None else await transactions.of_group(unit, group.id)
    terms = await _contracts(unit, group, items)
    known = [await projects.get(unit, p) for p in _projects(group, items)]
    systems = _systems(unit.call, connections, group.legal_entity_id)
    drafted = await invoices.get(unit, group.invoice_id) if group.invoice_id and group.state == "drafted" else None
    chosen = invoice_date or (drafted.invoice_date if drafted else None)
    return Facts(
        invoice_date=chosen or rules.invoice_date(group.period_end, unit.now.date()),
        group=group,
        contracts=terms,
        projects=tuple(known),
        systems=systems,
        transactions=items,
        milestones=await _milestones(unit, group, known),
        exceptions=_concerning(await _exceptions(unit, terms), items),
        prior_open=tuple(await bill_groups.earlier_open(unit, group.contract_id, group.period_start)),
        invoice=drafted,
        **await _ledger(unit, systems, group, terms[0]),
        **await _amounts(unit, terms[0], group),
        **await _timesheets(unit, systems, group, known),
    )


async def _contracts(unit: Unit, group: BillGroup, items: tuple[Transaction, ...]) -> tuple[Contract, ...]:
    """The group's contract, then others whose work it bills."""
    ids = [group.contract_id, *sorted({t.contract_id for t in items if t.contract_id} - {group.contract_id})]
    found = await contracts.many(unit, ids)
    return tuple(found[i] for i in ids)


def _projects(group: BillGroup, items: tuple[Transaction, ...]) -> list[str]:
    return sorted({*group.project_ids, *(t.project_id for t in items if t.project_id)})


def _systems(call: Call, connections: Connections, entity: str) -> Systems:
    mine = connections.of_tenant(call.tenant)
    return Systems(
        psa=frozenset(c.instance for c in mine if "psa" in c.ports),
        erp=instance_of(connections, call, "erp", entity),
        billing=instance_of(connections, call, "billing", entity),
        time=any("time" in c.ports for c in mine),
    )


def instance_of(connections: Connections, call: Call, port: str, entity: str) -> str | None:
    """The instance that serves a port for an entity, if any is connected."""
    try:
        return connections.choose(call.tenant, port, entity).instance
    except NotFound:
        return None


def ref_in(refs: tuple[str, ...], instance: str | None) -> str | None:
    """The reference of an object in one instance, whatever that system calls its kind."""
    return next((r for r in refs if instance is not None and r.split(":", 1)[0] == instance), None)


async def _ledger(unit: Unit, systems: Systems, group: BillGroup, contract: Contract) -> dict[str, Any]:
    """What the ERP owns about the bill-to and the entity; rates only where something has to be converted."""
    entity = (await replicas.entities(unit)).get(group.legal_entity_id)
    at_home = entity is not None and entity.functional_currency == contract.currency
    converts = not at_home or contract.margin_threshold_pct is not None
    bill_to = await customers.get(unit, group.customer_id)
    debtor_ref, debtor = await replicas.debtor(unit, bill_to.refs, systems.billing, group.legal_entity_id)
    return {
        "customer": bill_to,
        "debtor_ref": debtor_ref,
        "debtor": debtor,
        "entity": entity,
        "periods": await replicas.periods(unit, group.legal_entity_id),
        "tax_codes": await replicas.tax_codes(unit),
        "quotes": await replicas.fx_quotes(unit) if converts else (),
    }


async def _amounts(unit: Unit, contract: Contract, group: BillGroup) -> dict[str, Any]:
    """Sums beyond the group; each is asked for only when a term of the contract needs it."""
    start = year_start(contract.start, group.period_end)
    limited = contract.po is not None and contract.po.amount is not None
    return {
        "po_consumed": await transactions.consumed_elsewhere(unit, contract.id, group.id) if limited else ZERO,
        "billed_time": await transactions.billed_time(unit, contract.id, start, group.period_end, group.id)
        if contract.volume_tiers
        else ZERO,
        "cost": await transactions.costs_of_group(unit, group.id) if contract.margin_threshold_pct is not None else (),
    }


def year_start(start: date, day: date) -> date:
    """The first day of the contract year a day lies in (DISC-1); years of a 29 February begin on 1 March."""
    leap = (start.month, start.day) == (2, 29)
    month, first = (3, 1) if leap else (start.month, start.day)
    years = (date(year, month, first) for year in (day.year, day.year - 1))
    return max(start, next(year for year in years if year <= day))


async def _timesheets(unit: Unit, systems: Systems, group: BillGroup, known: list[RegisteredProject]) -> dict[str, Any]:
    if not systems.time:
        return {}
    ids, refs = [p.id for p in known], [r for p in known for r in p.refs]
    start, end = group.period_start, group.period_end
    # A timesheet is expected once its week is over.
    over = min(end, unit.now.date() - timedelta(days=unit.now.weekday() + 1))
    return {
        "unapproved_hours": await time_entries.undecided(unit, ids, start, end),
        "missing_timesheets": await time_entries.missing_weeks(unit, ids, refs, start, over),
    }


async def _milestones(unit: Unit, group: BillGroup, known: list[RegisteredProject]) -> tuple[Milestone, ...]:
    """Milestones to be billed in this group: due by its end, not billed, not billed elsewhere."""
    if group.billing_method not in ("milestone", "fixed_price"):
        return ()
    found = await replicas.milestones(unit, [r for p in known for r in p.refs])
    due = [m for m in found if m.planned_on <= group.period_end and m.state not in ("billed", "cancelled")]
    rows = await unit.connection.fetch(_TAKEN, unit.tenant, [m.ref for m in due], group.id)
    taken = {r["source_id"] for r in rows}
    return tuple(m for m in due if m.ref not in taken)


async def _exceptions(unit: Unit, terms: tuple[Contract, ...]) -> list[BusinessException]:
    return [e for contract in terms for e in await exceptions.open_of_contract(unit, contract.id)]


def _concerning(found: list[BusinessException], items: tuple[Transaction, ...]) -> tuple[BusinessException, ...]:
    """Those about the group's items, or about no item at all; what is wrong with another period's item blocks that one."""
    mine = {t.source_id for t in items} | {t.id for t in items}
    return tuple(e for e in found if e.object_id in mine or not e.object_id.startswith(("tme_", "txn_")))
