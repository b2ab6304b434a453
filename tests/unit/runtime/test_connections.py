"""Which instance serves a port: by tenant, name and legal entity; told at once when a row changes."""

import asyncio

import pytest
from msgspec.structs import replace

from contracts.problems import NotFound
from runtime.connections import Connection, Connections, put
from runtime.data.database import Database

ERP = Connection(
    tenant="acme", instance="erp", vendor="netsuite", ports=("erp", "billing"), base_url="http://a", secret="env:A"
)
GERMANY = replace(ERP, instance="erp-de", scope=("DE01", "AT01"))
STRANGER = replace(ERP, tenant="other", base_url="http://o")
ALL = Connections((ERP, GERMANY, STRANGER))


def test_an_entity_goes_to_the_connection_that_names_it_all_others_to_the_one_that_names_none():
    assert ALL.choose("acme", "erp", "DE01") is GERMANY
    assert ALL.choose("acme", "erp", "US01") is ERP
    assert ALL.choose("acme", "erp") is ERP
    with pytest.raises(NotFound):
        Connections((GERMANY,)).choose("acme", "erp", "US01")


def test_nobody_gets_what_belongs_to_another_tenant():
    assert ALL.choose("other", "erp", "DE01") is STRANGER
    assert ALL.of_tenant("other") == (STRANGER,)
    for tenant, port, instance in (
        ("other", "erp", "erp-de"),
        ("third", "erp", "erp"),
        ("acme", "crm", "erp"),
        ("", "erp", "erp"),
    ):
        with pytest.raises(NotFound):
            ALL.at(tenant, port, instance)
    with pytest.raises(NotFound):
        ALL.choose("third", "erp")


def test_sweeps_see_every_connection_of_a_port():
    assert ALL.of_port("billing") == (ERP, GERMANY, STRANGER)
    assert ALL.of_port("crm") == ()
    assert ALL.tenants() == ("acme", "other")


async def test_rows_come_back_as_they_were_put(database: Database):
    given = replace(GERMANY, settings={"tenant": "t", "n": 1}, mode="live")
    await put(database, given)
    await put(database, STRANGER)
    connections = Connections()
    await connections.load(database)
    assert connections.all() == (replace(given, ports=("billing", "erp")), replace(STRANGER, ports=("billing", "erp")))
    await put(database, replace(given, ports=("erp",), base_url="http://b"))
    await connections.load(database)
    assert connections.at("acme", "erp", "erp-de").base_url == "http://b"
    with pytest.raises(NotFound):
        connections.at("acme", "billing", "erp-de")
    assert connections.at("other", "billing", "erp").base_url == "http://o"


async def test_a_change_is_seen_at_once_and_counts_as_a_new_generation(database: Database):
    connections = Connections()
    await connections.watch(database)
    before = connections.generation
    await put(database, ERP)
    async with asyncio.timeout(5):
        while connections.generation == before:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert connections.choose("acme", "billing").instance == "erp"
    generation = connections.generation
    await put(database, ERP)
    await connections.load(database)
    assert connections.generation == generation
