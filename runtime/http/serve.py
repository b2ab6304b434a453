"""Operations -> a litestar application: what a layer is when it runs alone, behind another process's gateway.

There is no front door here: a request is taken only with the token our own layers sign (`hop.py`), which carries the Call.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import unquote

from litestar import Litestar, Request, Response
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.types import ASGIApp, Receive, Scope, Send

from contracts.call import Call
from contracts.problems import Internal, InvalidRequest, NotFound, Problem, TooLarge, Unauthenticated
from runtime.bind import Served
from runtime.http.arguments import BODY_LIMIT, Arguments
from runtime.http.hop import HEADER, NOT_SERVED, HopTokens, fingerprint
from runtime.http.replies import Replier, Reply, problem_reply
from runtime.telemetry import log

_NO_OPENAPI: OpenAPIConfig | None = None
_Request = Request[Any, Any, Any]


def layer(served: Iterable[Served], tokens: HopTokens) -> ASGIApp:
    """The application of one layer. Every answer is an operation's result or a problem."""
    app = Litestar(
        route_handlers=[_handler(one, tokens) for one in served],
        openapi_config=_NO_OPENAPI,
        logging_config=None,
        exception_handlers={Exception: _unknown, 404: _nothing, 405: _nothing, 413: _too_large},
        request_max_body_size=BODY_LIMIT,
    )

    async def routed_as_it_came(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            scope["path"] = scope["raw_path"].decode("ascii", "replace").partition("?")[0]
        await app(scope, receive, send)

    return routed_as_it_came


def _path(template: str) -> str:
    """Our `{name}` as litestar's `{name:str}`."""
    return template.replace("}", ":str}")


def _handler(served: Served, tokens: HopTokens) -> HTTPRouteHandler:
    operation = served.operation
    own = {p.name for p in operation.parameters}
    extra = [part[1:-1] for part in served.path.split("/") if part.startswith("{") and part[1:-1] not in own]
    arguments, replier = Arguments(operation, extra), Replier(operation)

    async def handle(request: _Request) -> Response[bytes]:
        correlation_id = ""
        try:
            body = await request.body()
            call = _call(request, body, tokens)
            correlation_id = call.correlation_id
            names = {name: _decoded(text) for name, text in request.path_params.items()}
            query, media = request.scope["query_string"], request.headers.get("content-type")
            result = await served.invoke(call, arguments.decode(names, query, media, body))
        except Problem as problem:
            return _response(problem_reply(problem, correlation_id=correlation_id))
        return _response(replier.reply(result, target=request.scope["path"], params=names))

    named: Callable[..., Awaitable[Response[bytes]]] = handle
    handle.__name__ = operation.id.replace(".", "_")
    # Parameters of the address are read from the request: litestar need not know their types.
    return HTTPRouteHandler(
        _path(served.path), http_method=operation.method, status_code=operation.status, signature_types=[Request]
    )(named)


def _call(request: _Request, body: bytes, tokens: HopTokens) -> Call:
    token = request.headers.get(HEADER)
    if token is None:
        raise Unauthenticated("This layer takes calls of other layers only; ask the gateway.")
    query = request.scope["query_string"].decode("latin-1")
    return tokens.read(token, fingerprint(request.method, request.scope["path"], query, body))


def _decoded(segment: str) -> str:
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The path is not UTF-8.") from error


def _response(reply: Reply) -> Response[bytes]:
    headers = {name: value for name, value in reply.headers if name != "content-type"}
    media = next((value for name, value in reply.headers if name == "content-type"), "application/json")
    return Response(reply.body, status_code=reply.status, headers=headers, media_type=media)


def _nothing(_request: _Request, _error: Exception) -> Response[bytes]:
    return _problem(NotFound("There is no such operation in this layer.", code=NOT_SERVED))


def _too_large(_request: _Request, _error: Exception) -> Response[bytes]:
    return _problem(TooLarge(f"The body may have {BODY_LIMIT} bytes.", limit_bytes=BODY_LIMIT))


def _unknown(request: _Request, error: Exception) -> Response[bytes]:
    log.error("layer.failed", path=request.url.path, exc_info=error)
    return _problem(Internal("Ledgerway failed; the request was fine."))


def _problem(problem: Problem) -> Response[bytes]:
    return _response(problem_reply(problem, correlation_id=""))
