"""The composition root of the front door: contracts, stores and settings in, one ASGI application out."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from msgspec import Struct
from redis.asyncio import Redis

from contracts.periods import Clock, SystemClock
from contracts.problems import InvalidRequest, MethodNotAllowed, NotFound, Problem, Throttled
from experience_apis.portal import app as portal
from gateway import browsers, front, observed, pipeline
from gateway.config import GatewayConfig
from gateway.cursors import Cursors, key_in
from gateway.exchange import Exchange
from gateway.facts import Facts
from gateway.front import Receive, Scope, Send
from gateway.health import Health, VendorHealth
from gateway.issuer import DevelopmentIssuer
from gateway.jwks import Fetch, HeldKeys, RemoteKeys, fetcher
from gateway.kept import kept
from gateway.keys import ApiKeys, pepper_in
from gateway.metrics_page import MetricsPage
from gateway.mounts import Mount, forward, mounted_at
from gateway.paths import EVERYTHING, decoded, normalised
from gateway.policies import correlation, throttle, version
from gateway.portal import PortalDoor
from gateway.problem_pages import ProblemPages
from gateway.routes import Found, compile_routes
from gateway.services import Services
from gateway.site import Page, pages_of
from gateway.tokens import Issuer, Tokens
from gateway.turns import Turns
from runtime import tracing
from runtime.at_once import Late, in_task, within
from runtime.bind import Served
from runtime.data.claims import Claims
from runtime.data.counters import Counters, LocalCounters, RedisCounters
from runtime.data.database import Database
from runtime.data.quotas import Quotas
from runtime.data.trail import Trail
from runtime.http.replies import Reply, proxy_status
from runtime.http.specs import Api

_TAKEN = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
EXTRA_SCOPES = ("audit:read", "metrics:read", "rules:read")


def _no_vendors() -> list[dict[str, Any]]:
    return []


class Parts(Struct, frozen=True, kw_only=True):
    """What a gateway is made of. `served` are all operations in this process at their public addresses; `apis` describe them.

    `pool_size` is how many sessions the database has. `redis` is needed when `config.counting.processes` is above 1. `vendors`
    tells the health of connected systems from memory. In sandbox mode the development issuer is part of the gateway.
    """

    config: GatewayConfig
    database: Database
    base_url: str
    state_dir: Path
    mode: str = "sandbox"
    tenant: str = "demo"
    served: tuple[Served, ...] = ()
    apis: tuple[Api, ...] = ()
    mounts: tuple[Mount, ...] = ()
    clock: Clock = SystemClock()
    redis: Redis | None = None
    pool_size: int = 10
    vendors: VendorHealth = _no_vendors
    fetch: Fetch | None = None


def build_gateway(parts: Parts) -> "Gateway":
    """The gateway. Raises RouteError or ConfigError when routes and configuration do not fit."""
    scopes = {served.operation.scope for served in parts.served if served.operation.scope} | set(EXTRA_SCOPES)
    issuer = _issuer(parts, scopes)
    tokens = _tokens(parts, issuer)
    services = _services(parts, tokens)
    pages = pages_of(
        base_url=parts.base_url,
        health=Health(parts.database, parts.redis, parts.clock, parts.vendors),
        metrics=MetricsPage(
            Facts(parts.database, parts.clock), parts.config.policy.auth.limit(), parts.mode, parts.tenant
        ),
        problems=ProblemPages(parts.config.policy.idempotency),
        apis=parts.apis,
        issuers=tokens.issuers,
        scopes=scopes,
        issuer=issuer,
    )
    return Gateway(parts, services, pages, issuer, _mounts(parts, services, issuer))


def _mounts(parts: Parts, services: Services, issuer: DevelopmentIssuer | None) -> tuple[Mount, ...]:
    """What is mounted: the portal in sandbox mode, whose personas are the only ones who can sign in yet."""
    if issuer is None:
        return parts.mounts
    key = kept(parts.state_dir / "portal-key", lambda: secrets.token_bytes(32))
    return *parts.mounts, Mount("/portal", portal.build(PortalDoor(services, issuer, key, parts.served, parts.config)))


def _issuer(parts: Parts, scopes: set[str]) -> DevelopmentIssuer | None:
    if parts.mode != "sandbox":
        return None
    return DevelopmentIssuer(
        mode=parts.mode,
        state_dir=parts.state_dir,
        base_url=parts.base_url,
        tenant=parts.tenant,
        clock=parts.clock,
        scopes=scopes,
    )


def _tokens(parts: Parts, issuer: DevelopmentIssuer | None) -> Tokens:
    fetch = parts.fetch or fetcher()
    trusted = [
        Issuer(
            issuer=one.issuer,
            keys=RemoteKeys(one.jwks_uri, fetch, one.stale_s),
            algorithms=one.algorithms,
            tenant_claim=one.tenant_claim,
        )
        for one in parts.config.issuer
    ]
    if issuer is not None:
        trusted.append(Issuer(issuer=issuer.issuer, keys=HeldKeys(issuer.jwks()), algorithms=issuer.algorithms))
    return Tokens(trusted, parts.clock)


def _services(parts: Parts, tokens: Tokens) -> Services:
    return Services(
        name=parts.config.name,
        base_url=parts.base_url,
        mode=parts.mode,
        clock=parts.clock,
        database=parts.database,
        counters=_counters(parts),
        quotas=Quotas(parts.database, parts.clock, parts.redis if parts.config.counting.processes > 1 else None),
        claims=Claims(parts.database),
        trail=Trail(parts.database),
        tokens=tokens,
        keys=ApiKeys(parts.database, pepper_in(parts.state_dir), parts.mode, parts.clock),
        failures=LocalCounters(),
        cursors=Cursors(key_in(parts.state_dir)),
        turns=Turns(parts.pool_size // 2),
        deadline_s=parts.config.deadline_s,
    )


def _counters(parts: Parts) -> Counters:
    processes = parts.config.counting.processes
    if processes > 1 and parts.redis is not None:
        return RedisCounters(parts.redis, processes)
    return LocalCounters()


class Gateway:
    """The ASGI application. `start` and `stop` are what its lifespan does; without a lifespan call them yourself."""

    def __init__(
        self,
        parts: Parts,
        services: Services,
        pages: Mapping[str, Mapping[str, Page]],
        issuer: DevelopmentIssuer | None,
        mounts: tuple[Mount, ...],
    ) -> None:
        self.services, self.issuer = services, issuer
        self._config = parts.config
        self._routes = compile_routes(parts.served, parts.config, parts.base_url)
        self._pages, self._mounts = pages, mounts
        self._harmless = browsers.harmless(parts.base_url)
        self._fixed = front.Fixed(self._harmless)

    async def start(self) -> None:
        """Begin writing behind what may be written late: the audit of reads, and quotas."""
        await self.services.trail.start()
        await self.services.quotas.start()

    async def stop(self) -> None:
        """Write what is left."""
        await self.services.quotas.close()
        await self.services.trail.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope.get("state", {})["mode"] = self.services.mode  # for refusals at the socket
            return await self._lifespan(receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1000})
        if tracing.on():
            await in_task()  # the span of a request is bound to its context
        x = Exchange(services=self.services, method=scope["method"], target="/", now=self.services.clock.now())
        began = perf_counter()
        try:
            try:
                reply = await self._answer(x, scope, receive, send)
            except Problem as problem:
                reply = pipeline.refuse(x, problem)
            if reply is not None:
                x.reply = reply
                fields = (*reply.headers, *self._headers(x, reply))
                await front.send_reply(scope, send, reply, fields, self._fixed, head=x.method == "HEAD")
        finally:
            observed.note(x, perf_counter() - began)
        return None

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] != "lifespan.shutdown":
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, x: Exchange, scope: Scope, receive: Receive, send: Send) -> Reply | None:
        x.request_headers, x.repeated = front.headers_of(scope)
        front.check_message(scope, x.request_headers, x.repeated)
        x.query = scope["query_string"]
        x.address = front.address_of(scope, x.request_headers, self._config.trusted_peers)
        x.target = normalised(front.raw_path(scope))
        found = self._routes.find(x.target)
        if found is not None:
            return await self._operation(x, found, scope, receive)
        await in_task()
        if x.target == EVERYTHING:
            return self._everything(x)
        page = self._pages.get(x.target)
        if page is not None:
            return await self._page(x, page, scope, receive)
        mount = mounted_at(x.target, self._mounts)
        if mount is None:
            raise self._nothing(x)
        await self._forward(x, mount, scope, receive, send)
        return None

    async def _operation(self, x: Exchange, found: Found, scope: Scope, receive: Receive) -> Reply:
        route = found.methods.get("GET" if x.method == "HEAD" else x.method)
        if route is None:
            return await self._other_method(x, found.methods)
        x.route = route
        if route.names:
            x.params = {name: decoded(value) for name, value in zip(route.names, found.values, strict=True)}
        if front.has_body(x.request_headers):
            await _read_body(x, scope, receive)
        return await pipeline.handle(x)

    async def _page(self, x: Exchange, page: Mapping[str, Page], scope: Scope, receive: Receive) -> Reply:
        serve = page.get("GET" if x.method == "HEAD" else x.method)
        if serve is None:
            return await self._other_method(x, page)
        await _read_body(x, scope, receive)
        correlation.on_request(x, correlation.Config())
        return await serve(x)

    async def _other_method(self, x: Exchange, known: Mapping[str, object]) -> Reply:
        allow = sorted({*known, "OPTIONS"} | ({"HEAD"} if "GET" in known else set()))
        if x.method != "OPTIONS":
            raise MethodNotAllowed(f"{x.method} is not taken here; use {', '.join(allow)}.", allow=allow)
        correlation.on_request(x, correlation.Config())
        return browsers.options(x, allow, self._config.origins)

    def _everything(self, x: Exchange) -> Reply:
        if x.method != "OPTIONS":
            raise InvalidRequest("* stands for the server as a whole, which takes OPTIONS alone.")
        correlation.on_request(x, correlation.Config())
        return browsers.options(x, list(_TAKEN), self._config.origins)

    async def _forward(self, x: Exchange, mount: Mount, scope: Scope, receive: Receive, send: Send) -> None:
        x.mounted = mount.prefix
        correlation.on_request(x, correlation.Config())
        limits = self._config.policy.throttle
        if mount.group is not None and mount.group in limits:
            grant = await self.services.counters.take(
                f"throttle:{mount.group}:{x.address}", limits[mount.group].limit()
            )
            x.headers += throttle.headers([grant])
            if not grant.allowed:
                raise Throttled(
                    "Too many requests from this address.", retry_after_s=grant.reset_s, violated_policies=["burst"]
                )
        await _read_body(x, scope, receive)
        status = await forward(
            x,
            mount,
            {**scope, "path": decoded(x.target), "raw_path": x.target.encode()},
            front.again(x.body, receive),
            send,
            (*x.headers, *self._harmless),
        )
        x.reply = Reply(status)

    def _nothing(self, x: Exchange) -> Problem:
        lifecycle = version.covering(x.target, self._config.policy.version)
        try:
            if lifecycle is not None:
                version.on_request(x, lifecycle)
        except Problem as gone:
            return gone
        return NotFound(f"There is nothing at {x.target[:200]}; /.well-known/api-catalog lists what there is.")

    def _headers(self, x: Exchange, reply: Reply) -> list[tuple[str, str]]:
        """Headers of the exchange: its own, those for browsers, and what the reply's kind asks for."""
        own = dict(reply.headers)
        extra = [*x.headers, *browsers.shared(x, self._config.origins)]
        if self._config.policy.version:
            lifecycle = version.covering(x.target if x.route is None else x.route.template, self._config.policy.version)
            extra += () if lifecycle is None else version.headers(lifecycle)
        if "cache-control" not in own:
            extra.append(("cache-control", "private, no-cache" if "etag" in own else "no-store"))
        if reply.status == 202:
            extra += [
                ("operation-location", f"{self.services.base_url}{own.get('location', '')}"),
                ("retry-after", "1"),
            ]
        if x.problem is not None and (failed := proxy_status(x.problem, self.services.name)):
            extra.append(("proxy-status", failed))
        return extra


async def _read_body(x: Exchange, scope: Scope, receive: Receive) -> None:
    """Nobody was asked who they are yet, so nobody may take long."""
    whole = front.whole_body(scope)
    if whole is not None:
        x.body = whole
        return
    try:
        x.body = await within(front.BODY_S, front.read_body(receive, x.request_headers))
        x.now = x.services.clock.now()
    except Late as late:
        x.headers.append(("connection", "close"))
        raise InvalidRequest(f"The body did not come within {front.BODY_S} s.") from late
