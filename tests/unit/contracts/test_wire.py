"""JSON of our structs: decimals are strings, violations come all at once."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from contracts import wire
from contracts.money import Currency, Exact


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    hours: Exact
    day: dt.date
    unit: Literal["hour", "day"] = "hour"
    count: Annotated[int, Meta(ge=0, le=9)] = 0
    note: Annotated[str, Meta(max_length=3)] | None = None
    at: Annotated[dt.datetime, Meta(tz=True)] | None = None

    def __post_init__(self) -> None:
        if self.hours > 24:
            raise ValueError("a day has 24 hours")


class Sheet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lines: tuple[Entry, ...]
    currency: Currency = "EUR"


class Ping(Struct, frozen=True, tag="ping", tag_field="kind"):
    n: int


class Pong(Struct, frozen=True, tag="pong", tag_field="kind"):
    n: int


class Tree(Struct, frozen=True):
    below: "list[Tree]" = msgspec.field(default_factory=list)


RAW = b'{"lines":[{"hours":"7.50","day":"2026-03-02"}]}'


def test_round_trip() -> None:
    sheet = wire.decode(RAW, Sheet)
    assert isinstance(sheet.lines[0].hours, Decimal)
    assert wire.decode(wire.encode(sheet), Sheet) == sheet
    assert wire.convert(wire.to_builtins(sheet), Sheet) == sheet


def test_database_numbers_convert() -> None:
    entry = wire.convert({"hours": Decimal("7.5"), "day": dt.date(2026, 3, 2)}, Entry)
    assert entry.hours == Decimal("7.5")


@pytest.mark.parametrize("hours", ["7.5", "8", "true", "null", '"1e3"', '"NaN"', '"7.5 "', '"' + "1" * 41 + '"'])
def test_only_decimal_strings_are_read(hours: str) -> None:
    raw = f'{{"hours":{hours},"day":"2026-03-02"}}'.encode()
    with pytest.raises(msgspec.ValidationError):
        wire.decode(raw, Entry)
    assert [one["code"] for one in wire.violations(msgspec.json.decode(raw), Entry)] == ["decimal"]


def test_no_exponent_and_no_negative_zero_is_ever_written() -> None:
    unkempt = {
        "a": Decimal("1E+5"),
        "b": Decimal("-0.00"),
        "c": [Decimal("0E-10")],
        "text": "1E+5",
        "t": dt.date(2026, 1, 1),
    }
    raw = wire.encode(unkempt)
    assert raw == b'{"a":"100000","b":"0.00","c":["0.0000000000"],"text":"1E+5","t":"2026-01-01"}'
    assert wire.to_builtins(unkempt)["c"] == ["0.0000000000"]


@pytest.mark.parametrize(
    ("unkempt", "plain"),
    [("1E+5", "100000"), ("-2.5E+3", "-2500"), ("0E-10", "0.0000000000"), ("-1E-7", "-0.0000001"), ("-0", "0")],
)
def test_each_form_is_mended_on_its_own(unkempt: str, plain: str) -> None:
    assert wire.encode(["-", Decimal(unkempt)]) == f'["-","{plain}"]'.encode()


@pytest.mark.parametrize("unkempt", ["NaN", "sNaN7", "Infinity", "-Infinity"])
def test_what_is_not_a_number_is_not_written(unkempt: str) -> None:
    with pytest.raises(ValueError, match="no plain form"):
        wire.encode({"a": Decimal(unkempt)})


def test_schema_of_exact() -> None:
    schema = msgspec.json.schema(Entry, schema_hook=wire.schema_hook)["$defs"]["Entry"]["properties"]["hours"]
    assert schema == {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "maxLength": 40}


def found(value: Any, kind: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in wire.violations(value, kind)]


def test_all_violations_at_once() -> None:
    lines = [
        {"hours": 3, "unit": "week", "count": 10, "a/~ é": 1, "note": "long", "at": "2026-03-02T09:00:00"},
        {"hours": "25", "day": "2026-03-02"},
        {"hours": "1", "day": "2026-13-02", "count": -1, "note": 5},
        "entry",
    ]
    assert found({"lines": lines, "currency": "eur"}, Sheet) == [
        ("#/lines/0/hours", "decimal"),
        ("#/lines/0/day", "required"),
        ("#/lines/0/unit", "enum"),
        ("#/lines/0/count", "number.maximum"),
        ("#/lines/0/note", "string.maxLength"),
        ("#/lines/0/at", "format"),
        ("#/lines/0/a~1~0%20%C3%A9", "unknown-field"),
        ("#/lines/1", "rule"),
        ("#/lines/2/day", "format"),
        ("#/lines/2/count", "number.minimum"),
        ("#/lines/2/note", "type"),
        ("#/lines/3", "type"),
        ("#/currency", "pattern"),
    ]
    assert wire.violations(msgspec.json.decode(RAW), Sheet) == []


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ({"kind": "pong", "n": "1"}, Ping | Pong, [("#/n", "type")]),
        ({"kind": "pung"}, Ping | Pong, [("#/kind", "enum")]),
        ({}, Ping | Pong, [("#/kind", "required")]),
        ([1, "x"], list[int], [("#/1", "type")]),
        ({"a": True}, dict[str, int], [("#/a", "type")]),
        ([1], tuple[int, int], [("#", "type")]),
        ("x", bool | None, [("#", "type")]),
        (None, int | None, []),
        ("x", Annotated[list[int], Meta(min_length=1)], [("#", "type")]),
        ([], Annotated[list[int], Meta(min_length=1)], [("#", "array.minItems")]),
    ],
)
def test_kinds_of_types(value: Any, kind: Any, expected: list[tuple[str, str]]) -> None:
    assert found(value, kind) == expected


def test_depth_is_bounded() -> None:
    deep: dict[str, Any] = {"below": 1}
    for _ in range(20_000):
        deep = {"below": [deep]}
    assert found(deep, Tree) == [("#", "depth")]


def test_the_list_is_bounded() -> None:
    assert len(wire.violations({"lines": [{}] * 1000}, Sheet)) == 100
