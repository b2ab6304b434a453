"""Gathers what decides about time entries: registers and replicas, all read in the unit that will store the verdict.

What many entries share is read once a unit (`terms`); what one entry changes for the next (caps, hours of the day) is read
each time.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from msgspec.structs import replace

from contracts.canon.ledger import LegalEntity
from contracts.process.register_objects import Contract, ContractLine
from domain import quantities
from domain.periods import within
from domain.quantities import PriorDay
from process_apis.registers import policies
from process_apis.registers.time_entries import Standing
from process_apis.registers.unit import Unit
from process_apis.time_posting import checks, pricing, terms
from process_apis.time_posting.terms import Bookings, Priced
from process_apis.time_posting.verdict import Facts


async def known(unit: Unit, standings: Sequence[Standing]) -> list[Facts]:
    """What is known about the newest version of each entry, all but its prices; nothing is settled."""
    entries = [standing.version.entry for standing in standings]
    projects = await terms.of_projects(unit, [standing.version.project_id for standing in standings])
    workers = await terms.workers(unit, [entry.worker_number for entry in entries])
    tasks = await terms.tasks(unit, entries)
    bookings = await terms.bookings(unit, [entry.project_ref for entry in entries])
    found = []
    for standing in standings:
        entry = standing.version.entry
        project = projects[standing.version.project_id]
        facts = Facts(
            entry_id=standing.version.id,
            version=standing.version.version,
            entry=entry,
            project=project.project,
            task=tasks.get(terms.task_key(entry) or ""),
            contracts=project.contracts,
            worker=workers.get(entry.worker_number or ""),
            hours_on_day=standing.hours_on_day,
            twins=standing.twins,
        )
        found.append(replace(facts, assigned=_assigned(facts, bookings.get(entry.project_ref))))
    await _ahead(unit, found)
    return found


def competing(found: Sequence[Facts]) -> set[str]:
    """Contracts of which one entry uses what is left for the next: of a cap, or of a day (SCL-2)."""
    pairs = map(checks.line_for, found)
    return {c.id for c, line in pairs if c and line and (pricing.has_caps(c, line) or pricing.by_day(line))}


async def _ahead(unit: Unit, found: Sequence[Facts]) -> None:
    placed = [(facts, *pair) for facts in found if (pair := checks.line_for(facts)) != (None, None)]
    priced = [
        Priced(contract, line, facts.entry.worker_number) for facts, contract, line in placed if contract and line
    ]
    homes = [(_home(facts, line), contract.legal_entity_id) for facts, contract, line in placed if contract and line]
    await terms.ahead(unit, priced, homes)


def _assigned(facts: Facts, booked: Bookings | None) -> bool | None:
    """Whether the person is booked on the project that day; None while no booking of the project is known."""
    if booked is None:
        return None
    return any(within(facts.entry.worked_on, *days) for days in booked.get(facts.entry.worker_number, ()))


class Usage(Protocol):
    """What others use of a contract that is locked: of its caps; of a line on a person's day. Both without the source `besides`."""

    async def consumed(self, unit: Unit, contract_id: str, besides: str) -> Mapping[str, Decimal]: ...

    async def prior_day(
        self, unit: Unit, line_id: str, worker: str, on: date, besides: str
    ) -> tuple[Decimal, Decimal, Decimal]: ...


async def priced(unit: Unit, facts: Facts, usage: Usage) -> Facts:
    """The same with prices. Contracts that are `competing` are locked."""
    contract, line = checks.line_for(facts)
    prices = await _prices(unit, facts, contract, line, usage) if contract and line else {}
    return replace(facts, **await _limits(unit, facts, contract), **prices)


async def _limits(unit: Unit, facts: Facts, contract: Contract | None) -> dict[str, Any]:
    """The retro limit in force for the contract that day, and the version of the policy it comes from (POL-1)."""
    known = await unit.once("retro", lambda: policies.Policies.load(unit, "retro"))
    scopes = _scopes(contract) if contract else {}
    limit, source = known.value("retro", "limit_days", facts.entry.worked_on, scopes)
    name, _, number = source.partition(":")
    return {"retro_limit_days": int(limit), "policy_versions": {f"retro/{name}": int(number or 0)}}


def _scopes(contract: Contract) -> Mapping[str, str]:
    return {"contract": contract.id, "customer": contract.customer_id, "legal_entity": contract.legal_entity_id}


async def _prices(unit: Unit, facts: Facts, contract: Contract, line: ContractLine, usage: Usage) -> dict[str, Any]:
    capped, by_day = pricing.has_caps(contract, line), pricing.by_day(line)
    entity, on = await terms.entity_of(unit, contract), facts.entry.worked_on
    return {
        "entity": entity,
        "book": await terms.book(unit, Priced(contract, line, facts.entry.worker_number)),
        "periods": await terms.periods(unit, contract.legal_entity_id),
        "cost_center": await terms.cost_center(unit, _home(facts, line), contract.legal_entity_id, on),
        "consumed": await usage.consumed(unit, contract.id, facts.entry_id) if capped else {},
        "prior_day": await _prior_day(unit, facts, line, entity, usage) if by_day else None,
    }


def _home(facts: Facts, line: ContractLine) -> str | None:
    return facts.worker.cost_center_code if facts.worker else line.cost_center_id


async def _prior_day(
    unit: Unit, facts: Facts, line: ContractLine, entity: LegalEntity | None, usage: Usage
) -> PriorDay:
    entry = facts.entry
    used = await usage.prior_day(unit, line.id, entry.worker_number or "", entry.worked_on, facts.entry_id)
    day = quantities.hours_per_day(pricing.line_terms(line), pricing.entity_terms(entity))
    return quantities.prior_day(*used, day)
