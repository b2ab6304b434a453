"""Operations -> a litestar application: what a layer is when it runs alone, behind another process's gateway.

There is no front door here: a request is taken only with the token our own layers sign (`hop.py`), which carries the Call.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig

from contracts.call import Call
from contracts.problems import Internal, NotFound, Problem, Unauthenticated
from runtime.bind import Served
from runtime.http.arguments import BODY_LIMIT, Arguments
from runtime.http.hop import HopTokens
from runtime.http.replies import Replier, Reply, problem_reply
from runtime.telemetry import log

HOP_HEADER = "ledgerway-call"
_NO_OPENAPI: OpenAPIConfig | None = None


def layer(served: Iterable[Served], tokens: HopTokens) -> Litestar:
    """The application of one layer. Every answer is an operation's result or a problem."""
    handlers = [_handler(one, tokens) for one in served]
    return Litestar(
        route_handlers=handlers,
        openapi_config=_NO_OPENAPI,
        logging_config=None,
        exception_handlers={Exception: _unknown, 404: _nothing},
        request_max_body_size=BODY_LIMIT,
    )


def _path(template: str) -> str:
    """Our `{name}` as litestar's `{name:str}`."""
    return template.replace("}", ":str}")


def _handler(served: Served, tokens: HopTokens) -> HTTPRouteHandler:
    operation = served.operation
    own = {p.name for p in operation.parameters}
    extra = [part[1:-1] for part in served.path.split("/") if part.startswith("{") and part[1:-1] not in own]
    arguments, replier = Arguments(operation, extra), Replier(operation)

    async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
        try:
            call = _call(request, tokens)
            given = arguments.decode(
                request.path_params,
                request.scope["query_string"],
                request.headers.get("content-type"),
                await request.body(),
            )
            result = await served.invoke(call, given)
        except Problem as problem:
            return _response(problem_reply(problem, correlation_id=_correlation(request)))
        return _response(replier.reply(result, target=request.url.path, params=request.path_params))

    named: Callable[..., Awaitable[Response[bytes]]] = handle
    handle.__name__ = operation.id.replace(".", "_")
    # Parameters of the address are read from the request: litestar need not know their types.
    return HTTPRouteHandler(
        _path(served.path), http_method=operation.method, status_code=operation.status, signature_types=[Request]
    )(named)


def _call(request: Request[Any, Any, Any], tokens: HopTokens) -> Call:
    token = request.headers.get(HOP_HEADER)
    if token is None:
        raise Unauthenticated("This layer takes calls of other layers only; ask the gateway.")
    return tokens.read(token, f"{request.method} {request.url.path}")


def _correlation(request: Request[Any, Any, Any]) -> str:
    return request.headers.get("x-correlation-id", "")


def _response(reply: Reply) -> Response[bytes]:
    headers = {name: value for name, value in reply.headers if name != "content-type"}
    media = next((value for name, value in reply.headers if name == "content-type"), "application/json")
    return Response(reply.body, status_code=reply.status, headers=headers, media_type=media)


def _nothing(request: Request[Any, Any, Any], _error: Exception) -> Response[bytes]:
    problem = NotFound("There is no such operation in this layer.")
    return _response(problem_reply(problem, correlation_id=_correlation(request)))


def _unknown(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("layer.failed", path=request.url.path, exc_info=error)
    return _response(problem_reply(Internal("Ledgerway failed; the request was fine."), correlation_id=""))
