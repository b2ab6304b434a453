"""What the front door shows besides operations: health, metadata documents, descriptions, problem pages, the development issuer."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec

from contracts.problems import NotFound
from gateway.exchange import Exchange
from gateway.health import Health
from gateway.issuer import LAYERS, DevelopmentIssuer
from gateway.problem_pages import ProblemPages
from runtime.http.replies import JSON, Headers, Reply
from runtime.http.specs import Api, render

Page = Callable[[Exchange], Awaitable[Reply]]
Pages = dict[str, dict[str, Page]]

CATALOG = "/.well-known/api-catalog"
_RESOURCE = "/.well-known/oauth-protected-resource"
_LINKSET: Headers = (
    ("content-type", 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'),
    ("link", f'<{CATALOG}>; rel="api-catalog"'),
    ("cache-control", "public, max-age=300"),
)
_METADATA: Headers = (("content-type", JSON), ("cache-control", "public, max-age=300"))


def pages_of(
    *,
    base_url: str,
    health: Health,
    metrics: Page,
    problems: ProblemPages,
    apis: Sequence[Api],
    issuers: Sequence[str],
    scopes: Iterable[str],
    issuer: DevelopmentIssuer | None,
) -> Pages:
    """Every page by path and method. HEAD follows GET."""
    found: Pages = {
        "/health/live": {"GET": health.live},
        "/health/ready": {"GET": health.ready},
        "/health/vendors": {"GET": health.vendors},
        "/metrics": {"GET": metrics},
        "/problems": {"GET": problems.index},
        CATALOG: {"GET": _fixed(_catalog(base_url, apis), _LINKSET)},
    }
    found |= {f"/problems/{slug}": {"GET": problems.page} for slug in problems.slugs}
    found |= _resources(base_url, issuers, sorted(set(scopes)))
    found |= _Descriptions(apis).pages()
    if issuer is not None:
        found |= _issuer_pages(issuer) | {"/": {"GET": _home}}
    return found


async def _home(x: Exchange) -> Reply:
    """People are taken to the portal, which exists where the development issuer does; programs are told where to look."""
    if "text/html" not in (x.header(b"accept") or "").lower():
        raise NotFound(f"There is nothing at /; {CATALOG} lists what there is.")
    return Reply(303, b"", (("location", "/portal"),))


def _fixed(value: dict[str, Any], headers: Headers = _METADATA) -> Page:
    reply = Reply(200, msgspec.json.encode(value), headers)

    async def page(x: Exchange) -> Reply:
        return reply

    return page


def _resources(base_url: str, issuers: Sequence[str], scopes: list[str]) -> Pages:
    """Protected resource metadata (RFC 9728) of the gateway and of each layer; empty members are left out."""

    def metadata(path: str) -> dict[str, Any]:
        members = {
            "resource": f"{base_url}{path}",
            "authorization_servers": list(issuers),
            "scopes_supported": scopes,
            "bearer_methods_supported": ["header"],
            "resource_documentation": f"{base_url}/problems",
        }
        return {name: value for name, value in members.items() if value}

    paths = ["", *(f"/{layer}" for layer in LAYERS)]
    return {f"{_RESOURCE}{path}": {"GET": _fixed(metadata(path))} for path in paths}


def _catalog(base_url: str, apis: Sequence[Api]) -> dict[str, Any]:
    """The linkset of RFC 9727: public APIs only, each with description, documentation, metadata and status (RFC 8631)."""
    bases = sorted({"/".join(served.path.split("/")[:3]) for api in apis if api.public for served in api.served})
    return {
        "linkset": [
            {
                "anchor": f"{base_url}{base}",
                "service-desc": [{"href": f"{base_url}/openapi/ledgerway.json", "type": "application/json"}],
                "service-doc": [{"href": f"{base_url}/problems", "type": "text/html"}],
                "service-meta": [{"href": f"{base_url}{_RESOURCE}/{base.split('/')[1]}", "type": "application/json"}],
                "status": [{"href": f"{base_url}/health/ready", "type": "application/json"}],
            }
            for base in bases
        ]
    }


class _Descriptions:
    """The OpenAPI files, rendered when the first one is asked for."""

    def __init__(self, apis: Sequence[Api]) -> None:
        self._apis = apis

    @cached_property
    def _files(self) -> dict[str, Reply]:
        return {f"/openapi/{name}": Reply(200, raw, _METADATA) for name, raw in render(self._apis).items()}

    def pages(self) -> Pages:
        """One page per file, and the list of them."""
        paths = [f"/openapi/{name}" for name in ("ledgerway.json", *(api.file for api in self._apis))]
        found: Pages = {path: {"GET": self._page} for path in paths}
        found["/openapi"] = {"GET": _fixed({"items": sorted(paths)})}
        return found

    async def _page(self, x: Exchange) -> Reply:
        return self._files[x.target]


def _issuer_pages(issuer: DevelopmentIssuer) -> Pages:
    metadata = _fixed(issuer.metadata())
    return {
        "/.well-known/openid-configuration": {"GET": metadata},
        "/.well-known/oauth-authorization-server": {"GET": metadata},
        "/oauth/jwks": {"GET": _fixed(issuer.jwks())},
        "/oauth/token": {"POST": issuer.token},
    }
