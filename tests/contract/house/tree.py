"""What the house rules look at: the files of this repository, read and parsed once."""

import ast
import os
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[3]
PRODUCT = ("contracts", "domain", "runtime", "system_apis", "process_apis", "experience_apis", "gateway")
_NOT_OURS = {"__pycache__", "dist", "node_modules", ".git"}
_HIDDEN_BUT_OURS = {".ci"}


class Source:
    """One Python file. `path` is relative to the root, with forward slashes."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self.lines = text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the file, in no promised order."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def docstrings(self) -> frozenset[int]:
        """`id` of every constant that is a docstring, or stands alone as a statement."""
        alone = (n.value for n in self.nodes if isinstance(n, ast.Expr))
        return frozenset(id(value) for value in alone if isinstance(value, ast.Constant))

    def inside(self, *places: str) -> bool:
        """Whether the file is one of these files, or lies in one of these folders (which end with a slash)."""
        return any(self.path.startswith(place) if place.endswith("/") else self.path == place for place in places)


@cache
def files() -> tuple[str, ...]:
    """Every file that belongs to the repository, relative to the root: caches, state and environments are left out."""
    return tuple(sorted(_walk()))


def _walk() -> Iterator[str]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in _NOT_OURS and (not f.startswith(".") or f in _HIDDEN_BUT_OURS)]
        place = Path(folder).relative_to(ROOT)
        yield from ((place / name).as_posix() for name in names if name not in _NOT_OURS and not name.endswith(".pyc"))


@cache
def sources(*tops: str) -> tuple[Source, ...]:
    """The Python files under the given top-level folders."""
    return tuple(
        Source(path, (ROOT / path).read_text("utf-8"))
        for path in files()
        if path.endswith(".py") and path.split("/")[0] in tops
    )


def product() -> tuple[Source, ...]:
    """The Python files of the product."""
    return sources(*PRODUCT)


def tests() -> tuple[Source, ...]:
    """The Python files of the tests."""
    return sources("tests")
