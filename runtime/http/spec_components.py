"""What every OpenAPI file of ours shares: headers, problem answers, header parameters, security schemes."""

from http import HTTPStatus
from typing import Any

from contracts.problems import PROBLEMS, Problem
from runtime.http.replies import PROBLEM, problem_body

KEY_PATTERN = r'^("([ !#-\[\]-~]|\\["\\]){1,255}"|[!#-+\-.-:<-~]{1,255})$'
_ALWAYS = ("X-Correlation-Id", "Ledgerway-Request-Id", "Ledgerway-Mode", "Cache-Control", "Vary")
_LIMITS = ("RateLimit", "RateLimit-Policy")


def ref(kind: str, name: str) -> dict[str, str]:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def header_refs(*names: str) -> dict[str, Any]:
    """The headers of an answer: those of every answer, and these."""
    return {name: ref("headers", name) for name in (*_ALWAYS, *_LIMITS, *names)}


def _header(description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": {"type": "string", **schema}}


HEADERS: dict[str, Any] = {
    "X-Correlation-Id": _header(
        "The business correlation: the caller's, or one made here.", required=True, maxLength=128
    ),
    "Ledgerway-Request-Id": _header("This request.", required=True, pattern="^req_"),
    "Ledgerway-Mode": _header("What this installation is.", required=True, enum=["sandbox", "live"]),
    "Cache-Control": _header("Who may keep the answer (RFC 9111): `no-store`, or `private, no-cache` with an ETag."),
    "Vary": _header("Which request headers the answer depends on."),
    "RateLimit-Policy": _header("Budgets and their windows (draft-ietf-httpapi-ratelimit-headers-10)."),
    "RateLimit": _header("What is left of each budget, and the seconds until there is more."),
    "Retry-After": _header("Whole seconds to wait.", pattern="^[0-9]+$"),
    "WWW-Authenticate": _header("How to authenticate (RFC 6750, RFC 9728)."),
    "Location": _header("Where the result can be read."),
    "Operation-Location": _header("The absolute URL of the run."),
    "Preference-Applied": _header("Which preference was honoured (RFC 7240)."),
    "Idempotent-Replayed": _header(
        "`true` when the reply was kept from the first request with this key.", enum=["true"]
    ),
    "ETag": _header('The version of the object, for If-None-Match and If-Match: `"r17"`.'),
    "Link": _header('The next page: `<...>; rel="next"`.'),
    "Accept": _header("Media types taken here."),
    "Allow": _header("Methods taken here."),
    "Proxy-Status": _header("What the gateway refused by itself, or what failed behind it (RFC 9209)."),
}

PARAMETERS: dict[str, Any] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "A key of your own per effect. The same key with the same content answers with the first reply for 24 hours.",
        "schema": {"type": "string", "pattern": KEY_PATTERN},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The ETag you have; 304 when it is still the object's.",
        "schema": {"type": "string"},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag you read; 412 when the object changed since.",
        "schema": {"type": "string", "pattern": '^("r(0|[1-9][0-9]{0,17})"|\\*)$'},
    },
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": "`wait=20` holds the answer back while the run goes on, up to 25 s; `respond-async` does not.",
        "schema": {"type": "string"},
    },
}

SECURITY_SCHEMES: dict[str, Any] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "at+jwt",
        "description": "An access token (RFC 9068) with the audience of the layer. Issuers: `/.well-known/oauth-protected-resource`.",
    },
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "An API key of this installation, in place of a token on any operation; never both.",
    },
}

PROBLEM_SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "description": "What went wrong (RFC 9457). Unknown members are to be ignored.",
        "required": ["type", "title", "status", "detail", "code", "retryable", "correlation_id"],
        "properties": {
            "type": {"type": "string", "description": "Address of a page that says how to fix it"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What happened and what to do, for people"},
            "instance": {"type": "string"},
            "code": {"type": "string", "description": "The slug of the problem"},
            "retryable": {"type": "boolean"},
            "correlation_id": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Violation"}},
            "facts": {"type": "object"},
            "violated-policies": {"type": "array", "items": {"type": "string"}},
        },
    },
    "Violation": {
        "type": "object",
        "description": "One thing wrong: `pointer` (JSON Pointer) in the body, or `parameter` and `in`.",
        "required": ["code", "detail"],
        "properties": {
            "pointer": {"type": "string"},
            "parameter": {"type": "string"},
            "in": {"enum": ["header", "path", "query"], "type": "string"},
            "code": {"type": "string"},
            "detail": {"type": "string"},
        },
    },
}

_STATUS_HEADERS = {
    400: ("WWW-Authenticate",),
    401: ("WWW-Authenticate", "Proxy-Status"),
    403: ("WWW-Authenticate", "Proxy-Status"),
    405: ("Allow",),
    409: ("Retry-After",),
    415: ("Accept",),
    429: ("Retry-After", "Proxy-Status"),
    500: ("Proxy-Status",),
    503: ("Retry-After", "Proxy-Status"),
    504: ("Proxy-Status",),
}


def problem_responses() -> dict[str, Any]:
    """One response per status that problems have, naming its problems."""
    by_status: dict[int, list[type[Problem]]] = {}
    for slug in sorted(PROBLEMS):
        by_status.setdefault(PROBLEMS[slug].status, []).append(PROBLEMS[slug])
    return {f"Problem{status}": _response(status, found) for status, found in sorted(by_status.items())}


def _response(status: int, problems: list[type[Problem]]) -> dict[str, Any]:
    lines = [f"- `{p.slug}`: {(p.__doc__ or '').splitlines()[0]}" for p in problems]
    return {
        "description": "\n".join([f"{HTTPStatus(status).phrase}.", *lines]),
        "headers": header_refs(*_STATUS_HEADERS.get(status, ())),
        "content": {
            PROBLEM: {
                "schema": ref("schemas", "Problem"),
                "examples": {p.slug: {"value": _example(p)} for p in problems},
            }
        },
    }


def _example(problem: type[Problem]) -> dict[str, Any]:
    detail = (problem.__doc__ or "").splitlines()[0].split(" facts:")[0]
    return problem_body(problem(detail), correlation_id="7f3ac1d9", instance="/portal/requests/req_01jd9f4kx2")
