"""Every promise of every port, kept by every vendor that the catalogue finds. What a promise is: `subject.py`."""

import functools
import importlib
import importlib.util
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from contracts.call import Call
from contracts.operation import operations
from contracts.problems import Unsupported
from contracts.system import PORTS
from runtime import catalogue
from runtime.connections import Connection, Connections
from runtime.ports import Ports
from tests.contract.subject import Subject
from tests.contract.suites import every_port

Promise = Callable[[Subject], Awaitable[None]]


def _suite(port: str) -> ModuleType:
    return importlib.import_module(f"tests.contract.suites.{port}")


def _vendor(vendor: str) -> ModuleType:
    return importlib.import_module(f"tests.contract.vendors.{vendor}")


async def _no_suite(subject: Subject) -> None:
    pytest.fail(f"no suite says what the port promises that {subject.vendor} serves")


def _promises(port: str) -> Iterator[tuple[str, Promise]]:
    if importlib.util.find_spec(f"tests.contract.suites.{port}") is None:
        yield "no_suite", _no_suite
        return
    suite = _suite(port)
    for name, value in vars(suite).items():
        if name.startswith("promise_"):
            yield name, value
    for promise in (*every_port.READING, *(every_port.WRITING if hasattr(suite, "write") else ())):
        yield promise.__name__, functools.partial(promise, suite=suite)


def _cases() -> Iterator[Any]:
    for vendor, manifest in catalogue.vendors().items():
        for port in (port for port in manifest.ports if catalogue.built(manifest, port)):
            for name, promise in _promises(port):
                yield pytest.param(vendor, port, promise, id=f"{vendor}-{port}-{name.removeprefix('promise_')}")


class _Stage:
    """One vendor's simulator, seeded once for all promises, and what its seed holds."""

    def __init__(self, vendor: str, folder: Path) -> None:
        self.module = _vendor(vendor)
        self.transport = httpx.ASGITransport(self.module.simulator())
        secret = folder / f"{vendor}.json"
        secret.write_text(json.dumps(self.module.SECRET))
        self.connection: Connection = self.module.connection(f"file:{secret}")
        self.http = httpx.AsyncClient(transport=self.transport, base_url=self.connection.base_url)
        self._facts: dict[str, Any] = {}

    async def facts(self, port: str) -> Any:
        if port not in self._facts:
            self._facts[port] = await self.module.facts(port, self.http)
        return self._facts[port]

    def port(self, port: str, call: Call) -> Any:
        """The port as the product sees it: guarded, and with the refusals of the manifest."""
        ports = Ports(Connections((self.connection,)), transport=lambda _: self.transport)
        return ports.at(call, port, self.connection.instance)


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], _Stage]:
    folder = tmp_path_factory.mktemp("secrets")
    return functools.cache(lambda vendor: _Stage(vendor, folder))


def _call(connection: Connection, port: str) -> Call:
    scopes = frozenset(operation.scope for operation in operations(PORTS[port]))
    return Call(
        tenant=connection.tenant, principal="p", client="c", scopes=scopes, correlation_id="cor", request_id="req"
    )


@pytest.mark.parametrize(("vendor", "port", "promise"), list(_cases()))
async def test_promise(vendor: str, port: str, promise: Promise, stages: Callable[[str], _Stage]):
    stage = stages(vendor)
    call = _call(stage.connection, port)
    subject = Subject(
        vendor=vendor,
        instance=stage.connection.instance,
        adapter=stage.port(port, call),
        call=call,
        facts=await stage.facts(port),
        simulator=stage.http,
        reads=stage.module.READS,
        writes=stage.module.WRITES,
    )
    await subject.clear()
    try:
        await promise(subject)
    except Unsupported as refused:
        pytest.skip(f"{vendor} cannot do {refused.facts['operation']}, as its manifest says")


def _refusals() -> Iterator[Any]:
    for vendor, manifest in catalogue.vendors().items():
        for operation, reason in manifest.unsupported.items():
            yield pytest.param(vendor, operation, reason, id=f"{vendor}-{operation}")


@pytest.mark.parametrize(("vendor", "operation", "reason"), list(_refusals()))
async def test_unsupported_operations_say_so(vendor: str, operation: str, reason: str, stages: Callable[[str], _Stage]):
    port, _, name = operation.partition(".")
    stage = stages(vendor)
    call = _call(stage.connection, port)
    with pytest.raises(Unsupported) as refused:
        await getattr(stage.port(port, call), name)(call)
    assert reason in refused.value.detail
    assert refused.value.facts == {"vendor": vendor, "operation": operation}
