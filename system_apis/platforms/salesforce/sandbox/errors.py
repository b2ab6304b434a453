"""The org's refusals: the array envelope, and what every request can meet."""

from __future__ import annotations

from collections.abc import Callable

from runtime.http.simulate import Request, Response

_METHODS = ("GET", "POST", "PATCH", "DELETE")
LIMIT_MESSAGE = "TotalRequests Limit exceeded."


class OrgError(Exception):
    """One refusal. `fields` None = the vendor does not name fields for this kind of error."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def item(self) -> dict[str, object]:
        """As it stands in the array of a single answer."""
        item: dict[str, object] = {"message": self.message, "errorCode": self.code}
        return item if self.fields is None else {**item, "fields": list(self.fields)}

    def collection_item(self) -> dict[str, object]:
        """As it stands in `errors` of one record of a collection."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}

    def response(self) -> Response:
        return Response.of(self.status, [self.item()], media="application/json;charset=UTF-8")


def invalid(code: str, message: str, *fields: str) -> OrgError:
    """A refused write: 400 with the fields at fault."""
    return OrgError(400, code, message, fields)


def rule(message: str, *fields: str) -> OrgError:
    """A validation rule said no."""
    return invalid("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, *fields)


def not_found(message: str = "The requested resource does not exist") -> OrgError:
    return OrgError(404, "NOT_FOUND", message)


def dead_session() -> OrgError:
    return OrgError(401, "INVALID_SESSION_ID", "Session expired or invalid")


class Envelope:
    """How the org words what can happen around any request. `forget(token)` ends a session for good."""

    def __init__(self, forget: Callable[[str], None]) -> None:
        self._forget = forget

    def not_found(self, request: Request) -> Response:
        return not_found().response()

    def method_not_allowed(self, request: Request) -> Response:
        others = ",".join(method for method in _METHODS if method != request.method)
        message = f"HTTP Method '{request.method}' not allowed. Allowed are {others}"
        return OrgError(405, "METHOD_NOT_ALLOWED", message).response()

    def too_large(self, request: Request) -> Response:
        return OrgError(413, "REQUEST_ENTITY_TOO_LARGE", "Request entity is too large").response()

    def too_many(self, request: Request, retry_after: int | None) -> Response:
        """The org answers 403, never 429; Retry-After only comes from an edge in front of it."""
        answer = OrgError(403, "REQUEST_LIMIT_EXCEEDED", LIMIT_MESSAGE).response()
        return answer if retry_after is None else answer.adding(("Retry-After", str(retry_after)))

    def server_error(self, request: Request, status: int) -> Response:
        if status == 503:
            return OrgError(503, "SERVER_UNAVAILABLE", "The server is unavailable. Try again later.").response()
        message = "An unexpected error occurred. Please include this ErrorId if you contact support: 1717171717-12345"
        return OrgError(status, "UNKNOWN_EXCEPTION", message).response()

    def token_expired(self, request: Request) -> Response:
        self._forget((request.header("authorization") or "").partition(" ")[2])
        return dead_session().response()
