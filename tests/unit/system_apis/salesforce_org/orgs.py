"""A seeded org and a signed-in client for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from runtime.http.simulate import ASGIApp
from system_apis.certinia.sandbox import CONTRIBUTION as PSA
from system_apis.platforms.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, salesforce_org
from system_apis.salesforce.sandbox import CONTRIBUTION as CRM

AS_OF = date(2026, 3, 11)
MORNING = "2026-03-11T08:00:00+00:00"
ROOT = "/services/data/v62.0"


def org(state_dir: Path | None = None, **options: Any) -> ASGIApp:
    return salesforce_org([CRM, PSA], state_dir=state_dir, as_of=AS_OF, public_url="http://org.test", **options)


@asynccontextmanager
async def signed_in(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose clock stands at the morning of the seeded day."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://org.test") as client:
        await client.post("/_sandbox/clock", json={"now": MORNING, "frozen": True})
        await sign_in(client)
        yield client


async def sign_in(client: httpx.AsyncClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    answer = await client.post("/services/oauth2/token", data=form)
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


async def soql(client: httpx.AsyncClient, text: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{ROOT}/query", params={"q": text})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["records"])


async def refusal(client: httpx.AsyncClient, text: str) -> str:
    answer = await client.get(f"{ROOT}/query", params={"q": text})
    assert answer.status_code == 400, answer.text
    return str(answer.json()[0]["errorCode"])


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]
