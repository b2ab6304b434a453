"""Gathers what decides about a time entry: registers and replicas, all read in the unit that will store the verdict.

What many entries share (prices, rates of exchange, periods, terms) is read once a unit; what one entry changes for the
next (caps, hours of the day) is read each time.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec.structs import replace

from contracts.canon.ledger import LegalEntity
from contracts.canon.project import Assignment
from contracts.canon.worker import Worker
from contracts.process.register_objects import Contract, ContractLine, RegisteredProject, ScopeRef
from contracts.wire import convert
from domain import quantities
from domain.periods import AccountingPeriod, within
from domain.quantities import PriorDay
from domain.rate_book import RateBook
from domain.rate_search import RateLine
from domain.terms import FxQuote
from process_apis.registers import (
    contracts,
    cost_centers,
    customers,
    policies,
    projects,
    rates,
    replicas,
    transactions,
)
from process_apis.registers.prices import rate_lines
from process_apis.registers.time_entries import Standing
from process_apis.registers.unit import Unit
from process_apis.time_posting import checks, pricing
from process_apis.time_posting.verdict import Facts

_LOCK = "select 1 from contract where tenant = $1 and id = $2 for update"
_BOOKED = frozenset({"hard", "completed"})


async def gather(
    unit: Unit,
    standing: Standing,
    settled: frozenset[tuple[str, str]],
    stored: Callable[[str], Awaitable[None]],
) -> Facts:
    """The facts about the newest version of an entry. Locks its contract where entries compete for a cap (SCL-2); what was
    decided before about others of the contract is `stored` then."""
    version, entry = standing.version, standing.version.entry
    project, found = await _terms(unit, version.project_id)
    known = Facts(
        entry_id=version.id,
        version=version.version,
        entry=entry,
        project=project,
        contracts=found,
        worker=await _worker(unit, entry.worker_number),
        hours_on_day=standing.hours_on_day,
        twins=standing.twins,
        settled=settled,
    )
    known = replace(known, assigned=await _assigned(unit, known))
    contract, line = checks.line_for(known)
    priced = await _prices(unit, known, contract, line, stored) if contract and line else {}
    return replace(known, **await _limits(unit, known, contract), **priced)


async def _terms(unit: Unit, project_id: str | None) -> tuple[RegisteredProject | None, tuple[Contract, ...]]:
    if project_id is None:
        return None, ()

    async def read() -> tuple[RegisteredProject | None, tuple[Contract, ...]]:
        project = (await projects.many(unit, [project_id])).get(project_id)
        return project, tuple((await contracts.of_projects(unit, [project_id])).values())

    return await unit.once(("terms", project_id), read)


async def _worker(unit: Unit, number: str | None) -> Worker | None:
    if number is None:
        return None

    async def read() -> Worker | None:
        return (await replicas.workers(unit, [number])).get(number)

    return await unit.once(("worker", number), read)


async def _limits(unit: Unit, facts: Facts, contract: Contract | None) -> dict[str, Any]:
    """The retro limit in force for the contract that day, and the version of the policy it comes from (POL-1)."""
    known = await unit.once("retro", lambda: policies.Policies.load(unit, "retro"))
    scopes = _scopes(contract) if contract else {}
    limit, source = known.value("retro", "limit_days", facts.entry.worked_on, scopes)
    name, _, number = source.partition(":")
    return {"retro_limit_days": int(limit), "policy_versions": {f"retro/{name}": int(number or 0)}}


def _scopes(contract: Contract) -> Mapping[str, str]:
    return {"contract": contract.id, "customer": contract.customer_id, "legal_entity": contract.legal_entity_id}


async def _assigned(unit: Unit, facts: Facts) -> bool | None:
    """Whether the person is booked on the project that day; None while no booking of the project is known."""
    ref, number, day = facts.entry.project_ref, facts.entry.worker_number, facts.entry.worked_on

    async def read() -> tuple[Assignment, ...]:
        sql = "select body from replica where tenant = $1 and kind = 'assignment' and body->>'project_ref' = $2"
        rows = await unit.connection.fetch(sql, unit.tenant, ref)
        return tuple(a for r in rows if (a := convert(r["body"], Assignment)).state in _BOOKED)

    booked = await unit.once(("booked", ref), read)
    if not booked:
        return None
    return any(a.worker_number == number and within(day, a.start_on, a.end_on) for a in booked)


async def _prices(
    unit: Unit, facts: Facts, contract: Contract, line: ContractLine, stored: Callable[[str], Awaitable[None]]
) -> dict[str, Any]:
    capped, by_day = pricing.has_caps(contract, line), line.rounding_scope == "day" or line.day_rounding != "exact"
    if capped or by_day:
        await unit.connection.execute(_LOCK, unit.tenant, contract.id)
        await stored(contract.id)
    entity = await _entity(unit, contract)
    return {
        "entity": entity,
        "book": await _book(unit, contract, line, entity, facts.entry.worker_number),
        "periods": await _periods(unit, contract.legal_entity_id),
        "cost_center": await _cost_center(unit, facts, contract, line),
        "consumed": await transactions.consumed(unit, contract.id, facts.entry_id) if capped else {},
        "prior_day": await _prior_day(unit, facts, line, entity) if by_day else None,
    }


async def _entity(unit: Unit, contract: Contract) -> LegalEntity | None:
    return (await unit.once("entities", lambda: replicas.entities(unit))).get(contract.legal_entity_id)


async def _book(
    unit: Unit, contract: Contract, line: ContractLine, entity: LegalEntity | None, person: str | None
) -> RateBook:
    """The prices of a line for a person: those of the person alone, and those of everybody."""

    async def read() -> RateBook:
        path = await unit.once(("path", contract.customer_id), lambda: customers.path(unit, contract.customer_id))
        lines = await _rate_lines(unit, contract, line, path, person)
        known = pricing.Prices(lines, await unit.once("quotes", lambda: _quotes(unit)))
        return pricing.price_book(contract, line, entity, path, known)

    return await unit.once(("book", line.id, person), read)


async def _prior_day(unit: Unit, facts: Facts, line: ContractLine, entity: LegalEntity | None) -> PriorDay:
    entry = facts.entry
    used = await transactions.prior_day(unit, line.id, entry.worker_number or "", entry.worked_on, facts.entry_id)
    day = quantities.hours_per_day(pricing.line_terms(line), pricing.entity_terms(entity))
    return quantities.prior_day(*used, day)


async def _quotes(unit: Unit) -> tuple[FxQuote, ...]:
    known = await replicas.fx_quotes(unit)
    return tuple(FxQuote(from_=q.from_currency, to=q.to_currency, date=q.on, rate=q.rate) for q in known)


async def _periods(unit: Unit, entity: str) -> tuple[AccountingPeriod, ...]:
    async def read() -> tuple[AccountingPeriod, ...]:
        known = await replicas.periods(unit, entity)
        return tuple(AccountingPeriod(start=p.start_on, end=p.end_on, state=p.state) for p in known)

    return await unit.once(("periods", entity), read)


async def _cost_center(unit: Unit, facts: Facts, contract: Contract, line: ContractLine) -> str | None:
    """Where the work is booked: as the map says, or where the resource sits while there is no map (CCM-1)."""
    home = facts.worker.cost_center_code if facts.worker else line.cost_center_id
    entity, day = contract.legal_entity_id, facts.entry.worked_on

    async def read() -> str | None:
        mapped = await cost_centers.find(unit, home, entity, "time", day)
        if mapped is not None:
            return mapped.target_cost_center
        return None if await cost_centers.any_exist(unit) else home

    return await unit.once(("cost center", home, entity, day), read)


async def _rate_lines(
    unit: Unit, contract: Contract, line: ContractLine, path: tuple[str, ...], person: str | None
) -> tuple[RateLine, ...]:
    """Lines of every level an entry may be priced at (RATE-1)."""
    project = line.project_id
    scopes = [
        ("project_role", ScopeRef(project_id=project)),
        ("contract_line", ScopeRef(contract_line_id=line.id)),
        ("standard", ScopeRef(legal_entity_id=contract.legal_entity_id)),
        ("standard", ScopeRef()),
        *(("client", ScopeRef(customer_id=customer)) for customer in path),
    ]
    if person is not None:
        scopes.append(("project_person", ScopeRef(project_id=project, resource_id=person)))
    return rate_lines(await rates.cards_for(unit, scopes))
