"""Every state of every page: no accessibility violation in either theme, one heading, nothing cut off on a narrow screen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page

from tests.browser.states import STATES, State
from tests.support.installation import Installation

_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_AXE = Axe().axe_script


async def _open(page: Page, state: State, product: Installation) -> None:
    ids = {name: pool[0] for name, pool in product.pools.items() if pool}
    answer = await page.goto(state.path.format(**ids))
    assert answer is not None and answer.status == state.status
    if state.opens is not None:
        await page.locator(state.opens).first.click()
        await page.locator(state.shows).wait_for()


async def violations(page: Page) -> list[str]:
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE)
    found = await page.evaluate("rules => axe.run(document, rules)", _RULES)
    return [f"{v['id']}: {node['html'][:160]}" for v in found["violations"] for node in v["nodes"]]


@pytest.mark.parametrize("state", STATES, ids=lambda s: s.name)
async def test_a_state_of_a_page(
    state: State, returning: Callable[..., Any], product: Installation, request: pytest.FixtureRequest
) -> None:
    """In both themes, then on a phone, then in the reader's own colours."""
    folder, whole = request.config.getoption("--pictures"), state.opens is None
    async with returning(state.persona) as page:
        await _open(page, state, product)
        assert await page.locator("h1").count() == 1
        for theme in THEMES:
            await page.emulate_media(color_scheme=theme)
            assert (theme, await violations(page)) == (theme, [])
            if folder:
                await page.screenshot(path=Path(folder) / f"{state.name}-{theme}.png", full_page=whole)
        await page.emulate_media(color_scheme="light", forced_colors="active")
        await page.set_viewport_size({"width": 320, "height": 640})
        assert await page.evaluate(_OVERFLOW) <= 0
        if folder:
            await page.emulate_media(forced_colors="none")
            await page.screenshot(path=Path(folder) / f"{state.name}-phone.png", full_page=whole)
