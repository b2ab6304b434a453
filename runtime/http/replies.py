"""What goes back on the wire: results and problems as bytes and headers (RFC 9457, RFC 9110)."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from contracts.operation import Operation
from contracts.problems import (
    AbnormalUse,
    DeadlineExceeded,
    Forbidden,
    Internal,
    MethodNotAllowed,
    OutcomeUnknown,
    Overloaded,
    Problem,
    QuotaSpent,
    StoreAway,
    Throttled,
    Unauthenticated,
    UnsupportedMedia,
    VendorUnavailable,
)
from contracts.wire import encode
from runtime.http.selection import selected

Headers = tuple[tuple[str, str], ...]

JSON = "application/json"
PROBLEM = "application/problem+json"
PROXY_ERRORS: dict[type[Problem], str] = {
    Unauthenticated: "http_request_denied",
    Forbidden: "http_request_denied",
    Throttled: "http_request_denied",
    QuotaSpent: "http_request_denied",
    AbnormalUse: "http_request_denied",
    Overloaded: "http_request_denied",
    StoreAway: "proxy_internal_error",
    VendorUnavailable: "destination_unavailable",
    OutcomeUnknown: "http_response_timeout",
    DeadlineExceeded: "http_response_timeout",
    Internal: "proxy_internal_error",
}


class Reply(Struct, frozen=True):
    """One answer. `headers` are those of the result, which a stored reply repeats; those of the exchange come later."""

    status: int
    body: bytes = b""
    headers: Headers = ()


def problem_body(problem: Problem, *, correlation_id: str, instance: str | None = None) -> dict[str, Any]:
    """The members of the problem document. Limits that were passed stand under their registered name as well."""
    body: dict[str, Any] = {
        "type": problem.type_uri,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.slug,
        "retryable": problem.retryable,
        "correlation_id": correlation_id,
    }
    if instance is not None:
        body["instance"] = instance
    if problem.errors:
        body["errors"] = [violation.wire() for violation in problem.errors]
    if problem.facts:
        body["facts"] = problem.facts
    if "violated_policies" in problem.facts:
        body["violated-policies"] = problem.facts["violated_policies"]
    return body


def problem_reply(problem: Problem, *, correlation_id: str, instance: str | None = None) -> Reply:
    """A problem as an answer, with the headers its class asks for (a challenge is the gateway's to add)."""
    body = encode(problem_body(problem, correlation_id=correlation_id, instance=instance))
    return Reply(problem.status, body, (("content-type", PROBLEM), *_problem_headers(problem)))


def _problem_headers(problem: Problem) -> Headers:
    headers = []
    if problem.retry_after_s is not None:
        headers.append(("retry-after", str(max(0, problem.retry_after_s))))
    elif problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("retry-after", "5"))
    if isinstance(problem, MethodNotAllowed):
        headers.append(("allow", ", ".join(problem.facts["allow"])))
    if isinstance(problem, UnsupportedMedia):
        headers.append(("accept", ", ".join(problem.facts.get("accept", [JSON]))))
    return tuple(headers)


def proxy_status(problem: Problem, gateway: str) -> str | None:
    """`gw; error=...` (RFC 9209) for what the gateway refused by itself, and for failures behind it that it had to word itself."""
    error = problem.facts.get("failure") or PROXY_ERRORS.get(type(problem))
    return error and f"{gateway}; error={error}"


class Replier:
    """Results of one operation as replies.

    `ETag` is `"r<version>"` where the result has a `version`. 201 and 202 carry `Location`: the reading operation for
    that result (`reads`, a template whose `{}` is the result's `ref`, else its `id`), or else the search by key
    beside the operation (`search`), or else the id below the address that was posted to. Other names in a template are the
    request's own path parameters.
    """

    def __init__(self, operation: Operation, *, reads: str | None = None, search: str | None = None) -> None:
        self._status = operation.status
        self._located = operation.status in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED)
        self._tagged = "version" in getattr(operation.result, "__struct_fields__", ())
        self._paged = operation.method == "GET" and "next_cursor" in getattr(operation.result, "__struct_fields__", ())
        self._reads, self._search = reads, search

    def reply(
        self,
        result: Any,
        *,
        target: str,
        params: Mapping[str, str],
        next_page: Callable[[str], str] | None = None,
        fields: frozenset[str] | None = None,
    ) -> Reply:
        """The answer. `target` is the path that was asked, `params` its parameters; `next_page` gives the target of a page.

        `fields` are the members that the items of a page have; all of them with None.
        """
        if result is None:
            return Reply(HTTPStatus.NO_CONTENT)
        headers: Headers = (("content-type", JSON),)
        if self._located:
            headers = (*headers, ("location", self._location(result, target, params)))
        if self._tagged:
            headers = (*headers, ("etag", f'"r{result.version}"'))
        if self._paged and result.next_cursor is not None and next_page is not None:
            headers = (*headers, ("link", f'<{next_page(result.next_cursor)}>; rel="next"'))
        return Reply(self._status, encode(result if fields is None else selected(result, fields)), headers)

    def _location(self, result: Any, target: str, params: Mapping[str, str]) -> str:
        identity = getattr(result, "ref", None) or getattr(result, "id", None)
        if identity is not None and self._reads is not None:
            return _filled(self._reads, identity, params)
        if getattr(result, "key", None) is not None and self._search is not None:
            return _filled(self._search, result.key, params)
        return target if identity is None else f"{target}/{quote(str(identity), safe=':')}"


def _filled(template: str, identity: Any, params: Mapping[str, str]) -> str:
    return template.format(quote(str(identity), safe=":"), **{k: quote(v, safe=":") for k, v in params.items()})
