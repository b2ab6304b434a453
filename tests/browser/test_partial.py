"""One system was not read for long: every row is shown, the system is named, and so are the numbers that may lag."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.async_api import expect

from tests.browser.test_states import THEMES, violations
from tests.support.installation import Installation

_OLD = "update feed set read_at = read_at {} interval '3 hours' where feed = 'erp'"


@pytest.fixture
def _erp_away(product: Installation) -> Iterator[None]:
    with psycopg.connect(product.database_url, autocommit=True) as connection:
        connection.execute(_OLD.format("-"))
        yield
        connection.execute(_OLD.format("+"))


@pytest.mark.usefixtures("_erp_away")
async def test_what_may_lag_is_named_and_the_rest_is_shown(visiting: Callable[..., Any]) -> None:
    async with visiting("billing-manager") as page:
        await page.goto("/portal/billing")
        banner = page.get_by_role("status").filter(has_text="Some figures may lag.")
        await expect(banner).to_contain_text("ERP (Oracle NetSuite) was last read 3 h ago")
        await expect(banner).to_contain_text("Straight-through billing")
        strip = page.get_by_role("list", name="Data freshness by system")
        await expect(strip.locator("li.stale")).to_have_count(1)
        await expect(strip.locator("li.stale")).to_contain_text("stale: postings may lag")
        assert await page.locator("#queue tbody tr").count() > 3 and await page.locator(".figure").count() == 6
        for theme in THEMES:
            await page.emulate_media(color_scheme=theme)
            assert (theme, await violations(page)) == (theme, [])
