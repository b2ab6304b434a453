"""Every port operation called in this process and over HTTP: the same result, and the same problem."""

import functools
import importlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from contracts.call import Call
from contracts.operation import Operation, operations
from contracts.periods import SystemClock
from contracts.problems import (
    PROBLEMS,
    Forbidden,
    InvalidContent,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    Problem,
    VendorCredentials,
    VendorRefused,
    VendorUnavailable,
    Violation,
)
from contracts.system import PORTS
from contracts.wire import encode
from runtime import catalogue
from runtime.bind import Served
from runtime.connections import Connections
from runtime.http.hop import HopTokens
from runtime.http.remote import Remote
from runtime.http.serve import layer
from runtime.ports import Ports, system_operations
from tests.contract.examples import EXAMPLES, REFUSED
from tests.contract.subject import Subject, new_key
from tests.support.samples import spoiled

KEY = b"a key that two layers share, 32 bytes"
SCOPES = frozenset(o.scope for port in PORTS.values() for o in operations(port)) | {"hcm:cost"}
CALL = Call(tenant="demo", principal="p", client="c", scopes=SCOPES, correlation_id="cor", request_id="req")
_SECONDS = re.compile(r"[0-9.]+ s\b")


class Sides(Struct, frozen=True):
    """The same connections here, and behind HTTP."""

    here: Ports
    there: Ports

    def of(self, port: str, instance: str) -> tuple[Any, Any]:
        return self.here.at(CALL, port, instance), self.there.at(CALL, port, instance)


def sides(connections: Connections, transport: httpx.AsyncBaseTransport) -> Sides:
    """Two systems layers with adapters of their own."""
    here, behind = (Ports(connections, transport=lambda _: transport) for _ in range(2))
    app = layer(system_operations(behind), HopTokens(KEY))
    remote = Remote("http://layer.test", HopTokens(KEY), lambda _: httpx.ASGITransport(app))
    return Sides(here, Ports(connections, remote=remote))


class Stage:
    """One vendor's simulator, whose clock stands still so that two writes of one thing leave the same marks."""

    def __init__(self, vendor: str, folder: Path) -> None:
        self.vendor = importlib.import_module(f"tests.contract.vendors.{vendor}")
        self.transport = httpx.ASGITransport(self.vendor.simulator())
        secret = folder / f"{vendor}.json"
        secret.write_text(json.dumps(self.vendor.SECRET))
        self.connection = self.vendor.connection(f"file:{secret}")
        self.http = httpx.AsyncClient(transport=self.transport, base_url=self.connection.base_url)
        self.sides = sides(Connections((self.connection,)), self.transport)
        self._facts: dict[str, Any] = {}

    async def subject(self, port: str) -> Subject:
        if not self._facts:
            frozen = {"now": SystemClock().now().isoformat(), "frozen": True}
            (await self.http.post("/_sandbox/clock", json=frozen)).raise_for_status()
        if port not in self._facts:
            self._facts[port] = await self.vendor.facts(port, self.http)
        subject = Subject(
            vendor=self.connection.vendor,
            instance=self.connection.instance,
            adapter=self.sides.here.at(CALL, port, self.connection.instance),
            call=CALL,
            facts=self._facts[port],
            simulator=self.http,
            reads=self.vendor.READS,
            writes=self.vendor.WRITES,
        )
        await subject.clear()
        return subject


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Stage]:
    folder = tmp_path_factory.mktemp("parity")
    return functools.cache(lambda vendor: Stage(vendor, folder))


def _cases(chosen: Callable[[Operation], bool] = lambda _: True) -> Iterator[Any]:
    for vendor, manifest in catalogue.vendors().items():
        for port in manifest.ports:
            for o in operations(PORTS[port]):
                if chosen(o) and o.id not in manifest.unsupported:
                    yield pytest.param(vendor, port, o, id=f"{vendor}-{o.id}")


every_operation = pytest.mark.parametrize(("vendor", "port", "o"), list(_cases()))


class Case(Struct, frozen=True):
    """One operation on one stage; `ask` calls a side and answers its result or its problem."""

    o: Operation
    subject: Subject
    ports: tuple[Any, Any]

    async def ask(self, side: int, given: dict[str, Any], call: Call = CALL) -> Any:
        try:
            return await getattr(self.ports[side], self.o.name)(call, **given)
        except Problem as problem:
            return problem

    async def same(self, given: dict[str, Any], call: Call = CALL, before: Any = None, first: int = 0) -> Any:
        """What both sides answer. `before` is awaited before each."""
        answers: dict[int, Any] = {}
        for side in (first, 1 - first):
            if before is not None:
                await before()
            answers[side] = await self.ask(side, given, call)
            await self.subject.clear()
        assert told(answers[0]) == told(answers[1])
        return answers[0]


def told(answer: Any) -> Any:
    """What has to be the same: not when a page was read, and not how long nothing was heard."""
    if isinstance(answer, Problem):
        detail = _SECONDS.sub("n s", answer.detail)
        return type(answer), detail, answer.errors, answer.facts, answer.retryable, answer.retry_after_s
    if getattr(answer, "as_of", None) is not None:
        answer = replace(answer, as_of=None)
    return answer, encode(answer)


@pytest.fixture
def case(stages):
    async def make(vendor: str, port: str, o: Operation) -> Case:
        stage = stages(vendor)
        return Case(o, await stage.subject(port), stage.sides.of(port, stage.connection.instance))

    return make


def test_every_operation_of_every_port_has_an_example():
    assert EXAMPLES.keys() == {o.id for port in PORTS.values() for o in operations(port)}
    assert set(PORTS) == {port for manifest in catalogue.vendors().values() for port in manifest.ports}


@every_operation
@pytest.mark.parametrize("first", [0, 1], ids=["here first", "there first"])
async def test_the_same_result(case, vendor: str, port: str, o: Operation, first: int):
    c = await case(vendor, port, o)
    answer = await c.same(await EXAMPLES[o.id](c.subject, new_key()), first=first)
    assert isinstance(answer, o.result)


@every_operation
async def test_the_same_refusal_of_a_caller_without_the_scope(case, vendor: str, port: str, o: Operation):
    c = await case(vendor, port, o)
    call = replace(CALL, scopes=SCOPES - {o.scope})
    assert isinstance(await c.same(await EXAMPLES[o.id](c.subject, new_key()), call), Forbidden)


def _foreign(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in given.items():
        if name.endswith("_ref"):
            system, kind, key = value.split(":", 2)
            for other in (f"elsewhere:{kind}:{key}", f"{system}:nothing:{key}", f"{system}:{kind}:n/a?%2F#ü"):
                yield {**given, name: other}


@every_operation
async def test_the_same_refusal_of_what_is_not_there(case, vendor: str, port: str, o: Operation):
    c = await case(vendor, port, o)
    for given in _foreign(await EXAMPLES[o.id](c.subject, new_key())):
        assert isinstance(await c.same(given), NotFound | InvalidRequest), given


@every_operation
async def test_the_same_refusal_of_arguments_that_are_none(case, vendor: str, port: str, o: Operation):
    c = await case(vendor, port, o)
    given = await EXAMPLES[o.id](c.subject, new_key())
    for p in o.parameters:
        for value in spoiled(p.type, given.get(p.name)):
            problem = await c.same({**given, p.name: value})
            assert type(problem) is (InvalidContent if p.source == "body" else InvalidRequest), (p.name, value)
            assert problem.errors
    if "cursor" in {p.name for p in o.parameters}:
        assert isinstance(await c.same({**given, "cursor": "bm90IGEgY3Vyc29y"}), InvalidRequest)


@every_operation
async def test_the_same_words_for_a_busy_vendor(case, vendor: str, port: str, o: Operation):
    c = await case(vendor, port, o)
    given = await EXAMPLES[o.id](c.subject, new_key())

    async def busy() -> None:
        await c.subject.arm_reads("too_many", retry_after=7)
        await c.subject.arm_writes("too_many", retry_after=7)

    problem = await c.same(given, before=busy)
    assert isinstance(problem, VendorUnavailable)
    assert problem.retry_after_s == 7


@every_operation
async def test_the_same_words_for_a_vendor_that_fails(case, vendor: str, port: str, o: Operation):
    c = await case(vendor, port, o)
    given = await EXAMPLES[o.id](c.subject, new_key())

    async def failing() -> None:
        await c.subject.arm_reads("server_error", status=500)
        await c.subject.arm_writes("server_error", status=500)

    assert isinstance(await c.same(given, before=failing), VendorUnavailable | OutcomeUnknown)
    await c.same(given)


@pytest.mark.parametrize(("vendor", "port", "o"), list(_cases(lambda o: o.effects)))
async def test_the_same_words_for_a_write_whose_answer_is_lost(case, vendor: str, port: str, o: Operation):
    c = await case(vendor, port, o)
    given = await EXAMPLES[o.id](c.subject, new_key())
    await c.same(given)
    await c.same(given, before=functools.partial(c.subject.arm_writes, "lost_response"))


@pytest.mark.parametrize(("vendor", "port", "o"), list(_cases(lambda o: o.id in REFUSED)))
async def test_the_same_words_for_a_vendor_that_refuses(case, vendor: str, port: str, o: Operation):
    c = await case(vendor, port, o)
    assert isinstance(await c.same(await REFUSED[o.id](c.subject, new_key())), VendorRefused)


@pytest.mark.parametrize(("vendor", "port", "o"), list(_cases(lambda o: not o.effects)))
async def test_the_same_words_for_refused_credentials(
    case, stages, tmp_path: Path, vendor: str, port: str, o: Operation
):
    c, stage = await case(vendor, port, o), stages(vendor)
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({**stage.vendor.SECRET, "client_id": "nobody"}))
    connection = replace(stage.connection, secret=f"file:{wrong}")
    refused = sides(Connections((connection,)), stage.transport).of(port, connection.instance)
    problem = await Case(o, c.subject, refused).same(await EXAMPLES[o.id](c.subject, new_key()))
    assert isinstance(problem, VendorCredentials)


async def test_the_same_words_for_a_connection_that_is_not_there(stages):
    stage = stages("salesforce")
    port = stage.sides.there.at(CALL, "crm", "salesforce")
    with pytest.raises(NotFound) as here:
        stage.sides.here.at(replace(CALL, tenant="other"), "crm", "salesforce")
    with pytest.raises(NotFound) as there:
        await port.get_deal(replace(CALL, tenant="other"), "salesforce:deal:1")
    assert told(here.value) == told(there.value)


_FACTS = {"vendor": "acme", "vendor_code": "E/1 %", "retry_after_s": 3, "allow": ["GET"], "nested": {"a": [1, None]}}


@pytest.mark.parametrize("kind", list(PROBLEMS.values()), ids=list(PROBLEMS))
async def test_every_problem_crosses_unchanged(kind: type[Problem]):
    errors = [Violation("c", "d", pointer="#/a"), Violation("c", "d", parameter="p", in_="query")]
    raised = kind("What „happened“ & why", errors=errors, **_FACTS)
    o = operations(PORTS["hcm"])[-1]

    async def invoke(call: Call, arguments: dict[str, Any]) -> Any:
        raise raised

    app = layer([Served(operation=o, path=f"/system/v1/{{instance}}{o.path}", invoke=invoke)], HopTokens(KEY))
    remote = Remote("http://layer.test", HopTokens(KEY), lambda _: httpx.ASGITransport(app))
    with pytest.raises(Problem) as caught:
        await getattr(remote.port(PORTS["hcm"], "workday"), o.name)(CALL)
    if kind.slug == "unauthenticated":
        assert caught.value.slug == "internal"
    else:
        assert told(caught.value) == told(raised)


def test_examples_are_made_of_the_wire_types():
    """A spoiled value is one that the type refuses, else the tests above would prove nothing."""
    for port in PORTS.values():
        for p in (p for o in operations(port) for p in o.parameters if p.source != "body"):
            for value in spoiled(p.type, None):
                with pytest.raises(msgspec.ValidationError):
                    msgspec.convert(value, p.type)
