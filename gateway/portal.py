"""The portal's way to operations: a visitor's session stands for a token, and every call runs the pipeline of its route."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec.structs import replace

from contracts import wire
from contracts.operation import Operation
from contracts.problems import PROBLEMS, Internal, NotFound, Problem, Violation
from experience_apis.portal.door import Persona, Seen, Visitor
from gateway import pipeline
from gateway.config import GatewayConfig
from gateway.exchange import Exchange
from gateway.issuer import LIFE_S, DevelopmentIssuer
from gateway.portal_sessions import Sessions
from gateway.routes import Route, compile_routes, segments
from gateway.services import Services
from runtime.bind import Served
from runtime.data.trail import AuditRow
from runtime.http.replies import JSON, Reply

GROUP = "portal"
_RENEW_S = 300


class PortalDoor:
    """Implements experience_apis.portal.door.FrontDoor in sandbox mode."""

    def __init__(
        self,
        services: Services,
        issuer: DevelopmentIssuer,
        key: bytes,
        served: tuple[Served, ...],
        config: GatewayConfig,
    ) -> None:
        self.mode, self.base_url, self.key, self.clock = services.mode, services.base_url, key, services.clock
        self._services, self._issuer = services, issuer
        self._sessions = Sessions(services.database, key, services.mode, services.clock)
        self._routes = _routes(served, config, services.base_url)
        self._tokens: dict[str, tuple[str, int]] = {}
        self._personas = {one.id: one for one in map(_persona(issuer), issuer.personas) if one.scopes}

    def personas(self) -> tuple[Persona, ...]:
        return tuple(self._personas.values())

    async def enter(self, persona: str, seen: Seen) -> str:
        if persona not in self._personas:
            raise NotFound(f"There is no persona {persona[:60]}.")
        tenant = self._issuer.tenant_of(persona)
        session = await self._sessions.open(tenant, persona)
        self._note("portal.sign_in", tenant, persona, seen)
        return session

    async def find(self, session: str) -> Visitor | None:
        found = await self._sessions.find(session)
        if found is None or found.persona not in self._personas:
            return None
        return Visitor(session=session, tenant=found.tenant, persona=self._personas[found.persona])

    async def leave(self, visitor: Visitor, seen: Seen) -> None:
        await self._sessions.end(visitor.tenant, visitor.session)
        self._note("portal.sign_out", visitor.tenant, visitor.persona.id, seen)

    async def ask(
        self, visitor: Visitor, seen: Seen, operation: Operation, arguments: dict[str, Any], key: str | None
    ) -> Any:
        route = self._routes.get(operation.id)
        if route is None:
            raise NotFound(f"{operation.id} is not served here.")
        x = self._exchange(visitor, seen, route, arguments, key)
        reply = await pipeline.handle(x)
        if x.problem is not None or reply.status >= 400:
            raise x.problem or _problem(reply)
        return wire.decode(reply.body, operation.result) if reply.body else None

    def _exchange(
        self, visitor: Visitor, seen: Seen, route: Route, arguments: dict[str, Any], key: str | None
    ) -> Exchange:
        headers = {
            b"authorization": f"Bearer {self._token(visitor.persona.id)}".encode(),
            b"x-correlation-id": seen.correlation_id.encode(),
        }
        if key is not None:
            headers[b"idempotency-key"] = f'"{key}"'.encode()
        x = Exchange(
            services=self._services,
            method=route.operation.method,
            target="/",
            now=self.clock.now(),
            request_headers=headers,
        )
        x.route, x.address = route, seen.address
        x.params = {name: str(arguments[name]) for name in route.names}
        x.target = _target(route, x.params)
        x.query = _query(route.operation, arguments)
        if route.operation.body is not None:
            headers[b"content-type"] = JSON.encode()
            x.body = wire.encode(arguments["body"])
        return x

    def _token(self, persona: str) -> str:
        token, until = self._tokens.get(persona, ("", 0))
        now = int(self.clock.now().timestamp())
        if until - _RENEW_S <= now:
            token, until = self._issuer.issue(persona)["access_token"], now + LIFE_S
            self._tokens[persona] = (token, until)
        return token

    def _note(self, what: str, tenant: str, persona: str, seen: Seen) -> None:
        self._services.trail.append(
            AuditRow(
                tenant=tenant,
                id=f"aud_{seen.request_id[4:]}",
                at=self.clock.now(),
                client=persona,
                principal=persona,
                operation=what,
                method="POST",
                path=seen.path[:500],
                status=303,
                problem=None,
                correlation_id=seen.correlation_id,
                request_id=seen.request_id,
            )
        )


def _persona(issuer: DevelopmentIssuer) -> Any:
    def persona(given: Any) -> Persona:
        name, _, does = given.title.partition(": ")
        return Persona(
            id=given.id,
            name=name.partition(" (")[0],
            does=f"{does[:1].upper()}{does[1:]}",
            tenant=issuer.tenant_of(given.id),
            scopes=frozenset(given.scopes(issuer.known)),
        )

    return persona


def _routes(served: tuple[Served, ...], config: GatewayConfig, base_url: str) -> Mapping[str, Route]:
    """Routes by operation; under the limits of the group `portal`, where there are any: a page asks for several operations."""
    if GROUP in config.policy.throttle:
        config = replace(config, route=tuple(replace(group, group=GROUP) for group in config.route))
    routes = compile_routes(served, config, base_url).routes
    return {route.operation.id: route for route in routes if route.layer != "system"}


def _target(route: Route, params: dict[str, str]) -> str:
    parts = [quote(params[p[1:-1]], safe=":") if p.startswith("{") else p for p in segments(route.template)]
    return "/" + "/".join(parts)


def _query(operation: Operation, arguments: dict[str, Any]) -> bytes:
    names = [p.name for p in operation.parameters if p.source == "query"]
    return urlencode({n: _text(arguments[n]) for n in names if arguments.get(n) is not None}).encode()


def _text(value: Any) -> str:
    return (
        str(value).lower() if isinstance(value, bool) else value.isoformat() if isinstance(value, date) else str(value)
    )


def _problem(reply: Reply) -> Problem:
    """The problem in a stored reply, as its class."""
    body = msgspec.json.decode(reply.body, type=dict[str, Any])
    kind = PROBLEMS.get(body.get("code", ""), Internal)
    errors = [
        Violation(e.get("code", ""), e["detail"], e.get("pointer"), e.get("parameter"), e.get("in"))
        for e in body.get("errors", ())
    ]
    return kind(body.get("detail", ""), errors=errors, **body.get("facts", {}))
