"""`/metrics`: who may read it, and what it says of requests, limits and the installation."""

import httpx
import pytest

from runtime.data.database import Database
from tests.support.tokens import BASE, TestIssuer
from tests.unit.gateway.conftest import CONFIG, Build, client_of

NOTES = "/process/v1/notes"


def asking_from(build: Build, address: str, **parts: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=build(tenant="acme", **parts), client=(address, 5000))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=BASE)


def sample(text: str, name: str) -> float:
    return next((float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} ")), 0)


async def test_in_a_sandbox_this_machine_may_read_it(build: Build) -> None:
    async with asking_from(build, "127.0.0.1") as here:
        got = await here.get("/metrics")
    assert got.status_code == 200
    assert got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert sample(got.text, "ledgerway_facts_up") == 1
    assert got.text.count("# TYPE ledgerway_requests_total counter") == 1


@pytest.mark.parametrize(
    "headers", [{"x-forwarded-for": "9.9.9.9"}, {"forwarded": "for=9.9.9.9"}, {"via": "1.1 proxy"}]
)
async def test_what_came_through_a_proxy_did_not_come_from_here(build: Build, headers: dict[str, str]) -> None:
    async with asking_from(build, "127.0.0.1") as here:
        got = await here.get("/metrics", headers=headers)
    assert got.status_code == 401
    assert "www-authenticate" in got.headers


async def test_elsewhere_and_in_live_mode_it_takes_the_scope(build: Build, issuer: TestIssuer) -> None:
    async with asking_from(build, "10.0.0.7") as elsewhere:
        assert (await elsewhere.get("/metrics")).status_code == 401
    async with asking_from(build, "127.0.0.1", mode="live") as live:
        assert (await live.get("/metrics")).status_code == 401
        for scope, tenant, status in (
            ("notes:read", "acme", 403),
            ("metrics:read", "globex", 403),
            ("metrics:read", "acme", 200),
        ):
            token = issuer.token(aud=BASE, scope=scope, tenant=tenant)
            got = await live.get("/metrics", headers={"authorization": f"Bearer {token}"})
            assert got.status_code == status, (scope, tenant)


async def test_requests_and_refusals_are_counted(build: Build, issuer: TestIssuer) -> None:
    one_at_a_time = "\n[policy.throttle.standard]\nrate_per_s = 1\nburst = 1\n"
    config = CONFIG.replace("\n[policy.throttle.standard]\nrate_per_s = 10\nburst = 50\n", one_at_a_time)
    async with client_of(build(config=config), issuer.token()) as client:
        assert (await client.get(NOTES)).status_code == 200
        assert (await client.get(NOTES)).status_code == 429
        assert (await client.get("/nowhere")).status_code == 404
    async with asking_from(build, "127.0.0.1") as here:
        after = (await here.get("/metrics")).text
    for name in (
        'ledgerway_requests_total{operation="notes.list_notes",status="200",problem=""}',
        'ledgerway_requests_total{operation="notes.list_notes",status="429",problem="throttled"}',
        'ledgerway_requests_total{operation="page",status="404",problem="not-found"}',
        'ledgerway_limit_refusals_total{limit="burst"}',
    ):
        assert sample(after, name) >= 1, name


async def test_backlogs_show_with_their_age(build: Build, database: Database) -> None:
    await database.execute(
        "insert into outbox (tenant, id, type, source, subject, partitionkey, correlation_id, occurred_at, data) "
        "values ('acme', 'e1', 't', 's', 'x', 'x', 'c', timestamptz '2026-11-20 11:50Z', '{}')"
    )
    await database.execute(
        "insert into run (tenant, id, workflow, key, state, waiting_for, input, principal, correlation_id, updated_at) values "
        "('acme', 'r1', 'post_time', 'k', 'waiting', '{\"kind\": \"person\"}', '{}', 'p', 'c', timestamptz '2026-11-20 11:00Z')"
    )
    await database.execute("insert into slot (name) values ('slot-7')")
    try:
        async with asking_from(build, "127.0.0.1") as here:
            text = (await here.get("/metrics")).text
    finally:
        await database.execute("delete from outbox")
        await database.execute("delete from run")
        await database.execute("delete from slot")
    assert sample(text, "ledgerway_outbox_age_seconds") == 600
    assert sample(text, 'ledgerway_run_age_seconds{workflow="post_time",state="waiting"}') == 3600
    assert sample(text, 'ledgerway_runs_held{workflow="post_time"}') == 1
    assert sample(text, 'ledgerway_slots{state="dead"}') == 1


async def test_without_the_database_the_process_still_tells_of_itself(build: Build, module_database_url: str) -> None:
    away = await Database.connect(module_database_url)
    await away.close()
    async with asking_from(build, "127.0.0.1", database=away) as here:
        text = (await here.get("/metrics")).text
    assert sample(text, "ledgerway_facts_up") == 0
    assert "\nledgerway_outbox_age_seconds " not in text
    assert sample(text, "process_resident_memory_bytes") > 1_000_000
