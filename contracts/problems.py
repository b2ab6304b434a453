"""The only errors that cross a boundary (RFC 9457).

Problem
├─ caller:    InvalidRequest 400 · Unauthenticated 401 · Forbidden 403 · NotFound 404 · MethodNotAllowed 405 · NotAcceptable 406
│             Conflict 409 · InProgress 409 · VersionGone 410 · PreconditionFailed 412 · TooLarge 413 · UnsupportedMedia 415
│             TargetTooLong 414 · InvalidContent 422 · RuleViolated 422 · KeyReused 422 · PreconditionRequired 428
│             Throttled 429 · QuotaSpent 429 · AbnormalUse 429 · HeadersTooLarge 431 · RequestTimeout 408 · MethodUnknown 501
├─ vendor:    VendorRefused 502 · VendorCredentials 502 · VendorUnavailable 503 · OutcomeUnknown 504 · Unsupported 501
└─ Ledgerway: DeadlineExceeded 504 · StoreAway 503 · Overloaded 503 · Internal 500
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from msgspec import Struct


class Violation(Struct, frozen=True, omit_defaults=True):
    """One thing wrong with a request: `pointer` is a JSON Pointer in fragment form; for parameters `parameter` and `in_`."""

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    in_: str | None = None

    def wire(self) -> dict[str, str]:
        """The member as it stands in the `errors` array of a problem."""
        names = {"pointer": self.pointer, "parameter": self.parameter, "in": self.in_, "code": self.code}
        return {k: v for k, v in names.items() if v is not None} | {"detail": self.detail}


class Problem(Exception):
    """Base of all problems.

    `detail` says what happened and what to do; `facts` are documented per class; `retry_after_s`, when known, becomes `Retry-After`.
    """

    slug: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False
    registered_type: ClassVar[str | None] = None

    def __init__(self, detail: str, *, errors: Sequence[Violation] = (), **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.facts = facts

    @property
    def type_uri(self) -> str:
        """The registered URI of RFC 9457's registry where there is one, else our own page."""
        return self.registered_type or f"/problems/{self.slug}"

    @property
    def retry_after_s(self) -> int | None:
        """Whole seconds to wait, when the cause said so."""
        value = self.facts.get("retry_after_s")
        return None if value is None else int(value)

    @property
    def code(self) -> str | None:
        """The business code of the exception catalogue this problem stands for, if any (domain rules, section 6)."""
        value = self.facts.get("code")
        return value if isinstance(value, str) else None


class InvalidRequest(Problem):
    """The request cannot be read: syntax, parameters, headers."""

    slug, status, title = "invalid-request", 400, "Invalid request"


class Unauthenticated(Problem):
    """No credentials, or credentials that do not hold. facts: error (RFC 6750), when credentials were sent."""

    slug, status, title = "unauthenticated", 401, "Not authenticated"


class Forbidden(Problem):
    """The caller is known and may not do this. facts: scope."""

    slug, status, title = "forbidden", 403, "Forbidden"


class NotFound(Problem):
    """Absent, or another tenant's."""

    slug, status, title = "not-found", 404, "Not found"


class MethodNotAllowed(Problem):
    """facts: allow (list of methods)."""

    slug, status, title = "method-not-allowed", 405, "Method not allowed"


class NotAcceptable(Problem):
    """The answer is JSON and the caller does not take it."""

    slug, status, title = "not-acceptable", 406, "Not acceptable"


class Conflict(Problem):
    """The state of the object does not allow it. facts: code (ILLEGAL_TRANSITION and others)."""

    slug, status, title = "conflict", 409, "Conflict"


class InProgress(Problem):
    """The first request with this idempotency key is still running."""

    slug, status, title, retryable = "in-progress", 409, "In progress", True


class VersionGone(Problem):
    """The API version was retired. facts: successor."""

    slug, status, title = "version-gone", 410, "Version gone"


class PreconditionFailed(Problem):
    """`If-Match` or the expected version is stale. facts: code (VERSION_CONFLICT), version."""

    slug, status, title = "precondition-failed", 412, "Precondition failed"


class TooLarge(Problem):
    """The body is larger than the limit. facts: limit_bytes."""

    slug, status, title = "too-large", 413, "Content too large"


class TargetTooLong(Problem):
    """Path and query together are longer than the limit. facts: limit_bytes."""

    slug, status, title = "target-too-long", 414, "Target too long"


class UnsupportedMedia(Problem):
    """The media type is not taken here. facts: accept."""

    slug, status, title = "unsupported-media", 415, "Unsupported media type"


class InvalidContent(Problem):
    """Well-formed, against the schema; `errors` lists every violation."""

    slug, status, title = "invalid-content", 422, "Invalid content"


class RuleViolated(Problem):
    """A business rule says no. facts: code (catalogue of exceptions, or GUARD_FAILED)."""

    slug, status, title = "rule-violated", 422, "Rule violated"


class KeyReused(Problem):
    """The idempotency key was used for another request."""

    slug, status, title = "key-reused", 422, "Idempotency key reused"


class PreconditionRequired(Problem):
    """`If-Match` is needed here."""

    slug, status, title = "precondition-required", 428, "Precondition required"


class Throttled(Problem):
    """The request budget of the moment is spent. facts: retry_after_s, violated_policies."""

    slug, status, title, retryable = "throttled", 429, "Too many requests", True
    registered_type = "https://iana.org/assignments/http-problem-types#quota-exceeded"


class QuotaSpent(Problem):
    """The budget of the month is spent. facts: retry_after_s, violated_policies."""

    slug, status, title = "quota-spent", 429, "Quota spent"
    registered_type = "https://iana.org/assignments/http-problem-types#quota-exceeded"


class AbnormalUse(Problem):
    """Too many credentials from one address did not hold. facts: retry_after_s."""

    slug, status, title, retryable = "abnormal-use", 429, "Abnormal use", True
    registered_type = "https://iana.org/assignments/http-problem-types#abnormal-usage-detected"


class HeadersTooLarge(Problem):
    """The header fields together are larger than the limit. facts: limit_bytes."""

    slug, status, title = "headers-too-large", 431, "Headers too large"


class RequestTimeout(Problem):
    """The header fields did not come in time."""

    slug, status, title, retryable = "request-timeout", 408, "Request timeout", True


class MethodUnknown(Problem):
    """No resource here knows this method."""

    slug, status, title = "method-unknown", 501, "Method unknown"


class VendorRefused(Problem):
    """The vendor understood and said no. facts: vendor, operation, vendor_code, vendor_message."""

    slug, status, title = "vendor-refused", 502, "Vendor refused"


class VendorCredentials(Problem):
    """The vendor does not accept our credentials: an operator must act. facts: vendor."""

    slug, status, title = "vendor-credentials", 502, "Vendor credentials"


class VendorUnavailable(Problem):
    """The vendor timed out, refused the connection, answered 5xx or is over its limit.

    facts: vendor, operation, retry_after_s, failure (RFC 9209).
    """

    slug, status, title, retryable = "vendor-unavailable", 503, "Vendor unavailable", True


class OutcomeUnknown(Problem):
    """A write was sent and no answer came: look before trying again (WF-3). facts: vendor, operation, failure (RFC 9209)."""

    slug, status, title = "outcome-unknown", 504, "Outcome unknown"


class Unsupported(Problem):
    """This vendor cannot do it; the manifest says why. facts: vendor, operation."""

    slug, status, title = "unsupported", 501, "Not supported by this vendor"


class DeadlineExceeded(Problem):
    """The caller's deadline passed before the work was done."""

    slug, status, title, retryable = "deadline-exceeded", 504, "Deadline exceeded", True


class StoreAway(Problem):
    """The database or the counter store does not answer."""

    slug, status, title, retryable = "store-away", 503, "Store away", True


class Overloaded(Problem):
    """More work is waiting than can be done in time: nothing was begun. facts: retry_after_s."""

    slug, status, title, retryable = "overloaded", 503, "Overloaded", True
    registered_type = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"


class Internal(Problem):
    """Ledgerway failed; the request was fine. facts: correlation_id only."""


def _descendants(root: type[Problem]) -> Iterator[type[Problem]]:
    for child in root.__subclasses__():
        yield child
        yield from _descendants(child)


PROBLEMS: dict[str, type[Problem]] = {problem.slug: problem for problem in _descendants(Problem)}
