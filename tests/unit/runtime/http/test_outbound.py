"""Real sockets: what becomes of every way in which a vendor fails to answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from contracts.problems import OutcomeUnknown, VendorCredentials, VendorRefused, VendorUnavailable
from runtime.http import breaker, outbound
from runtime.http.breaker import Breaker
from runtime.http.outbound import Answer, Outbound, VendorBudget, retry_after

from .conftest import Badge, Vendor, answer, hang_up, raw, silence

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WRITES = ["POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
async def to() -> AsyncIterator[Callable[..., Outbound]]:
    made: list[Outbound] = []

    def make(url: str, credentials=None, timeout_s: float = 0.3, concurrency: int = 4) -> Outbound:
        budget = VendorBudget(concurrency=concurrency, timeout_s=timeout_s)
        made.append(Outbound("acme", url, budget, credentials))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.mark.parametrize("method", WRITES)
async def test_a_write_whose_answer_is_lost_is_unknown_and_never_sent_twice(vendor: Vendor, to, method: str):
    vendor.script = [hang_up]
    with pytest.raises(OutcomeUnknown) as lost:
        await to(vendor.url).send(method, "/things", operation="put thing", content=b"{}")
    assert len(vendor.asked) == 1
    assert lost.value.facts == {"vendor": "acme", "operation": "put thing", "failure": "connection_terminated"}


@pytest.mark.parametrize("method", WRITES)
async def test_a_write_on_a_kept_connection_that_ends_is_not_sent_twice_either(vendor: Vendor, to, method: str):
    vendor.script = [answer(), hang_up]
    acme = to(vendor.url)
    await acme.send("GET", "/", operation="read")
    with pytest.raises(OutcomeUnknown):
        await acme.send(method, "/", operation="write")
    assert (len(vendor.asked), vendor.connections) == (2, 1)


async def test_a_read_whose_answer_is_lost_is_asked_once_more(vendor: Vendor, to):
    vendor.script = [hang_up, answer(body=b"[1]")]
    assert (await to(vendor.url).send("GET", "/things", operation="read")).body == b"[1]"
    vendor.script = [hang_up]
    with pytest.raises(VendorUnavailable):
        await to(vendor.url).send("POST", "/query", operation="query", writes=False)
    assert [asked.method for asked in vendor.asked] == ["GET", "GET", "POST", "POST"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_refused_connection_is_unavailable_also_for_writes(nobody: str, to, method: str):
    with pytest.raises(VendorUnavailable) as refused:
        await to(nobody).send(method, "/", operation="x")
    assert refused.value.facts["failure"] == "connection_refused"


async def test_a_name_that_nobody_has_is_no_dead_vendor(to):
    with pytest.raises(VendorUnavailable) as unknown:
        await to("http://vendor.invalid").send("GET", "/", operation="x")
    assert unknown.value.facts["failure"] == "dns_error"


async def test_people_are_told_the_name_of_a_vendor(nobody: str):
    out = Outbound("netsuite", nobody, VendorBudget(concurrency=1, timeout_s=0.3))
    with pytest.raises(VendorUnavailable, match="Oracle NetSuite did not answer in") as found:
        await out.send("GET", "/", operation="x")
    assert found.value.facts["vendor"] == "netsuite"
    await out.close()


@pytest.mark.parametrize(("method", "problem"), [("GET", VendorUnavailable), ("POST", OutcomeUnknown)])
@pytest.mark.parametrize(
    ("play", "failure"),
    [
        (silence, "http_response_timeout"),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{", pause_s=0.05), "http_response_incomplete"),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", *[b"x"] * 8, pause_s=0.2), "http_response_timeout"),
        (raw(b"this is not HTTP\r\n\r\n"), "http_protocol_error"),
        (answer(body=b"not gzip", content_encoding="gzip"), "http_response_incomplete"),
    ],
    ids=["silent", "cut short", "trickling", "not HTTP", "not its encoding"],
)
async def test_an_answer_that_never_is_whole(vendor: Vendor, to, play, failure: str, method: str, problem: type):
    vendor.script = [play]
    async with asyncio.timeout(3):
        with pytest.raises(problem) as lost:
            await to(vendor.url).send(method, "/", operation="x")
    assert lost.value.facts["failure"] == failure
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_busy_vendor_did_nothing_and_says_when_to_come_back(vendor: Vendor, to, status: int, method: str):
    vendor.script = [answer(status, retry_after="7")]
    with pytest.raises(VendorUnavailable) as busy:
        await to(vendor.url).send(method, "/", operation="x")
    assert busy.value.retry_after_s == 7


@pytest.mark.parametrize(("method", "problem"), [("GET", VendorUnavailable), ("PATCH", OutcomeUnknown)])
async def test_a_vendor_that_fails_may_have_acted(vendor: Vendor, to, method: str, problem: type):
    vendor.script = [answer(500)]
    with pytest.raises(problem):
        await to(vendor.url).send(method, "/", operation="x")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("9" * 40, 3600),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30),
        ("Fri, 20 Nov 2026 14:00:30 +0200", 30),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("\xb2", None),
        ("", None),
    ],
)
def test_retry_after_in_both_forms(value: str, seconds: int | None):
    assert retry_after(Answer(status=503, headers={"retry-after": value}, body=b""), NOW) == seconds


async def test_refused_credentials_are_renewed_once(vendor: Vendor, to):
    vendor.script, badge = [answer(401), answer(201)], Badge()
    assert (await to(vendor.url, badge).send("POST", "/", operation="x", content=b"once")).status == 201
    assert [asked.headers["authorization"] for asked in vendor.asked] == ["bearer 1", "bearer 2"]
    assert [asked.body for asked in vendor.asked] == [b"once", b"once"]
    vendor.script = [answer(401)]
    with pytest.raises(VendorCredentials):
        await to(vendor.url, badge).send("GET", "/", operation="x")
    assert len(vendor.asked) == 4


async def test_an_answer_beyond_the_limit_is_cut_off(vendor: Vendor, to, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outbound, "MAX_ANSWER_BYTES", 1000)
    vendor.script = [answer(body=b"x" * 1000), answer(body=b"x" * 1001)]
    acme = to(vendor.url)
    assert len((await acme.send("GET", "/", operation="x")).body) == 1000
    with pytest.raises(VendorRefused):
        await acme.send("GET", "/", operation="x")
    with pytest.raises(OutcomeUnknown):
        await acme.send("POST", "/", operation="x")
    assert (len(vendor.asked), acme.breaker.state) == (3, "closed")


async def test_cookies_and_redirects_lead_nowhere(vendor: Vendor, to):
    vendor.script = [answer(302, set_cookie="session=s; Path=/", location="/elsewhere"), answer()]
    acme = to(vendor.url)
    assert (await acme.send("GET", "/", operation="x")).status == 302
    await acme.send("GET", "/", operation="x")
    assert [asked.target for asked in vendor.asked] == ["/", "/"]
    assert not any("cookie" in asked.headers for asked in vendor.asked)


@pytest.mark.parametrize("path", ["http://evil.example/x", "//evil.example/x", "next"])
async def test_credentials_are_not_carried_to_another_address(vendor: Vendor, to, path: str):
    with pytest.raises(VendorRefused):
        await to(vendor.url, Badge()).send("GET", path, operation="x")
    assert vendor.asked == []


async def test_no_more_requests_at_a_time_than_the_budget_has(vendor: Vendor, to):
    under_way, most = 0, 0

    async def slowly(writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        await answer()(writer)

    vendor.script, acme = [slowly], to(vendor.url, concurrency=2)
    await asyncio.gather(*(acme.send("GET", "/", operation="x") for _ in range(6)))
    assert (most, len(vendor.asked)) == (2, 6)


async def test_a_vendor_that_does_not_answer_is_left_alone(nobody: str, to):
    acme = to(nobody)
    for _ in range(breaker.OPENS_AFTER):
        with pytest.raises(VendorUnavailable) as unanswered:
            await acme.send("POST", "/", operation="x")
        assert unanswered.value.retry_after_s is None
    with pytest.raises(VendorUnavailable) as resting:
        await acme.send("POST", "/", operation="x")
    assert 1 <= resting.value.retry_after_s <= 12
    assert acme.breaker.state == "open"


async def test_callers_with_less_patience_than_we_still_open_the_breaker(vendor: Vendor, to, monkeypatch):
    monkeypatch.setattr(outbound, "_CONNECT_S", 0)
    vendor.script, acme = [silence], to(vendor.url, timeout_s=20)
    for _ in range(breaker.OPENS_AFTER):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await acme.send("GET", "/", operation="x")
    assert acme.breaker.state == "open"


class _Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _opened(time: _Time) -> Breaker:
    guard = Breaker(time)
    assert [guard.record(answered=False) for _ in range(breaker.OPENS_AFTER)] == [False] * 4 + [True]
    return guard


def test_after_a_rest_one_request_goes_first_and_decides():
    time = _Time()
    guard = _opened(time)
    assert guard.admit() > 0
    time.now += 2 * breaker.REST_S
    assert guard.state == "half-open"
    assert (guard.admit(), guard.admit() > 0) == (0, True)
    guard.record(answered=False)
    assert 0 < guard.admit() <= 1.2 * breaker.REST_S + 1
    time.now += 2 * breaker.REST_S
    assert guard.admit() == 0
    guard.record(answered=True)
    assert (guard.state, guard.admit(), guard.admit()) == ("closed", 0, 0)


def test_one_that_never_tells_does_not_close_the_door_for_ever():
    time = _Time()
    guard = _opened(time)
    time.now += 2 * breaker.REST_S
    assert guard.admit() == 0
    time.now += breaker.PROBE_S
    assert guard.admit() == 0


def test_failures_count_only_in_a_row():
    guard = Breaker(_Time())
    for _ in range(3 * breaker.OPENS_AFTER):
        assert not guard.record(answered=False)
        guard.record(answered=True)
    assert guard.state == "closed"
