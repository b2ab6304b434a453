"""Tokens and keys, good and bad, and the challenge each refusal carries."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from contracts.problems import Conflict, StoreAway, Unauthenticated
from gateway.app import Gateway
from gateway.jwks import FRESH_S, RemoteKeys
from gateway.keys import ApiKeys
from gateway.tokens import Issuer, Tokens
from runtime.data.database import Database
from tests.support import tokens
from tests.support.clock import FixedClock
from tests.support.tiny import Desk
from tests.support.tokens import BASE, ISSUER, NOW_S, TestIssuer
from tests.unit.gateway.conftest import CONFIG, Build, client_of

NOTE = "/process/v1/notes/n7"
METADATA = f'realm="gw", resource_metadata="{BASE}/.well-known/oauth-protected-resource"'


async def ask(gateway: Gateway, token: str, **headers: str) -> httpx.Response:
    async with client_of(gateway, token) as client:
        return await client.get(NOTE, headers=headers)


async def test_without_credentials_the_challenge_names_no_error(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get(NOTE)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == f"Bearer {METADATA}"
    assert answer.headers["proxy-status"] == "gw; error=http_request_denied"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"exp": NOW_S - 6}, "The token expired; get a new one."),
        ({"iat": NOW_S + 61}, "The token is not valid yet."),
        ({"nbf": NOW_S + 61}, "The token is not valid yet."),
        ({"exp": "soon"}, "The token has a time that is no number."),
        ({"iss": "https://other.example"}, "The token comes from an issuer that is not trusted here."),
        ({"iss": ISSUER + "/"}, "The token comes from an issuer that is not trusted here."),
        ({"aud": "https://other.example"}, "The token is for another audience; ask for https://gw.example/process."),
        ({"aud": [f"{BASE}/system"]}, "The token is for another audience; ask for https://gw.example/process."),
        ({"jti": None}, "The token lacks the claim jti."),
        ({"client_id": None}, "The token lacks the claim client_id."),
        ({"tenant": None}, "The token names no tenant, or has a claim of the wrong type."),
        ({"scope": ["notes:read"]}, "The token names no tenant, or has a claim of the wrong type."),
        ({"cnf": {"jkt": "x"}}, "The token is bound to a key; sent as a Bearer token it proves nothing."),
        ({"header": {"typ": "JWT"}}, "The token is not an access token; its typ is at+jwt."),
        ({"header": {"typ": "dpop+jwt"}}, "The token is not an access token; its typ is at+jwt."),
        ({"header": {"crit": ["exp"], "exp": 1}}, "The token has critical header parameters that are not understood."),
        ({"header": {"kid": "other"}}, "The token is signed with a key its issuer does not publish."),
        ({"header": {"alg": "PS256"}}, "The token is signed with an algorithm that is not allowed for its issuer."),
    ],
)
async def test_a_token_that_does_not_hold(build: Build, issuer: TestIssuer, changes: dict[str, Any], says: str) -> None:
    only_rs256 = 'jwks_uri = "https://id.example/jwks"\nalgorithms = ["RS256"]\n'
    config = CONFIG.replace('jwks_uri = "https://id.example/jwks"\n', only_rs256)
    answer = await ask(build(config=config), issuer.token(**changes))
    assert (answer.status_code, answer.json()["detail"]) == (401, says)
    assert answer.headers["www-authenticate"] == f'Bearer error="invalid_token", error_description="{says}", {METADATA}'


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT"])
async def test_good_tokens(gateway: Gateway, issuer: TestIssuer, typ: str) -> None:
    token = issuer.token({"typ": typ}, aud=["https://other.example", f"{BASE}/process"], exp=NOW_S - 4)
    assert (await ask(gateway, token)).status_code == 200


async def test_forgeries(gateway: Gateway, issuer: TestIssuer) -> None:
    good = issuer.token()
    header, payload, signature = good.split(".")
    thief = TestIssuer()
    forged = [
        tokens.unsigned(issuer.claims()),
        tokens.confused(issuer),
        issuer.token({"jwk": thief.key.as_dict(private=False)}, key=thief.key),
        issuer.token({"jku": "https://evil.example/jwks", "kid": None}, key=thief.key),
        f"{header}.{payload}.{signature}=",
        f"{header}.{payload}.{signature[:-1]}{'B' if signature[-1] != 'B' else 'C'}",
        f"{header}.{payload}",
        f"{header}.{tokens.encoded(msgspec.json.encode(issuer.claims(tenant='other')))}.{signature}",
        "not-a-token",
        "x" * 9000,
    ]
    for token in forged:
        assert (await ask(gateway, token)).status_code == 401, token[:60]
    assert (await ask(gateway, good)).status_code == 200


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA"])
async def test_other_algorithms(clock: FixedClock, algorithm: str) -> None:
    issuer = TestIssuer(algorithm)
    verifier = verifying(issuer, clock)
    assert (await verifier.verify(issuer.token())).principal == "maya"
    with pytest.raises(Unauthenticated):
        await verifier.verify(TestIssuer(algorithm).token())


def verifying(issuer: TestIssuer, clock: FixedClock, asked: list[str] | None = None) -> Tokens:
    async def fetch(url: str) -> bytes:
        (asked if asked is not None else []).append(url)
        return msgspec.json.encode(issuer.jwks())

    return Tokens([Issuer(issuer=ISSUER, keys=RemoteKeys("https://id.example/jwks", fetch))], clock)


async def test_a_verified_token_is_remembered_until_it_ends(clock: FixedClock, issuer: TestIssuer) -> None:
    verifier, token = verifying(issuer, clock), issuer.token(exp=NOW_S + 100)
    assert verifier.remembered(token, clock.now()) is None
    identity = await verifier.verify(token)
    assert verifier.remembered(token, clock.now()) is identity
    clock.advance(timedelta(seconds=106))
    assert verifier.remembered(token, clock.now()) is None
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


class Ticks:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_keys_are_kept_while_the_issuer_is_away(issuer: TestIssuer) -> None:
    ticks, asked, away = Ticks(), [], False

    async def fetch(url: str) -> bytes:
        asked.append(url)
        if away:
            raise OSError
        return msgspec.json.encode(issuer.jwks())

    keys = RemoteKeys("https://id.example/jwks", fetch, stale_s=3600, ticks=ticks)
    assert await keys.find("k1", "RS256") is not None
    for _ in range(5):
        assert await keys.find("unknown", "RS256") is None
    assert len(asked) == 1, "the first request was just now: unknown ids wait for the cool-down"
    ticks.now = 31
    await keys.find("unknown", "RS256")
    await keys.find("other", "RS256")
    assert len(asked) == 2, "one request for all unknown ids together"
    away, ticks.now = True, 31 + FRESH_S
    assert await keys.find("k1", "RS256") is not None
    ticks.now = 31 + 3601
    with pytest.raises(StoreAway):
        await keys.find("k1", "RS256")


async def test_a_key_that_is_withdrawn_ends_remembered_tokens(clock: FixedClock, issuer: TestIssuer) -> None:
    verifier = verifying(issuer, clock)
    keys = verifier._issuers[ISSUER].keys
    await verifier.verify(issuer.token())
    keys.epoch += 1
    assert verifier.remembered(issuer.token(), clock.now()) is None


async def test_several_credentials_are_malformed(gateway: Gateway, issuer: TestIssuer) -> None:
    good = issuer.token()
    answers = [await ask(gateway, good, **{"x-api-key": "lw_test_x"}), await ask(gateway, "")]
    async with client_of(gateway) as client:
        answers.append(await client.get(f"{NOTE}?access_token={good}"))
        twice = [("authorization", f"Bearer {good}"), ("authorization", f"Bearer {good}")]
        answers.append(await client.get(NOTE, headers=twice))
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
        assert 'error="invalid_request"' in answer.headers["www-authenticate"]


async def test_a_missing_scope_is_named(gateway: Gateway, issuer: TestIssuer) -> None:
    async with client_of(gateway, issuer.token(scope="notes:read")) as client:
        answer = await client.post("/process/v1/notes", json={"text": "hi"}, headers={"idempotency-key": '"k"'})
    assert (answer.status_code, answer.json()["facts"]) == (403, {"scope": "notes:write"})
    assert "burst" in answer.headers["ratelimit"]
    assert answer.headers["www-authenticate"] == f'Bearer error="insufficient_scope", scope="notes:write", {METADATA}'


async def test_an_address_with_too_many_failures_is_refused_unheard(build: Build, issuer: TestIssuer) -> None:
    gateway = build("\n[policy.auth]\nfailures_burst = 3\n")
    good = issuer.token()
    assert (await ask(gateway, good)).status_code == 200
    assert [(await ask(gateway, f"bad{i}")).status_code for i in range(4)] == [401, 401, 401, 429]
    refused = await ask(gateway, issuer.token(jti="t2"))
    assert refused.json()["type"] == "https://iana.org/assignments/http-problem-types#abnormal-usage-detected"
    assert refused.headers["retry-after"] == "1"
    assert (await ask(gateway, good)).status_code == 200, "who proved himself before is not locked out by a neighbour"


async def test_api_keys(gateway: Gateway, database: Database, clock: FixedClock, desk: Desk) -> None:
    keys = gateway.services.keys
    assert isinstance(keys, ApiKeys)
    key, text = await keys.create("acme", "robot", ("notes:read",), expires_at=clock.now() + timedelta(days=1))
    assert text.startswith("lw_test_")
    assert text not in str(await database.fetch("select * from api_key"))

    async def with_key(value: str) -> httpx.Response:
        async with client_of(gateway) as client:
            return await client.get(NOTE, headers={"x-api-key": value})

    assert (await with_key(text)).status_code == 200
    assert desk.calls[-1][1].tenant == "acme"
    for bad in (text[:-1] + "x", text.replace("lw_test_", "lw_live_"), "nonsense"):
        assert (await with_key(bad)).status_code == 401
    await keys.revoke("acme", key.id)
    revoked = await with_key(text)
    assert revoked.json()["detail"] == "This key was revoked on 20 Nov 2026; make a new one."


async def test_a_client_has_two_keys_at_most(gateway: Gateway) -> None:
    keys = gateway.services.keys
    assert isinstance(keys, ApiKeys)
    first, _ = await keys.create("acme", "robot", ())
    await keys.create("acme", "robot", ())
    with pytest.raises(Conflict):
        await keys.create("acme", "robot", ())
    await keys.revoke("acme", first.id)
    await keys.create("acme", "robot", ())
    assert len(await keys.list_keys("acme")) == 3
    assert await keys.list_keys("other") == []
