"""Escapes: a comment `house: <rule> <reason>` excuses the statement it stands in, or the one below it."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable
from typing import NamedTuple

from tests.contract.house.rule import Finding
from tests.contract.house.tree import Source

_ESCAPE = re.compile(r"# house: (?P<rule>[a-z-]+)(?P<reason>.*)")


class Escape(NamedTuple):
    """One comment."""

    path: str
    line: int
    rule: str
    reason: str


def escapes(source: Source) -> list[Escape]:
    """The escape comments of a file."""
    if "# house:" not in source.text:
        return []
    comments = (t for t in tokenize.generate_tokens(io.StringIO(source.text).readline) if t.type == tokenize.COMMENT)
    found = ((_ESCAPE.search(t.string), t.start[0]) for t in comments)
    return [Escape(source.path, line, m["rule"], m["reason"].strip()) for m, line in found if m]


def excused(source: Source, rule: str, findings: Iterable[Finding]) -> tuple[list[Finding], set[Escape]]:
    """The findings no escape excuses, and the escapes that were needed."""
    own = [e for e in escapes(source) if e.rule == rule]
    left, used = [], set[Escape]()
    for finding in findings:
        first, last = _reach(source, finding.line)
        mine = {e for e in own if first <= e.line <= last}
        used |= mine
        left += [] if mine else [finding]
    return left, used


def _reach(source: Source, line: int) -> tuple[int, int]:
    """Lines of the innermost statement around a line (of a compound one, its head), and comment lines above it."""
    first, last = line, line
    for node in source.nodes:
        if isinstance(node, ast.stmt):
            head, foot = _head(node)
            if head <= line <= foot and (first == last == line or foot - head < last - first):
                first, last = head, foot
    while first > 1 and source.lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return first, last


def _head(node: ast.stmt) -> tuple[int, int]:
    marks = getattr(node, "decorator_list", None)
    first = marks[0].lineno if marks else node.lineno
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not body:
        return first, node.end_lineno or node.lineno
    inner = body[0].pattern.lineno if isinstance(body[0], ast.match_case) else body[0].lineno
    return first, max(node.lineno, inner - 1)
