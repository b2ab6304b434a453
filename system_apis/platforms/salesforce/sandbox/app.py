"""The org simulator put together: contributions, store, routes, seed. Speaks the vendor's wire only.

Beyond the data API it serves the token endpoint and the custom REST resources that contributions bring.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import msgspec

from runtime.http.simulate import (
    ASGIApp,
    Faults,
    Request,
    Response,
    Route,
    SandboxClock,
    Store,
    simulator,
)
from system_apis.platforms.salesforce.soql import SoqlRefused

from . import describe
from .budget import DAILY_REQUESTS, Budget
from .bulk import BULK
from .changes import CHANGES
from .collections import COLLECTIONS
from .composite import batch, composite
from .errors import Envelope, OrgError, not_found
from .org import Org
from .rest import SINGLE, Caller, Operation
from .schema import ApexRoute, Contribution
from .search import SEARCH
from .seed import fill
from .tokens import Tokens
from .trees import TREES

_JOURNAL = "org.jsonl"
_SLOW_S = 5


def salesforce_org(
    contributions: Sequence[Contribution],
    *,
    state_dir: Path | None,
    as_of: date,
    public_url: str,
    clock: SandboxClock | None = None,
    daily_requests: int = DAILY_REQUESTS,
) -> ASGIApp:
    """One org with everything the contributions bring, seeded as of a day when `state_dir` holds none yet.

    State lives in `state_dir/org.jsonl` (None: in memory), the private key for JWT bearer beside it (see `seed.PRIVATE_KEY`).
    `public_url` is the My Domain address clients are configured with.
    """
    store = Store(state_dir / _JOURNAL if state_dir else None)
    faults = Faults(store)
    org = Org(tuple(contributions), store, faults, clock or SandboxClock(store))
    service = _Service(org, Tokens(org, public_url), Budget(org, daily_requests))
    return simulator(
        "salesforce-org",
        service.routes(contributions),
        store=store,
        faults=faults,
        clock=org.clock,
        seed=lambda fresh: service.seed(contributions, as_of, state_dir),
        errors=Envelope(service.tokens.forget),
        finish=lambda request, response: response.adding(service.budget.header),
    )


class _Service:
    """Operations behind authentication and the request budget."""

    def __init__(self, org: Org, tokens: Tokens, budget: Budget) -> None:
        self.org, self.tokens, self.budget = org, tokens, budget
        self._inner: list[tuple[Route, Operation]] = []

    def routes(self, contributions: Sequence[Contribution]) -> list[Route]:
        limits: Operation = lambda org, caller, request: Response.of(200, self.budget.limits())  # noqa: E731
        plain = (*COLLECTIONS, *TREES, *CHANGES, *SEARCH, ("GET", "/limits", limits), *SINGLE)
        alone = (*_bundles(self._run), *BULK)
        served = [self._route(*entry) for entry in (*alone, *plain)]
        self._inner = [(route, entry[2]) for route, entry in zip(served[len(alone) :], plain, strict=True)]
        apex = [self._apex(resource) for c in contributions for resource in c.resources]
        return [
            Route("POST", "/services/oauth2/token", self.tokens.serve),
            Route("POST", "/services/oauth2/revoke", self.tokens.revoke),
            Route("GET", "/services/data", lambda request: Response.of(200, describe.versions())),
            Route("GET", "/id/{org}/{user}", lambda request: _guarded(lambda: self.tokens.identity(request))),
            *served,
            *apex,
        ]

    def seed(self, contributions: Sequence[Contribution], as_of: date, state_dir: Path | None) -> None:
        self.budget.renew()
        fill(self.org, contributions, as_of, state_dir)

    def _route(self, method: str, path: str, operation: Operation) -> Route:
        return Route(method, "/services/data/v{version}" + path, lambda request: self._serve(operation, request))

    def _serve(self, operation: Operation, request: Request) -> Response:
        try:
            user = self._admitted(request)
            return operation(self.org, _caller(user, request), request)
        except OrgError as error:
            return error.response()
        except SoqlRefused as refused:
            return OrgError(400, refused.code, str(refused)).response()

    def _admitted(self, request: Request) -> str:
        user = self.tokens.user(request)
        self.budget.spend()
        return user

    def _run(self, org: Org, caller: Caller, request: Request) -> Response:
        """One part of a composite or batch: not counted again, and neither may contain another one."""
        for route, operation in self._inner:
            params = route.match(request.path)
            if params is not None and route.method == request.method:
                inner = msgspec.structs.replace(request, params=params)
                return _guarded(lambda: operation(org, caller, inner))  # noqa: B023
        return not_found().response()

    def _apex(self, resource: ApexRoute) -> Route:
        async def serve(request: Request) -> Response:
            answer = _guarded(lambda: resource.serve(self.org, self._admitted(request), request))
            if slow := self.org.faults.take("slow_job", request):
                await asyncio.sleep(slow.delay(_SLOW_S))
            return answer

        return Route(resource.method, f"/services/apexrest{resource.path}", serve)


def _bundles(run: Operation) -> tuple[tuple[str, str, Operation], ...]:
    """What holds other requests."""
    return ("POST", "/composite", composite(run)), ("POST", "/composite/batch", batch(run))


def _guarded(operation: Callable[[], Response]) -> Response:
    try:
        return operation()
    except OrgError as error:
        return error.response()
    except SoqlRefused as refused:
        return OrgError(400, refused.code, str(refused)).response()


def _caller(user: str, request: Request) -> Caller:
    version = request.params["version"]
    whole, _, part = version.partition(".")
    if not (whole.isdigit() and part.isdigit() and len(version) <= 5):
        raise not_found()
    return Caller(user=user, version=version)
