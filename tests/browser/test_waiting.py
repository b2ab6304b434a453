"""What takes long shows that it does, and nothing shows when it does not."""

import asyncio
from collections.abc import Callable
from typing import Any

from playwright.async_api import Page, Route, expect

Visiting = Callable[..., Any]
_ITEM = "**/portal/billing/items/*"


async def answered_late(page: Page, address: str) -> asyncio.Event:
    """From here on the server answers there when the event is set."""
    answered = asyncio.Event()

    async def late(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.route(address, late)
    return answered


async def test_an_item_that_takes_long_opens_as_a_skeleton_that_says_it_is_busy(visiting: Visiting) -> None:
    async with visiting("billing-manager") as page:
        await page.goto("/portal/billing")
        answered = await answered_late(page, _ITEM)
        await page.locator("#queue tbody th a").first.click()
        body = page.locator("#drawer[open] #drawer-body")
        await expect(body).to_have_attribute("aria-busy", "true")
        await expect(body.locator(".skeleton")).to_be_visible()
        answered.set()
        await expect(page.locator("#drawer[open] #drawer-title")).to_be_visible()
        await expect(body.locator(".skeleton")).to_have_count(0)
        assert await body.get_attribute("aria-busy") is None


async def test_a_view_that_takes_long_is_busy_until_it_is_there(visiting: Visiting) -> None:
    async with visiting("billing-manager") as page:
        await page.goto("/portal/billing")
        answered = await answered_late(page, "**/portal/billing?*search=nobody*")
        await page.locator("#filter-search").fill("nobody")
        await page.locator("#filter-search").press("Enter")
        await expect(page.locator("#queue")).to_have_attribute("aria-busy", "true")
        answered.set()
        await expect(page.locator("#queue")).to_contain_text("Nothing matches")
        assert await page.locator("#queue").get_attribute("aria-busy") is None
