"""The vendor's refusals and their envelope (vendor help "REST Web Services Error Handling")."""

from typing import Any, Literal

from runtime.http.simulate import Request

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_SECTIONS = {
    400: "15.5.1",
    401: "15.5.2",
    403: "15.5.4",
    404: "15.5.5",
    405: "15.5.6",
    500: "15.6.1",
    502: "15.6.3",
    503: "15.6.4",
    504: "15.6.5",
}
Locator = Literal["o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl"]


class Refused(Exception):
    """A request the account refuses: status, code, text and, when known, what it points at."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        where: str | None = None,
        locator: Locator = "o:errorQueryParam",
        title: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.where, self.locator = where, locator
        self.title = title or _TITLES.get(status, "Error")
        self.headers = headers or {}

    def envelope(self) -> dict[str, Any]:
        """The error body."""
        pointer = {} if self.where is None else {self.locator: self.where}
        section = _SECTIONS.get(self.status)
        page = "rfc6585#section-4" if section is None else f"rfc9110.html#section-{section}"
        return {
            "type": f"https://www.rfc-editor.org/rfc/{page}",
            "title": self.title,
            "status": self.status,
            "o:errorDetails": [{"detail": self.detail, **pointer, "o:errorCode": self.code}],
        }


def bad_query(reason: str) -> Refused:
    """A SuiteQL statement or `q` filter the account does not understand."""
    text = f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {reason}"
    return Refused(400, "INVALID_PARAMETER", text, where="q")


def bad_field(path: str, reason: str | None = None) -> Refused:
    """A field value the account does not take."""
    text = reason or f"Invalid value for the resource or sub-resource field '{path}'."
    return Refused(400, "INVALID_CONTENT", text, where=path, locator="o:errorPath")


def user_error(reason: str, path: str | None = None) -> Refused:
    """A business rule of the account says no."""
    return Refused(400, "USER_ERROR", f"Error while accessing a resource. {reason}", where=path, locator="o:errorPath")


def not_allowed(request: Request) -> Refused:
    """The address does not take this method."""
    text = f"The method {request.method} is not allowed here."
    return Refused(405, "METHOD_NOT_ALLOWED", text, where=request.path, locator="o:errorUrl")


def missing() -> Refused:
    """No such record."""
    text = "The record instance does not exist. Provide a valid record instance ID. Record does not exist."
    return Refused(404, "NONEXISTENT_ID", text)
