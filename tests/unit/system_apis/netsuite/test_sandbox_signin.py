"""The simulated account lets in only what a real one would."""

import hmac
import time
from base64 import b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from system_apis.netsuite.sandbox import KEY_FILE, SECRET_FILE, TBA_FILE, netsuite
from tests.unit.system_apis.netsuite.conftest import RECORDS, TODAY, URL, Sandbox


async def test_a_good_assertion_buys_a_bearer_token(sandbox: Sandbox) -> None:
    answer = await sandbox.token(sandbox.assertion())
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "bearer"
    assert int(answer.json()["expires_in"]) == 3600


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"aud": "http://elsewhere/token"}, "invalid_grant"),
        ({"iss": "somebody-else"}, "invalid_client"),
        ({"header": {"kid": "unknown"}}, "invalid_client"),
        ({"exp": 1}, "invalid_grant"),
        ({"exp": 4102444800}, "invalid_grant"),
        ({"scope": ["everything"]}, "invalid_scope"),
    ],
)
async def test_a_wrong_assertion_is_refused(sandbox: Sandbox, wrong: dict[str, Any], error: str) -> None:
    answer = await sandbox.token(sandbox.assertion(**wrong))
    assert (answer.status_code, answer.json()) == (400, {"error": error})


async def test_another_key_or_no_jwt_is_refused(sandbox: Sandbox) -> None:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    stranger = ec.generate_private_key(ec.SECP256R1()).private_bytes(*form).decode()
    for assertion in (sandbox.assertion(key=stranger), "not.a.jwt", "e30.e30.", "x"):
        answer = await sandbox.token(assertion)
        assert answer.status_code == 400
        assert answer.json()["error"] in ("invalid_grant", "invalid_client")


async def test_a_request_without_a_live_token_gets_the_vendors_401(sandbox: Sandbox) -> None:
    await sandbox.fault(kind="token_expired")
    for _ in range(2):
        answer = await sandbox.http.get(f"{RECORDS}/customer")
        assert answer.status_code == 401
        assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"
    await sandbox.sign_in()
    sandbox.clock.advance(seconds=3601)
    assert (await sandbox.http.get(f"{RECORDS}/customer")).status_code == 401


async def test_a_token_without_rest_scope_may_not_read(sandbox: Sandbox) -> None:
    answer = await sandbox.token(sandbox.assertion(scope="suite_analytics"))
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await sandbox.http.get(f"{RECORDS}/customer", headers=headers)).status_code == 403


def _signed(tba: dict[str, str], url: str, nonce: str, query: str = "", realm: str = "7300148_SB1") -> str:
    own = {
        "oauth_consumer_key": tba["consumer_key"],
        "oauth_token": tba["token_id"],
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(time.time())),
        "oauth_nonce": nonce,
        "oauth_version": "1.0",
    }
    pairs = sorted([*own.items(), *(tuple(p.split("=")) for p in query.split("&") if p)])
    normal = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in pairs)
    base = "&".join(("GET", quote(url, safe="~"), quote(normal, safe="~")))
    key = f"{tba['consumer_secret']}&{tba['token_secret']}"
    own["oauth_signature"] = b64encode(hmac.new(key.encode(), base.encode(), sha256).digest()).decode()
    return f'OAuth realm="{realm}",' + ",".join(f'{k}="{quote(v, safe="~")}"' for k, v in own.items())


async def test_token_based_requests_are_verified_and_credentials_lie_beside_the_store(tmp_path: Any) -> None:
    app = netsuite(tmp_path, TODAY, URL)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0
    assert httpx.Response(200, content=(tmp_path / SECRET_FILE).read_bytes()).json()["private_key"].startswith("file:")
    tba = httpx.Response(200, content=(tmp_path / TBA_FILE).read_bytes()).json()
    url = f"{URL}{RECORDS}/customer"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        good = {"authorization": _signed(tba, url, "n1", "limit=1")}
        assert (await http.get(f"{url}?limit=1", headers=good)).status_code == 200
        assert (await http.get(f"{url}?limit=1", headers=good)).status_code == 401, "a nonce is good once"
        other = {"authorization": _signed(tba, url, "n2", "limit=2")}
        assert (await http.get(f"{url}?limit=1", headers=other)).status_code == 401
        wrong = {"authorization": _signed(tba | {"token_secret": "x"}, url, "n3")}
        assert (await http.get(url, headers=wrong)).status_code == 401
        realm = {"authorization": _signed(tba, url, "n4", realm="7300148-sb1")}
        assert (await http.get(url, headers=realm)).status_code == 401


async def test_state_survives_a_restart(tmp_path: Any, pem: str) -> None:
    first = Sandbox(pem)
    first.app = netsuite(tmp_path, TODAY, URL, private_key=pem, clock=first.clock)
    first.http = httpx.AsyncClient(transport=httpx.ASGITransport(first.app), base_url=URL)
    await first.sign_in()
    body = {"companyName": "Quillon", "subsidiary": {"externalId": "US01"}}
    location = (await first.put("customer/eid:cus_1", body)).headers["location"]
    second = httpx.AsyncClient(
        transport=httpx.ASGITransport(netsuite(tmp_path, TODAY, URL, clock=first.clock)), headers=first.http.headers
    )
    answer = await second.get(location)
    assert answer.json()["companyName"] == "Quillon"


async def test_the_sixteenth_request_at_once_is_refused(sandbox: Sandbox) -> None:
    import asyncio

    answers = await asyncio.gather(*(sandbox.http.get(f"{RECORDS}/currency") for _ in range(20)))
    refused = [a for a in answers if a.status_code == 429]
    assert len(refused) == 5
    assert refused[0].json()["o:errorDetails"][0]["o:errorCode"] == "CONCURRENCY_LIMIT_EXCEEDED"
    limits = await sandbox.http.get("/services/rest/system/v1/governanceLimits")
    assert limits.json()["accountConcurrencyLimit"] == 15


async def test_a_reset_forgets_everything_and_seeds_again(sandbox: Sandbox) -> None:
    await sandbox.put("customer/eid:cus_1", {"companyName": "Quillon", "subsidiary": {"externalId": "US01"}})
    assert (await sandbox.http.post("/_sandbox/reset")).status_code == 200
    assert (await sandbox.http.get(f"{RECORDS}/customer")).status_code == 401, "tokens are gone too"
    await sandbox.sign_in()
    assert (await sandbox.http.get(f"{RECORDS}/customer/eid:cus_1")).status_code == 404
    assert (await sandbox.http.get(f"{RECORDS}/customer/eid:NORTHSTAR")).status_code == 200
