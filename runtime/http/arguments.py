"""Path, query and body -> the arguments of an operation; everything that is wrong is said in one problem.

Compiled once per operation. What stands in the path or query is `InvalidRequest`, what stands in the body `InvalidContent`.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec
from msgspec import inspect

from contracts.canon.ref import LARGEST_PAGE
from contracts.operation import Operation, Parameter
from contracts.problems import InvalidContent, InvalidRequest, TooLarge, UnsupportedMedia, Violation
from contracts.violations import LARGEST_INTEGER, child_pointer
from contracts.wire import convert, decode, violations
from runtime.http import selection
from runtime.http.repeats import refuse_repeats

BODY_LIMIT = 1024 * 1024
_MOST_PAIRS = 100
LARGEST_FREE = 2**63 - 1
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,99})\Z")
_TEN_DIGITS = re.compile(rb"[0-9]{10}")  # found in a third of the time it takes to see what stands before them
_LONG_NUMBER = re.compile(rb'(?<!["0-9.])-?[0-9]{10}')
_MEDIA = re.compile(r"application/(json|[a-z0-9.-]+\+json)\Z")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

Place = Literal["path", "query"]
Pairs = list[tuple[str, str]]


class _Refused(Exception):
    """What is wrong with one text."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def _integer(text: str) -> int:
    if not _INTEGER.match(text):
        raise _Refused("type", f"is {_shown(text)}; give a whole number")
    return int(text)


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise _Refused("type", f"is {_shown(text)}; give true or false")
    return text == "true"


def _instant(text: str) -> str:
    return text.replace(" ", "+")  # an offset's plus sign that nobody encoded


def _as_is(text: str) -> str:
    return text


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")


_READERS: dict[type, Callable[[str], Any]] = {
    inspect.IntType: _integer,
    inspect.BoolType: _boolean,
    inspect.DateTimeType: _instant,
    inspect.DecimalType: Decimal,
}


def _core(kind: inspect.Type) -> inspect.Type:
    """The type without metadata and without null."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        rest = [k for k in kind.types if not isinstance(k, inspect.NoneType)]
        return _core(rest[0]) if len(rest) == 1 else kind
    return kind


def _checked(value: Any, kind: Any, text: str) -> Any:
    try:
        value = convert(value, kind)
    except msgspec.ValidationError as error:
        found = violations(value, kind)
        first = found[0] if found else {"code": "type", "detail": str(error)}
        raise _Refused(first["code"], f"is {_shown(text)}; {first['detail']}") from error
    return _in_utc(value, text) if isinstance(value, datetime) else value


def _in_utc(value: datetime, text: str) -> datetime:
    if value.tzinfo is None:
        raise _Refused("format", f"is {_shown(text)}; add the offset, for example Z")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise _Refused("format", f"is {_shown(text)}; its year is out of range") from error


class _Field:
    """One path or query parameter: text -> value."""

    def __init__(self, parameter: Parameter, place: Place) -> None:
        self.name, self.place, self.required = parameter.name, place, parameter.required
        self._kind = parameter.type
        core = _core(inspect.type_info(parameter.type))
        self.many = isinstance(core, inspect.ListType | inspect.VarTupleType)
        self._read = _READERS.get(type(_core(core.item_type) if self.many else core), _as_is)  # type: ignore[attr-defined]
        self._page_size = parameter.name == "limit" and isinstance(core, inspect.IntType)

    def value(self, texts: Sequence[str]) -> Any:
        """Raises _Refused."""
        if any("\x00" in text for text in texts):
            raise _Refused("pattern", "contains a NUL character; leave it out")
        read = [self._read(text) for text in texts]
        value = _checked(read if self.many else read[0], self._kind, ",".join(texts))
        if self._page_size:
            return min(value, LARGEST_PAGE)
        if type(value) is int and abs(value) > LARGEST_INTEGER:
            raise _Refused("number.maximum", f"is {_shown(texts[0])}; whole numbers have 32 bits")
        return value


def query_pairs(raw: bytes) -> Pairs:
    """Names and values of a query string, in order. Raises InvalidRequest when it is not percent-encoded UTF-8."""
    try:
        text = raw.decode("ascii")
        if _BROKEN_ESCAPE.search(text):
            raise ValueError
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PAIRS)
    except ValueError as error:
        raise InvalidRequest(f"The query is not percent-encoded UTF-8 of at most {_MOST_PAIRS} parameters.") from error


def media_type(content_type: str | None) -> str:
    """The media type in lower case without parameters; empty when there is none."""
    return "" if content_type is None else content_type.partition(";")[0].strip().lower()


class _Selection:
    """The parameter that names members of a page's items: text -> names. No argument of the operation."""

    name, required, many = selection.PARAMETER, False, False
    place: Place = "query"

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = frozenset(names)

    def value(self, texts: Sequence[str]) -> frozenset[str]:
        """Raises _Refused."""
        asked = frozenset(texts[0].split(","))
        for name in sorted(asked - self._names):
            near = difflib.get_close_matches(name[:100], self._names, n=1)
            known = f"the nearest is {near[0]}" if near else f"there are {', '.join(sorted(self._names))}"
            raise _Refused("enum", f"names {_shown(name)}; {known}")
        return asked


class Arguments:
    """The decoder of one operation's arguments. `extra` are names in the address that are not the operation's own.

    With `selects` the members of a page's items may be chosen; what was chosen stands among the arguments as `fields`.
    """

    def __init__(self, operation: Operation, extra: Iterable[str] = (), *, selects: tuple[str, ...] = ()) -> None:
        self._path = [_Field(p, "path") for p in operation.parameters if p.source == "path"]
        query = [_Field(p, "query") for p in operation.parameters if p.source == "query"]
        self._query: dict[str, _Field | _Selection] = {field.name: field for field in query}
        if selects:
            self._query[selection.PARAMETER] = _Selection(selects)
        self._required = [field.name for field in query if field.required]
        self._extra = tuple(extra)
        body = operation.body
        self._body_kind = None if body is None else body.type
        self._body_required = body is not None and body.required

    @property
    def takes_body(self) -> bool:
        """True when the operation has a body."""
        return self._body_kind is not None

    def decode(
        self, path: Mapping[str, str], query: bytes, content_type: str | None = None, body: bytes = b""
    ) -> dict[str, Any]:
        """Arguments by name. Raises InvalidRequest, UnsupportedMedia, TooLarge or InvalidContent."""
        found: list[Violation] = []
        arguments: dict[str, Any] = {name: path[name] for name in self._extra}
        for field in self._path:
            self._take(field, [path[field.name]], arguments, found)
        if query or self._required:
            self._take_query(query_pairs(query), arguments, found)
        if found:
            raise InvalidRequest(_summary(found), errors=found)
        self._take_body(content_type, body, arguments)
        return arguments

    def _take(
        self, field: _Field | _Selection, texts: Sequence[str], arguments: dict[str, Any], found: list[Violation]
    ) -> None:
        try:
            arguments[field.name] = field.value(texts)
        except _Refused as refused:
            found.append(_parameter(field.name, field.place, refused.code, refused.detail))

    def _take_query(self, pairs: Pairs, arguments: dict[str, Any], found: list[Violation]) -> None:
        given: dict[str, list[str]] = {}
        for name, text in pairs:
            given.setdefault(name, []).append(text)
        for name, texts in given.items():
            field = self._query.get(name)
            if field is None:
                found.append(_parameter(name[:100], "query", "unknown-parameter", self._nearest(name)))
            elif len(texts) > 1 and not field.many:
                found.append(_parameter(name, "query", "repeated", "is given more than once; give it once"))
            else:
                self._take(field, texts, arguments, found)
        for name in self._required:
            if name not in given:
                found.append(_parameter(name, "query", "required", "is required"))

    def _nearest(self, name: str) -> str:
        near = difflib.get_close_matches(name[:100], self._query, n=1)
        if near:
            return f"is not a parameter here; the nearest is {near[0]}"
        known = ", ".join(self._query)
        return f"is not a parameter here; known: {known}" if known else "is not a parameter here; there are none"

    def _take_body(self, content_type: str | None, body: bytes, arguments: dict[str, Any]) -> None:
        if self._body_kind is None:
            if body and body.strip() != b"{}":
                raise InvalidRequest("This operation takes no body; send none.")
        elif body or self._body_required:
            if len(body) > BODY_LIMIT:
                raise TooLarge(f"The body may have {BODY_LIMIT} bytes.", limit_bytes=BODY_LIMIT)
            if not body:
                raise InvalidRequest("The body is empty; send JSON.")
            _check_media(content_type)
            arguments["body"] = decode_body(body, self._body_kind)


def _parameter(name: str, place: Place, code: str, detail: str) -> Violation:
    return Violation(code=code, detail=detail, parameter=name, in_=place)


def _summary(found: list[Violation]) -> str:
    first = f"{found[0].parameter} {found[0].detail}."
    return first if len(found) == 1 else f"{first} {len(found) - 1} more in `errors`."


def _check_media(content_type: str | None) -> None:
    media = media_type(content_type)
    if not _MEDIA.match(media):
        shown = f"The body is {media}" if media else "The body has no Content-Type"
        raise UnsupportedMedia(f"{shown}; send application/json.", accept=["application/json"])


def decode_body(body: bytes, kind: Any) -> Any:
    """A JSON text as a value of a type. Raises InvalidRequest when it is not JSON, InvalidContent with all violations."""
    value = _decoded(body, kind)
    refuse_repeats(body)
    return value


def _decoded(body: bytes, kind: Any) -> Any:
    try:
        value = decode(body, kind)
    except msgspec.ValidationError:
        return _decode_with_whole_numbers(body, kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from error
    except RecursionError as error:
        raise InvalidRequest("The body is nested too deeply.") from error
    if b"\\u0000" in body or (_TEN_DIGITS.search(body) and _LONG_NUMBER.search(body)):
        _refuse_unstorable(_untyped(body), kind)
    return value


def _decode_with_whole_numbers(body: bytes, kind: Any) -> Any:
    """JSON Schema calls 3.0 an integer, the decoder does not: so a refused body is read again with such numbers made whole."""
    try:
        value = _whole(_untyped(body))
        read = convert(value, kind)
    except msgspec.ValidationError as error:
        raise _invalid_content(value, kind, str(error)) from error
    except RecursionError as error:
        raise InvalidRequest("The body is nested too deeply.") from error
    _refuse_unstorable(value, kind)
    return read


def _whole(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _untyped(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from error


def _invalid_content(value: Any, kind: Any, message: str) -> InvalidContent:
    wires = violations(value, kind) or [{"pointer": "#", "code": "invalid", "detail": message}]
    found = [Violation(code=w["code"], detail=w["detail"], pointer=w["pointer"]) for w in wires]
    more = "" if len(found) == 1 else f" {len(found) - 1} more in `errors`."
    return InvalidContent(f"{found[0].pointer}: {found[0].detail}.{more}", errors=found)


def _refuse_unstorable(value: Any, kind: Any) -> None:
    """What no column takes: NUL in a text, whole numbers of more than 32 bits, in records of any form of more than 64."""
    typed = [Violation(code=w["code"], detail=w["detail"], pointer=w["pointer"]) for w in violations(value, kind)]
    told = {one.pointer for one in typed}
    found = [*typed, *(one for one in _unstorable(value, "#") if one.pointer not in told)]
    if found:
        raise InvalidContent(f"{found[0].pointer}: {found[0].detail}.", errors=found)


def _unstorable(value: Any, pointer: str) -> Iterable[Violation]:
    if isinstance(value, str) and "\x00" in value:
        yield Violation(code="pattern", detail="contains a NUL character; leave it out", pointer=pointer)
    elif type(value) is int and abs(value) > LARGEST_FREE:
        yield Violation(code="number.maximum", detail="whole numbers have 64 bits", pointer=pointer)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _unstorable(name, pointer)
            yield from _unstorable(item, child_pointer(pointer, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unstorable(item, child_pointer(pointer, index))
