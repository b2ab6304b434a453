"""The import contracts of pyproject.toml hold, and each of them can fail: a forbidden import is planted for every one."""

import copy
from typing import Any

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import Contract

from tests.contract.house.tree import ROOT

KINDS: dict[str, type[Contract]] = {
    "layers": LayersContract,
    "independence": IndependenceContract,
    "forbidden": ForbiddenContract,
    "protected": ProtectedContract,
}
CONFIGURATION = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS: list[dict[str, Any]] = CONFIGURATION["contracts_options"]
PLANTED = {
    "Roof, three wings, runtime, domain, contracts": [
        ("system_apis.workday.adapter", "process_apis.registers.customers"),
        ("runtime.bind", "gateway.app"),
        ("contracts.money", "domain.caps"),
        ("experience_apis.app", "process_apis.app"),
    ],
    "Floors of the runtime": [
        ("runtime.http.remote", "runtime.work.outbox"),
        ("runtime.data.links", "runtime.connections"),
        ("runtime.settings", "runtime.telemetry"),
        ("runtime.ports", "runtime.services"),
    ],
    "Floors of a vendor": [
        ("system_apis.workday.wire", "system_apis.workday.mapping"),
        ("system_apis.netsuite.mapping", "system_apis.netsuite.client"),
        ("system_apis.salesforce.client", "system_apis.salesforce.adapter"),
        ("system_apis.platforms.salesforce.client", "system_apis.platforms.salesforce.sandbox"),
    ],
    "Vendors do not know each other; platforms lie below them": [
        ("system_apis.certinia.mapping", "system_apis.salesforce.mapping"),
        ("system_apis.platforms.salesforce.soql", "system_apis.netsuite.wire"),
    ],
    "Floors of a process": [
        ("process_apis.time_posting.rules", "process_apis.time_posting.process"),
    ],
    "Processes meet by event or register; registers lie below them": [
        ("process_apis.onboarding.rules", "process_apis.time_posting.rules"),
        ("process_apis.registers.customers", "process_apis.time_posting.accept"),
    ],
    "Floors of a view": [("experience_apis.planted.projection", "experience_apis.planted.view")],
    "Views do not know each other": [("experience_apis.planted.queries", "experience_apis.planted_too.queries")],
    "Policies do not know each other": [("gateway.policies.quota", "gateway.policies.throttle")],
    "Floors of the gateway": [
        ("gateway.exchange", "gateway.policies.auth"),
        ("gateway.policies.auth", "gateway.pipeline"),
        ("gateway.app", "gateway.roles"),
    ],
    "Production never leans on the simulators or their firm": [
        ("system_apis.workday.adapter", "system_apis.workday.sandbox.access"),
        ("gateway.app", "gateway.sandboxes"),
        ("process_apis.registers.rates", "system_apis.platforms.firm.prices"),
        ("runtime.http.outbound", "runtime.http.simulate"),
    ],
    "A simulator is an independent witness": [
        ("system_apis.netsuite.sandbox.seed", "contracts.canon.ledger"),
        ("system_apis.workday.sandbox.reports", "system_apis.workday.mapping"),
        ("system_apis.platforms.salesforce.sandbox.org", "contracts.system.crm"),
    ],
    "Pure modules do no I/O": [
        ("domain.fx", "httpx"),
        ("contracts.events.event", "asyncio"),
        ("process_apis.onboarding.rules", "runtime.ports"),
        ("system_apis.workday.mapping", "runtime.telemetry"),
        ("experience_apis.finance_dashboard.projection", "runtime.data.database"),
    ],
    "Adapters translate, they never decide": [("system_apis.netsuite.adapter", "domain.tax")],
}
CASES = [(name, *edge) for name, edges in PLANTED.items() for edge in edges]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Who imports whom in the product."""
    packages = CONFIGURATION["session_options"]["root_packages"]
    return grimp.build_graph(*packages, include_external_packages=True, cache_dir=None)


def _kept(name: str, graph: grimp.ImportGraph) -> bool:
    options = next(c for c in CONTRACTS if c["name"] == name)
    contract = KINDS[options["type"]](name, CONFIGURATION["session_options"], options)
    return contract.check(copy.deepcopy(graph), verbose=False).kept


@pytest.mark.parametrize("name", [contract["name"] for contract in CONTRACTS])
def test_the_contract_holds(name: str, graph: grimp.ImportGraph) -> None:
    assert _kept(name, graph), "`make check` shows the chain of imports"


@pytest.mark.parametrize(("name", "importer", "imported"), CASES)
def test_the_contract_is_broken_by(name: str, importer: str, imported: str, graph: grimp.ImportGraph) -> None:
    planted = copy.deepcopy(graph)
    for module in (importer, imported):
        _plant(planted, module)
    planted.add_import(importer=importer, imported=imported)
    assert not _kept(name, planted)


def _plant(graph: grimp.ImportGraph, module: str) -> None:
    """A module of a view that is not there yet, or a library nobody imports; anything else has to exist."""
    if module in graph.modules:
        return
    assert ".planted" in module or "." not in module, f"{module} is gone: plant another one"
    if "." not in module:
        graph.add_module(module, is_squashed=True)
        return
    _plant(graph, module.rpartition(".")[0])
    graph.add_module(module)


def test_every_contract_was_seen_to_fail() -> None:
    assert {contract["name"] for contract in CONTRACTS} == set(PLANTED)
