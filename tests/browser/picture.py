"""The README's picture of the portal, from the running product: `python -m tests.browser.picture docs/images/billing.png`.

Starts the demo in a folder of its own, waits for work that can be billed, bills some of it as its people would, and looks.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from tests.support.demo import Demo, demo, until

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SIZE = {"width": 1440, "height": 900}
_LEAST_READY, _BILLED = 8, 4


def _queue(running: Demo, state: str) -> list[dict[str, Any]]:
    got = running.api("billing-analyst", "GET", f"/experience/v1/billing-queue?state={state}")
    found: list[dict[str, Any]] = got.body["items"] if got.status == 200 else []
    return found


def _bill(running: Demo, item: dict[str, Any]) -> bool:
    """Draft, approve and post; False for an item that cannot be billed any more."""
    drafted = running.api("billing-analyst", "POST", f"/process/v1/bill-groups/{item['id']}/draft")
    if drafted.status != 201:
        return False
    invoice, seen = drafted.body["id"], {"draft_version": drafted.body["draft_version"]}
    approved = running.api("billing-manager", "POST", f"/process/v1/invoices/{invoice}/approve", seen)
    return approved.status == 200 and running.api(
        "billing-manager", "POST", f"/process/v1/invoices/{invoice}/post"
    ).status == 202  # fmt: skip


async def _look(url: str, to: Path) -> None:
    path = next(filter(None, map(shutil.which, _CHROMIUM)))
    arguments = [] if os.geteuid() else ["--no-sandbox"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        page = await browser.new_page(base_url=url, viewport=_SIZE, color_scheme="light")  # type: ignore[arg-type]
        await page.goto("/portal/sign-in")
        await page.locator("button[value='billing-manager']").click()
        await page.wait_for_url("**/portal/billing")
        await page.reload(wait_until="networkidle")
        await page.screenshot(path=to)
        await browser.close()


def main(to: Path) -> None:
    """Write the picture."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder) / "state") as running:
        until(lambda: len(_queue(running, "ready")) >= _LEAST_READY, "work that can be billed", 600)
        begun = sum(_bill(running, item) for item in _queue(running, "ready")[-_BILLED:])
        until(lambda: len(_queue(running, "billed")) >= begun, "posted invoices", 300)
        asyncio.run(_look(running.url, to))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/billing.png"))
