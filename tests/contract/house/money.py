"""No binary floating point: no `float(...)`, no float annotation, no float literal where amounts and hours are computed."""

import ast
from collections.abc import Iterator

from tests.contract.house.rule import Finding, Rule
from tests.contract.house.tree import Source

_EXACT = ("contracts/", "domain/", "process_apis/", "experience_apis/")


def _floats(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            yield Finding(source.path, node.lineno, "float(...): amounts and hours are Decimal")
        for annotation in _annotations(node):
            if any(isinstance(n, ast.Name) and n.id == "float" for n in ast.walk(annotation)):
                yield Finding(source.path, annotation.lineno, "a float annotation: amounts and hours are Decimal")
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and source.inside(*_EXACT):
            yield Finding(source.path, node.lineno, f"{node.value} is a binary float: write Decimal('...')")


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
        yield node.annotation
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
        yield node.returns
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
        yield node.value


RULES = (
    Rule(
        "float",
        _floats,
        bad=(
            ("domain/a.py", "x = float('1.1')\n"),
            ("runtime/a.py", "class A:\n    amount: float\n"),
            ("runtime/a.py", "def f(hours: float | None) -> None: ...\n"),
            ("runtime/a.py", "def f() -> list[float]: ...\n"),
            ("runtime/a.py", "Rates = dict[str, float]\n"),
            ("domain/a.py", "TAX = 0.19\n"),
        ),
        good=(
            ("domain/a.py", "from decimal import Decimal\nx = Decimal('0.19')\n"),
            ("runtime/a.py", "REST_S = 0.5\ntimeout_s: float = 1.0  # house: float seconds\n"),
            ("runtime/a.py", "def f(\n    a: float,\n    b: int = 1,  # house: float seconds\n) -> None:\n    pass\n"),
        ),
    ),
)
