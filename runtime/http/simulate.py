"""What vendor sandboxes share: a plain ASGI app around a vendor's routes, with tables, clock, faults and reset.

A sandbox writes routes (`Route("GET", "/records/v1/customer/{id}", read_customer)`), a seed (`fill(store)`) and its
error envelopes (`VendorErrors`), and calls `simulator(...)`. `/_sandbox/` is ours, all other paths are the vendor's:

- `/_sandbox/faults`   GET {"armed": [...], "fired": [...]}, POST arms one (201, see `Fault`), DELETE clears (204)
- `/_sandbox/clock`    GET {"now", "frozen"}, POST {"now": iso, "frozen"?: bool} | {"advance_s": n}, DELETE to real time
- `/_sandbox/reset`    POST forgets everything (tables, faults, clock) and seeds again
- `/_sandbox/requests` GET the last 200 vendor requests {"method", "path", "status", "at"}; status null = dropped
- `/_sandbox/health`   GET {"name", "status", "now"}
"""

from __future__ import annotations

import inspect
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Protocol
from urllib.parse import unquote

import msgspec

from contracts.periods import Clock, SystemClock
from runtime.http.exchanges import (
    ASGIApp,
    Receive,
    Refused,
    Request,
    Response,
    Scope,
    Send,
    answer,
    drop,
    hold,
    lifespan,
    read,
)
from runtime.http.faults import Fault, Faults
from runtime.http.tables import Row, Store, Transaction, from_json, to_json

__all__ = [
    "ASGIApp",
    "Fault",
    "Faults",
    "Refused",
    "Request",
    "Response",
    "Route",
    "Row",
    "SandboxClock",
    "Store",
    "Transaction",
    "VendorErrors",
    "from_json",
    "simulator",
    "to_json",
]

_HOLD_S = 30
_KEPT_REQUESTS = 200

Handler = Callable[[Request], Response | Awaitable[Response]]


class Route:
    """A method (or `*`) and a path template: `{name}` is one segment, `{name:rest}` the rest of the path, if any."""

    def __init__(self, method: str, template: str, handle: Handler) -> None:
        self.method, self.handle = method, handle
        self._pattern = re.compile("".join(_part(piece) for piece in re.split(r"(\{[^}]+\})", template)) + "/?")

    def match(self, path: str) -> dict[str, str] | None:
        """Decoded parameters when the percent-encoded path fits (a trailing slash is allowed), else None."""
        found = self._pattern.fullmatch(path)
        return None if found is None else {name: unquote(value) for name, value in found.groupdict().items()}


def _part(piece: str) -> str:
    if not piece.startswith("{"):
        return re.escape(piece)
    name, _, kind = piece[1:-1].partition(":")
    return f"(?P<{name}>.*)" if kind == "rest" else f"(?P<{name}>[^/]+)"


class VendorErrors(Protocol):
    """How one vendor words what can happen around any request, in its own envelope."""

    def not_found(self, request: Request) -> Response:
        """No such path."""
        ...

    def method_not_allowed(self, request: Request) -> Response:
        """The path exists, not with this method."""
        ...

    def too_large(self, request: Request) -> Response:
        """The body is larger than 8 MiB (it is not in `request`)."""
        ...

    def too_many(self, request: Request, retry_after: int | None) -> Response:
        """Throttled; Retry-After only when `retry_after` seconds are given."""
        ...

    def server_error(self, request: Request, status: int) -> Response:
        """A failure on the vendor's side with this 5xx status."""
        ...

    def token_expired(self, request: Request) -> Response:
        """The access token is dead (the vendor may also forget it here, so that only a new one works)."""
        ...


class SandboxClock:
    """The simulator's time: real time plus an offset, or frozen; kept in the store. `real()` is never shifted."""

    def __init__(self, store: Store, source: Clock | None = None) -> None:
        self._store, self._source = store, source or SystemClock()

    def now(self) -> datetime:
        """Aware UTC time as the vendor sees it."""
        row = self._state()
        if row.get("frozen"):
            return datetime.fromisoformat(row["frozen"])
        return self._source.now() + timedelta(microseconds=row.get("offset_us", 0))

    def real(self) -> datetime:
        """Aware UTC time unshifted: what assertions and certificates are checked against."""
        return self._source.now()

    @property
    def frozen(self) -> bool:
        """True while time stands still."""
        return bool(self._state().get("frozen"))

    def set(self, moment: datetime, *, frozen: bool = False) -> None:
        """Make it `moment` now; time runs on from there unless frozen."""
        offset = (moment - self._source.now()) // timedelta(microseconds=1)
        state = {"frozen": moment.astimezone(UTC).isoformat()} if frozen else {"offset_us": offset}
        self._store.settle("_clock", "clock", state)

    def advance(self, by: timedelta) -> None:
        """Move forward (or back) by this much, frozen or not."""
        self.set(self.now() + by, frozen=self.frozen)

    def reset(self) -> None:
        """Back to real time."""
        self._store.settle("_clock", "clock", None)

    def _state(self) -> Mapping[str, Any]:
        return self._store.get("_clock", "clock") or {}


class _ClockChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    now: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    frozen: bool = False
    advance_s: int | None = None


def simulator(
    name: str,
    handlers: Sequence[Route],
    *,
    store: Store,
    faults: Faults,
    clock: SandboxClock,
    seed: Callable[[Store], None],
    errors: VendorErrors,
    finish: Callable[[Request, Response], Response] | None = None,
) -> ASGIApp:
    """The ASGI app of one vendor simulator. Seeds at once when the store is empty, in one transaction.

    Handlers may be sync or async and may raise `Refused`. Generic faults are applied around every vendor request;
    `faults.take(kind, request)` inside handlers serves the rest. `finish` sees every vendor answer, refusals and
    faults included, and may add headers.
    """
    app = _Simulator(name, handlers, store, faults, clock, seed, errors, finish)
    app.start()
    return app


class _Simulator:
    def __init__(
        self,
        name: str,
        handlers: Sequence[Route],
        store: Store,
        faults: Faults,
        clock: SandboxClock,
        seed: Callable[[Store], None],
        errors: VendorErrors,
        finish: Callable[[Request, Response], Response] | None,
    ) -> None:
        self._name, self._routes, self._store, self._faults = name, tuple(handlers), store, faults
        self._clock, self._seed, self._errors, self._finish = clock, seed, errors, finish
        self._seen: deque[dict[str, Any]] = deque(maxlen=_KEPT_REQUESTS)

    def start(self) -> None:
        if self._store.empty:
            with self._store.transaction() as change:
                self._seed(self._store)
                change.put("_sandbox", "seeded", {"at": self._clock.now().isoformat()})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, complete = await read(scope, receive)
        if request.path.startswith("/_sandbox/"):
            await answer(send, self._admin(request))
            return
        response = await self._vendor(request, receive) if complete else self._errors.too_large(request)
        if response is not None and self._finish is not None:
            response = self._finish(request, response)
        self._note(request, response)
        await (drop(receive, send) if response is None else answer(send, response))

    async def _vendor(self, request: Request, receive: Receive) -> Response | None:
        """None = drop the connection without an answer."""
        if held := self._faults.take("timeout", request):
            await hold(receive, held.delay(_HOLD_S))
            return None
        response = self._refusal(request)
        if response is None:
            lost = self._faults.take("lost_response", request)
            response = await self._dispatch(request)
            return None if lost else response
        return response

    def _refusal(self, request: Request) -> Response | None:
        if fault := self._faults.take("too_many", request):
            return self._errors.too_many(request, fault.retry_after)
        if fault := self._faults.take("server_error", request):
            return self._errors.server_error(request, fault.status or 503)
        if self._faults.take("token_expired", request):
            return self._errors.token_expired(request)
        return None

    async def _dispatch(self, request: Request) -> Response:
        fitting = [(route, params) for route in self._routes if (params := route.match(request.path)) is not None]
        for route, params in fitting:
            if route.method in (request.method, "*"):
                return await _handled(route, msgspec.structs.replace(request, params=params))
        return self._errors.method_not_allowed(request) if fitting else self._errors.not_found(request)

    def _note(self, request: Request, response: Response | None) -> None:
        status = None if response is None else response.status
        entry = {"method": request.method, "path": request.path, "status": status}
        self._seen.append({**entry, "at": self._clock.now().isoformat()})

    def _admin(self, request: Request) -> Response:
        served: Callable[[], Any] | None = {
            ("GET", "faults"): lambda: {"armed": self._faults.armed(), "fired": self._faults.fired()},
            ("POST", "faults"): lambda: msgspec.to_builtins(self._faults.arm(request.json())),
            ("DELETE", "faults"): self._faults.clear,
            ("GET", "clock"): self._time,
            ("POST", "clock"): lambda: self._set_clock(request.json()),
            ("DELETE", "clock"): self._clock.reset,
            ("POST", "reset"): self._reset,
            ("GET", "requests"): lambda: list(self._seen),
            ("GET", "health"): lambda: {"name": self._name, "status": "ok", **self._time()},
        }.get((request.method, request.path.removeprefix("/_sandbox/").rstrip("/")))
        if served is None:
            return Response.of(404, {"error": "no such sandbox switch"})
        try:
            value = served()
        except ValueError as error:
            return Response.of(400, {"error": str(error)})
        created = request.method == "POST" and request.path.rstrip("/").endswith("faults")
        return Response(204) if value is None else Response.of(201 if created else 200, value)

    def _time(self) -> dict[str, Any]:
        return {"now": self._clock.now().isoformat(), "frozen": self._clock.frozen}

    def _set_clock(self, body: Any) -> dict[str, Any]:
        asked = msgspec.convert(body, _ClockChange)
        if asked.now is not None:
            self._clock.set(asked.now, frozen=asked.frozen)
        if asked.advance_s is not None:
            self._clock.advance(timedelta(seconds=asked.advance_s))
        return self._time()

    def _reset(self) -> dict[str, Any]:
        self._store.reset()
        self._seen.clear()
        self.start()
        return {"status": "seeded", **self._time()}


async def _handled(route: Route, request: Request) -> Response:
    try:
        result = route.handle(request)
        return await result if inspect.isawaitable(result) else result
    except Refused as refused:
        return refused.response
