"""References into connected systems, pages of objects, and the small types that many objects share."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from contracts import patterns

T = TypeVar("T")

Ref = Annotated[
    str,
    Meta(
        pattern=patterns.REF,
        max_length=200,
        description="`system:kind:id`; `system` is the instance code of a connection",
    ),
]
Text = Annotated[str, Meta(min_length=1, max_length=300)]
Code = Annotated[str, Meta(min_length=1, max_length=60)]
# What callers may give; what other systems call things, and what is registered already, is shown as it is.
Name = Annotated[str, Meta(pattern=patterns.NAME, max_length=300, description="one line, not blank")]
NewCode = Annotated[str, Meta(pattern=patterns.NAME, max_length=60, description="one line, not blank")]
Reason = Annotated[
    str, Meta(pattern=patterns.NOT_BLANK, min_length=1, max_length=500, description="in words, not blank")
]
Id = Annotated[
    str,
    Meta(
        pattern=patterns.ID,
        max_length=60,
        description="an id of our own (ID-1), fit to stand in a path",
    ),
]
CountryCode = Annotated[str, Meta(pattern=patterns.COUNTRY, max_length=2, description="ISO 3166-1 alpha-2")]
CurrencyCode = Annotated[str, Meta(pattern=patterns.CURRENCY, max_length=3, description="ISO 4217")]
Limit = Annotated[int, Meta(ge=1, description="page size; a value above 200 is lowered to it")]
Cursor = Annotated[str, Meta(min_length=1, max_length=500, description="`next_cursor` of the page before")]


LARGEST_BULK = 200  # SCL-3
LARGEST_PAGE = 200  # of a list


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """One page. `next_cursor` is null on the last page; `as_of` is when the source was read (UTC)."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    as_of: datetime | None = None


def ref(system: str, kind: str, key: str) -> str:
    """`ref("certinia", "project", "a7O")` -> `certinia:project:a7O`."""
    return f"{system}:{kind}:{key}"


def ref_id(value: str) -> str:
    """The system's own id inside a reference."""
    return value.split(":", 2)[2]
