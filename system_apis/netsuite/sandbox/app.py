"""The simulated NetSuite account as an ASGI app: addresses, sign-in, concurrency, seed. Speaks the vendor's wire only."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from contracts.periods import Clock
from runtime.http.simulate import ASGIApp, Faults, Request, Response, Route, SandboxClock, Store, simulator
from system_apis.netsuite.sandbox.account import Account, stamp
from system_apis.netsuite.sandbox.catalog import describe, names
from system_apis.netsuite.sandbox.errors import Refused, not_allowed
from system_apis.netsuite.sandbox.jobs import JOBS
from system_apis.netsuite.sandbox.paging import page, window
from system_apis.netsuite.sandbox.records import Records
from system_apis.netsuite.sandbox.rendering import RECORDS
from system_apis.netsuite.sandbox.seed import fill
from system_apis.netsuite.sandbox.signatures import Signatures
from system_apis.netsuite.sandbox.suiteql.evaluate import query
from system_apis.netsuite.sandbox.tables import tables
from system_apis.netsuite.sandbox.tokens import TOKEN_PATH, Tokens

CONCURRENCY = 15
_SYSTEM = "/services/rest/system/v1"
_ERROR_MEDIA = "application/vnd.oracle.resource+json; type=error"
_Serve = Callable[[Request], Response]


def netsuite(
    state_dir: Path | None,
    as_of: date,
    public_url: str,
    *,
    private_key: str | None = None,
    clock: Clock | None = None,
) -> ASGIApp:
    """The simulator. State lives in `state_dir` (None: in memory); `public_url` is where callers believe the account to be.

    `private_key` (PEM) is the sandbox client's key; without it one is made and written beside the store.
    """
    store = Store(state_dir / "netsuite.jsonl" if state_dir else None)
    faults, time = Faults(store), SandboxClock(store, clock)
    door = _Door(store, faults, time, public_url)
    return simulator(
        "netsuite",
        door.routes(),
        store=store,
        faults=faults,
        clock=time,
        seed=partial(
            fill, account=door.account, tokens=door.tokens, signatures=door.signatures, as_of=as_of, pem=private_key
        ),
        errors=_Errors(door.tokens),
    )


class _Door:
    """Signs callers in, counts them, and hands requests to the API that serves the address."""

    def __init__(self, store: Store, faults: Faults, clock: SandboxClock, public_url: str) -> None:
        self._prefix = urlsplit(public_url).path.rstrip("/")
        self.account = Account(store, clock)
        self.tokens, self.signatures = Tokens(store, clock, public_url), Signatures(store, clock)
        self._records, self._faults, self._tables = Records(self.account, faults), faults, tables(self.account)
        self._inside = 0

    def routes(self) -> list[Route]:
        """Every address of the account."""
        records, jobs = self._records, self._records.jobs
        item = f"{RECORDS}/{{record}}/{{key}}"
        served: list[tuple[str, str, _Serve]] = [
            ("POST", "/services/rest/query/v1/suiteql", self._suiteql),
            ("GET", f"{_SYSTEM}/governanceLimits", self._limits),
            ("GET", f"{_SYSTEM}/serverTime", self._time),
            ("GET", f"{RECORDS}/metadata-catalog", names),
            ("GET", f"{RECORDS}/metadata-catalog/{{record}}", describe),
            ("GET", f"{JOBS}/{{job}}", jobs.status),
            ("GET", f"{JOBS}/{{job}}/task", jobs.tasks),
            ("GET", f"{JOBS}/{{job}}/task/{{task}}", jobs.task),
            ("GET", f"{JOBS}/{{job}}/task/{{task}}/result", jobs.result),
            ("GET", f"{RECORDS}/{{record}}", records.collection),
            *((method, f"{RECORDS}/{{record}}", records.write) for method in ("POST", "PUT", "PATCH")),
            ("GET", item, records.read),
            *((method, item, records.write) for method in ("PUT", "PATCH", "DELETE")),
            ("POST", f"{item}/!transform/{{transform}}", records.write),
            ("GET", f"{item}/{{sublist}}", records.sublist),
        ]
        token = Route("POST", TOKEN_PATH, lambda request: self.tokens.give(self._here(request)))
        return [token, *(Route(method, path, self._admitted(serve)) for method, path, serve in served)]

    def _admitted(self, serve: _Serve) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            if self._inside >= CONCURRENCY:
                return refusal(_busy())
            self._inside += 1
            try:
                await asyncio.sleep(0)
                return self._answered(serve, self._here(request))
            finally:
                self._inside -= 1

        return handle

    def _here(self, request: Request) -> Request:
        """The request with the account's address as its caller wrote it, mount point included."""
        return msgspec.structs.replace(request, base_url=request.base_url + self._prefix)

    def _answered(self, serve: _Serve, request: Request) -> Response:
        try:
            signed = (request.header("authorization") or "").startswith("OAuth ")
            (self.signatures if signed else self.tokens).check(request)
            self._records.jobs.run_due()
            return serve(request)
        except Refused as why:
            return refusal(why)

    def _suiteql(self, request: Request) -> Response:
        if "transient" not in (request.header("prefer") or "").lower():
            text = "The required request header 'Prefer' is missing or its value is not supported. Use 'Prefer: transient'."
            raise Refused(400, "INVALID_HEADER", text, where="Prefer", locator="o:errorHeader")
        limit, offset = window(request)
        statement, params = _statement(request)
        rows = query(statement, list(params), self._tables)
        shifted = self._faults.take("page_shift", request) if offset else None
        return page(request, [{"links": [], **row} for row in rows], limit, offset, shifted)

    def _limits(self, request: Request) -> Response:
        limits = {"accountConcurrencyLimit": CONCURRENCY, "accountUnallocatedConcurrencyLimit": CONCURRENCY}
        return Response.of(200, {"links": [], "type": "accountLimit", **limits})

    def _time(self, request: Request) -> Response:
        return Response.of(200, {"links": [], "serverTime": stamp(self.account.now)})


def _statement(request: Request) -> tuple[str, list[str]]:
    try:
        body = request.json()
    except ValueError as why:
        raise Refused(400, "INVALID_CONTENT", "The request body is not valid JSON.") from why
    statement = body.get("q") if isinstance(body, dict) else None
    params = body.get("params", []) if isinstance(body, dict) else []
    if not isinstance(statement, str) or not isinstance(params, list):
        raise Refused(400, "INVALID_PARAMETER", "The request body must have a query in 'q'.", where="q")
    return statement, [value if isinstance(value, str) else str(value) for value in params]


def refusal(why: Refused) -> Response:
    """The answer to a refused request."""
    return Response.of(why.status, why.envelope(), *why.headers.items(), media=_ERROR_MEDIA)


def _busy() -> Refused:
    return Refused(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")


class _Errors:
    """What can happen around any request, in the vendor's envelope."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def not_found(self, request: Request) -> Response:
        return refusal(Refused(404, "INVALID_URL", "Invalid URL.", where=request.path, locator="o:errorUrl"))

    def method_not_allowed(self, request: Request) -> Response:
        return refusal(not_allowed(request))

    def too_large(self, request: Request) -> Response:
        return refusal(Refused(413, "REQUEST_TOO_LARGE", "The request body is too large."))

    def too_many(self, request: Request, retry_after: int | None) -> Response:
        response = refusal(_busy())
        return response if retry_after is None else response.adding(("Retry-After", str(retry_after)))

    def server_error(self, request: Request, status: int) -> Response:
        text = "An unexpected error occurred. Error ID: mbe1f0q21x7k9p0a"
        return refusal(Refused(status, "UNEXPECTED_ERROR", text))

    def token_expired(self, request: Request) -> Response:
        self._tokens.forget(request)
        return refusal(Refused(401, "INVALID_LOGIN", "Invalid login attempt. The access token has expired."))
