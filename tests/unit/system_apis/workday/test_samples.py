"""Golden samples: these arguments send these requests, and these answers become this result."""

import json
from pathlib import Path

import httpx
import pytest

from contracts.wire import convert, encode
from runtime.connections import Connection
from system_apis.workday.adapter import connect

SAMPLES = sorted((Path(__file__).parents[3] / "contract/samples/workday").glob("*.json"))


class Recorded(httpx.AsyncBaseTransport):
    """Answers a token, then the sample's exchange in order; anything else is an error of the test."""

    def __init__(self, exchange: list[dict]) -> None:
        self.left = list(exchange)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 3600})
        expected = self.left.pop(0)
        asked = {"method": request.method, "path": request.url.path, "query": dict(request.url.params)}
        assert asked == expected["request"]
        return httpx.Response(expected["response"]["status"], json=expected["response"]["body"])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
async def test_sample(path: Path, secret: str, call):
    sample = json.loads(path.read_text())
    recorded = Recorded(sample["exchange"])
    connection = Connection(
        tenant="demo",
        instance="workday",
        vendor="workday",
        ports=("hcm",),
        base_url="http://workday.test",
        secret=secret,
        settings=sample["settings"],
    )
    adapter = connect(connection, transport=lambda _: recorded)[sample["port"]]
    operation = getattr(adapter, sample["operation"])
    hints = operation.__func__.__annotations__
    arguments = {name: convert(value, hints[name]) for name, value in sample["arguments"].items()}
    result = json.loads(encode(await operation(call(*sample["scopes"]), **arguments)))
    if "as_of" in result:
        result["as_of"] = None
    assert result == sample["result"]
    assert recorded.left == []


def test_every_operation_has_a_sample():
    assert {path.stem for path in SAMPLES} >= {"get_worker", "list_workers", "list_absences", "list_calendars"}
