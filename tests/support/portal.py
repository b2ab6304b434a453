"""The portal as a browser without script sees it: forms are filled in and sent, links are followed."""

import re
from html import unescape

import httpx

from gateway.app import Gateway
from tests.support.tokens import BASE


def browser(gateway: Gateway) -> httpx.AsyncClient:
    """A browser that nobody signed in with."""
    transport = httpx.ASGITransport(app=gateway)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=BASE)


def form_token(html: str) -> str:
    """The token of the last form of a page: those of the layout come first."""
    found = re.findall(r'name="form_token" value="([^"]+)"', html)
    assert found
    return str(found[-1])


def fields(html: str) -> dict[str, list[str]]:
    """Hidden fields of the last form that is posted, and what they hold."""
    form = html[html.rindex('<form class="sheet" method="post"') :]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form):
        found.setdefault(name, []).append(unescape(value))
    return found


async def sign_in(client: httpx.AsyncClient, persona: str, to: str = "/portal/billing") -> httpx.Response:
    """Sign in as a persona."""
    page = await client.get("/portal/sign-in")
    form = {"form_token": form_token(page.text), "persona": persona, "next": to}
    return await client.post("/portal/sign-in", data=form)
