"""SOQL text -> a typed query, or the refusal the vendor would give. Names are resolved later, against an org's schema.

The subset: SELECT of paths and one level of child subqueries or COUNT(), FROM, WHERE, ORDER BY, LIMIT, OFFSET.
Source: SOQL and SOSL Reference (SELECT syntax, date formats and date literals, quoted string escape sequences).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

LARGEST_OFFSET = 2000
_LONGEST_QUERY = 100_000
_DEEPEST = 30

Path = tuple[str, ...]


class SoqlRefused(Exception):
    """The query is refused; `code` is the vendor's errorCode."""

    def __init__(self, message: str, code: str = "MALFORMED_QUERY") -> None:
        super().__init__(message)
        self.code = code


class Relative(msgspec.Struct, frozen=True):
    """A date literal such as TODAY or LAST_N_DAYS:7 (`count` is None without a number)."""

    name: str
    count: int | None


class Literal(msgspec.Struct, frozen=True):
    """A value; `kind` = string, number, date, datetime, boolean, null, relative; `text` is how it was written."""

    kind: str
    value: str | Decimal | date | datetime | bool | Relative | None
    text: str


class Comparison(msgspec.Struct, frozen=True):
    """`op` = `=` `!=` `<` `>` `<=` `>=` LIKE, with one value; IN, NOT IN with several."""

    path: Path
    op: str
    values: tuple[Literal, ...]


class Not(msgspec.Struct, frozen=True):
    part: Condition


class Every(msgspec.Struct, frozen=True):
    """All parts hold (AND)."""

    parts: tuple[Condition, ...]


class Some(msgspec.Struct, frozen=True):
    """At least one part holds (OR)."""

    parts: tuple[Condition, ...]


Condition = Comparison | Not | Every | Some


class Order(msgspec.Struct, frozen=True):
    path: Path
    descending: bool
    nulls_last: bool


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """`source` is an object name, in a subquery a child relationship; `counting` = SELECT COUNT()."""

    paths: tuple[Path, ...]
    children: tuple[Query, ...]
    counting: bool
    source: str
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int


def parse(text: str) -> Query:
    """Read one query. Raises SoqlRefused with MALFORMED_QUERY for anything outside the subset."""
    if len(text) > _LONGEST_QUERY:
        raise SoqlRefused("SOQL statements cannot be longer than 100000 characters.")
    reader = _Reader(_tokens(text))
    query = reader.query(top=True)
    if reader.kind != "end":
        raise reader.unexpected()
    return query


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<datetime>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d(?![\w:]))
    | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?![\w.]))
    | (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<relative>[A-Za-z]+_N_[A-Za-z_]+:\d+(?!\w)|N_[A-Za-z_]+_AGO:\d+(?!\w))
    | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
    | (?P<symbol><=|>=|!=|<>|[=<>(),])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"(?:TODAY|YESTERDAY|TOMORROW|(?:LAST|THIS|NEXT)_(?:WEEK|MONTH|QUARTER|YEAR)|(?:LAST|NEXT)_90_DAYS)\Z",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?:(?:LAST|NEXT)_N_(?:DAYS|WEEKS|MONTHS|YEARS)|N_(?:DAYS|WEEKS|MONTHS)_AGO)\Z", re.IGNORECASE)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_RESERVED = {"and", "asc", "desc", "false", "from", "group", "having", "in", "like", "limit", "not", "null", "or"}
_RESERVED |= {
    "order",
    "select",
    "true",
    "using",
    "where",
    "with",
    "offset",
    "for",
    "update",
    "typeof",
    "includes",
    "excludes",
}

Token = tuple[str, str]


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while not found or found[-1][0] != "end":
        match = _TOKEN.match(text, at)
        if match is None:
            rest = text[at:].lstrip()
            raise SoqlRefused(
                f"unexpected token: '{rest[:1]}'" if rest[:1] != "'" else "line 1: unclosed string literal"
            )
        at = match.end()
        found.append((match.lastgroup or "end", match[match.lastgroup or "end"]))
    return found


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def text(self) -> str:
        return self._tokens[self._at][1]

    def unexpected(self) -> SoqlRefused:
        return SoqlRefused("unexpected end of query" if self.kind == "end" else f"unexpected token: '{self.text}'")

    def _word(self, *words: str) -> bool:
        """Take these keywords or symbols if they come next."""
        ahead = self._tokens[self._at : self._at + len(words)]
        if [text.lower() for _, text in ahead] != list(words):
            return False
        self._at += len(words)
        return True

    def _need(self, *words: str) -> None:
        if not self._word(*words):
            raise self.unexpected()

    def _take(self, kind: str) -> str:
        if self.kind != kind or (kind == "name" and self.text.lower() in _RESERVED):
            raise self.unexpected()
        self._at += 1
        return self._tokens[self._at - 1][1]

    def query(self, *, top: bool) -> Query:
        self._need("select")
        counting = top and self._word("count", "(", ")")
        paths, children = ([], []) if counting else self._columns(top=top)
        self._need("from")
        return Query(
            counting=counting,
            paths=tuple(paths),
            children=tuple(children),
            source=self._take("name"),
            where=self._condition() if self._word("where") else None,
            order=self._orders() if self._word("order", "by") else (),
            limit=self._whole() if self._word("limit") else None,
            offset=self._offset() if self._word("offset") else 0,
        )

    def _columns(self, *, top: bool) -> tuple[list[Path], list[Query]]:
        paths: list[Path] = []
        children: list[Query] = []
        while True:
            if top and self._word("("):
                children.append(self.query(top=False))
                self._need(")")
            else:
                paths.append(self._path(paths))
            if not self._word(","):
                return paths, children

    def _path(self, taken: list[Path]) -> Path:
        path = tuple(self._take("name").split("."))
        if any([part.lower() for part in path] == [part.lower() for part in other] for other in taken):
            raise SoqlRefused(f"duplicate field selected: {'.'.join(path)}")
        return path

    def _condition(self) -> Condition:
        """Parts joined by AND or by OR; a mix needs parentheses."""
        parts = [self._factor()]
        joint = next((word for word in ("and", "or") if self.text.lower() == word), None)
        while joint is not None and self._word(joint):
            parts.append(self._factor())
        if self.text.lower() in ("and", "or"):
            raise self.unexpected()
        if len(parts) == 1:
            return parts[0]
        return Every(tuple(parts)) if joint == "and" else Some(tuple(parts))

    def _factor(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise SoqlRefused("SOQL WHERE clause is nested too deeply")
        part: Condition
        if self._word("not"):
            part = Not(self._factor())
        elif self._word("("):
            part = self._condition()
            self._need(")")
        else:
            part = self._comparison()
        self._depth -= 1
        return part

    def _comparison(self) -> Condition:
        path = tuple(self._take("name").split("."))
        if self._word("in"):
            return Comparison(path, "IN", self._list())
        if self._word("not", "in"):
            return Comparison(path, "NOT IN", self._list())
        if self._word("like"):
            return Comparison(path, "LIKE", (self._literal(),))
        if self.kind != "symbol" or self.text not in ("=", "!=", "<>", "<", ">", "<=", ">="):
            raise self.unexpected()
        op = self._take("symbol")
        return Comparison(path, "!=" if op == "<>" else op, (self._literal(),))

    def _list(self) -> tuple[Literal, ...]:
        self._need("(")
        values = [self._literal()]
        while self._word(","):
            values.append(self._literal())
        self._need(")")
        return tuple(values)

    def _literal(self) -> Literal:
        kind, text = self._tokens[self._at]
        literal = _literal(kind, text)
        if literal is None:
            raise self.unexpected()
        self._at += 1
        return literal

    def _orders(self) -> tuple[Order, ...]:
        orders = [self._order()]
        while self._word(","):
            orders.append(self._order())
        return tuple(orders)

    def _order(self) -> Order:
        path = tuple(self._take("name").split("."))
        descending = not self._word("asc") and self._word("desc")
        if self._word("nulls", "last"):
            return Order(path, descending, nulls_last=True)
        self._word("nulls", "first")
        return Order(path, descending, nulls_last=False)

    def _whole(self) -> int:
        text = self.text
        if self.kind != "number" or not text.isdigit() or len(text) > 9:
            raise self.unexpected()
        self._at += 1
        return int(text)

    def _offset(self) -> int:
        offset = self._whole()
        if offset > LARGEST_OFFSET:
            raise SoqlRefused("Maximum SOQL offset allowed is 2000", "NUMBER_OUTSIDE_VALID_RANGE")
        return offset


def _literal(kind: str, text: str) -> Literal | None:
    """The value of one token, None when the token is no value."""
    if kind == "string":
        return Literal("string", _unquoted(text), text)
    if kind == "number":
        return Literal("number", Decimal(text), text)
    if kind in ("date", "datetime"):
        return Literal(kind, _moment(kind, text), text)
    if kind == "relative" or (kind == "name" and _RELATIVE.match(text)):
        return _relative(text)
    word = text.lower()
    if kind == "name" and word in ("true", "false"):
        return Literal("boolean", word == "true", text)
    return Literal("null", None, text) if kind == "name" and word == "null" else None


def _moment(kind: str, text: str) -> date | datetime:
    try:
        return date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SoqlRefused(f"line 1: unexpected token: '{text}'") from error


def _relative(text: str) -> Literal:
    name, _, count = text.upper().partition(":")
    if count and (not _COUNTED.match(name) or len(count) > 4):
        raise SoqlRefused(f"unexpected token: '{text}'")
    return Literal("relative", Relative(name, int(count) if count else None), text)


def _unquoted(text: str) -> str:
    """The characters meant; `\\%` and `\\_` stay escaped, they only mean something to LIKE."""

    def character(match: re.Match[str]) -> str:
        escaped = match[1]
        if escaped in "%_":
            return match[0]
        if escaped not in _ESCAPES:
            raise SoqlRefused(f"Illegal escape sequence: \\{escaped}")
        return _ESCAPES[escaped]

    return re.sub(r"\\(.)", character, text[1:-1], flags=re.DOTALL)
