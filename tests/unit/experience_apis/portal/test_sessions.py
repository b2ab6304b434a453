"""Signing in and out, what the cookies are, and forms that did not come from us."""

import httpx
import pytest

from runtime.data.database import Database
from tests.support.clock import FixedClock
from tests.support.portal import browser, form_token, sign_in
from tests.support.tokens import BASE
from tests.unit.experience_apis.portal.conftest import Build

SESSION = "__Host-lw_sandbox_session"


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(stranger: httpx.AsyncClient) -> None:
    away = await stranger.get("/portal/billing?view=blocked")
    assert away.status_code == 303
    assert away.headers["location"] == "/portal/sign-in?next=%2Fportal%2Fbilling%3Fview%3Dblocked"
    page = await stranger.get(away.headers["location"])
    assert 'value="/portal/billing?view=blocked"' in page.text
    back = await sign_in(stranger, "billing-analyst", "/portal/billing?view=blocked")
    assert (back.status_code, back.headers["location"]) == (303, "/portal/billing?view=blocked")
    assert (await stranger.get("/portal/billing")).status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example",
        "/portalx",
        "/portal/\\evil",
        "//[",
        "/portal/\u6f22",
        "/portal/a\u0085b",
    ],
)
async def test_signing_in_leads_to_pages_of_ours_only(stranger: httpx.AsyncClient, elsewhere: str) -> None:
    page = await stranger.get("/portal/sign-in", params={"next": elsewhere})
    assert 'name="next" value="/portal/billing"' in page.text
    entered = await sign_in(stranger, "billing-analyst", elsewhere)
    assert (entered.status_code, entered.headers["location"]) == (303, "/portal/billing")


async def test_the_session_is_out_of_reach_of_scripts_and_other_sites(stranger: httpx.AsyncClient) -> None:
    entered = await sign_in(stranger, "billing-analyst")
    cookie = next(c for c in entered.headers.get_list("set-cookie") if c.startswith(SESSION))
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


async def test_on_a_laptop_without_tls_the_session_works_too(build: Build) -> None:
    async with browser(build(base_url="http://127.0.0.1:8080")) as client:
        entered = await sign_in(client, "billing-analyst")
        cookie = next(c for c in entered.headers.get_list("set-cookie") if c.startswith("lw_sandbox_session"))
        assert "HttpOnly" in cookie and "Secure" not in cookie


async def test_signing_out_ends_the_session_for_whoever_kept_its_cookie(stranger: httpx.AsyncClient) -> None:
    await sign_in(stranger, "billing-analyst")
    kept = stranger.cookies[SESSION]
    page = await stranger.get("/portal/help")
    left = await stranger.post("/portal/sign-out", data={"form_token": form_token(page.text)})
    assert (left.status_code, left.headers["location"]) == (303, "/portal/sign-in")
    assert SESSION not in stranger.cookies
    stranger.cookies.set(SESSION, kept, domain="gw.example", path="/")
    assert (await stranger.get("/portal/help")).status_code == 303


async def test_a_session_ends_after_a_working_day(stranger: httpx.AsyncClient, clock: FixedClock) -> None:
    await sign_in(stranger, "billing-analyst")
    clock.advance(hours=8, seconds=1)
    assert (await stranger.get("/portal/help")).status_code == 303


async def test_the_database_holds_no_session_that_could_be_used(
    stranger: httpx.AsyncClient, database: Database
) -> None:
    await sign_in(stranger, "billing-analyst")
    row = await database.fetchrow("select * from portal_session where tenant = 'acme'")
    assert row is not None
    assert stranger.cookies[SESSION].encode() not in row["id"]
    stranger.cookies.set(SESSION, row["id"].hex(), domain="gw.example", path="/")
    assert (await stranger.get("/portal/help")).status_code == 303


@pytest.mark.parametrize("session", ["", "x", "a" * 43, "a" * 5000, "%00", "'; drop table run; --"])
async def test_an_invented_session_is_nobody(stranger: httpx.AsyncClient, session: str) -> None:
    answer = await stranger.get("/portal/help", headers={"cookie": f"{SESSION}={session}"})
    assert answer.status_code == 303


async def test_changing_the_persona_ends_the_session_before(stranger: httpx.AsyncClient) -> None:
    await sign_in(stranger, "billing-analyst")
    kept = stranger.cookies[SESSION]
    await sign_in(stranger, "executive")
    assert "Executive" in (await stranger.get("/portal/help")).text
    stranger.cookies.set(SESSION, kept, domain="gw.example", path="/")
    assert (await stranger.get("/portal/help")).status_code == 303


async def test_there_is_no_portal_in_live_mode(build: Build) -> None:
    async with browser(build(mode="live")) as client:
        for path in ("/portal", "/portal/sign-in", "/portal/billing"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post("/portal/sign-in", data={"persona": "billing-manager"})).status_code == 404


async def test_an_unknown_persona_is_told_and_nobody_signed_in(stranger: httpx.AsyncClient) -> None:
    answer = await sign_in(stranger, "root")
    assert answer.status_code == 422
    assert "There is no persona root." in answer.text
    assert SESSION not in stranger.cookies


@pytest.mark.parametrize(
    "to",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/portal\\..\\x", "javascript:alert(1)", "/other"],
)
async def test_signing_in_leads_nowhere_but_to_the_portal(stranger: httpx.AsyncClient, to: str) -> None:
    assert (await sign_in(stranger, "billing-analyst", to)).headers["location"] == "/portal/billing"


async def test_a_form_without_its_token_changes_nothing(stranger: httpx.AsyncClient) -> None:
    await sign_in(stranger, "billing-analyst")
    for form in ({}, {"form_token": ""}, {"form_token": "x" * 87}, {"form_token": f"{'a' * 22}.{'0' * 64}"}):
        answer = await stranger.post("/portal/sign-out", data=form)
        assert answer.status_code == 403
        assert "made for another session" in answer.text
    assert (await stranger.get("/portal/help")).status_code == 200


async def test_a_token_of_somebody_else_is_none(build: Build) -> None:
    gateway = build()
    async with browser(gateway) as mine, browser(gateway) as theirs:
        await sign_in(mine, "billing-analyst")
        await sign_in(theirs, "billing-analyst")
        token = form_token((await theirs.get("/portal/help")).text)
        assert (await mine.post("/portal/sign-out", data={"form_token": token})).status_code == 403


async def test_a_form_sent_from_another_site_is_refused_even_with_a_token(stranger: httpx.AsyncClient) -> None:
    await sign_in(stranger, "billing-analyst")
    token = form_token((await stranger.get("/portal/help")).text)
    answer = await stranger.post(
        "/portal/sign-out", data={"form_token": token}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403


async def test_signing_in_and_out_is_audited(build: Build, database: Database) -> None:
    gateway = build()
    await gateway.start()
    async with browser(gateway) as client:
        await sign_in(client, "billing-analyst")
        token = form_token((await client.get("/portal/help")).text)
        await client.post("/portal/sign-out", data={"form_token": token})
    await gateway.stop()
    rows = await database.fetch("select operation, principal from audit where tenant = 'acme' order by at, id")
    assert {("portal.sign_in", "billing-analyst"), ("portal.sign_out", "billing-analyst")} <= {tuple(r) for r in rows}


async def test_the_theme_is_kept_and_rendered_by_the_server(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/portal/sign-in")
    assert 'data-theme="system"' in page.text
    form = {"form_token": form_token(page.text), "theme": "dark", "next": "/portal/sign-in"}
    chosen = await stranger.post("/portal/preferences", data=form)
    assert chosen.headers["location"] == "/portal/sign-in"
    assert 'data-theme="dark"' in (await stranger.get("/portal/sign-in")).text
    assert f"{BASE}" not in chosen.headers["location"]
