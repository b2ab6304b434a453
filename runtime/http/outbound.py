"""The only maker of HTTP clients: every request to a vendor leaves here, bounded in time, size, number and hope.

What the caller learns from a failure is whether the vendor may have acted: a request that surely never arrived is `VendorUnavailable`
(send it again), a write whose answer was lost is `OutcomeUnknown` (look first, WF-3). Logs name vendor and operation, never
addresses, headers or bodies.
"""

import asyncio
import math
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Protocol

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from msgspec import Struct

from contracts.periods import Clock, SystemClock
from contracts.problems import OutcomeUnknown, Problem, VendorCredentials, VendorRefused, VendorUnavailable
from runtime.catalogue import vendor_name
from runtime.http.failures import failure_of
from runtime.http.ways_out import Request, WayOut
from runtime.telemetry import log

MAX_ANSWER_BYTES = 32 * 1024 * 1024
LONGEST_WAIT_S = 3600
_CONNECT_S = 5
_MOST_CONNECTIONS = 50
_IDLE_S = 20
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_LOST = (httpx.RequestError, aiohttp.ClientError, TimeoutError)

AsyncBaseTransport = httpx.AsyncBaseTransport
TransportFactory = Callable[[str], AsyncBaseTransport]


class Credentials(Protocol):
    """Proof of who we are, as request headers. `forget` drops what the vendor no longer accepts."""

    async def headers(self, method: str, url: str) -> Mapping[str, str]:
        """Headers for one request."""
        ...

    def forget(self, refused: Mapping[str, str]) -> None:
        """The vendor refused these headers: make new ones next time, unless others were made already."""
        ...

    async def close(self) -> None:
        """Close what asking for them keeps open."""
        ...


class VendorBudget(Struct, frozen=True, kw_only=True):
    """How much of a vendor one process may use at a time. `timeout_s` bounds each silence, twice that the whole answer."""

    concurrency: int
    timeout_s: float = 30.0  # house: float seconds


class Answer(Struct, frozen=True, kw_only=True):
    """What a vendor answered. Header names are lower case; `body` is at most MAX_ANSWER_BYTES."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Dropped(aiohttp.ClientConnectionError):
    """The connection ended before the answer did."""


class _TooLarge(Exception):
    """The answer is larger than MAX_ANSWER_BYTES."""


async def _sent_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp sends GET, PUT and DELETE again by itself when a connection drops: whether to do so is ours to decide."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as dropped:
        raise _Dropped(type(dropped).__name__) from dropped


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _session() -> aiohttp.ClientSession:
    """No cookies: a vendor's session never leaks into another request."""
    connector = aiohttp.TCPConnector(limit=_MOST_CONNECTIONS, keepalive_timeout=_IDLE_S, ssl=_trusted())
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), middlewares=(_sent_once,))


def direct_transport(base_url: str) -> httpx.AsyncBaseTransport:
    """Real sockets over aiohttp, whose pool does not collapse under concurrency."""
    return AiohttpTransport(verify=_trusted(), trust_env=False, client=_session)


def retry_after(answer: Answer, now: datetime) -> int | None:
    """Whole seconds of a Retry-After header in either form (RFC 9110 section 10.2.3), at most an hour; None without one."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:10]), LONGEST_WAIT_S)
    with suppress(ValueError, OverflowError):
        at = parsedate_to_datetime(value)
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
        return min(max(0, math.ceil(wait.total_seconds())), LONGEST_WAIT_S)
    return None


def _never_sent(error: Exception) -> bool:
    """True when no byte can have reached the vendor: the transport calls a dropped answer a connection time-out too."""
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientError):
        return isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return isinstance(error, _NOT_ARRIVED)


def _dropped(error: Exception) -> bool:
    return isinstance(error.__cause__, _Dropped) or isinstance(error, httpx.RemoteProtocolError)


class Outbound:
    """Requests to one connection of one vendor.

    `send` returns any answer the vendor's client must interpret itself; it raises VendorUnavailable for 429, 503 and unreachable
    vendors, OutcomeUnknown for writes without a clear answer, VendorCredentials when fresh credentials are refused, and
    VendorRefused for an answer beyond MAX_ANSWER_BYTES. With `judges_status` off (our own layers) every answer is returned as it is.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        budget: VendorBudget,
        credentials: Credentials | None = None,
        transport: TransportFactory = direct_transport,
        clock: Clock | None = None,
        judges_status: bool = True,
    ) -> None:
        self._vendor, self._name = vendor, vendor_name(vendor)
        self._judges_status = judges_status
        self._credentials = credentials
        self._clock = clock or SystemClock()
        self._slots = asyncio.Semaphore(budget.concurrency)
        self._timeout_s = budget.timeout_s
        self.way = WayOut(vendor, base_url, budget.concurrency, self._clock)
        self.breaker = self.way.breaker
        self._client = httpx.AsyncClient(
            base_url=base_url,
            transport=transport(base_url),
            timeout=httpx.Timeout(budget.timeout_s, connect=_CONNECT_S),
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            headers={"user-agent": "Ledgerway", "accept": "application/json"},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        if self._credentials is not None:
            await self._credentials.close()

    async def send(
        self, method: str, path: str, *, operation: str, writes: bool | None = None, **request: Any
    ) -> Answer:
        """Send one request to a path below the base URL: `params`, `headers`, `content`, `data` or `json`.

        A POSTed query passes `writes=False`.
        """
        if not path.startswith("/") or path.startswith("//"):
            detail = f"{self._name} points to another address; nothing was sent there."
            raise VendorRefused(detail, vendor=self._vendor, operation=operation)
        writing = method not in _READS if writes is None else writes
        response = await self._authorised(method, path, operation, writing, request)
        return self.judged(response, operation, writing) if self._judges_status else response

    async def _authorised(
        self, method: str, path: str, operation: str, writing: bool, request: dict[str, Any]
    ) -> Answer:
        given = dict(request.pop("headers", None) or {})
        for attempt in (1, 2):
            proof = await self._proof(method, path)
            response = await self._attempt(method, path, operation, writing, {**request, "headers": given | proof})
            if response.status != 401 or self._credentials is None:
                return response
            self._credentials.forget(proof)
            self.way.credentials = "refused"
            log.info("vendor.credentials_refused", vendor=self._vendor, operation=operation, attempt=attempt)
        raise VendorCredentials(f"{self._name} refuses our credentials.", vendor=self._vendor, operation=operation)

    async def _proof(self, method: str, path: str) -> dict[str, str]:
        if self._credentials is None:
            return {}
        try:
            return dict(await self._credentials.headers(method, str(self._client.base_url.join(path))))
        except VendorCredentials:
            self.way.credentials = "refused"
            raise

    async def _attempt(self, method: str, path: str, operation: str, writing: bool, request: dict[str, Any]) -> Answer:
        async with self._slots:
            with self.way.request(operation, method) as trip:
                response = await self._tried(method, path, operation, writing, request, trip)
                self.way.answered(trip, response.status, response.headers)
        if response.status >= 500 and self._judges_status:
            self._no_answer(operation, f"status {response.status}")
        else:
            self.breaker.record(answered=True)
        log.debug("vendor.answered", vendor=self._vendor, operation=operation, status=response.status)
        return response

    async def _tried(
        self, method: str, path: str, operation: str, writing: bool, request: dict[str, Any], trip: Request
    ) -> Answer:
        if rest := self.breaker.admit():
            trip.outcome = "rested"
            raise self._unavailable(operation, f"{self._name} did not answer lately; asked again in {rest} s.", rest)
        started = time.monotonic()
        try:
            return await self._once_more_if_read(method, path, writing, request)
        except _TooLarge as large:
            self.breaker.record(answered=True)
            raise self._too_large(operation, writing) from large
        except _LOST as error:
            self._no_answer(operation, type(error.__cause__ or error).__name__)
            raise self._lost(operation, writing and not _never_sent(error), started, failure_of(error)) from error
        except asyncio.CancelledError:
            if time.monotonic() - started > _CONNECT_S:  # else callers with less patience than we hide a dead vendor
                self._no_answer(operation, "deadline")
            raise

    async def _once_more_if_read(self, method: str, path: str, writing: bool, request: dict[str, Any]) -> Answer:
        try:
            return await self._bounded(method, path, request)
        except _LOST as error:
            # A kept-alive connection that the vendor closed meanwhile costs a read one more try, never a write.
            if writing or not _dropped(error):
                raise
            return await self._bounded(method, path, request)

    async def _bounded(self, method: str, path: str, request: dict[str, Any]) -> Answer:
        whole = asyncio.timeout(2 * self._timeout_s)
        async with whole, self._client.stream(method, path, **request) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise _TooLarge
        return Answer(status=response.status_code, headers=dict(response.headers.items()), body=bytes(body))

    def judged(self, response: Answer, operation: str, writing: bool) -> Answer:
        """The answer, unless its status says that the vendor is away or failed."""
        status = response.status
        if status in (429, 503):
            wait = retry_after(response, self._clock.now())
            raise self._unavailable(operation, f"{self._name} is busy ({status}); nothing was done.", wait)
        if status >= 500 and writing:
            raise self._unknown(operation, f"{self._name} answered {status} to a write.")
        if status >= 500:
            raise self._unavailable(operation, f"{self._name} answered {status}.", None)
        return response

    def _no_answer(self, operation: str, cause: str) -> None:
        opened = self.breaker.record(answered=False)
        log.warning("vendor.no_answer", vendor=self._vendor, operation=operation, cause=cause, breaker_opened=opened)

    def _lost(
        self, operation: str, may_have_acted: bool, started: float, failure: str
    ) -> Problem:  # house: float seconds
        took_s = round(time.monotonic() - started, 1)
        if may_have_acted:
            detail = f"{self._name} did not answer a write in {took_s} s; it may have been done."
            return OutcomeUnknown(detail, vendor=self._vendor, operation=operation, failure=failure)
        detail = f"{self._name} did not answer in {took_s} s."
        return VendorUnavailable(detail, vendor=self._vendor, operation=operation, failure=failure)

    def _too_large(self, operation: str, writing: bool) -> Problem:
        detail = f"{self._name} answered more than {MAX_ANSWER_BYTES} bytes."
        if writing:
            return self._unknown(operation, f"{detail} It was a write: it may have been done.")
        return VendorRefused(detail, vendor=self._vendor, operation=operation)

    def _unknown(self, operation: str, detail: str) -> OutcomeUnknown:
        return OutcomeUnknown(detail, vendor=self._vendor, operation=operation)

    def _unavailable(self, operation: str, detail: str, wait: int | None) -> VendorUnavailable:
        facts: dict[str, Any] = {} if wait is None else {"retry_after_s": wait}
        return VendorUnavailable(detail, vendor=self._vendor, operation=operation, **facts)
