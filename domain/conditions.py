"""Small conditions over a readiness snapshot: they know which fields they read, so a check can show its evidence."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct

from domain.snapshot import ReadinessSnapshot

Predicate = Callable[[ReadinessSnapshot], bool]


class Condition(Struct, frozen=True):
    """When a check fails, the snapshot fields it looks at, and the objects at fault when it looks at a list."""

    fails: Predicate
    reads: tuple[str, ...]
    offenders: Callable[[ReadinessSnapshot], tuple[str, ...]] | None = None


def value_at(snapshot: ReadinessSnapshot, path: str) -> Any:
    """The value of a dotted path; None as soon as a part is null."""
    found: Any = snapshot
    for name in path.split("."):
        found = None if found is None else getattr(found, name)
    return found


def _number(snapshot: ReadinessSnapshot, source: str | int) -> Decimal | None:
    value = source if isinstance(source, int) else value_at(snapshot, source)
    return None if value is None else Decimal(value)


def _reads(*sources: str | int) -> tuple[str, ...]:
    return tuple(source for source in sources if isinstance(source, str))


def outside(path: str, *allowed: str) -> Condition:
    """The value is none of these."""
    return Condition(lambda snapshot: value_at(snapshot, path) not in allowed, (path,))


def flagged(path: str) -> Condition:
    """The value is true."""
    return Condition(lambda snapshot: bool(value_at(snapshot, path)), (path,))


def unless_all(*paths: str) -> Condition:
    """One of the values is not true."""
    return Condition(lambda snapshot: not all(value_at(snapshot, path) for path in paths), paths)


def is_null(path: str) -> Condition:
    """The value is absent."""
    return Condition(lambda snapshot: value_at(snapshot, path) is None, (path,))


def above(left: str, right: str | int) -> Condition:
    """left > right; a null on either side passes."""
    return Condition(lambda snapshot: _greater(_number(snapshot, left), _number(snapshot, right)), _reads(left, right))


def below(left: str, right: str) -> Condition:
    """left < right; a null on either side passes."""
    return Condition(lambda snapshot: _greater(_number(snapshot, right), _number(snapshot, left)), _reads(left, right))


def earlier(left: str, right: str) -> Condition:
    """One date lies before the other; a null on either side passes."""

    def fails(snapshot: ReadinessSnapshot) -> bool:
        first, second = value_at(snapshot, left), value_at(snapshot, right)
        return first is not None and second is not None and bool(first < second)

    return Condition(fails, (left, right))


def any_of(path: str, offenders: Callable[[ReadinessSnapshot], Iterable[str]]) -> Condition:
    """A list holds offenders, given by their ids."""
    return Condition(
        lambda snapshot: any(True for _ in offenders(snapshot)), (path,), lambda snapshot: tuple(offenders(snapshot))
    )


def _greater(left: Decimal | None, right: Decimal | None) -> bool:
    return left is not None and right is not None and left > right
