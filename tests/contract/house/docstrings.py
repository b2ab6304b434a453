"""Every module says what lives in it; the public functions of contracts say shapes, units, errors, source."""

import ast
from collections.abc import Iterator

from tests.contract.house.rule import Finding, Rule
from tests.contract.house.tree import Source

_LINES = 5
# States, transitions, races: there comments pay. The error tree and the simulators' switches are tables.
_THEORY = (
    "runtime/work/",
    "runtime/data/counters.py",
    "gateway/policies/idempotency.py",
    "process_apis/time_posting/intake.py",
)
_TABLES = ("contracts/problems.py", "runtime/http/simulate.py")


def _module(source: Source) -> Iterator[Finding]:
    if not source.text.strip():
        return
    told = ast.get_docstring(source.tree)
    if not told:
        yield Finding(source.path, 1, "a module opens with what lives here")
    elif len(told.splitlines()) > _LINES and not source.inside(*_THEORY, *_TABLES, "tests/"):
        yield Finding(source.path, 1, f"a module docstring of {len(told.splitlines())} lines; at most {_LINES}")


def _contracts(source: Source) -> Iterator[Finding]:
    for node in source.nodes if source.inside("contracts/") else ():
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not node.name.startswith("_") and not (ast.get_docstring(node) or _overload(node) or _nested(source, node)):
            yield Finding(source.path, node.lineno, f"{node.name} is public vocabulary and says nothing of itself")


def _overload(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)


def _nested(source: Source, node: ast.AST) -> bool:
    """Inside a function, or a member of a private class: nobody outside sees it."""
    for outer in source.nodes:
        hidden = isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef) or (
            isinstance(outer, ast.ClassDef) and outer.name.startswith("_")
        )
        if hidden and outer is not node and node in ast.walk(outer):
            return True
    return False


RULES = (
    Rule(
        "module-docstring",
        _module,
        bad=(("domain/a.py", "x = 1\n"), ("domain/a.py", '"""' + "a\n" * 6 + '"""\n')),
        good=(("domain/__init__.py", ""), ("domain/a.py", '"""What lives here."""\n')),
        also_tests=True,
    ),
    Rule(
        "docstring",
        _contracts,
        bad=(
            ("contracts/a.py", '"""A."""\ndef f() -> None: ...\n'),
            ("contracts/a.py", '"""A."""\nclass P:\n    """P."""\n    async def g(self) -> None: ...\n'),
        ),
        good=(
            ("contracts/a.py", '"""A."""\ndef _f() -> None: ...\n'),
            ("domain/a.py", '"""A."""\ndef f() -> None: ...\n'),
        ),
    ),
)
