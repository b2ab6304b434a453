"""What pages may weigh: bytes and requests on the first visit, and that nothing moves once it is shown (no times here)."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Response

_PAGES = ("/portal/billing", "/portal/billing?view=blocked", "/portal/exceptions", "/portal/held")
_KB = 1024
_BUDGETS = {"document": 12 * _KB, "stylesheet": 8 * _KB, "script": 20 * _KB}
_MOST_REQUESTS = 8
_FRAGMENT = 10 * _KB
_SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(e => { sum += e.value; }))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""

_SLOW_LINE = {"offline": False, "latency": 150, "downloadThroughput": 16 * _KB, "uploadThroughput": 16 * _KB}


@pytest.mark.parametrize("path", _PAGES)
async def test_a_first_visit_is_light_and_still(path: str, visiting: Callable[..., Any]) -> None:
    async with visiting("billing-manager") as page:
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))
        await page.goto(path)
        await page.wait_for_load_state("networkidle")
        sizes: dict[str, int] = {}
        for answer in answers:
            weight = (await answer.request.sizes())["responseBodySize"]
            kind = answer.request.resource_type
            sizes[kind] = sizes.get(kind, 0) + weight
        assert {kind: size for kind, size in sizes.items() if size > _BUDGETS.get(kind, size)} == {}
        assert sizes["document"] and len(answers) <= _MOST_REQUESTS
        assert await page.evaluate(_SHIFT) == 0


@pytest.mark.parametrize("path", _PAGES)
async def test_nothing_moves_while_a_page_arrives_slowly_and_its_style_is_at_hand(
    path: str, visiting: Callable[..., Any]
) -> None:
    async with visiting("billing-manager") as page:
        await page.goto(path)
        line = await page.context.new_cdp_session(page)
        await line.send("Network.emulateNetworkConditions", _SLOW_LINE)
        await page.goto(path)
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate(_SHIFT) == 0


@pytest.mark.parametrize(
    ("path", "opens"), [("/portal/billing", "th a"), ("/portal/exceptions", "th a"), ("/portal/held", "th a")]
)
async def test_a_fragment_is_small(path: str, opens: str, visiting: Callable[..., Any]) -> None:
    async with visiting("billing-manager") as page:
        await page.goto(path)
        async with page.expect_response(lambda answer: "hx-request" in answer.request.headers) as waited:
            await page.locator(f"tbody tr[data-row] {opens}").first.click()
        answer = await waited.value
        assert answer.ok and (await answer.request.sizes())["responseBodySize"] <= _FRAGMENT
