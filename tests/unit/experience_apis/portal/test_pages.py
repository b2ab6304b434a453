"""Every page without script: who may see it, who may not, what is not there, and the rules all pages keep."""

import re

import httpx
import pytest

from runtime.data.database import Database
from tests.support.portal import browser, form_token, sign_in
from tests.unit.experience_apis.portal.conftest import Build

PAGES = (
    "/portal/billing",
    "/portal/billing?view=blocked",
    "/portal/help",
    "/portal/search?q=x",
    "/portal/nothing-here",
)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_keeps_the_rules_of_all_pages(stranger: httpx.AsyncClient, path: str) -> None:
    await sign_in(stranger, "billing-manager")
    answer = await stranger.get(path)
    html = answer.text
    assert html.startswith("<!doctype html>") and '<html lang="en"' in html
    assert html.count("<h1") == 1 and html.count('<main id="main"') == 1
    assert html.index('class="skip"') < html.index("<nav")
    assert 'id="live" class="hidden" role="status"' in html
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert "Sandbox data" in html
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src 'self';" in policy
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_leads_to_nothing(stranger: httpx.AsyncClient, path: str) -> None:
    await sign_in(stranger, "billing-manager")
    html = (await stranger.get(path)).text
    for link in set(re.findall(r'(?:href|src)="(/[^"#]+)', html)):
        answer = await stranger.get(link.replace("&amp;", "&"))
        assert answer.status_code in (200, 303) or link == path, link


async def test_a_refused_page_names_who_can_grant(stranger: httpx.AsyncClient) -> None:
    await sign_in(stranger, "project-manager")
    answer = await stranger.get("/portal/billing")
    assert answer.status_code == 403
    assert "You cannot open this" in answer.text and "<nav" in answer.text
    assert "Billing analyst" in answer.text and "Finance controller" in answer.text
    assert 'href="/portal/billing" data-go' not in answer.text


async def test_what_is_not_there_offers_the_search(stranger: httpx.AsyncClient) -> None:
    await sign_in(stranger, "billing-analyst")
    for path in ("/portal/nothing", "/portal/billing/items/bg_unknown", "/portal/static/none.css"):
        answer = await stranger.get(path)
        assert answer.status_code == 404
        assert 'action="/portal/search"' in answer.text
        assert answer.headers["x-correlation-id"] in answer.text


@pytest.mark.parametrize(("path", "status"), [("/portal/static/%00", 404), ("/portal/static/%ff", 400)])
async def test_what_is_no_text_is_no_page(stranger: httpx.AsyncClient, path: str, status: int) -> None:
    assert (await stranger.get(path)).status_code == status


@pytest.mark.parametrize(
    "query",
    ["view=none", "reverse=2", "sort=colour", "cursor=x", "view=ready&view=posted&sort=x", "entity=" + "x" * 99],
)
async def test_an_address_that_is_not_understood_says_so(stranger: httpx.AsyncClient, query: str) -> None:
    await sign_in(stranger, "billing-analyst")
    answer = await stranger.get(f"/portal/billing?{query}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text and answer.headers["x-correlation-id"] in answer.text


async def test_what_came_from_outside_is_text(stranger: httpx.AsyncClient) -> None:
    await sign_in(stranger, "billing-analyst")
    sent = "<script>alert(1)</script>\"'>"
    for path in ("/portal/search", "/portal/billing"):
        answer = await stranger.get(path, params={"q": sent, "search": sent})
        assert "<script>alert" not in answer.text and "&lt;script&gt;" in answer.text


async def test_a_database_that_is_away_is_told_in_the_layout(build: Build, database: Database) -> None:
    async with browser(build()) as client:
        await sign_in(client, "billing-analyst")
        await database.close()
        answer = await client.get("/portal/billing")
        assert answer.status_code == 503
        assert answer.text.startswith("<!doctype html>") and "/problems/store-away" in answer.text
        assert "postgres" not in answer.text.lower()


async def test_parts_and_plain_requests_are_answered_at_one_address(stranger: httpx.AsyncClient) -> None:
    await sign_in(stranger, "billing-analyst")
    part = await stranger.get("/portal/billing?view=blocked", headers={"hx-request-type": "partial"})
    assert "<!doctype" not in part.text and 'aria-label="Queue views"' in part.text
    assert '<hx-partial hx-target="#live"' in part.text
    assert "hx-request-type" in part.headers["vary"].lower()


async def test_without_a_session_a_part_sends_the_whole_page_to_sign_in(stranger: httpx.AsyncClient) -> None:
    part = await stranger.get("/portal/billing", headers={"hx-request-type": "partial"})
    assert part.headers["hx-redirect"].startswith("/portal/sign-in")


async def test_static_files_are_kept_for_ever_under_names_that_change(stranger: httpx.AsyncClient) -> None:
    html = (await stranger.get("/portal/sign-in")).text
    files = re.findall(r'"(/portal/static/[^"]+)"', html)
    assert len(files) == 5
    for file in files:
        answer = await stranger.get(file)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        assert re.search(r"\?v=[0-9a-f]{12}$|-\d+\.\d+\.\d+\.", file)


async def test_first_use_says_what_will_fill_the_queue(stranger: httpx.AsyncClient) -> None:
    await sign_in(stranger, "billing-analyst")
    html = (await stranger.get("/portal/billing")).text
    assert "No billing items yet" in html and "Items appear when approved time" in html


async def test_an_action_nobody_knows_is_not_found_and_one_without_items_says_so(stranger: httpx.AsyncClient) -> None:
    await sign_in(stranger, "billing-analyst")
    assert (await stranger.get("/portal/billing/preview?action=pay")).status_code == 404
    empty = await stranger.get("/portal/billing/preview?action=draft")
    assert "No item was selected" in empty.text
    form = {"form_token": form_token(empty.text)}
    assert (await stranger.post("/portal/billing/actions/draft", data=form)).status_code == 422


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("", "20 Nov 12:00 UTC"),
        ("America/New_York", "20 Nov 07:00 EST"),
        ("Pacific/Auckland", "21 Nov 01:00 NZDT"),
        ("../../etc/passwd", "20 Nov 12:00 UTC"),
        ("Nowhere/Atlantis", "20 Nov 12:00 UTC"),
    ],
)
async def test_times_are_those_of_the_browsers_zone_with_utc_beside(
    stranger: httpx.AsyncClient, zone: str, said: str
) -> None:
    await sign_in(stranger, "billing-manager")
    stranger.cookies.set("lw_zone", zone)
    html = (await stranger.get("/portal/held")).text
    assert f'<time datetime="2026-11-20T12:00:00+00:00" title="20 Nov 2026 12:00 UTC">{said}</time>' in html
