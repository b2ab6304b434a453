"""SQL in product code: every statement names the tenant, and nothing but constants is put into its text.

The tables come from the migrations. Names of constants in an f-string are resolved within the module; what cannot be
resolved stands as a table that has a tenant.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.contract.house.rule import Finding, Rule
from tests.contract.house.tree import ROOT, Source

_UNKNOWN = "\x00"
_TABLE = re.compile(r"create table (\w+) \((.*?)\n\)", re.S)
_STATEMENT = re.compile(r"\s*(select|insert into|update|delete from|with|merge into|from)\b\s", re.I)
_CONSTANT = re.compile(r"_{0,2}[A-Z][A-Z0-9_]*(\[\w+\])?")
_HOLE = re.compile(r"\{(\w+)\}")
_EMBEDDED = re.compile(r"(?<!\$)\bselect\b.+\bfrom\b|\binsert into \w+ ?\(|\bupdate \w+ set\b|\bdelete from \w+", re.S)


@cache
def tenant_tables() -> tuple[str, ...]:
    """Tables of the product that have a tenant column."""
    scripts = "".join(p.read_text("utf-8") for p in sorted((ROOT / "runtime/data/migrations").glob("*.sql")))
    return tuple(name for name, columns in _TABLE.findall(scripts) if re.search(r"^\s*tenant\b", columns, re.M))


@cache
def _reads_or_writes() -> re.Pattern[str]:
    tables = "|".join((*tenant_tables(), _UNKNOWN))
    return re.compile(rf"\b(?:from|join|into|update|only|using)\s+(?:{tables})(?!\w)", re.I)


def _tenant(source: Source) -> Iterator[Finding]:
    for line, text, _ in _statements(source):
        if _reads_or_writes().search(text) and not re.search(r"\btenants?\b", text):
            yield Finding(source.path, line, f"no tenant in: {' '.join(text.split())[:70]}")


def _values(source: Source) -> Iterator[Finding]:
    for line, _, loose in _statements(source):
        for name in loose:
            yield Finding(source.path, line, f"{name} is put into the text of a statement: pass it as a parameter")


def _statements(source: Source) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Line, resolved text, and what was interpolated that is no constant, of every statement in a file."""
    if source.inside("system_apis/") or not re.search(r"(?i)select|insert|update|delete", source.text):
        return
    known, parts = _constants(source), _parts(source)
    for node in source.nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call) and id(node) not in parts:
            text, loose = _resolved(node, known)
            template = isinstance(node, ast.Constant) and text is not None and _HOLE.search(text)
            if text is not None and not template and _is_sql(text):
                yield node.lineno, text, loose


def _is_sql(text: str) -> bool:
    begins = _STATEMENT.match(text)
    if begins is None:
        return False
    return begins[1].lower() in ("from", "with") or bool(_EMBEDDED.search(text.lower().replace(_UNKNOWN, "x")))


def _parts(source: Source) -> set[int]:
    """Nodes that are no statement of their own: docstrings, and what lies inside another string expression."""
    whole = [n for n in source.nodes if isinstance(n, ast.JoinedStr | ast.BinOp) or _filled(n)]
    return {id(part) for node in whole for part in ast.walk(node) if part is not node} | source.docstrings


def _constants(source: Source) -> dict[str, str]:
    known: dict[str, str] = {}
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            text, _ = _resolved(node.value, known)
            if text is not None:
                known[node.targets[0].id] = text
    return known


def _resolved(node: ast.AST, known: dict[str, str]) -> tuple[str | None, tuple[str, ...]]:
    """The text of a string expression, and the names in it that are no constants. None: no string."""
    if isinstance(node, ast.Constant):
        return (node.value, ()) if isinstance(node.value, str) else (None, ())
    if isinstance(node, ast.JoinedStr):
        pieces = [_piece(value, known) for value in node.values]
        return "".join(text for text, _ in pieces), tuple(name for _, loose in pieces for name in loose)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        pieces = [_piece(side, known) for side in (node.left, node.right)]
        return "".join(text for text, _ in pieces), tuple(name for _, loose in pieces for name in loose)
    if isinstance(node, ast.Call) and _filled(node):
        return _filling(node, known)
    return None, ()


def _filled(node: ast.AST) -> bool:
    """Whether it is a template filled in by name: `TEXT.format(a=..., b=...)`."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    return called and isinstance(node, ast.Call) and bool(node.keywords) and not node.args


def _filling(node: ast.Call, known: dict[str, str]) -> tuple[str | None, tuple[str, ...]]:
    assert isinstance(node.func, ast.Attribute)
    text, _ = _piece(node.func.value, known)
    given = {word.arg: _piece(word.value, known) for word in node.keywords}
    filled = _HOLE.sub(lambda hole: given.get(hole[1], (_UNKNOWN, ()))[0], text)
    return filled, tuple(name for _, loose in given.values() for name in loose)


def _piece(node: ast.AST, known: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    inner = node.value if isinstance(node, ast.FormattedValue) else node
    text, loose = _resolved(inner, known)
    if text is not None:
        return text, loose
    name = ast.unparse(inner)
    constant = _CONSTANT.fullmatch(name.rpartition(".")[2]) is not None
    return known.get(name, _UNKNOWN), () if constant else (name,)


_HEAD = "async def f(db, table, tenant):\n    "
RULES = (
    Rule(
        "tenant",
        _tenant,
        bad=(
            ("runtime/a.py", "SQL = 'select id from run where id = $1'\n"),
            ("runtime/a.py", "_C = 'id'\nSQL = f'''\n  select {_C}\n  from project where id = $1'''\n"),
            ("runtime/a.py", _HEAD + "await db.execute(f'delete from {table} where id = $1')\n"),
            ("runtime/a.py", "SQL = 'update invoice ' + 'set state = $1'\n"),
            ("runtime/a.py", "SQL = 'select {a} from run where id = $1'\nx = SQL.format(a=COLUMNS)\n"),
            ("runtime/a.py", "SQL = 'with x as (select 1) insert into outbox (id) select 1'\n"),
        ),
        good=(
            ("runtime/a.py", "SQL = 'select id from run where tenant = $1'\n"),
            ("runtime/a.py", "SQL = 'select name from slot'\n"),
            ("runtime/a.py", "T = 'tenant = $1'\nSQL = 'select id from run where {t}'\nx = SQL.format(t=T)\n"),
            ("runtime/a.py", "'''select what from run to show'''\nx = 'Update project 7.'\n"),
            ("runtime/a.py", "SQL = 'select position from outbox'  # house: tenant the relay serves all tenants\n"),
        ),
    ),
    Rule(
        "sql",
        _values,
        bad=(
            ("runtime/a.py", _HEAD + "await db.execute(f\"select id from run where tenant = '{tenant}'\")\n"),
            ("runtime/a.py", _HEAD + "await db.execute('delete from run where tenant = ' + tenant)\n"),
            ("runtime/a.py", _HEAD + "await db.execute('delete from run where tenant = %s' % tenant)\n"),
            ("runtime/a.py", "SQL = 'select id from run where tenant = {t}'\nx = SQL.format(t=tenant)\n"),
        ),
        good=(
            ("runtime/a.py", "_COLUMNS = 'id, state'\nSQL = f'select {_COLUMNS} from run where tenant = $1'\n"),
            ("runtime/a.py", "raise_ = f'select a date, not {x}'\n"),
        ),
    ),
)
