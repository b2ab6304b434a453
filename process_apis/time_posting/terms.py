"""Terms that many entries share: projects with their contracts, people, bookings, prices, cost centers. Read once a unit, and
those of many entries together: whoever asks for one asks for a batch of one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from contracts.canon.ledger import LegalEntity
from contracts.canon.project import ProjectTask
from contracts.canon.timesheet import TimeEntry
from contracts.canon.worker import Worker
from contracts.process.register_objects import (
    Contract,
    ContractLine,
    CostCenterMapping,
    RateCard,
    RegisteredProject,
    ScopeRef,
)
from domain.periods import AccountingPeriod, within
from domain.rate_book import RateBook
from domain.terms import FxQuote
from process_apis.registers import contracts, cost_centers, customers, projects, rates, replicas
from process_apis.registers.prices import rate_lines
from process_apis.registers.unit import Unit
from process_apis.time_posting import pricing

_BOOKED = ["completed", "hard"]
_BOOKINGS = """
select body->>'project_ref' as project_ref, body->>'worker_number' as number, (body->>'start_on')::date as first,
       (body->>'end_on')::date as last
from replica where tenant = $1 and kind = 'assignment' and body->>'project_ref' = any($2::text[])
  and body->>'state' = any($3::text[])
"""


class ProjectTerms(NamedTuple):
    """A project and the contracts that have a line for it."""

    project: RegisteredProject | None
    contracts: tuple[Contract, ...]


class Priced(NamedTuple):
    """A contract line and the person whose work it prices."""

    contract: Contract
    line: ContractLine
    person: str | None


# By person, the days they are booked.
Bookings = Mapping[str | None, Sequence[tuple[date, date]]]
_NO_PROJECT = ProjectTerms(None, ())


async def of_projects(unit: Unit, project_ids: Iterable[str | None]) -> Mapping[str | None, ProjectTerms]:
    """By project; what is not known yet has no terms."""

    async def read(ids: Sequence[str]) -> Mapping[str, ProjectTerms]:
        known = await projects.many(unit, ids)
        found = sorted((await contracts.of_projects(unit, ids)).values(), key=lambda contract: contract.id)
        return {
            one: ProjectTerms(
                known.get(one), tuple(c for c in found if any(line.project_id == one for line in c.lines))
            )
            for one in ids
        }

    terms = await unit.once_each("terms", {one for one in project_ids if one is not None}, read)
    found: dict[str | None, ProjectTerms] = {None: _NO_PROJECT}
    found.update(terms)
    return found


async def workers(unit: Unit, numbers: Iterable[str | None]) -> Mapping[str, Worker]:
    """By employee number; unknown ones are left out."""
    wanted = {number for number in numbers if number is not None}
    return await unit.once_each("worker", wanted, lambda some: replicas.workers(unit, some))


async def tasks(unit: Unit, entries: Iterable[TimeEntry]) -> Mapping[str, ProjectTask]:
    """The tasks of entries, by key; tasks the PSA did not state are left out."""
    wanted = {key for entry in entries if (key := task_key(entry)) is not None}
    return await unit.once_each("task", wanted, lambda some: replicas.tasks(unit, some))


def task_key(entry: TimeEntry) -> str | None:
    """Under which the task of an entry is known; null for time on the project as a whole."""
    return None if entry.task_code is None else replicas.task_key(entry.project_ref, entry.task_code)


async def bookings(unit: Unit, project_refs: Iterable[str]) -> Mapping[str, Bookings]:
    """Who is booked when, by project; projects of which no booking is known are left out."""

    async def read(refs: Sequence[str]) -> Mapping[str, Bookings]:
        found: dict[str, dict[str | None, list[tuple[date, date]]]] = {}
        for row in await unit.connection.fetch(_BOOKINGS, unit.tenant, refs, _BOOKED):
            days = found.setdefault(row["project_ref"], {}).setdefault(row["number"], [])
            days.append((row["first"], row["last"]))
        return found

    return await unit.once_each("booked", set(project_refs), read)


async def entity_of(unit: Unit, contract: Contract) -> LegalEntity | None:
    """The legal entity that bills."""
    return (await unit.once("entities", lambda: replicas.entities(unit))).get(contract.legal_entity_id)


async def periods(unit: Unit, entity: str) -> tuple[AccountingPeriod, ...]:
    """Accounting periods of an entity, oldest first."""

    async def read() -> tuple[AccountingPeriod, ...]:
        known = await replicas.periods(unit, entity)
        return tuple(AccountingPeriod(start=p.start_on, end=p.end_on, state=p.state) for p in known)

    return await unit.once(("periods", entity), read)


async def cost_center(unit: Unit, home: str | None, entity: str, on: date) -> str | None:
    """Where the work of a day is booked: as the map says, or where the resource sits while there is no map (CCM-1)."""
    for mapped in (await _mapped(unit, [(home, entity)])).get((home or "", entity), ()):
        if within(on, mapped.effective_from, mapped.effective_to):
            return mapped.target_cost_center
    return None if await unit.once("any map", lambda: cost_centers.any_exist(unit)) else home


async def _mapped(
    unit: Unit, wanted: Iterable[tuple[str | None, str]]
) -> Mapping[tuple[str, str], Sequence[CostCenterMapping]]:
    pairs = {(home, entity) for home, entity in wanted if home is not None}
    return await unit.once_each("cost center", pairs, lambda some: cost_centers.of_pairs(unit, some, "time"))


async def book(unit: Unit, priced: Priced) -> RateBook:
    """The prices of a line for a person: those of the person alone, and those of everybody."""

    async def read() -> RateBook:
        lines = rate_lines(await _cards(unit, [priced]))
        converts = pricing.converts(priced.contract, lines)
        quotes = await unit.once("quotes", lambda: _quotes(unit)) if converts else ()
        path = (await _paths(unit, [priced]))[priced.contract.customer_id]
        entity = await entity_of(unit, priced.contract)
        return pricing.price_book(priced.contract, priced.line, entity, path, pricing.Prices(lines, quotes))

    return await unit.once(("book", priced.line.id, priced.person), read)


async def ahead(unit: Unit, priced: Sequence[Priced], homes: Iterable[tuple[str | None, str]]) -> None:
    """Read together what prices of several lines and persons, and where work of several cost centers is booked."""
    await _mapped(unit, homes)
    await _cards(unit, priced)


async def _paths(unit: Unit, priced: Iterable[Priced]) -> Mapping[str, tuple[str, ...]]:
    wanted = {one.contract.customer_id for one in priced}
    return await unit.once_each("path", wanted, lambda some: customers.paths(unit, some))


async def _cards(unit: Unit, priced: Sequence[Priced]) -> list[RateCard]:
    paths = await _paths(unit, priced)
    scopes = {scope for one in priced for scope in _scopes(one, paths[one.contract.customer_id])}
    found = await unit.once_each("cards", scopes, lambda some: rates.by_scope(unit, some))
    return sorted((card for cards in found.values() for card in cards), key=lambda card: card.id)


def _scopes(priced: Priced, path: tuple[str, ...]) -> set[rates.Scope]:
    """Every level an entry may be priced at (RATE-1)."""
    contract, line, person = priced
    scopes = [
        ("project_role", ScopeRef(project_id=line.project_id)),
        ("contract_line", ScopeRef(contract_line_id=line.id)),
        ("standard", ScopeRef(legal_entity_id=contract.legal_entity_id)),
        ("standard", ScopeRef()),
        *(("client", ScopeRef(customer_id=customer)) for customer in path),
    ]
    if person is not None:
        scopes.append(("project_person", ScopeRef(project_id=line.project_id, resource_id=person)))
    return {(scope, rates.scope_key(ref)) for scope, ref in scopes}


async def _quotes(unit: Unit) -> tuple[FxQuote, ...]:
    known = await replicas.fx_quotes(unit)
    return tuple(FxQuote(from_=q.from_currency, to=q.to_currency, date=q.on, rate=q.rate) for q in known)
