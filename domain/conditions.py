"""Small conditions over a readiness snapshot: they know which fields they read, so a check can show its evidence."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

from msgspec import Struct

from domain.snapshot import ReadinessSnapshot

Predicate = Callable[[ReadinessSnapshot], bool]


class Condition(Struct, frozen=True):
    """When a check fails, the snapshot fields it looks at, and the objects at fault when it looks at a list."""

    fails: Predicate
    reads: tuple[str, ...]
    offenders: Callable[[ReadinessSnapshot], tuple[str, ...]] | None = None


@cache
def reader(path: str) -> Callable[[ReadinessSnapshot], Any]:
    """What reads the value of a dotted path; None as soon as a part is null."""
    first, *rest = path.split(".")
    if not rest:
        return attrgetter(first)
    outer, inner = attrgetter(first), attrgetter(".".join(rest))

    def read(snapshot: ReadinessSnapshot) -> Any:
        section = outer(snapshot)
        return None if section is None else inner(section)

    return read


def _number(source: str | int) -> Callable[[ReadinessSnapshot], Decimal | int | None]:
    """A figure of the snapshot; some sources send it as text."""
    if isinstance(source, int):
        return lambda _snapshot: source
    read = reader(source)

    def number(snapshot: ReadinessSnapshot) -> Decimal | int | None:
        value = read(snapshot)
        return Decimal(value) if isinstance(value, str) else value

    return number


def _reads(*sources: str | int) -> tuple[str, ...]:
    return tuple(source for source in sources if isinstance(source, str))


def outside(path: str, *allowed: str) -> Condition:
    """The value is none of these."""
    read = reader(path)
    return Condition(lambda snapshot: read(snapshot) not in allowed, (path,))


def flagged(path: str) -> Condition:
    """The value is true."""
    read = reader(path)
    return Condition(lambda snapshot: bool(read(snapshot)), (path,))


def unless_all(*paths: str) -> Condition:
    """One of the values is not true."""
    reads = [reader(path) for path in paths]
    return Condition(lambda snapshot: not all(read(snapshot) for read in reads), paths)


def is_null(path: str) -> Condition:
    """The value is absent."""
    read = reader(path)
    return Condition(lambda snapshot: read(snapshot) is None, (path,))


def above(left: str, right: str | int) -> Condition:
    """left > right; a null on either side passes."""
    return Condition(_greater(_number(left), _number(right)), _reads(left, right))


def below(left: str, right: str) -> Condition:
    """left < right; a null on either side passes."""
    return Condition(_greater(_number(right), _number(left)), _reads(left, right))


def earlier(left: str, right: str) -> Condition:
    """One date lies before the other; a null on either side passes."""
    return Condition(_greater(reader(right), reader(left)), (left, right))


def any_of(path: str, offenders: Callable[[ReadinessSnapshot], Iterable[str]]) -> Condition:
    """A list holds offenders, given by their ids."""
    return Condition(
        lambda snapshot: any(True for _ in offenders(snapshot)), (path,), lambda snapshot: tuple(offenders(snapshot))
    )


def _greater(larger: Callable[[ReadinessSnapshot], Any], smaller: Callable[[ReadinessSnapshot], Any]) -> Predicate:
    def compare(snapshot: ReadinessSnapshot) -> bool:
        left, right = larger(snapshot), smaller(snapshot)
        return left is not None and right is not None and bool(left > right)

    return compare
