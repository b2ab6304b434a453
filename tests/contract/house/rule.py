"""What a house rule is: a check over files, with planted files that show that it can fail and ones it must let pass."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.contract.house.tree import Source


class Finding(NamedTuple):
    """A place that breaks a rule."""

    path: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.says}"


class Rule(NamedTuple):
    """`check` looks at one file; `bad` and `good` are planted files as (path, text). `escapable`: a comment may excuse a place."""

    name: str
    check: Callable[[Source], Iterable[Finding]]
    bad: tuple[tuple[str, str], ...]
    good: tuple[tuple[str, str], ...] = ()
    escapable: bool = True
    also_tests: bool = False
