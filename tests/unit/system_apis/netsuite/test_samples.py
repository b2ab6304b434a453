"""Golden samples: these arguments send these requests, and these answers become this result."""

import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from contracts.call import Call
from contracts.operation import operations
from contracts.system import PORTS
from contracts.wire import convert, encode
from runtime.connections import Connection
from system_apis.netsuite.adapter import connect
from tests.support.clock import FixedClock

SAMPLES = sorted((Path(__file__).parents[3] / "contract/samples/netsuite").glob("*.json"))
_SHOWN = ("prefer", "x-netsuite-idempotency-key")


class Recorded(httpx.AsyncBaseTransport):
    """Answers a token, then the sample's exchange in order; anything else is an error of the test."""

    def __init__(self, exchange: list[dict[str, Any]]) -> None:
        self.left = list(exchange)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "token_type": "bearer", "expires_in": "3600"})
        step = self.left.pop(0)
        asked: dict[str, Any] = {"method": request.method, "path": request.url.path, "query": dict(request.url.params)}
        asked["headers"] = {name: request.headers[name] for name in _SHOWN if name in request.headers}
        asked["body"] = json.loads(request.content) if request.content else None
        assert asked == step["request"]
        response = step["response"]
        content = b"" if response["body"] is None else json.dumps(response["body"]).encode()
        return httpx.Response(response["status"], headers=response["headers"], content=content)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
async def test_sample(path: Path, connection: Connection, call: Call) -> None:
    sample = json.loads(path.read_text())
    recorded = Recorded(sample["exchange"])
    known = msgspec.structs.replace(connection, settings=sample["settings"])
    adapter = connect(known, lambda _url: recorded, FixedClock())[sample["port"]]
    declared = next(o for o in operations(PORTS[sample["port"]]) if o.name == sample["operation"])
    arguments = {
        p.name: convert(sample["arguments"][p.name], p.type)
        for p in declared.parameters
        if p.name in sample["arguments"]
    }
    result = await getattr(adapter, declared.name)(call, **arguments)
    assert json.loads(encode(result)) == sample["result"]
    assert recorded.left == []


def test_every_operation_has_a_sample() -> None:
    declared = {o.name for port in ("erp", "billing") for o in operations(PORTS[port])}
    assert declared == {path.stem for path in SAMPLES}
