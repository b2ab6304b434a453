"""Every list that can be sorted, in every order it declares: each row once and in order, here and over HTTP, from an index."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, get_args

import httpx
import pytest
from msgspec import Struct, inspect

from contracts.call import Call
from contracts.operation import Operation, Parameter, operations
from contracts.problems import InvalidRequest
from contracts.process.held_desk import HeldDesk
from contracts.process.invoice_readiness import InvoiceReadiness
from contracts.process.registers import Registers
from contracts.process.run_desk import RunDesk
from contracts.process.time_posting import TimePosting
from contracts.process.trail import Trail
from gateway import apis
from process_apis.held import shelf
from process_apis.registers import (
    bill_groups,
    contracts,
    cost_centers,
    customers,
    invoices,
    policies,
    projects,
    rates,
    transactions,
    worklist,
)
from process_apis.trail.process import AUDIT
from runtime.bind import Served
from runtime.data.database import Database
from runtime.http.hop import HopTokens
from runtime.http.remote import Remote
from runtime.http.serve import layer
from runtime.services import Services
from runtime.settings import Settings
from runtime.work import runs
from tests.support.clock import FixedClock
from tests.support.crowd import TABLES, multiply
from tests.support.installation import connected
from tests.support.seed import TENANT, Seed

SORTED = {
    served.operation.name: served.operation
    for api in apis.described()
    for served in api.served
    if served.path.startswith("/process/v1") and any(p.name == "sort" for p in served.operation.parameters)
}
LISTINGS = {
    "list_bill_groups": bill_groups.LISTING,
    "list_contracts": contracts.LISTING,
    "list_cost_center_mappings": cost_centers.LISTING,
    "list_customers": customers.LISTING,
    "list_invoices": invoices.LISTING,
    "list_policies": policies.LISTING,
    "list_projects": projects.LISTING,
    "list_rate_cards": rates.LISTING,
    "list_transactions": transactions.LISTING,
    "list_exceptions": worklist.LISTING,
    "list_held": shelf.LISTING,
    "list_runs": runs.LISTING,
    "list_audit": AUDIT,
}
CONTRACTS = {
    o.id: contract
    for contract in (Registers, InvoiceReadiness, TimePosting, RunDesk, HeldDesk, Trail)
    for o in operations(contract)
}
KEY = b"a key that two layers share, 32 bytes"
CALL = Call(
    tenant=TENANT,
    principal="p",
    client="c",
    scopes=frozenset(o.scope for o in SORTED.values()),
    correlation_id="cor",
    request_id="req",
)
_RANKS = ("ready", "ready_with_warnings", "blocked", "collecting", "drafted", "billed", "skipped")
_NONE = {"due_at": datetime.max.replace(tzinfo=UTC), "end": date.max, "amount_at_risk": 0}


class World(Struct, frozen=True):
    """A firm with many rows in every list, and the lists in this process and behind HTTP."""

    database: Database
    served: dict[str, Served]
    remote: Remote
    copies: list[int]

    async def ask(self, o: Operation, **given: Any) -> Any:
        return await self.served[o.id].invoke(CALL, given)

    async def walk(self, o: Operation, adding: int = 0, **given: Any) -> list[Any]:
        """All pages; after the second one rows come in."""
        found, cursor = list[Any](), None
        for page in range(1_000):
            answer = await self.ask(o, **given, cursor=cursor, limit=11)
            found += answer.items
            cursor = answer.next_cursor
            if cursor is None:
                return found
            if page == 1 and adding:
                table = LISTINGS[o.name].table
                await self.add(adding, table if table in TABLES else "dead_letter")
        raise AssertionError("the pages do not end")

    async def add(self, count: int, *tables: str) -> None:
        """So many more of some rows."""
        self.copies[0] += count
        await multiply(self.database, TENANT, self.copies[0] - count + 1, self.copies[0], *tables)


@pytest.fixture(scope="module")
async def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    clock, database = FixedClock(), await Database.connect(module_database_url, max_size=8)
    ports = await connected(database, tmp_path_factory.mktemp("lists"), clock)
    services = Services(database=database, ports=ports, settings=Settings(), clock=clock)
    await Seed(services).plant()
    served = apis.surface(services).served
    app = layer(served, HopTokens(KEY))
    remote = Remote("http://layer.test", HopTokens(KEY), lambda _: httpx.ASGITransport(app))
    made = World(database, {one.operation.id: one for one in served}, remote, [0])
    await made.add(12, *TABLES)
    yield made
    await remote.close()
    await services.close()


def sort_of(o: Operation) -> Parameter:
    return next(p for p in o.parameters if p.name == "sort")


def orders(o: Operation) -> tuple[str, ...]:
    (declared, *_) = get_args(sort_of(o).type)
    return get_args(declared)


def _cases() -> Iterator[Any]:
    for o in SORTED.values():
        for sort in orders(o):
            yield pytest.param(o, sort, id=f"{o.name} {sort}")


def key(item: Any) -> Any:
    """What tells one item from all others, and orders equal ones."""
    return getattr(item, "id", None) or (item.cost_center, item.legal_entity_id, item.kind, item.effective_from)


def place(item: Any, order: str) -> Any:
    """Where an item belongs in an order."""
    if order == "queue":
        return _RANKS.index(item.state), item.period_end, -item.net_amount
    value = getattr(item, order)
    value = _NONE[order] if value is None else value
    return value.lower() if order == "name" else value


def in_order(items: Sequence[Any], sort: str) -> bool:
    places = [place(item, sort.removeprefix("-")) for item in items]
    return places == sorted(places, reverse=sort.startswith("-"))


def test_every_list_of_the_processes_can_be_sorted():
    pages = {
        served.operation.name
        for api in apis.described()
        for served in api.served
        if served.path.startswith("/process/v1") and any(p.name == "cursor" for p in served.operation.parameters)
    }
    assert pages == SORTED.keys() == LISTINGS.keys()


@pytest.mark.parametrize("o", SORTED.values(), ids=SORTED)
def test_what_is_declared_is_what_there_is(o: Operation):
    listing = LISTINGS[o.name]
    assert {sort.removeprefix("-") for sort in orders(o)} == listing.orders.keys()
    assert all(f"-{order}" in orders(o) and order in orders(o) for order in listing.orders)
    assert sort_of(o).default in orders(o)
    assert listing.orders.keys() - {"queue"} <= _members(o), "people see what it is ordered by"


@pytest.mark.parametrize(("o", "sort"), list(_cases()))
async def test_pages_in_every_order_are_the_whole_list_once(world: World, o: Operation, sort: str):
    before = {key(item): item for item in await world.walk(o)}
    found = await world.walk(o, adding=1, sort=sort)
    assert len(before) > 20 and len({key(item) for item in found}) == len(found)
    assert before.keys() <= {key(item) for item in found}
    assert in_order(found, sort)
    assert [key(i) for i in await world.walk(o, sort=sort)] == [
        key(i) for i in reversed(await world.walk(o, sort=sort[1:] if sort[0] == "-" else f"-{sort}"))
    ]


@pytest.mark.parametrize("o", SORTED.values(), ids=SORTED)
async def test_http_and_this_process_give_the_same_pages(world: World, o: Operation):
    there = getattr(world.remote.client(CONTRACTS[o.id], "/process/v1"), o.name)
    for sort in orders(o):
        first = await world.ask(o, sort=sort, limit=3)
        assert (await there(CALL, sort=sort, limit=3)).items == first.items
        assert (await there(CALL, sort=sort, limit=3, cursor=first.next_cursor)).items == (
            await world.ask(o, sort=sort, limit=3, cursor=first.next_cursor)
        ).items
        with pytest.raises(InvalidRequest):
            other = next(one for one in orders(o) if one != sort)
            await there(CALL, sort=other, cursor=first.next_cursor)
    for ask in (there, lambda call, **given: world.ask(o, **given)):
        with pytest.raises(InvalidRequest) as refused:
            await ask(CALL, sort="colour")
        (violation,) = refused.value.errors
        assert violation.parameter == "sort" and all(order in violation.detail for order in LISTINGS[o.name].orders)


def _filters() -> Iterator[Any]:
    for o in SORTED.values():
        members = _members(o)
        for p in o.parameters:
            if p.name in members:
                yield pytest.param(o, p.name, id=f"{o.name} {p.name}")


def _members(o: Operation) -> set[str]:
    return {f.encode_name for f in inspect.type_info(o.result).fields[0].type.item_type.fields}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("o", "name"), list(_filters()))
async def test_a_filter_shows_what_has_its_value(world: World, o: Operation, name: str):
    every = await world.walk(o)
    wanted = next((value for i in every if (value := getattr(i, name)) is not None), "nothing")
    found = await world.walk(o, **{name: wanted})
    assert [key(i) for i in found] == [key(i) for i in every if getattr(i, name) == wanted]


@pytest.mark.parametrize(
    "o", [o for o in SORTED.values() if "updated_at" in LISTINGS[o.name].orders], ids=lambda o: o.name
)
async def test_what_changed_since_an_instant(world: World, o: Operation):
    every = await world.walk(o, sort="updated_at")
    since = every[len(every) // 2].updated_at
    found = await world.walk(o, changed_since=since, sort="updated_at")
    assert [key(i) for i in found] == [key(i) for i in every if i.updated_at >= since]
    assert 0 < len(found) < len(every)


@pytest.mark.parametrize(
    "o", [SORTED["list_contracts"], SORTED["list_bill_groups"], SORTED["list_invoices"]], ids=lambda o: o.name
)
async def test_what_belongs_to_a_project(world: World, o: Operation):
    group = (await world.ask(SORTED["list_invoices"])).items[0].bill_group_id
    project = next(g for g in await world.walk(SORTED["list_bill_groups"]) if g.id == group).project_ids[0]
    found = await world.walk(o, project_id=project)
    assert 0 < len(found) < len(await world.walk(o))
    assert await world.walk(o, project_id="prj_nobody") == []


@pytest.mark.parametrize(("o", "sort"), [case for case in _cases() if case.values[0].name != "list_held"])
async def test_every_order_is_read_from_an_index(world: World, o: Operation, sort: str):
    """What is held is worked on by people and never much: it alone is sorted."""
    listing = LISTINGS[o.name]
    first, values = listing.statement(TENANT, {}, sort, None, 1)
    async with world.database.transaction() as connection:
        await connection.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
        place = (await connection.fetch(first, *values))[0]["place"]
        statement, values = listing.statement(TENANT, {}, sort, place, 50)
        plan = "\n".join(r[0] for r in await connection.fetch(f"explain {statement}", *values))
    assert "Index" in plan and "Sort" not in plan, plan
    assert "Filter" not in plan.replace("Filter: shown", ""), "the index tells what comes after a row"
