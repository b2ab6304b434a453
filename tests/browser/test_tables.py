"""Tables of work beside other things: every column is there to be seen, whatever the width of the screen."""

from collections.abc import Callable
from typing import Any

import pytest

_HIDDEN = """[...document.querySelectorAll("#queue .scroll")].map((each) => each.scrollWidth - each.clientWidth)"""
_ROWS = """[...document.querySelectorAll("#queue tbody tr")].map((row) => row.offsetHeight)"""


@pytest.mark.parametrize("view", ["ready", "blocked", "posting"])
async def test_no_column_of_the_queue_is_cut_off(view: str, visiting: Callable[..., Any]) -> None:
    """Rows have two lines; three where a row says what blocks it."""
    async with visiting("billing-manager") as page:
        await page.goto(f"/portal/billing?view={view}")
        for width in (1440, 1280, 1181, 1180, 1000, 861):
            await page.set_viewport_size({"width": width, "height": 900})
            assert (width, await page.evaluate(_HIDDEN)) == (width, [0])
            if width in (1440, 1280, 1180):
                assert max(await page.evaluate(_ROWS)) <= (92 if view == "blocked" else 76), width
