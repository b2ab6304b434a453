"""How the tenant words refusals: `{"error": "...", "errors": [{"error", "field"}]}`."""

from runtime.http.simulate import Request, Response


def refusal(status: int, message: str, field: str | None = None) -> Response:
    """One error; a wrong parameter is also named in `errors`."""
    body: dict[str, object] = {"error": message}
    if field:
        body["errors"] = [{"error": message, "field": field}]
    return Response.of(status, body)


class Errors:
    """What can happen around any request."""

    def not_found(self, request: Request) -> Response:
        """Unknown path."""
        return refusal(404, "not found: the resource does not exist")

    def method_not_allowed(self, request: Request) -> Response:
        """Known path, other method."""
        return refusal(405, "method not allowed")

    def too_large(self, request: Request) -> Response:
        """Body over the limit."""
        return refusal(413, "request entity too large")

    def too_many(self, request: Request, retry_after: int | None) -> Response:
        """A burst."""
        answer = refusal(429, "too many requests")
        return answer if retry_after is None else answer.adding(("Retry-After", str(retry_after)))

    def server_error(self, request: Request, status: int) -> Response:
        """Their failure."""
        return refusal(status, "internal server error")

    def token_expired(self, request: Request) -> Response:
        """A dead token."""
        return refusal(401, "invalid or expired access token")
