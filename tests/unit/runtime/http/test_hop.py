"""Tokens between layers, as somebody would see them who wants in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from contracts.call import Call
from contracts.problems import Unauthenticated
from contracts.wire import to_builtins
from runtime.http.hop import HopTokens, fingerprint, read_key
from tests.support.clock import FixedClock

KEY, OTHER = b"k" * 32, b"o" * 32
CALL = Call(
    tenant="acme",
    principal="ada",
    client="desk",
    scopes=frozenset({"a:read", "b:write"}),
    correlation_id="cor",
    request_id="req",
    idempotency_key="k",
    expected_versions=(3,),
    deadline=datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC),
)
HERE = fingerprint("POST", "/x/1", "a=1", b"{}")


@pytest.fixture
def tokens(clock: FixedClock) -> HopTokens:
    return HopTokens(KEY, clock)


def test_a_call_arrives_as_it_was(tokens: HopTokens):
    assert tokens.read(tokens.sign(CALL, HERE), HERE) == CALL


@pytest.mark.parametrize(
    "other",
    [
        ("PUT", "/x/1", "a=1", b"{}"),
        ("POST", "/x/2", "a=1", b"{}"),
        ("POST", "/x%2F1", "a=1", b"{}"),
        ("POST", "/x/1/", "a=1", b"{}"),
        ("POST", "/x/1", "a=2", b"{}"),
        ("POST", "/x/1", "a=1&a=2", b"{}"),
        ("POST", "/x/1", "", b"{}"),
        ("POST", "/x/1", "a=", b"1{}"),
        ("POST", "/x/1", "a=1", b"{} "),
        ("POST", "/x/1", "a=1", b""),
    ],
)
def test_a_token_holds_for_one_request_only(tokens: HopTokens, other: Any):
    with pytest.raises(Unauthenticated):
        tokens.read(tokens.sign(CALL, HERE), fingerprint(*other))


def test_escapes_may_be_rewritten_on_the_way():
    assert fingerprint("GET", "/a/x:y%2Fz/%28b%29", "q=%2B%20%C3%A9&r=", b"") == fingerprint(
        "GET", "/a/x%3Ay%2fz/(b)", "q=%2b+%c3%a9&r=", b""
    )


def test_a_token_lives_a_minute(tokens: HopTokens, clock: FixedClock):
    token = tokens.sign(CALL, HERE)
    clock.advance(seconds=60)
    tokens.read(token, HERE)
    clock.advance(seconds=6)
    with pytest.raises(Unauthenticated):
        tokens.read(token, HERE)


def test_a_token_of_tomorrow_is_none(tokens: HopTokens, clock: FixedClock):
    with pytest.raises(Unauthenticated):
        tokens.read(HopTokens(KEY, FixedClock(clock.now() + timedelta(hours=1))).sign(CALL, HERE), HERE)


def _forged(clock: FixedClock, key: bytes = KEY, header: Any = None, **claims: Any) -> str:
    now = int(clock.now().timestamp())
    good = {"call": to_builtins(CALL), "aud": HERE, "iat": now, "exp": now + 60}
    named = {"alg": "HS256", "typ": "ledgerway-hop+jwt", **(header or {})}
    whole = {name: value for name, value in (good | claims).items() if value is not None}
    return jwt.encode(named, whole, OctKey.import_key(key), algorithms=["HS256", "HS384", "HS512"])


def test_a_good_forgery_would_be_taken(tokens: HopTokens, clock: FixedClock):
    """Else the test below proves nothing."""
    assert tokens.read(_forged(clock), HERE) == CALL


@pytest.mark.parametrize(
    "change",
    [
        {"key": OTHER},
        {"header": {"typ": "at+jwt"}},
        {"header": {"alg": "HS512"}, "key": KEY * 2},
        {"aud": None},
        {"aud": [HERE]},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1e300},
        {"exp": 10**12},
        {"call": None},
        {"call": {"tenant": "acme"}},
        {"call": "acme"},
    ],
)
def test_what_is_not_made_here_is_not_taken(tokens: HopTokens, clock: FixedClock, change: Any):
    with pytest.raises(Unauthenticated):
        tokens.read(_forged(clock, **change), HERE)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.ü.ö", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_not_taken(tokens: HopTokens, token: str):
    with pytest.raises(Unauthenticated):
        tokens.read(token, HERE)


def test_a_cut_or_changed_token_is_not_taken(tokens: HopTokens):
    head, body, signature = tokens.sign(CALL, HERE).split(".")
    for token in (f"{head}.{body}.", f"{head}.{body}", f"{head}.{body[:-2]}AA.{signature}"):
        with pytest.raises(Unauthenticated):
            tokens.read(token, HERE)


def test_a_short_key_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="32 bytes"):
        HopTokens(KEY[:-1])
    (tmp_path / "short").write_bytes(KEY[:-1] + b"\n")
    with pytest.raises(ValueError, match="short holds 31 bytes"):
        read_key(tmp_path / "short")
    with pytest.raises(ValueError, match="none"):
        read_key(tmp_path / "none")
    (tmp_path / "key").write_bytes(KEY + b"\r\n")
    assert read_key(tmp_path / "key") == KEY
