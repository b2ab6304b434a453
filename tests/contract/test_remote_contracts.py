"""Every contract through its HTTP client: arguments, call, result and problem arrive as they were given."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from types import ModuleType
from typing import Any

import httpx
import pytest

from contracts import experience, process
from contracts.call import Call
from contracts.operation import Operation, operations
from contracts.periods import SystemClock
from contracts.problems import DeadlineExceeded, Forbidden, Internal, InvalidRequest
from contracts.system import PORTS
from contracts.wire import encode
from runtime.bind import bind, serve_in_process
from runtime.http.hop import HopTokens
from runtime.http.remote import Remote
from runtime.http.serve import layer
from tests.support.samples import sample

KEY = b"a key that two layers share, 32 bytes"
SEEDS = range(6)


def _declared(package: ModuleType) -> Iterator[type]:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__ and operations(value):
                yield value


CONTRACTS = {
    **dict.fromkeys(_declared(process), "/process/v1"),
    **dict.fromkeys(_declared(experience), "/experience/v1"),
    **dict.fromkeys(PORTS.values(), "/system/v1/connection"),
}


def _cases() -> Iterator[Any]:
    for contract in CONTRACTS:
        for o in operations(contract):
            yield pytest.param(contract, o, id=o.id)


class Echo:
    """Serves any contract: notes what it was asked and answers what it was told to."""

    def __init__(self, contract: type) -> None:
        self.asked: list[tuple[str, Call, dict[str, Any]]] = []
        self.answers: Any = None
        for o in operations(contract):
            setattr(self, o.name, self._method(o.name))

    def _method(self, name: str) -> Any:
        async def method(call: Call, **given: Any) -> Any:
            self.asked.append((name, call, given))
            if isinstance(self.answers, Exception):
                raise self.answers
            return self.answers

        return method


class Pair:
    """A contract behind HTTP, and the echo that serves it."""

    def __init__(self, contract: type, prefix: str) -> None:
        self.echo = Echo(contract)
        self.app = layer(serve_in_process(contract, bind(contract, self.echo), prefix), HopTokens(KEY))
        remote = Remote("http://layer.test", HopTokens(KEY), lambda _: httpx.ASGITransport(self.app))
        self.client: Any = remote.client(contract, prefix)


def _call(o: Operation, **changes: Any) -> Call:
    given: dict[str, Any] = {
        "tenant": "acme/ü",
        "principal": "maya@acme.example",
        "client": "desk",
        "scopes": frozenset({o.scope, "other:read"}),
        "correlation_id": "cor-1",
        "request_id": "req-1",
        "idempotency_key": "key „1“",
        "expected_versions": (7, 9),
        "deadline": datetime(2126, 1, 1, 12, 30, 0, 250000, tzinfo=UTC),
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    return Call(**(given | changes))


def _arguments(o: Operation, random: Random) -> dict[str, Any]:
    chosen = [p for p in o.parameters if p.required or random.random() < 0.8]
    return {p.name: sample(p.type, random) for p in chosen}


def _defaults(o: Operation, given: dict[str, Any]) -> dict[str, Any]:
    """Null is what is not said."""
    return {name: value for name, value in given.items() if value is not None or name == "body"}


@pytest.fixture(scope="module")
def pairs() -> dict[type, Pair]:
    return {contract: Pair(contract, prefix) for contract, prefix in CONTRACTS.items()}


@pytest.mark.parametrize(("contract", "o"), list(_cases()))
async def test_arguments_and_results_cross_unchanged(pairs, contract: type, o: Operation):
    pair = pairs[contract]
    for seed in SEEDS:
        random = Random(seed)
        given, call = _arguments(o, random), _call(o)
        pair.echo.answers = sample(o.result, random)
        got = await getattr(pair.client, o.name)(call, **given)
        assert pair.echo.asked.pop() == (o.name, call, _lowered(_defaults(o, given)))
        assert got == pair.echo.answers
        assert encode(got) == encode(pair.echo.answers)


def _lowered(given: dict[str, Any]) -> dict[str, Any]:
    return {name: min(value, 200) if name == "limit" else value for name, value in given.items()}


@pytest.mark.parametrize(("contract", "o"), list(_cases()))
async def test_the_guards_stand_on_this_side_too(pairs, contract: type, o: Operation):
    pair, given = pairs[contract], _arguments(o, Random(1))
    ask = getattr(pair.client, o.name)
    with pytest.raises(Forbidden):
        await ask(_call(o, scopes=frozenset()), **given)
    with pytest.raises(DeadlineExceeded):
        await ask(_call(o, deadline=SystemClock().now()), **given)
    with pytest.raises(Internal):
        await ask(_call(o), **given, surprise=1)
    for name in (p.name for p in o.parameters if p.source == "path"):
        for nothing in ("", ".", ".."):
            with pytest.raises(InvalidRequest):
                await ask(_call(o), **{**given, name: nothing})
    assert pair.echo.asked == []


async def test_a_failure_over_there_says_nothing_of_itself(pairs):
    contract = PORTS["hcm"]
    pair, o = pairs[contract], operations(PORTS["hcm"])[-1]
    pair.echo.answers = RuntimeError("password=hush")
    with pytest.raises(Internal) as failed:
        await getattr(pair.client, o.name)(_call(o))
    assert "hush" not in failed.value.detail
    assert failed.value.facts == {"correlation_id": "cor-1"}
    pair.echo.asked.clear()
