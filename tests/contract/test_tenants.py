"""Two tenants: what one has, the other can neither list, nor read, nor change, by any operation that the catalogue finds."""

from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any

import pytest
from msgspec import Struct, ValidationError

from contracts.call import Call
from contracts.operation import Operation
from contracts.problems import InvalidRequest, NotFound, Problem
from contracts.wire import convert, to_builtins
from gateway import apis
from runtime.bind import Served
from runtime.data.database import Database
from runtime.services import Services
from runtime.settings import Settings
from tests.support.clock import FixedClock
from tests.support.installation import connected
from tests.support.samples import sample
from tests.support.seed import TENANT, Seed

STRANGER = "other"
SERVED = [served for api in apis.described() for served in api.served]
# What the rules are made of is the same for everybody.
OF_ALL = {served.operation.id for served in SERVED if served.operation.scope == "rules:read"}
OWN = [served for served in SERVED if not served.path.startswith("/system/")]
PORTS = {served.operation.id: served for served in SERVED if served.path.startswith("/system/")}
_SCOPES = frozenset(served.operation.scope for served in SERVED)
_TABLES = """
select c.table_name from information_schema.columns c join pg_class p on p.relname = c.table_name
where c.table_schema = 'public' and c.column_name = 'tenant' and p.relkind in ('r', 'p') and not p.relispartition
order by 1
"""


def call(tenant: str) -> Call:
    return Call(
        tenant=tenant,
        principal="p",
        client="c",
        scopes=_SCOPES,
        correlation_id="cor",
        request_id="req",
        idempotency_key="key",
    )


class World(Struct, frozen=True):
    """A firm with something in every register. `ids` = what it has, by the parameter that names it."""

    database: Database
    served: dict[str, Served]
    ids: dict[str, tuple[str, ...]]
    rows: dict[str, str]

    async def ask(self, o: Operation, tenant: str, **given: Any) -> Any:
        """The result, or the problem."""
        try:
            return await self.served[o.id].invoke(call(tenant), given)
        except Problem as problem:
            return problem

    def named(self, o: Operation) -> Iterator[dict[str, str]]:
        """The path of an operation filled with what the firm has."""
        (name,) = (p.name for p in o.parameters if p.source == "path")
        assert self.ids.get(name), f"nothing in the firm is named by {name}; let the seed make one"
        return ({name: one} for one in self.ids[name][:5])


async def _rows(database: Database) -> dict[str, str]:
    """A digest of the firm's rows in every table."""
    digest = "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {} t where tenant = $1"
    tables = [row["table_name"] for row in await database.fetch(_TABLES)]
    return {table: await database.fetchval(digest.format(table), TENANT) for table in tables}


@pytest.fixture(scope="module")
async def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    clock, database = FixedClock(), await Database.connect(module_database_url, max_size=8)
    ports = await connected(database, tmp_path_factory.mktemp("tenants"), clock)
    services = Services(database=database, ports=ports, settings=Settings(), clock=clock)
    ids = await Seed(services).plant()
    ids = {**ids, "subject_id": (*ids["bill_group_id"][:2], *ids["invoice_id"][:2])}
    served = {one.operation.id: one for one in apis.surface(services).served}
    yield World(database, served, ids, await _rows(database))
    await services.close()


@pytest.fixture(autouse=True)
async def the_firm_stays_as_it_was(world: World) -> AsyncIterator[None]:
    yield
    after = await _rows(world.database)
    assert {table for table in after if after[table] != world.rows[table]} == set()


def _cases(one: bool, reads: bool) -> Iterator[Any]:
    """Operations on one object, or on none in particular."""
    for served in OWN:
        o = served.operation
        if reads == (o.method == "GET") and one == any(p.source == "path" for p in o.parameters):
            yield pytest.param(o, id=f"{o.id}")


def _body(o: Operation) -> dict[str, Any]:
    return {} if o.body is None else {"body": sample(o.body.type, Random(o.id))}


def _lists(value: Any) -> Iterator[Any]:
    """Everything that stands in a list somewhere in a result."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _lists(getattr(value, name))
    elif isinstance(value, list | tuple):
        yield from value


@pytest.mark.parametrize("o", list(_cases(one=True, reads=True)))
async def test_what_one_has_is_not_there_for_the_other(world: World, o: Operation):
    for given in world.named(o):
        own = await world.ask(o, TENANT, **given)
        assert isinstance(own, o.result), own  # else the seed names something that is not there
        assert isinstance(await world.ask(o, STRANGER, **given), NotFound)


@pytest.mark.parametrize("o", [p for p in _cases(one=False, reads=True) if p.id not in OF_ALL])
async def test_nothing_of_one_is_listed_for_the_other(world: World, o: Operation):
    own = await world.ask(o, TENANT)
    assert list(_lists(own)), "the seed has nothing to list here"
    filters = [{name: one} for name in (p.name for p in o.parameters) for one in world.ids.get(name, ())[:3]]
    for given in ({}, *filters):
        answer = await world.ask(o, STRANGER, **given)
        assert isinstance(answer, o.result), answer
        assert list(_lists(answer)) == []
    if "cursor" in {p.name for p in o.parameters}:
        first = await world.ask(o, TENANT, limit=1)
        answer = await world.ask(o, STRANGER, cursor=first.next_cursor)
        assert isinstance(answer, InvalidRequest) or list(_lists(answer)) == []


@pytest.mark.parametrize("o", list(_cases(one=True, reads=False)))
async def test_what_one_has_cannot_be_changed_by_the_other(world: World, o: Operation):
    for given in world.named(o):
        assert isinstance(await world.ask(o, STRANGER, **given, **_body(o)), NotFound)


def _borrowed(value: Any, ids: dict[str, str]) -> Any:
    """Builtins with the names of what another tenant has wherever a name is asked for."""
    if isinstance(value, list):
        return [_borrowed(item, ids) for item in value]
    if isinstance(value, dict):
        return {name: ids.get(name) or _borrowed(item, ids) for name, item in value.items()}
    return value


@pytest.mark.parametrize("o", list(_cases(one=False, reads=False)))
async def test_making_something_does_not_touch_what_the_other_has(world: World, o: Operation):
    assert o.body is not None
    said: set[str] = set()
    for name, found in world.ids.items():
        ids = {n: i[0] for n, i in world.ids.items()} | {"id": found[0]}
        try:
            body = convert(_borrowed(to_builtins(sample(o.body.type, Random(name))), ids), o.body.type)
        except ValidationError:
            continue  # An id of that form is refused before anybody is asked.
        said |= _texts(to_builtins(body))
        made = await world.ask(o, STRANGER, body=body)
        if not isinstance(made, Problem):
            assert not (_texts(to_builtins(made)) & _names(world)) - said


def _texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {text for item in value.values() for text in _texts(item)}
    if isinstance(value, list):
        return {text for item in value for text in _texts(item)}
    return {value} if isinstance(value, str) else set()


def _names(world: World) -> set[str]:
    return {one for found in world.ids.values() for one in found}


@pytest.mark.parametrize("operation", PORTS)
async def test_connections_of_one_are_not_there_for_the_other(world: World, operation: str):
    o = PORTS[operation].operation
    given = {p.name: sample(p.type, Random(0)) for p in o.parameters if p.required}
    for instance in ("salesforce", "certinia", "netsuite", "workday"):
        assert isinstance(await world.ask(o, STRANGER, instance=instance, **given), NotFound)


async def test_the_digest_sees_a_change(world: World):
    """Else the fixture above proves nothing."""
    assert len(world.rows) > 20
    own = await world.database.fetchval("select id from customer where tenant = $1 limit 1", TENANT)
    sql = "update customer set name = name || $3 where tenant = $1 and id = $2"
    await world.database.execute(sql, TENANT, own, "x")
    assert (await _rows(world.database))["customer"] != world.rows["customer"]
    await world.database.execute("update customer set name = left(name, -1) where tenant = $1 and id = $2", TENANT, own)
