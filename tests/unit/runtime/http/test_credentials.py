"""Tokens: one renewal for all who wait, kept until shortly before they end, and what a token endpoint can do wrong."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from contracts.problems import VendorCredentials, VendorUnavailable
from runtime.http import credentials
from runtime.http.credentials import CLIENT_ASSERTION, Grant, OAuthToken, Secret, read_secret
from runtime.http.outbound import Outbound, VendorBudget
from tests.support.clock import FixedClock

from .conftest import Vendor, address_of, answer, raw

FOUND = Secret(client_id="us", client_secret="hush & more")
GRANT = Grant(token_path="/token", grant_type="client_credentials", auth="client_secret_post")


def given(token: str, **more: object) -> Callable:
    return answer(body=json.dumps({"access_token": token, "token_type": "Bearer", **more}).encode())


@pytest.fixture
async def token(vendor: Vendor) -> AsyncIterator[OAuthToken]:
    made = OAuthToken("acme", vendor.url, FOUND, GRANT)
    yield made
    await made.close()


async def bearer(token: OAuthToken) -> str:
    return (await token.headers("GET", "/"))["authorization"]


async def test_one_token_serves_everybody_who_waits_and_whoever_comes_later(vendor: Vendor, token: OAuthToken):
    vendor.script = [given("t1"), given("t2")]
    assert set(await asyncio.gather(*(bearer(token) for _ in range(20)))) == {"Bearer t1"}
    assert await bearer(token) == "Bearer t1"
    (asked,) = vendor.asked
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["us"],
        "client_secret": ["hush & more"],
    }


async def test_many_refusals_of_one_token_make_one_new_token(vendor: Vendor, token: OAuthToken):
    vendor.script = [given("t1"), given("t2"), given("t3")]
    refused = await token.headers("GET", "/")
    for _ in range(3):
        token.forget(refused)
        assert await bearer(token) == "Bearer t2"
    assert len(vendor.asked) == 2


async def test_requests_in_flight_when_a_token_dies_all_succeed_with_one_renewal(vendor: Vendor, token: OAuthToken):
    vendor.script = [given("old"), given("new")]
    await bearer(token)
    api = Vendor()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.02)
        await answer(200 if b"Bearer new" in head else 401, connection="close")(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    api.url = address_of(server.sockets[0])
    acme = Outbound("acme", api.url, VendorBudget(concurrency=8), token)
    answers = await asyncio.gather(*(acme.send("POST", "/", operation="x") for _ in range(8)))
    assert {a.status for a in answers} == {200}
    assert len(vendor.asked) == 2
    await acme.close()
    server.close()


async def test_who_goes_away_does_not_spoil_it_for_the_others(vendor: Vendor, token: OAuthToken):
    body = given("t1")

    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        await body(writer)

    vendor.script = [slow]
    first = asyncio.create_task(bearer(token))
    second = asyncio.create_task(bearer(token))
    await asyncio.sleep(0.02)
    first.cancel()
    assert await second == "Bearer t1"
    assert len(vendor.asked) == 1


async def test_a_token_is_renewed_before_it_ends(vendor: Vendor, token: OAuthToken, monkeypatch: pytest.MonkeyPatch):
    vendor.script = [given("t1", expires_in="3600"), given("t2", expires_in=10)]
    await bearer(token)
    started = credentials.time.monotonic()
    monkeypatch.setattr(credentials.time, "monotonic", lambda: started + 3541)
    assert await bearer(token) == "Bearer t2"
    assert await bearer(token) == "Bearer t2"
    assert len(vendor.asked) == 2


@pytest.mark.parametrize(
    ("play", "problem", "said"),
    [
        (answer(400, b'{"error": "invalid_grant", "error_description": "refresh token abc"}'), VendorCredentials, "invalid_grant"),
        (answer(401, b"<html>"), VendorCredentials, "401"),
        (answer(200, b"<html>"), VendorCredentials, "200"),
        (answer(200, b'{"token_type": "Bearer"}'), VendorCredentials, "200"),
        (answer(429, b'{"error": "slow_down"}', retry_after="3"), VendorUnavailable, "429"),
        (answer(502, b"<html>"), VendorUnavailable, "502"),
        (raw(), VendorUnavailable, "did not answer"),
    ],
)  # fmt: skip
async def test_what_a_token_endpoint_can_do_wrong(vendor: Vendor, token: OAuthToken, play, problem: type, said: str):
    vendor.script = [play]
    outcomes = await asyncio.gather(*(bearer(token) for _ in range(3)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {problem}
    assert said in str(outcomes[0])
    assert "abc" not in str(outcomes[0])
    assert len(vendor.asked) == (2 if said == "did not answer" else 1)
    vendor.script = [given("t1")]
    assert await bearer(token) == "Bearer t1"


async def test_a_signed_assertion_stands_for_the_secret(vendor: Vendor):
    key, clock = ECKey.generate_key("P-256"), FixedClock()
    found = Secret(client_id="us", private_key=key.as_pem(private=True).decode(), key_id="k7")
    grant = Grant(
        token_path="/token",
        grant_type="client_credentials",
        form={"client_assertion_type": CLIENT_ASSERTION},
        assertion_field="client_assertion",
        assertion_algorithm="ES256",
        assertion_claims={"iss": "us", "aud": "acme"},
    )
    vendor.script = [given("t1")]
    token = OAuthToken("acme", vendor.url, found, grant, clock=clock)
    await bearer(token)
    await token.close()
    form = parse_qs(vendor.asked[0].body.decode())
    assertion = jwt.decode(form["client_assertion"][0], key, algorithms=["ES256"])
    now = int(clock.now().timestamp())
    assert assertion.claims == {"iss": "us", "aud": "acme", "iat": now, "exp": now + 180}
    assert assertion.header["kid"] == "k7"


def test_a_secret_is_a_document_behind_a_reference(tmp_path: Path):
    (tmp_path / "key.pem").write_text("PEM\n")
    (tmp_path / "secret.json").write_text(json.dumps({"client_id": "us", "private_key": f"file:{tmp_path}/key.pem"}))
    assert read_secret(f"file:{tmp_path}/secret.json") == Secret(client_id="us", private_key="PEM")


@pytest.mark.parametrize(
    "text", ["", "not JSON", '{"client_secret": "s3cret"}', '{"client_id": "us", "pasword": "s3cret"}']
)
def test_what_is_no_secret_is_said_without_showing_it(tmp_path: Path, text: str):
    (tmp_path / "secret.json").write_text(text)
    with pytest.raises(VendorCredentials) as refused:
        read_secret(f"file:{tmp_path}/secret.json")
    assert "s3cret" not in str(refused.value)


def test_a_secret_that_is_nowhere_is_told_apart(tmp_path: Path):
    with pytest.raises(VendorCredentials):
        read_secret(f"file:{tmp_path}/none.json")
