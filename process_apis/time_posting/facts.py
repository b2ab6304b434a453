"""Gathers what decides about a time entry: registers and replicas, all read in the unit that will store the verdict."""

from typing import Any

from msgspec.structs import replace

from contracts.canon.project import Assignment
from contracts.canon.worker import Worker
from contracts.process.register_objects import Contract, ContractLine, RateCard, RegisteredProject, ScopeRef
from contracts.wire import convert
from domain.periods import within
from domain.quantities import PriorDay
from process_apis.registers import (
    contracts,
    cost_centers,
    customers,
    policies,
    projects,
    rates,
    replicas,
    time_entries,
    transactions,
)
from process_apis.registers.time_entries import EntryVersion
from process_apis.registers.unit import Unit
from process_apis.time_posting import rules
from process_apis.time_posting.rules import Facts

_LOCK = "select 1 from contract where tenant = $1 and id = $2 for update"
_SETTLED = """
select distinct code from business_exception
where tenant = $1 and object_id = $2 and state in ('resolved', 'waived') and resolved_by_person
"""


async def gather(unit: Unit, version: EntryVersion) -> Facts:
    """The facts about one version of an entry. Locks its contract: caps are consumed one after the other (SCL-2)."""
    entry = version.entry
    project_id = version.project_id or await time_entries.resolve_project(unit, version.id, entry.project_ref)
    project = (await projects.many(unit, [project_id])).get(project_id) if project_id else None
    found = tuple((await contracts.of_projects(unit, [project_id])).values()) if project_id else ()
    worker = (await replicas.workers(unit, [entry.worker_number or ""])).get(entry.worker_number or "")
    known = Facts(
        entry_id=version.id,
        version=version.version,
        entry=entry,
        project=project,
        contracts=_live(found),
        worker=worker,
    )
    lines = rules.lines_for(known)
    priced = await _prices(unit, known, *lines[0]) if len(lines) == 1 else {}
    return replace(known, **await _context(unit, known), **priced)


def _live(found: tuple[Contract, ...]) -> tuple[Contract, ...]:
    return tuple(c for c in found if c.state != "cancelled")


async def _context(unit: Unit, facts: Facts) -> dict[str, Any]:
    entry, number = facts.entry, facts.entry.worker_number or ""
    limit, _ = (await policies.Policies.load(unit, "retro")).value("retro", "limit_days", entry.worked_on, {})
    settled = await unit.connection.fetch(_SETTLED, unit.tenant, facts.entry_id)
    return {
        "hours_on_day": await time_entries.hours_on(unit, number, entry.worked_on),
        "twins": await time_entries.twins(unit, facts.entry_id, entry),
        "retro_limit_days": int(limit),
        "settled": frozenset(row["code"] for row in settled) & rules.SETTLED_BY_PEOPLE,
        "assigned": await _assigned(unit, facts),
    }


async def _assigned(unit: Unit, facts: Facts) -> bool | None:
    """Whether the person is booked on the project that day; None while no booking of the project is known."""
    sql = """select body from replica where tenant = $1 and kind = 'assignment' and body->>'project_ref' = $2"""
    rows = await unit.connection.fetch(sql, unit.tenant, facts.entry.project_ref)
    booked = [convert(r["body"], Assignment) for r in rows]
    if not booked:
        return None
    number, day = facts.entry.worker_number, facts.entry.worked_on
    return any(a.worker_number == number and within(day, a.start_on, a.end_on) for a in booked)


async def _prices(unit: Unit, facts: Facts, contract: Contract, line: ContractLine) -> dict[str, Any]:
    await unit.connection.execute(_LOCK, unit.tenant, contract.id)
    entity = (await replicas.entities(unit)).get(contract.legal_entity_id)
    path = await customers.path(unit, contract.customer_id)
    entry = facts.entry
    used = await transactions.prior_day(unit, line.id, entry.worker_number or "", entry.worked_on)
    return {
        "functional_currency": entity.functional_currency if entity else None,
        "customer_path": path,
        "cards": await _cards(unit, facts.project, contract, line, path, facts.worker),
        "quotes": await replicas.fx_quotes(unit),
        "periods": await replicas.periods(unit, contract.legal_entity_id),
        "cost_center": await _cost_center(unit, facts, contract, line),
        "consumed": await transactions.consumed(unit, contract.id),
        "prior_day": PriorDay(recorded_hours=used[0], billed_hours=used[1], billed_days=used[2]),
    }


async def _cost_center(unit: Unit, facts: Facts, contract: Contract, line: ContractLine) -> str | None:
    """Where the work is booked: as the map says, or where the resource sits while there is no map (CCM-1)."""
    home = facts.worker.cost_center_code if facts.worker else line.cost_center_id
    mapped = await cost_centers.find(unit, home, contract.legal_entity_id, "time", facts.entry.worked_on)
    if mapped is not None:
        return mapped.target_cost_center
    return None if await cost_centers.any_exist(unit) else home


async def _cards(
    unit: Unit,
    project: RegisteredProject | None,
    contract: Contract,
    line: ContractLine,
    path: tuple[str, ...],
    worker: Worker | None,
) -> tuple[RateCard, ...]:
    """Cards of every level an entry may be priced at (RATE-1)."""
    project_id = project.id if project else line.project_id
    scopes = [
        ("project_role", ScopeRef(project_id=project_id)),
        ("contract_line", ScopeRef(contract_line_id=line.id)),
        ("standard", ScopeRef(legal_entity_id=contract.legal_entity_id)),
        ("standard", ScopeRef()),
        *(("client", ScopeRef(customer_id=customer)) for customer in path),
    ]
    if worker is not None:
        scopes.append(("project_person", ScopeRef(project_id=project_id, resource_id=worker.number)))
    return await rates.cards_for(unit, scopes)
