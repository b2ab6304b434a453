"""The portal as an application: its pages, static files, and every refusal as a page in the same layout."""

from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp, Receive, Scope, Send

from experience_apis.portal import refusals
from experience_apis.portal.door import FrontDoor
from experience_apis.portal.pages import HANDLERS
from experience_apis.portal.rendering import STATIC
from experience_apis.portal.visit import Visit, visit_from

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # Forms posted under `no-referrer` would come with `Origin: null`.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_LARGEST_FORM = 64 * 1024
_FOR_EVER = CacheControlHeader(public=True, max_age=31_536_000, immutable=True)


def build(door: FrontDoor) -> Any:
    """The application, to be mounted at /portal."""

    async def guest(request: Request[Any, Any, Any]) -> Visit:
        return await visit_from(door, request)

    async def visit(request: Request[Any, Any, Any]) -> Visit:
        found = await visit_from(door, request)
        _ = found.visitor
        return found

    def refused(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        return _Refusal(door, error)

    return Litestar(
        path="/portal",
        route_handlers=[*HANDLERS, _static()],
        dependencies={"guest": Provide(guest), "visit": Provide(visit)},
        exception_handlers={HTTPException: refused, Exception: refused},
        response_headers=_HEADERS,
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=6, exclude=[r"\.woff2$"]),
        request_max_body_size=_LARGEST_FORM,
        openapi_config=None,
        logging_config=None,
    )


def _static() -> Router:
    return create_static_files_router("/static", [STATIC], cache_control=_FOR_EVER)


class _Refusal(Response[bytes]):
    """An answer that is made when it is sent, because its page asks who visits and what waits for them."""

    def __init__(self, door: FrontDoor, error: Exception) -> None:
        super().__init__(b"")
        self._door, self._error = door, error

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **_: Any) -> ASGIApp:  # type: ignore[override]
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            page = await refusals.page(self._door, request, self._error)
            page.headers.update(_HEADERS)
            await page.to_asgi_response(None, request)(scope, receive, send)

        return answer
