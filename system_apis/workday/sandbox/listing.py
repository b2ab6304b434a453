"""Collections of the REST services: `limit`, `offset`, `total`, and instance references with their links."""

from collections.abc import Callable, Sequence

from runtime.http.simulate import Faults, Refused, Request, Response, Row
from system_apis.workday.sandbox.errors import refusal

Collection = Callable[[Request], list[Row]]
"""All rows of a collection, as a request filters them."""

DEFAULT_LIMIT, LARGEST_LIMIT = 20, 100


class Listing:
    """Pages of rows. Source: Workday REST API, Common service v1 (`limit` at most 100, `offset` zero-based)."""

    def __init__(self, faults: Faults, public_url: str) -> None:
        self._faults, self._root = faults, public_url.rstrip("/")

    def page(self, request: Request, rows: Sequence[Row]) -> Response:
        """One page; with `page_shift` its first row was seen already."""
        limit = _number(request, "limit", DEFAULT_LIMIT)
        offset = _number(request, "offset", 0)
        if not 1 <= limit <= LARGEST_LIMIT:
            raise Refused(refusal(400, f"limit must be between 1 and {LARGEST_LIMIT}", "limit"))
        start = shifted(self._faults, request, offset)
        return Response.of(200, {"total": len(rows), "data": list(rows[start : start + limit])})

    def one(self, request: Request, rows: Sequence[Row]) -> Response:
        """The item of the path among those of its collection."""
        found = next((row for row in rows if row["id"] == request.params["item"]), None)
        if found is None:
            raise Refused(refusal(404, "invalid ID: the instance does not exist"))
        return Response.of(200, found)

    def link(self, request: Request, row: Row, collection: str) -> Row:
        """A reference (id, descriptor) with its `href`."""
        tenant = request.params["tenant"]
        href = f"{self._root}/ccx/api/common/v1/{tenant}/{collection}/{row['id']}"
        return {"id": row["id"], "descriptor": row["descriptor"], "href": href}


def shifted(faults: Faults, request: Request, offset: int) -> int:
    """Where a page starts; with `page_shift` a row appeared before it meanwhile."""
    return offset - 1 if offset and faults.take("page_shift", request) else offset


def _number(request: Request, name: str, absent: int) -> int:
    value = request.query.get(name)
    if value is None:
        return absent
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Refused(refusal(400, f"{name} must be a whole number", name))
    return int(value)
