"""What is told of a request once it is over: counts, its line in the log, its span. Costs a few microseconds."""

from gateway.exchange import Exchange
from runtime import metrics
from runtime.telemetry import lines, redacted

_QUIET = ("/health/", "/metrics")
_LIMITS = frozenset({"throttled", "quota-spent", "abnormal-use"})
_PATH_LIMIT = 200


def note(x: Exchange, seconds: float) -> None:  # house: float seconds
    """Count, log and trace an exchange that was answered, or broken off by its caller."""
    place, status = x.place(), 499 if x.reply is None else x.reply.status
    problem = "" if x.problem is None else x.problem.slug
    metrics.REQUESTS.add((place, status, problem))
    metrics.REQUEST_SECONDS.observe((place,), seconds)
    if problem in _LIMITS:
        metrics.LIMIT_REFUSALS.add((_limit(x),))
    if lines.said and (status >= 400 or not x.target.startswith(_QUIET)):
        _line(x, place, status, problem, seconds)
    if x.root is not None:
        _span(x, place, status, problem)


def _limit(x: Exchange) -> str:
    passed = [] if x.problem is None else x.problem.facts.get("violated_policies", [])
    return str(passed[0]) if passed else "failures"


def _line(x: Exchange, place: str, status: int, problem: str, seconds: float) -> None:  # house: float seconds
    fields = {
        "operation": place,
        "method": x.method,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "tenant": None if x.identity is None else x.identity.tenant,
        "client": None if x.identity is None else x.identity.client,
        "correlation_id": _correlation(x),
        "request_id": x.request_id,
    }
    if problem:
        fields["problem"] = problem
    if x.route is None:
        fields["path"] = redacted(x.target[:_PATH_LIMIT])
    lines.say("request.answered", x.services.clock.now(), fields)


def _correlation(x: Exchange) -> str:
    """One that people made up may hold what they should not have put there."""
    given = b"x-correlation-id" in x.request_headers
    return str(redacted(x.correlation_id)) if given else x.correlation_id


def _span(x: Exchange, place: str, status: int, problem: str) -> None:
    assert x.root is not None
    span = x.root.span
    span.name = f"{x.method} {place}"
    span.attributes |= {"http.response.status_code": status, "http.request.method": x.method}
    span.attributes |= {"ledgerway.correlation_id": _correlation(x), "ledgerway.request_id": x.request_id}
    if x.identity is not None:
        span.attributes |= {"ledgerway.tenant": x.identity.tenant, "ledgerway.client": x.identity.client}
    span.error = problem or None if status >= 500 else None
    x.root.end(alone=not x.target.startswith(_QUIET))
