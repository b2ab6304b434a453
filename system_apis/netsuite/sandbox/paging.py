"""Collection pages: limit and offset, their limits, and the page that moves under the reader."""

from typing import Any
from urllib.parse import urlencode

from runtime.http.simulate import Fault, Request, Response
from system_apis.netsuite.sandbox.errors import Refused

LARGEST_PAGE = 1000
_MOST_RESULTS = 100_000


def window(request: Request) -> tuple[int, int]:
    """(limit, offset) of a request. Raises the vendor's 400: limit up to 1000, offset a multiple of it, 1000 pages at most."""
    limit, offset = _whole(request, "limit", LARGEST_PAGE), _whole(request, "offset", 0)
    if not 1 <= limit <= LARGEST_PAGE:
        raise _refused("limit", f"The limit must be between 1 and {LARGEST_PAGE}.")
    if offset % limit or offset // limit >= LARGEST_PAGE or offset >= _MOST_RESULTS:
        raise _refused("offset", "The offset must be divisible by the limit, and at most 1000 pages are read.")
    return limit, offset


def page(request: Request, items: list[Any], limit: int, offset: int, shifted: Fault | None) -> Response:
    """One page. A shifted one behaves as if a row before it had vanished since the page before was read."""
    start = offset + 1 if shifted else offset
    shown = items[start : start + limit]
    more = start + limit < len(items)
    links = [{"rel": "self", "href": _address(request, limit, offset)}]
    if more:
        links.append({"rel": "next", "href": _address(request, limit, offset + limit)})
    if offset:
        links.append({"rel": "previous", "href": _address(request, limit, offset - limit)})
    body = {"links": links, "count": len(shown), "hasMore": more, "items": shown, "offset": offset}
    return Response.of(200, {**body, "totalResults": len(items)})


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise _refused(name, f"The {name} must be a whole number.")
    return int(text)


def _refused(name: str, text: str) -> Refused:
    return Refused(400, "INVALID_PARAMETER", text, where=name)


def _address(request: Request, limit: int, offset: int) -> str:
    return f"{request.base_url}{request.path}?{urlencode({**request.query, 'limit': limit, 'offset': offset})}"
