"""Values of any wire type: `sample` makes good ones, as awkward as the type allows; `spoiled` makes ones it refuses."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

from msgspec import inspect
from msgspec.structs import replace

from contracts.money import Exact

TEXTS = (
    "a",
    "US",
    "DE",
    "EUR",
    "JPY",
    "ctr_01",
    "contract",
    "time.approved",
    "plain text",
    "12.50",
    "7",
    "O'Brien & Söhne, 100 % / §7 + x",
    "日本語 🏢",
    "a+b=c?d#e;f&g",
    "%2F%25 %",
    'x/y\\z "quoted" {name} <tag>',
    "tab\tand\nline",
    "..a",
    "salesforce:deal:006A",
    "kantata:time:4/2?x=1&y=%2F:#é",
    "net-suite.1:customer:..%2e/ü+",
)
_DRAWS = 200
_DECIMALS = ("0", "12.50", "-3.3333", "1000000000000.01", "0.0000001", "7")
_ZONES = (UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8)))
_ANYTHING = ({"a": [1, "12.50", None, True], "ü": {"b": "x"}}, "text", 7, None, [], False)


def sample(kind: Any, random: Random) -> Any:
    """A value of a type."""
    return _made(inspect.type_info(kind), random)


def _made(node: Any, random: Random) -> Any:
    if isinstance(node, inspect.Metadata):
        return _made(node.type, random)
    return _MAKERS[type(node)](node, random)


def _text(node: Any, random: Random) -> str:
    fitting = [text for text in TEXTS if _fits(text, node)]
    if not fitting:
        raise AssertionError(f"no sample text fits {node}")
    return random.choice(fitting)


def _fits(text: str, node: Any) -> bool:
    return (
        (node.pattern is None or re.search(node.pattern, text) is not None)
        and len(text) >= (node.min_length or 0)
        and (node.max_length is None or len(text) <= node.max_length)
    )


def _integer(node: Any, random: Random) -> int:
    low = node.ge if node.ge is not None else (node.gt + 1 if node.gt is not None else 1 - 2**31)
    high = node.le if node.le is not None else (node.lt - 1 if node.lt is not None else 2**31 - 1)
    return random.choice([low, high, min(high, max(low, 200))])


def _struct(node: Any, random: Random) -> Any:
    whole = random.random() < 0.5
    for _ in range(_DRAWS):
        given = {f.name: _made(f.type, random) for f in node.fields if f.required or whole or random.random() < 0.3}
        try:
            return node.cls(**given)
        except ValueError:  # a rule between its members
            continue
    raise AssertionError(f"no sample of {node.cls} keeps its rules")


def _several(node: Any, random: Random) -> tuple[Any, ...]:
    low, high = node.min_length or 0, node.max_length or 3
    return tuple(_made(node.item_type, random) for _ in range(random.randint(low, max(low, min(3, high)))))


def _custom(node: Any, random: Random) -> Any:
    assert node.cls is Exact, node
    return Decimal(random.choice(_DECIMALS))


def _instant(node: Any, random: Random) -> datetime:
    at = datetime(2026, 11, 20, tzinfo=random.choice(_ZONES))
    return at + timedelta(microseconds=random.randrange(10**13))


def _dictionary(node: Any, random: Random) -> dict[Any, Any]:
    return {_made(node.key_type, random): _made(node.value_type, random) for _ in range(random.randint(0, 3))}


_MAKERS: dict[type, Callable[[Any, Random], Any]] = {
    inspect.AnyType: lambda node, random: random.choice(_ANYTHING),
    inspect.NoneType: lambda node, random: None,
    inspect.BoolType: lambda node, random: random.random() < 0.5,
    inspect.StrType: _text,
    inspect.IntType: _integer,
    inspect.CustomType: _custom,
    inspect.DateType: lambda node, random: date(2026, 1, 1) + timedelta(days=random.randrange(4000)),
    inspect.DateTimeType: _instant,
    inspect.LiteralType: lambda node, random: random.choice(node.values),
    inspect.EnumType: lambda node, random: random.choice(list(node.cls)),
    inspect.UnionType: lambda node, random: _made(random.choice(node.types), random),
    inspect.StructType: _struct,
    inspect.VarTupleType: _several,
    inspect.ListType: lambda node, random: list(_several(node, random)),
    inspect.TupleType: lambda node, random: tuple(_made(item, random) for item in node.item_types),
    inspect.DictType: _dictionary,
}


def spoiled(kind: Any, good: Any) -> Iterator[Any]:
    """Values that are refused; of a struct, the good one with a text inside it that its type refuses."""
    node = inspect.type_info(kind)
    nodes = [n.type if isinstance(n, inspect.Metadata) else n for n in getattr(node, "types", (node,))]
    for one in nodes:
        one = one.type if isinstance(one, inspect.Metadata) else one
        if isinstance(one, inspect.StructType):
            yield from _worse(one, good)
        else:
            yield from _refused(one)


def _refused(node: Any) -> Iterator[Any]:
    if isinstance(node, inspect.StrType):
        yield from ("no pattern",) if node.pattern else ()
        yield from ("x" * (node.max_length + 1),) if node.max_length and not node.pattern else ()
    elif isinstance(node, inspect.IntType) and node.ge is not None:
        yield node.ge - 1
    elif isinstance(node, inspect.LiteralType):
        yield "none of them"


def _worse(node: Any, good: Any) -> Iterator[Any]:
    """The first field of each level that can be spoiled."""
    for f in node.fields:
        core = f.type.type if isinstance(f.type, inspect.Metadata) else f.type
        value = getattr(good, f.name)
        if isinstance(core, inspect.VarTupleType) and value:
            item = core.item_type.type if isinstance(core.item_type, inspect.Metadata) else core.item_type
            if isinstance(item, inspect.StructType):
                yield from (replace(good, **{f.name: (bad, *value[1:])}) for bad in _worse(item, value[0]))
                return
        for bad in _refused(core):
            yield replace(good, **{f.name: bad})
            return
