"""What the types of an operation do not say themselves: repeated names, storable values, names of the address."""

from typing import Any, Protocol

import msgspec
import pytest

from contracts.call import Call
from contracts.money import Exact
from contracts.operation import operation, operations
from contracts.problems import InvalidContent, InvalidRequest
from runtime.http.arguments import Arguments


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """Anything."""

    count: int = 1
    more: Any = None


class Things(Protocol):
    """Things."""

    @operation("POST", "/things/{number}", scope="")
    async def put(
        self, call: Call, number: int, body: Thing, size: int, tags: tuple[str, ...] = (), price: Exact | None = None
    ) -> Thing:
        """Put a thing."""
        ...


PUT = Arguments(operations(Things)[0], extra=["instance"])


def decoded(query: bytes = b"size=1", body: bytes = b"{}", number: str = "7") -> dict[str, Any]:
    return PUT.decode({"number": number, "instance": "netsuite"}, query, "application/json", body)


def test_arguments_by_name() -> None:
    found = decoded(b"size=3&tags=a&tags=b&price=12.50", b'{"count": 2}')
    assert found == {
        "instance": "netsuite",
        "number": 7,
        "size": 3,
        "tags": ("a", "b"),
        "price": Exact("12.50"),
        "body": Thing(count=2),
    }


@pytest.mark.parametrize(
    ("query", "number"),
    [(b"", "7"), (b"size=1", "07"), (b"size=1", "x"), (b"size=2147483648", "7"), (b"size=1&price=1e3", "7")],
)
def test_parameters_that_are_refused(query: bytes, number: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        decoded(query, number=number)
    assert len(refused.value.errors) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"count": 2147483648}', "#/count"),
        (b'{"count": 99999999999999999999}', "#/count"),
        (b'{"more": {"a": [1, -9223372036854775809]}}', "#/more/a/1"),
        (b'{"more": {"a/b~ c": 9223372036854775808}}', "#/more/a~1b~0%20c"),
        (b'{"more": {"a": "x\\u0000"}}', "#/more/a"),
    ],
)
def test_what_no_column_takes_is_refused_wherever_it_stands(body: bytes, pointer: str) -> None:
    with pytest.raises(InvalidContent) as refused:
        decoded(body=body)
    assert [violation.pointer for violation in refused.value.errors] == [pointer]


def test_records_of_any_form_keep_numbers_of_64_bits() -> None:
    assert decoded(body=b'{"more": {"id": 9223372036854775807}}')["body"].more == {"id": 2**63 - 1}


def test_long_digits_in_texts_are_texts() -> None:
    assert decoded(body=b'{"more": "order 12345678901234"}')["body"].more == "order 12345678901234"


def test_a_number_without_a_fraction_is_whole_as_json_schema_says() -> None:
    assert decoded(body=b'{"count": 3.0}')["body"].count == 3
    with pytest.raises(InvalidContent):
        decoded(body=b'{"count": 3.5}')
    with pytest.raises(InvalidContent):
        decoded(body=b'{"count": 1e300}')


def test_a_body_nested_beyond_reading_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        decoded(body=b'{"count": "no", "more": ' + b"[" * 5000 + b"]" * 5000 + b"}")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b'{"count": 1, "count": 1}', ["#/count"]),
        (b'{"count": 1, "co\\u0075nt": 2}', ["#/count"]),
        (b'{"more": [{"a": 1}, {"a": 1, "b": {"c/d": 1, "c/d": 2}, "a": 2}]}', ["#/more/1/a", "#/more/1/b/c~1d"]),
        (b'{"count": 1.0, "count": 2.0}', ["#/count"]),
    ],
)
def test_a_name_that_comes_twice_in_an_object_is_refused(body: bytes, pointers: list[str]) -> None:
    with pytest.raises(InvalidContent) as refused:
        decoded(body=body)
    assert [one.pointer for one in refused.value.errors] == pointers
    assert {one.code for one in refused.value.errors} == {"repeated"}


def test_one_repeated_name_among_very_many_is_found_in_one_pass() -> None:
    names = b",".join(b'"n%d": 1' % n for n in range(60_000))  # pair by pair this is billions of comparisons
    with pytest.raises(InvalidContent) as refused:
        decoded(body=b'{"count": 1, "more": {' + names + b', "n7": 2}}')
    assert [one.pointer for one in refused.value.errors] == ["#/more/n7"]


def test_the_same_name_in_several_objects_is_nothing_special() -> None:
    body = b'{"count": 2, "more": [{"count": 1}, {"count": 1, "text": "\\"count\\": 3, \\"count\\": 4"}]}'
    assert decoded(body=body)["body"].count == 2


def test_an_empty_body_is_called_so() -> None:
    with pytest.raises(InvalidRequest, match="The body is empty; send JSON"):
        decoded(body=b"")
