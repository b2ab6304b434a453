"""What people do, from the first key to the outcome: with the keyboard alone, and without any script."""

from collections.abc import Callable
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.support.installation import Installation

Visiting = Callable[..., Any]


async def _focused(page: Page) -> str:
    text: str = await page.evaluate(
        "document.activeElement.innerText || document.activeElement.getAttribute('aria-label')"
    )
    return text


async def test_the_first_tab_stop_skips_to_the_content(visiting: Visiting) -> None:
    async with visiting("billing-manager") as page:
        await page.goto("/portal/exceptions")
        await page.keyboard.press("Tab")
        assert await _focused(page) == "Skip to content"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"


async def test_letters_go_to_pages_and_move_in_lists_but_never_in_fields(visiting: Visiting) -> None:
    async with visiting("billing-manager") as page:
        await page.goto("/portal/billing")
        await page.keyboard.press("g")
        await page.keyboard.press("x")
        await page.wait_for_url("**/portal/exceptions")
        await page.keyboard.press("j")
        first = page.locator("tbody tr[data-row]").first
        await expect(first.locator("th a")).to_be_focused()
        await page.keyboard.press("x")
        await expect(page.locator("[data-count]")).to_contain_text("1 selected")
        await page.keyboard.press("g")
        await page.keyboard.press("h")
        await page.wait_for_url("**/portal/held")
        await page.keyboard.press("/")
        await page.keyboard.type("gb")
        await expect(page.locator("#q")).to_have_value("gb")
        assert page.url.endswith("/portal/held")


async def test_a_drawer_opens_and_closes_by_keyboard_and_gives_the_focus_back(visiting: Visiting) -> None:
    async with visiting("billing-manager") as page:
        await page.goto("/portal/held")
        link = page.locator("tbody tr[data-row] th a").first
        await link.focus()
        await page.keyboard.press("Enter")
        await page.locator("#drawer[open] #drawer-title").wait_for()
        assert await page.evaluate("document.activeElement.closest('#drawer') !== null")
        await page.keyboard.press("Escape")
        await expect(page.locator("#drawer[open]")).to_have_count(0)
        await expect(link).to_be_focused()


async def test_an_exception_is_taken_and_resolved_without_script(visiting: Visiting) -> None:
    async with visiting("billing-manager", java_script_enabled=False) as page:
        await page.goto("/portal/exceptions?code=ZERO_RATE")
        await page.locator("tbody tr[data-row] th a").first.click()
        address = page.url
        await page.get_by_role("link", name="Take it").click()
        await page.get_by_role("button", name="Take 1 exception").click()
        await expect(page.locator("h1")).to_have_text("All done")
        await page.goto("/portal/exceptions?view=mine")
        await expect(page.locator("tbody tr[data-row]")).to_have_count(1)
        await page.goto(address)
        await page.get_by_role("link", name="Resolve…").click()
        await page.locator("textarea").evaluate("box => box.removeAttribute('required')")
        await page.get_by_role("button", name="Resolve 1 exception").click()
        await expect(page.get_by_role("alert")).to_contain_text("Say what was done")
        await page.get_by_label("What was done").fill("Agreed with the client as complimentary.")
        await page.get_by_role("button", name="Resolve 1 exception").click()
        await expect(page.locator("h1")).to_have_text("All done")
        await page.goto(address)
        await expect(page.locator(".pill", has_text="Resolved")).to_be_visible()
        await expect(page.get_by_role("link", name="Resolve…")).to_have_count(0)


def _spare(page: Page, product: Installation) -> Locator:
    """Held work that no other test looks at."""
    looked_at = page.locator(f"input[value='{product.pools['held_id'][0]}']")
    return page.locator("tbody").filter(has=page.locator("tr[data-row]")).filter(has_not=looked_at).first


async def test_all_alike_are_replayed_with_an_outcome_each_and_one_that_is_gone_is_named(
    visiting: Visiting, product: Installation
) -> None:
    async with visiting("billing-manager") as page:
        await page.goto("/portal/held")
        await _spare(page, product).get_by_role("link", name="Replay all").click()
        drawer = page.locator("#drawer[open]")
        await expect(drawer.locator("#drawer-title")).to_have_text("Replay 2 items")
        async with visiting("billing-manager", java_script_enabled=False) as other:
            await other.goto("/portal/held")
            await _spare(other, product).locator("tr[data-row] th a").first.click()
            await other.get_by_role("link", name="Discard…").click()
            await other.get_by_label("Reason").fill("Sent by mistake.")
            await other.get_by_role("button", name="Discard 1 item").click()
            await expect(other.locator("h1")).to_have_text("All done")
        await drawer.get_by_label("Why now").fill("A reader for expense reports is there.")
        await drawer.get_by_role("button", name="Replay 2 items").click()
        await expect(drawer.locator("#drawer-title")).to_have_text("Partly done")
        await expect(drawer.get_by_role("status")).to_contain_text("1 of 2 items done, 1 not")
        await expect(drawer.get_by_role("button", name="Retry 1")).to_be_visible()


async def test_who_may_not_see_a_page_is_told_who_can_grant_it(visiting: Visiting) -> None:
    async with visiting("executive") as page:
        await page.goto("/portal/exceptions")
        await expect(page.locator("main")).to_contain_text("Billing manager")
        await expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Exceptions")).to_have_count(
            0
        )


async def test_the_menu_of_a_phone_is_the_same_navigation(visiting: Visiting, product: Installation) -> None:
    async with visiting("billing-manager", width=360, height=640) as page:
        await page.goto("/portal/held")
        await page.locator("[data-menu]").click()
        menu = page.locator("#nav-dialog[open]")
        await expect(menu.get_by_role("link", name="Exceptions")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("[data-menu]")).to_be_focused()
