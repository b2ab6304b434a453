"""How long functions and files may be, and what files may be called."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from statistics import median, quantiles

from tests.contract.house.rule import Finding, Rule
from tests.contract.house.tree import Source

FUNCTION_STOP, FUNCTION_P90, FUNCTION_MEDIAN = 60, 30, 8
FILE_STOP, FILE_P90 = 400, 350
_FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager"}


def functions(source: Source) -> Iterator[tuple[int, int]]:
    """Line and length of every function, head and docstring included."""
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def spread(sizes: Sequence[int]) -> tuple[float, float]:
    """Median and 90th percentile."""
    return median(sizes), quantiles(sizes, n=10, method="inclusive")[8]


def _long_functions(source: Source) -> Iterator[Finding]:
    for line, length in functions(source):
        if length > FUNCTION_STOP:
            yield Finding(source.path, line, f"a function of {length} lines; the stop is {FUNCTION_STOP}")


def _long_file(source: Source) -> Iterator[Finding]:
    if len(source.lines) > FILE_STOP:
        yield Finding(source.path, 1, f"a file of {len(source.lines)} lines is two ideas; the stop is {FILE_STOP}")


def _name(source: Source) -> Iterator[Finding]:
    path = PurePosixPath(source.path)
    for name in {path.stem, *path.parts[:-1]} & _FORBIDDEN:
        yield Finding(source.path, 1, f"{name} says nothing about what is inside")


_LONG = "def f() -> None:\n" + "    print()\n" * FUNCTION_STOP
RULES = (
    Rule(
        "function-size",
        _long_functions,
        bad=(("domain/a.py", _LONG),),
        good=(("domain/a.py", _LONG.replace("    print()\n", "", 1)),),
        also_tests=True,
    ),
    Rule(
        "file-size",
        _long_file,
        bad=(("domain/a.py", "\n" * (FILE_STOP + 1)),),
        good=(("domain/a.py", "\n" * FILE_STOP),),
        also_tests=True,
    ),
    Rule(
        "file-name",
        _name,
        bad=(("runtime/utils.py", ""), ("runtime/helpers/x.py", ""), ("gateway/common.py", "")),
        good=(("runtime/utilisation.py", ""), ("system_apis/workday/sandbox/common_service.py", "")),
        escapable=False,
        also_tests=True,
    ),
)
