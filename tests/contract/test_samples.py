"""Golden samples of the Salesforce family: these arguments send these requests, and these answers become this result."""

import json
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from contracts.call import Call
from contracts.operation import operations
from contracts.system import PORTS
from contracts.wire import convert, to_builtins
from runtime import catalogue
from tests.contract.vendors import certinia, salesforce

FOLDER = Path(__file__).parent / "samples"
VENDORS = {"salesforce": salesforce, "certinia": certinia}
SAMPLES = [path for vendor in VENDORS for path in sorted((FOLDER / vendor).glob("*.json"))]
CALL = Call(tenant="demo", principal="p", client="c", correlation_id="cor", request_id="req")


class Recorded(httpx.AsyncBaseTransport):
    """Answers a token, then the exchange in order, which the adapter must ask for to the letter."""

    def __init__(self, exchange: list[dict]) -> None:
        self.left = list(exchange)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer"})
        expected = self.left.pop(0)
        asked = {"method": request.method, "path": request.url.path, "query": dict(request.url.params)}
        if request.content:
            asked["body"] = json.loads(request.content)
        assert asked == expected["request"]
        body = expected["response"].get("body")
        content = b"" if body is None else json.dumps(body).encode()
        return httpx.Response(expected["response"]["status"], content=content)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_sample(path: Path, tmp_path: Path):
    sample, vendor = json.loads(path.read_text()), path.parent.name
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(VENDORS[vendor].SECRET))
    connection = replace(VENDORS[vendor].connection(f"file:{secret}"), settings=sample["settings"])
    recorded = Recorded(sample["exchange"])
    connect = catalogue.vendor_module(vendor, "adapter").connect
    adapter = connect(connection, transport=lambda _: recorded)[sample["port"]]
    operation = next(o for o in operations(PORTS[sample["port"]]) if o.name == sample["operation"])
    types = {parameter.name: parameter.type for parameter in operation.parameters}
    arguments = {name: convert(value, types[name]) for name, value in sample["arguments"].items()}
    result = to_builtins(await getattr(adapter, operation.name)(CALL, **arguments))
    if "as_of" in result:
        result["as_of"] = None
    assert result == sample["result"]
    assert convert(result, operation.result) is not None
    assert recorded.left == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_operation_has_a_sample(vendor: str):
    manifest = catalogue.vendors()[vendor]
    supported = {o.name for port in manifest.ports for o in operations(PORTS[port]) if o.id not in manifest.unsupported}
    assert {path.stem for path in SAMPLES if path.parent.name == vendor} == supported
