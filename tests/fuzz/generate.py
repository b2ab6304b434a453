"""Random JSON of a msgspec type: small pools of ids, dates and codes, so that what a rule compares also meets."""

import random
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from enum import Enum
from typing import Any

from msgspec import inspect

from contracts.money import NO_CURRENCY, Exact
from domain.states import MACHINES

_IDS = ("a", "b", "c", "prj_1", "ann")
_CODES = (
    "active",
    "open",
    "rated",
    "queued",
    "posted",
    "approved",
    "time",
    "expense",
    "S19",
    "CON",
    "DE",
    "EU",
    "NET30",
)
_CURRENCIES = ("EUR", "USD", "GBP", "JPY", "KWD")
_DATES = (
    "2026-03-01",
    "2026-03-15",
    "2026-03-31",
    "2026-04-01",
    "2025-12-31",
    "2024-02-29",
    "0001-01-01",
    "9999-12-31",
)
_MOMENTS = ("2026-03-13T16:59:59", "2026-03-15T00:00:00", "2026-03-31T23:59:59", "9999-12-31T16:00:00")
_DECIMALS = (
    "0", "1", "8", "0.0001", "0.005", "0.125", "33.3333", "66.6667", "50", "100", "7.5", "24", "24.0001", "-1", "-0",
    "-0.125", "1000.01", "99999999.99", "0.9217", "1.0850", "1e0", "9" * 40, "0." + "3" * 38, "-" + "9" * 39,
)  # fmt: skip
# What a field must look like for a rule to get anywhere; now and then the general pools are used all the same.
_MACHINES = ("invoice", "time_entry", "billable_transaction", "queue_item")
_USUAL: dict[str, tuple[str, ...]] = {
    "hours_per_day": ("8", "7.5", "24"),
    "quantity": ("1", "7.25", "0.5", "8", "24", "480"),
    "discount_pct": ("0", "7.5", "100"),
    "pct": ("0", "12.5", "25", "33.3333", "33.3334", "50", "100"),
    "rate": ("150", "0.9217", "1150.5", "0.0001", "195.1234"),
    "weight": ("0", "1", "33.25", "0.0001", "70"),
    "object": _MACHINES,
    "state": tuple(
        sorted({state for name in _MACHINES for row in MACHINES[name].transitions for state in row.from_states})
    ),
    "command": tuple(sorted({row.command for name in _MACHINES for row in MACHINES[name].transitions})),
}
_DEEPEST = 12


class Generator:
    """Draws values of types from one seeded source."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def of(self, node: inspect.Type, depth: int = 0) -> Any:
        """A value of the type, as JSON has it."""
        if isinstance(node, inspect.Metadata):
            return self.of(node.type, depth)
        draw = _DRAWS.get(type(node))
        if draw is None:
            raise TypeError(f"no values are known for {node}")
        return draw(self, node, depth)

    def struct(self, node: Any, depth: int) -> dict[str, Any]:
        """A struct with its required members and some of the others; few of those that no rule reads."""
        made = {}
        for field in node.fields:
            chance = 1 if field.required else 0.02 if isinstance(_bare(field.type), inspect.AnyType) else 0.6
            if self.rng.random() < chance:
                made[field.encode_name] = self.member(field, depth)
        return {node.tag_field: node.tag, **made} if getattr(node, "tag_field", None) else made

    def member(self, field: inspect.Field, depth: int) -> Any:
        usual = _USUAL.get(field.encode_name)
        if usual and isinstance(_bare(field.type), inspect.StrType | inspect.CustomType) and self.rng.random() < 0.9:
            return self.rng.choice(usual)
        return self.of(field.type, depth + 1)

    def union(self, node: inspect.UnionType, depth: int) -> Any:
        kinds = [kind for kind in node.types if not isinstance(kind, inspect.NoneType)]
        absent = len(kinds) < len(node.types) and (depth > _DEEPEST or self.rng.random() < 0.2)
        return None if absent else self.of(self.rng.choice(kinds), depth)

    def sequence(self, node: Any, depth: int) -> list[Any]:
        size = self.rng.choice((0, 1, 1, 2, 3, 5, 8)) if depth < _DEEPEST else 0
        return [self.of(node.item_type, depth + 1) for _ in range(max(size, node.min_length or 0))]

    def mapping(self, node: inspect.DictType, depth: int) -> dict[Any, Any]:
        size = self.rng.randrange(4)
        return {str(self.of(node.key_type, depth + 1)): self.of(node.value_type, depth + 1) for _ in range(size)}

    def text(self, node: inspect.StrType) -> str:
        if node.pattern and "A-Z" in node.pattern:
            return self.rng.choice(_CURRENCIES)
        if node.pattern:
            return self.decimal() if r"\." in node.pattern else str(self.rng.randrange(50))
        return self.rng.choice(self.rng.choice((_IDS, _CODES)))

    def integer(self, node: inspect.IntType) -> int:
        low = node.ge if node.ge is not None else -3
        high = node.le if node.le is not None else low + self.rng.choice((3, 60, 10**6))
        return self.rng.randint(low, high)

    def decimal(self) -> str:
        if self.rng.random() < 0.4:
            return self.rng.choice(_DECIMALS)
        figure = Decimal(self.rng.randint(-2000, 200_000)).scaleb(-self.rng.choice((0, 1, 2, 2, 2, 4)))
        return format(figure, "f")

    def date(self) -> str:
        return self.rng.choice(_DATES) if self.rng.random() < 0.5 else f"2026-03-{self.rng.randint(1, 31):02}"

    def moment(self, node: inspect.DateTimeType) -> str:
        zone = self.rng.choice(("Z", "+05:30")) if node.tz else ""
        return self.rng.choice(_MOMENTS) + zone

    def anything(self) -> Any:
        """What no rule expects: every kind of JSON, and decimals as they must not be written."""
        return odd(self.rng)


_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1.5, 1e308, "", "x" * 300, "NaN", "Infinity", "1e3", "1,000.00", "+1", ".5", "5.", "１２",
    "12\n", " 12", "0x10", "EURO", "eur", NO_CURRENCY, "2026-02-30", "2026-03-01T00:00:00Z", "\x00", "ß\U0001f4a9", [], {},
    [[[[]]]], {"a": {"b": None}}, "9" * 5000, "-" + "0" * 39, [None] * 50,
)  # fmt: skip


def odd(rng: random.Random) -> Any:
    """A value that is hardly ever right, the caller's own to damage."""
    return deepcopy(rng.choice(_ODD))


def _bare(node: inspect.Type) -> inspect.Type:
    """The type without its bounds, and of a member that may be absent the type when it is there."""
    if isinstance(node, inspect.Metadata):
        return _bare(node.type)
    if isinstance(node, inspect.UnionType):
        kinds = [kind for kind in node.types if not isinstance(kind, inspect.NoneType)]
        return _bare(kinds[0]) if len(kinds) == 1 else node
    return node


def _custom(generator: Generator, node: inspect.CustomType, _depth: int) -> Any:
    if node.cls is Exact:
        return generator.decimal()
    raise TypeError(f"no values are known for {node.cls}")


def _enum(generator: Generator, node: Any, _depth: int) -> Any:
    values = node.values if isinstance(node, inspect.LiteralType) else [one.value for one in node.cls]
    known = [value for value in values if value in (*_CURRENCIES, "DE", "FR", "US")]
    return generator.rng.choice(known or [value.value if isinstance(value, Enum) else value for value in values])


_DRAWS: dict[type, Callable[[Generator, Any, int], Any]] = {
    inspect.NoneType: lambda *_: None,
    inspect.AnyType: lambda generator, *_: generator.anything(),
    inspect.BoolType: lambda generator, *_: generator.rng.random() < 0.5,
    inspect.IntType: lambda generator, node, _: generator.integer(node),
    inspect.StrType: lambda generator, node, _: generator.text(node),
    inspect.DateType: lambda generator, *_: generator.date(),
    inspect.DateTimeType: lambda generator, node, _: generator.moment(node),
    inspect.CustomType: _custom,
    inspect.LiteralType: _enum,
    inspect.EnumType: _enum,
    inspect.StructType: lambda generator, node, depth: generator.struct(node, depth),
    inspect.UnionType: lambda generator, node, depth: generator.union(node, depth),
    inspect.VarTupleType: lambda generator, node, depth: generator.sequence(node, depth),
    inspect.ListType: lambda generator, node, depth: generator.sequence(node, depth),
    inspect.DictType: lambda generator, node, depth: generator.mapping(node, depth),
}
