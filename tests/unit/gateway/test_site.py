"""Health, metadata, problem pages, descriptions, mounted applications, configuration."""

from typing import Any

import httpx
import pytest

from contracts.problems import PROBLEMS
from gateway.config import ConfigError, load, read
from gateway.mounts import Mount
from gateway.problem_pages import FIXES
from gateway.routes import RouteError
from runtime.data.database import Database
from runtime.http.specs import Api, render
from tests.support.clock import FixedClock
from tests.support.tiny import Desk
from tests.unit.gateway.conftest import CONFIG, Build, client_of, served_by


async def test_health(stranger: httpx.AsyncClient, build: Build, module_database_url: str) -> None:
    assert (await stranger.get("/health/live")).json() == {"status": "live"}
    ready = await stranger.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["checks"]["outbox"] == {"ok": True, "age_s": 0}
    assert ready.headers["ledgerway-mode"] == "sandbox"
    away = await Database.connect(module_database_url)
    await away.close()
    async with client_of(build(database=away)) as client:
        unready = await client.get("/health/ready")
        assert (unready.status_code, unready.json()["status"]) == (503, "unready")
        assert (await client.head("/health/live")).status_code == 200


async def test_people_who_open_the_address_see_the_portal_and_programs_where_to_look(
    stranger: httpx.AsyncClient,
) -> None:
    page = await stranger.get("/", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page.headers["location"]) == (303, "/portal")
    plain = await stranger.get("/", headers={"accept": "*/*"})
    assert plain.status_code == 404
    assert "/.well-known/api-catalog" in plain.json()["detail"]


async def test_whose_the_connected_systems_are_shows_to_nobody(build: Build) -> None:
    known = {"tenant": "acme", "instance": "erp.acme", "vendor": "netsuite", "ports": ["erp"], "mode": "live"}
    async with client_of(build(vendors=lambda: [known])) as client:
        shown = (await client.get("/health/vendors")).json()
    assert shown == {"items": [{"vendor": "netsuite", "ports": ["erp"], "mode": "live"}]}


async def test_metadata_of_resources(stranger: httpx.AsyncClient) -> None:
    for path in ("", "/system", "/process", "/experience"):
        found = (await stranger.get(f"/.well-known/oauth-protected-resource{path}")).json()
        assert found["resource"] == f"https://gw.example{path}"
        assert found["bearer_methods_supported"] == ["header"]
        assert found["authorization_servers"] == ["https://id.example", "https://gw.example"]
        assert "notes:read" in found["scopes_supported"]


async def test_the_catalogue_lists_public_apis_only(build: Build, desk: Desk, clock: FixedClock) -> None:
    served = served_by(desk, clock)
    apis = (
        Api(file="process/notes.json", title="Notes", description="Notes.", served=served, public=True),
        Api(file="system/notes.json", title="Notes", description="Notes.", served=served),
    )
    async with client_of(build(apis=apis)) as client:
        answer = await client.get("/.well-known/api-catalog")
        assert answer.headers["content-type"].startswith("application/linkset+json")
        assert answer.headers["link"] == '</.well-known/api-catalog>; rel="api-catalog"'
        entries = answer.json()["linkset"]
        assert [entry["anchor"] for entry in entries] == ["https://gw.example/process/v1"]
        described = await client.get(entries[0]["service-desc"][0]["href"])
        assert described.content == render(apis)["ledgerway.json"]
        assert (await client.get("/openapi/system/notes.json")).status_code == 200


async def test_every_problem_has_a_page(stranger: httpx.AsyncClient) -> None:
    assert FIXES.keys() == PROBLEMS.keys()
    for slug in PROBLEMS:
        page = await stranger.get(f"/problems/{slug}")
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
    keys = await stranger.get("/problems/key-reused", headers={"accept": "application/json"})
    assert "24 hours" in keys.json()["idempotency_policy"]
    assert "Accept" in keys.headers["vary"]
    assert (await stranger.post("/problems/key-reused")).status_code == 405


async def test_a_mounted_application_gets_our_headers_and_limits(build: Build) -> None:
    seen: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-security-policy", b"mine")]})
        await send({"type": "http.response.body", "body": b"ok"})

    extra = "\n[policy.throttle.webhook]\nrate_per_s = 1\nburst = 2\n"
    mounts = (Mount("/system/v1/{instance}/webhooks", app, group="webhook"), Mount("/portal", app))
    async with client_of(build(extra, mounts=mounts)) as client:
        answer = await client.post("/system/v1/kantata/webhooks/c1")
        assert (answer.status_code, answer.text) == (202, "ok")
        assert answer.headers["content-security-policy"] == "mine"
        assert answer.headers["x-correlation-id"] == seen[0]["state"]["correlation_id"]
        await client.post("/system/v1/kantata/webhooks/c1")
        refused = await client.post("/system/v1/kantata/webhooks/c1")
        assert refused.status_code == 429
        assert refused.headers.get_list("x-correlation-id") == [refused.headers["x-correlation-id"]]
        assert (await client.get("/portal/x")).text == "ok"
        assert (await client.get("/portalx")).status_code == 404


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (
            "[policy.throttle.standard]\nrat = 1\nrate_per_s = 1\nburst = 1",
            "unknown field `rat` - at `$.policy.throttle[...]`",
        ),
        ("colour = 1", "unknown field `colour`"),
        ("[policy.throttle.standard]\nrate_per_s = 0\nburst = 1", "at least 1"),
        ("[policy.idempotency]\nlease_s = 10", "longer than deadline_s"),
        ('origins = ["*"]', "origins are listed one by one"),
        ('[[issuer]]\nissuer = "x"\njwks_uri = "http://id.example/jwks"', "over https"),
        ("name = ", "TOML"),
    ],
)
def test_a_wrong_configuration_names_its_path(toml: str, says: str) -> None:
    start = '[[route]]\nprefix = "/process/v1"\nlayer = "process"\ngroup = "standard"\n'
    limits = "" if "throttle" in toml else "\n[policy.throttle.standard]\nrate_per_s = 1\nburst = 1\n"
    top, tables = (toml, "") if not toml.startswith("[") else ("", toml)
    with pytest.raises(ConfigError) as refused:
        read(f"{top}\n{start}{limits}{tables}", "my.toml")
    assert str(refused.value).startswith("my.toml: ")
    assert says.lower() in str(refused.value).lower()


def test_the_built_in_configuration_is_good() -> None:
    assert {route.layer for route in load().route} == {"system", "process", "experience"}


def test_an_operation_without_a_route_stops_the_start(build: Build) -> None:
    with pytest.raises(RouteError):
        build(config=CONFIG.replace("/process/v1", "/process/v2"))
