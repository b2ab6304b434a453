"""A client of an org whose answers a test writes down."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime.connections import Connection
from system_apis.platforms.salesforce.client import OrgClient
from system_apis.platforms.salesforce.session import open_org


class Scripted(httpx.AsyncBaseTransport):
    """Gives tokens, then the answers in order; keeps what was asked."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers, self.asked, self.tokens = list(answers), [], 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"t{self.tokens}", "token_type": "Bearer"})
        self.asked.append(request)
        status, body = self.answers.pop(0)
        return httpx.Response(status, content=b"" if body is None else json.dumps(body).encode())


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "secret.json"
    path.write_text(json.dumps({"client_id": "app", "client_secret": "shh"}))
    return f"file:{path}"


@pytest.fixture
def connection(secret: str) -> Callable[..., Connection]:
    def make(vendor: str = "salesforce", **settings: Any) -> Connection:
        return Connection(
            tenant="t",
            instance=vendor,
            vendor=vendor,
            ports=("crm",),
            base_url="http://org.test",
            secret=secret,
            settings=settings,
        )

    return make


@pytest.fixture
def org(connection: Callable[..., Connection]) -> Callable[..., tuple[OrgClient, Scripted]]:
    """`client, transport = org((200, {...}), ..., fields={...})`."""

    def make(*answers: tuple[int, Any], **settings: Any) -> tuple[OrgClient, Scripted]:
        transport = Scripted(*answers)
        return open_org(connection(**settings), lambda _: transport, None), transport

    return make
