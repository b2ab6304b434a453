"""The only maker of HTTP clients: every request to a vendor leaves here, bounded in time, size, number and hope.

What the caller learns from a failure is whether the vendor may have acted: a request that surely never arrived is `VendorUnavailable`
(send it again), a write whose answer was lost is `OutcomeUnknown` (look first, WF-3).
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from msgspec import Struct

from contracts.periods import Clock, SystemClock
from contracts.problems import OutcomeUnknown, VendorCredentials, VendorUnavailable
from runtime.telemetry import log

MAX_ANSWER_BYTES = 32 * 1024 * 1024
_BREAKER_OPENS_AFTER = 5
_BREAKER_REST_S = 10.0
_READS = frozenset({"GET", "HEAD", "OPTIONS"})

AsyncBaseTransport = httpx.AsyncBaseTransport
TransportFactory = Callable[[str], AsyncBaseTransport]


class Credentials(Protocol):
    """Proof of who we are, as request headers. `forget` drops what the vendor no longer accepts."""

    async def headers(self, method: str, url: str) -> Mapping[str, str]:
        """Headers for one request."""
        ...

    def forget(self) -> None:
        """The vendor refused them: make new ones next time."""
        ...


class VendorBudget(Struct, frozen=True, kw_only=True):
    """How much of a vendor one process may use at a time."""

    concurrency: int
    timeout_s: float = 30.0  # house: float seconds


class Answer(Struct, frozen=True, kw_only=True):
    """What a vendor answered. Header names are lower case; `body` is at most MAX_ANSWER_BYTES."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Breaker:
    """Stops asking a vendor that does not answer; one request is let through after a rest. State is per process."""

    def __init__(self) -> None:
        self._failures = 0
        self._open_until = 0.0

    @property
    def state(self) -> str:
        """`closed`, or `open` while resting."""
        return "open" if self._open_until > time.monotonic() else "closed"

    def rest_s(self) -> int:
        """Whole seconds until the vendor is asked again; 0 when it may be asked now."""
        return max(0, round(self._open_until - time.monotonic()))

    def record(self, answered: bool) -> None:
        """Count an outcome. Too many failures in a row open the breaker."""
        self._failures = 0 if answered else self._failures + 1
        if self._failures >= _BREAKER_OPENS_AFTER:
            self._open_until = time.monotonic() + _BREAKER_REST_S * random.uniform(0.8, 1.2)  # noqa: S311
            self._failures = _BREAKER_OPENS_AFTER - 1


def direct_transport(base_url: str) -> httpx.AsyncBaseTransport:
    """Real sockets over aiohttp, whose pool does not collapse under concurrency."""
    return AiohttpTransport(limits=httpx.Limits(max_connections=50, keepalive_expiry=20.0), trust_env=False)


def _retry_after(response: Answer, now: datetime) -> int | None:
    """Seconds of a Retry-After header in either form (RFC 9110 section 10.2.3), bounded to one hour."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdigit():
        return min(int(value), 3600)
    try:
        wait = parsedate_to_datetime(value).replace(tzinfo=UTC) - now if value else None
    except ValueError:
        return None
    return None if wait is None else min(max(0, round(wait.total_seconds())), 3600)


def _never_sent(error: httpx.TransportError) -> bool:
    """True when no byte can have reached the vendor: the transport calls a dropped answer a connection time-out too."""
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return True
    return isinstance(error, httpx.ConnectError | httpx.PoolTimeout) and not isinstance(cause, aiohttp.ClientError)


class Outbound:
    """Requests to one connection of one vendor.

    `send` returns any answer the vendor's client must interpret itself; it raises VendorUnavailable for 429, 503 and unreachable
    vendors, OutcomeUnknown for writes without a clear answer, and VendorCredentials when fresh credentials are refused.
    With `judges_status` off (our own layers) every answer is returned as it is.
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
        self._vendor = vendor
        self._judges_status = judges_status
        self._credentials = credentials
        self._clock = clock or SystemClock()
        self._slots = asyncio.Semaphore(budget.concurrency)
        self.breaker = Breaker()
        self._client = httpx.AsyncClient(
            base_url=base_url,
            transport=transport(base_url),
            timeout=httpx.Timeout(budget.timeout_s, connect=5.0),
            follow_redirects=False,
            headers={"user-agent": "Ledgerway", "accept": "application/json"},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def slot(self) -> AbstractAsyncContextManager[None]:
        """One of the vendor's concurrent requests."""
        return self._slots

    async def send(
        self, method: str, path: str, *, operation: str, writes: bool | None = None, **request: Any
    ) -> Answer:
        """Send one request: `params`, `headers`, `content`, `data` or `json`. A POSTed query passes `writes=False`."""
        writing = method not in _READS if writes is None else writes
        if rest := self.breaker.rest_s():
            raise self._unavailable(operation, f"{self._vendor} did not answer lately; asked again in {rest} s.", rest)
        response = await self._authorised(method, path, operation, writing, request)
        return self._judge(response, operation, writing) if self._judges_status else response

    async def _authorised(
        self, method: str, path: str, operation: str, writing: bool, request: dict[str, Any]
    ) -> Answer:
        given = dict(request.pop("headers", None) or {})
        for attempt in (1, 2):
            proof = await self._proof(method, path)
            response = await self._attempt(method, path, operation, writing, {**request, "headers": given | proof})
            if response.status != 401 or self._credentials is None:
                return response
            self._credentials.forget()
            log.info("vendor.credentials_refused", vendor=self._vendor, operation=operation, attempt=attempt)
        raise VendorCredentials(f"{self._vendor} refuses our credentials.", vendor=self._vendor, operation=operation)

    async def _proof(self, method: str, path: str) -> dict[str, str]:
        if self._credentials is None:
            return {}
        return dict(await self._credentials.headers(method, str(self._client.base_url.join(path))))

    async def _attempt(self, method: str, path: str, operation: str, writing: bool, request: dict[str, Any]) -> Answer:
        started = time.monotonic()
        try:
            response = await self._once_more_if_read(method, path, writing, request)
        except httpx.TransportError as error:
            self.breaker.record(answered=False)
            took = round(time.monotonic() - started, 1)
            raise self._lost(operation, writing and not _never_sent(error), took) from error
        self.breaker.record(answered=response.status < 500 or not self._judges_status)
        log.debug("vendor.answered", vendor=self._vendor, operation=operation, status=response.status)
        return response

    async def _once_more_if_read(self, method: str, path: str, writing: bool, request: dict[str, Any]) -> Answer:
        try:
            return await self._bounded(method, path, request)
        except httpx.TransportError as error:
            # A kept-alive connection that the vendor closed meanwhile costs a read one more try, never a write.
            if writing or isinstance(error.__cause__, aiohttp.SocketTimeoutError):
                raise
            return await self._bounded(method, path, request)

    async def _bounded(self, method: str, path: str, request: dict[str, Any]) -> Answer:
        async with self._slots, self._client.stream(method, path, **request) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise httpx.ReadError("The answer is larger than the limit.", request=response.request)
        return Answer(status=response.status_code, headers=dict(response.headers.items()), body=bytes(body))

    def _judge(self, response: Answer, operation: str, writing: bool) -> Answer:
        status = response.status
        if status in (429, 503):
            wait = _retry_after(response, self._clock.now())
            raise self._unavailable(operation, f"{self._vendor} is busy ({status}); nothing was done.", wait)
        if status >= 500 and writing:
            raise OutcomeUnknown(
                f"{self._vendor} answered {status} to a write.", vendor=self._vendor, operation=operation
            )
        if status >= 500:
            raise self._unavailable(operation, f"{self._vendor} answered {status}.", None)
        return response

    def _lost(self, operation: str, may_have_acted: bool, took_s: float) -> Exception:  # house: float seconds
        if may_have_acted:
            detail = f"{self._vendor} did not answer a write in {took_s} s; it may have been done."
            return OutcomeUnknown(detail, vendor=self._vendor, operation=operation)
        return self._unavailable(operation, f"{self._vendor} did not answer in {took_s} s.", None)

    def _unavailable(self, operation: str, detail: str, wait: int | None) -> VendorUnavailable:
        facts: dict[str, Any] = {} if wait is None else {"retry_after_s": wait}
        return VendorUnavailable(detail, vendor=self._vendor, operation=operation, **facts)
