"""The changes that are tried on a source: one operator, constant, condition or statement at a time."""

import ast
import copy
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OPERATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_NAMED = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "ROUND_CEILING": "ROUND_FLOOR",
    "ROUND_FLOOR": "ROUND_CEILING",
    "ROUND_HALF_UP": "ROUND_HALF_EVEN",
    "ROUND_HALF_EVEN": "ROUND_HALF_UP",
    "bisect": "bisect_left",
}
_FIGURE = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Mutant(Struct, frozen=True, kw_only=True):
    """One change; `number` counts the changes of a file in the order of its source."""

    number: int
    line: int
    change: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a module."""
    tree = ast.parse(source)
    found = []
    for place, node in enumerate(ast.walk(tree)):
        node._place = place  # type: ignore[attr-defined]
    skipped = _skipped(tree)
    nodes = sorted(
        (node for node in ast.walk(tree) if id(node) not in skipped and hasattr(node, "lineno")),
        key=lambda node: (node.lineno, node.col_offset, node._place),  # type: ignore[attr-defined]
    )
    for node in nodes:
        for after in _changes(node):
            text = _with(tree, node, after)
            change = f"{_short(node)}  ->  {_short(after)}"
            found.append(Mutant(number=len(found), line=node.lineno, change=change, source=text))  # type: ignore[attr-defined]
    return found


def _with(tree: ast.Module, node: ast.AST, after: ast.AST) -> str:
    """The source with one node replaced."""
    changed = copy.deepcopy(tree)

    class Replace(ast.NodeTransformer):
        def visit(self, one: ast.AST) -> ast.AST:
            if getattr(one, "_place", None) == node._place:  # type: ignore[attr-defined]
                return after
            return self.generic_visit(one)

    return ast.unparse(ast.fix_missing_locations(Replace().visit(changed)))


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else text[:87] + "..."


def _skipped(tree: ast.Module) -> set[int]:
    """What is no rule: annotations and type aliases, docstrings, words for people, bases and decorators' names."""
    apart = [part for node in ast.walk(tree) for part in _apart(node) if part is not None]
    return {id(part) for one in apart for part in ast.walk(one)}


def _apart(node: ast.AST) -> Sequence[ast.AST | None]:
    if isinstance(node, ast.AnnAssign | ast.arg):
        return [node.annotation]
    if isinstance(node, ast.FunctionDef):
        return [node.returns]
    if isinstance(node, ast.ClassDef):
        return [keyword.value for keyword in node.keywords]
    words = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if words or isinstance(node, ast.Raise | ast.Import | ast.ImportFrom):
        return [node]
    if isinstance(node, ast.Assign) and _names_a_type(node):
        return [node]
    return node.args if isinstance(node, ast.Call) and _names_a_type(node) else []


def _names_a_type(node: ast.Assign | ast.Call) -> bool:
    """`Scope = Literal[...]`, `TypeVar("T")`, `list[Severity]()`."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("TypeVar", "cast")
    subject = node.value
    while isinstance(subject, ast.BinOp):
        subject = subject.left
    return (
        isinstance(subject, ast.Subscript)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id[:1].isupper()
    )


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        yield from _compared(node)
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATED:
        yield ast.BinOp(node.left, _OPERATED[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        if len(node.values) > 1:
            yield from (_without(node, place) for place in range(len(node.values)))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.If):
        yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.Constant):
        yield from _constant(node)
    elif isinstance(node, ast.Name) and node.id in _NAMED and isinstance(node.ctx, ast.Load):
        yield ast.Name(_NAMED[node.id], node.ctx)
    elif isinstance(node, ast.AugAssign) and type(node.op) in _OPERATED:
        yield ast.AugAssign(node.target, _OPERATED[type(node.op)](), node.value)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    elif isinstance(node, ast.Continue):
        yield ast.Break()


def _compared(node: ast.Compare) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        for other in _COMPARED[type(operator)]:
            yield ast.Compare(node.left, [*node.ops[:place], other(), *node.ops[place + 1 :]], node.comparators)


def _without(node: ast.BoolOp, place: int) -> ast.expr:
    left = node.values[:place] + node.values[place + 1 :]
    return left[0] if len(left) == 1 else ast.BoolOp(node.op, left)


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and _FIGURE.fullmatch(value):
        yield ast.Constant(value + "1" if "." in value else str(int(value) + 1))
    elif isinstance(value, str) and value and not re.search(r"\s", value):
        yield ast.Constant(value + "_")
