"""How the tenant words refusals: `{"error": "...", "errors": [{"error", "field"}]}`, and faults where SOAP is spoken."""

from collections.abc import Sequence

from msgspec import Struct

from runtime.http.simulate import Request, Response
from system_apis.workday.sandbox.soap.envelope import fault

_SERVICES, _REPORTS = "/ccx/service/", "/ccx/service/customreport2/"


def refusal(status: int, message: str, field: str | None = None) -> Response:
    """One error; a wrong parameter is also named in `errors`."""
    body: dict[str, object] = {"error": message}
    if field:
        body["errors"] = [{"error": message, "field": field}]
    return Response.of(status, body)


class Wrong(Struct, frozen=True):
    """One mistake in a request: the vendor's code, the message, and where it is."""

    code: str
    message: str
    field: str


def refusals(wrong: Sequence[Wrong]) -> Response:
    """Everything that is wrong with a request."""
    listed = [{"error": one.message, "code": one.code, "field": one.field} for one in wrong]
    return Response.of(400, {"error": "Validation error(s) occurred.", "errors": listed})


def _worded(request: Request, status: int, message: str) -> Response:
    if request.path.startswith(_SERVICES) and not request.path.startswith(_REPORTS):
        return fault("Server" if status >= 500 else "Client", message, status=status)
    return refusal(status, message)


class Errors:
    """What can happen around any request."""

    def not_found(self, request: Request) -> Response:
        """Unknown path."""
        return _worded(request, 404, "not found: the resource does not exist")

    def method_not_allowed(self, request: Request) -> Response:
        """Known path, other method."""
        return _worded(request, 405, "method not allowed")

    def too_large(self, request: Request) -> Response:
        """Body over the limit."""
        return _worded(request, 413, "request entity too large")

    def too_many(self, request: Request, retry_after: int | None) -> Response:
        """A burst."""
        answer = _worded(request, 429, "too many requests")
        return answer if retry_after is None else answer.adding(("Retry-After", str(retry_after)))

    def server_error(self, request: Request, status: int) -> Response:
        """Their failure."""
        return _worded(request, status, "internal server error")

    def token_expired(self, request: Request) -> Response:
        """A dead token."""
        return _worded(request, 401, "invalid or expired access token")
