"""The development issuer, driven as a client would, and its absence in live mode."""

import stat
from base64 import b64encode
from pathlib import Path

import httpx
import pytest

from gateway.app import Gateway
from gateway.issuer import PERSONAS, DevelopmentIssuer, IssuerError
from tests.support.clock import FixedClock
from tests.support.tokens import BASE
from tests.unit.gateway.conftest import Build, client_of

FORM = {"grant_type": "client_credentials"}
OUTSIDER = {"client_id": "outsider", "client_secret": "sandbox-outsider"}


async def test_a_token_opens_the_layers(stranger: httpx.AsyncClient) -> None:
    metadata = (await stranger.get("/.well-known/openid-configuration")).json()
    assert metadata["issuer"] == BASE
    answer = await stranger.post(metadata["token_endpoint"], data=FORM | OUTSIDER)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    assert "notes:write" in token["scope"].split()
    headers = {"authorization": f"Bearer {token['access_token']}"}
    assert (await stranger.get("/process/v1/notes/n1", headers=headers)).status_code == 200
    keys = (await stranger.get(metadata["jwks_uri"])).json()["keys"]
    assert [set(key) & {"d", "use"} for key in keys] == [{"use"}]


async def test_basic_scope_and_resource(stranger: httpx.AsyncClient) -> None:
    basic = {"authorization": "Basic " + b64encode(b"outsider:sandbox-outsider").decode()}
    form = FORM | {"scope": "notes:read", "resource": f"{BASE}/system"}
    token = (await stranger.post("/oauth/token", data=form, headers=basic)).json()
    assert token["scope"] == "notes:read"
    headers = {"authorization": f"Bearer {token['access_token']}"}
    refused = await stranger.get("/process/v1/notes/n1", headers=headers)
    assert (refused.status_code, refused.json()["detail"]) == (
        401,
        "The token is for another audience; ask for https://gw.example/process.",
    )


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        (FORM, 401, "invalid_client"),
        (FORM | {"client_id": "outsider", "client_secret": "wrong"}, 401, "invalid_client"),
        (FORM | OUTSIDER | {"scope": "notes:read root"}, 400, "invalid_scope"),
        (FORM | OUTSIDER | {"resource": "https://evil.example"}, 400, "invalid_target"),
    ],
)
async def test_refusals(stranger: httpx.AsyncClient, form: dict[str, str], status: int, error: str) -> None:
    answer = await stranger.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("www-authenticate" in answer.headers) is (status == 401)
    assert (await stranger.post("/oauth/token", json=form)).json()["error"] == "invalid_request"


async def test_live_mode_has_no_issuer(build: Build, tmp_path: Path, clock: FixedClock) -> None:
    async with client_of(build(mode="live")) as client:
        assert (await client.post("/oauth/token", data=FORM | OUTSIDER)).status_code == 404
        assert (await client.get("/health/live")).headers["ledgerway-mode"] == "live"
    with pytest.raises(IssuerError):
        DevelopmentIssuer(mode="live", state_dir=tmp_path, base_url=BASE, tenant="t", clock=clock, scopes=())


async def test_the_key_survives_a_restart_and_is_the_owners(build: Build, gateway: Gateway, tmp_path: Path) -> None:
    assert gateway.issuer is not None
    token = gateway.issuer.issue("outsider")["access_token"]
    async with client_of(build(), token) as client:
        assert (await client.get("/process/v1/notes/n1")).status_code == 200
    assert stat.S_IMODE((tmp_path / "issuer-key.json").stat().st_mode) == 0o600


def test_no_persona_drafts_and_approves_alone() -> None:
    """SOD-1 is decided by the process; here the analyst simply cannot approve."""
    known = ["invoices:draft", "invoices:approve", "invoices:post", "billing-queue:read"]
    analyst = next(p for p in PERSONAS if p.id == "billing-analyst").scopes(known)
    assert analyst == ("billing-queue:read", "invoices:draft")
