"""A real browser on the whole product, seeded, with its clock at noon of 20 Nov 2026; one product and one browser per worker.

The browser is the system's Chromium; without one these tests are skipped.
"""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.support import servers as machinery
from tests.support.installation import Installation, installation
from tests.support.servers import Servers

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
Visit = Callable[..., Any]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", help="a folder for a picture of every state, to be looked at")


def _chromium() -> str | None:
    return next((path for path in map(shutil.which, _NAMES) if path is not None), None)


@pytest.fixture(scope="session")
def product(servers: Servers, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The whole product over a database of its own."""
    number = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    url = machinery.clone(servers)
    with installation(url, machinery.redis_database(servers, number), tmp_path_factory.mktemp("browser")) as running:
        yield running
    machinery.drop(servers, url)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = _chromium()
    if path is None:
        pytest.skip(f"no Chromium here: none of {', '.join(_NAMES)} is on the path")
    sandboxed = [] if os.geteuid() else ["--no-sandbox"]
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=["--disable-dev-shm-usage", *sandboxed])
        yield started
        await started.close()


@pytest.fixture(scope="session")
async def sessions(browser: Browser, product: Installation) -> Callable[[str], Awaitable[Any]]:
    """Signs a persona in once, by the form; what the browser then holds opens any number of contexts."""
    known: dict[str, Any] = {}

    async def signed_in(persona: str) -> Any:
        if persona not in known:
            context = await browser.new_context(base_url=product.base_url, java_script_enabled=False)
            page = await context.new_page()
            await page.goto("/portal/sign-in")
            await page.locator(f"button[value='{persona}']").click()
            await page.wait_for_url("**/portal/billing")
            known[persona] = await context.storage_state()
            await context.close()
        return known[persona]

    return signed_in


@pytest.fixture(scope="session")
def opening(browser: Browser, product: Installation, sessions: Callable[[str], Awaitable[Any]]) -> Visit:
    """Makes the browser of a persona, or of nobody."""

    async def opened(persona: str | None, width: int = 1280, height: int = 900, **options: Any) -> BrowserContext:
        return await browser.new_context(
            base_url=product.base_url,
            storage_state=await sessions(persona) if persona else None,
            viewport={"width": width, "height": height},
            color_scheme="light",
            **options,
        )

    return opened


@pytest.fixture(scope="session")
def visiting(opening: Visit) -> Visit:
    """Opens a page in a browser that was never here: `async with visiting("billing-manager", width=320) as page`."""

    @asynccontextmanager
    async def visit(persona: str | None, **options: Any) -> AsyncIterator[Page]:
        context = await opening(persona, **options)
        async with _watched(context) as page:
            yield page
        await context.close()

    return visit


@pytest.fixture(scope="session")
async def returning(opening: Visit) -> AsyncIterator[Visit]:
    """Opens a page in a browser that was here before and has what may be kept."""
    known: dict[str | None, BrowserContext] = {}

    @asynccontextmanager
    async def visit(persona: str | None) -> AsyncIterator[Page]:
        if persona not in known:
            known[persona] = await opening(persona)
        async with _watched(known[persona]) as page:
            yield page
            await page.close()

    yield visit
    for context in known.values():
        await context.close()


@asynccontextmanager
async def _watched(context: BrowserContext) -> AsyncIterator[Page]:
    """What the page writes to the console as an error, a refusal of the content security policy among it, fails the test."""
    page, wrong = await context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" and _ours(said.text) else None)
    yield page
    assert wrong == []


def _ours(text: str) -> bool:
    """The browser itself tells of answers that are refusals; pages of refusals are looked at on purpose."""
    return not text.startswith("Failed to load resource")
