"""Runs a Select over tables of plain values: join, filter, group, order, project. Three-valued logic as in SQL."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from system_apis.netsuite.sandbox.errors import bad_query
from system_apis.netsuite.sandbox.suiteql.functions import AGGREGATES, aggregate, scalar
from system_apis.netsuite.sandbox.suiteql.parser import parse
from system_apis.netsuite.sandbox.suiteql.syntax import (
    Among,
    Binary,
    Call,
    Column,
    Expression,
    IsNull,
    Item,
    Like,
    Literal,
    Not,
    Order,
    Select,
)
from system_apis.netsuite.sandbox.suiteql.values import Row, Value, compare, sort_key, text_of

Joined = Mapping[str, Row]


@dataclass(frozen=True)
class Table:
    """Columns and a way to read the rows; a row carries every column. `lookup` finds one by external id."""

    columns: frozenset[str]
    rows: Callable[[], Iterable[Row]]
    lookup: Callable[[str], Row | None] | None = None


def query(statement: str, params: list[Value], tables: Mapping[str, Table]) -> list[dict[str, str]]:
    """Rows of text as the REST answer carries them: keys lower case, null columns left out."""
    select = parse(statement, params)
    for source in select.sources:
        if source.table not in tables:
            raise bad_query(f"Record '{source.table}' was not found. Reason: REMOVED - Record is removed.")
    scope = {s.alias: tables[s.table] for s in select.sources}
    rows = _joined(select, scope)
    if select.where is not None:
        _check(select.where, scope)
        rows = [r for r in rows if _truth(select.where, r, scope)]
    shown = _grouped(select, rows, scope) if _aggregates(select) else _plain(select, rows, scope)
    return _distinct(shown) if select.distinct else shown


def _joined(select: Select, scope: Mapping[str, Table]) -> list[Joined]:
    first = select.sources[0]
    rows: list[Joined] = [{first.alias: row} for row in _read(scope[first.alias], first.alias, select.where)]
    for source in select.sources[1:]:
        known = {a: t for a, t in scope.items() if a in [s.alias for s in select.sources]}
        on = source.on or Literal(None)
        _check(on, known)
        right = list(scope[source.alias].rows())
        nothing: Row = dict.fromkeys(scope[source.alias].columns)
        find = _index(source.alias, on, right, known)
        joined: list[Joined] = []
        for row in rows:
            pairs: list[Joined] = [{**row, source.alias: other} for other in find(row)]
            hits = [p for p in pairs if _truth(on, p, known)]
            joined += hits or ([{**row, source.alias: nothing}] if source.outer else [])
        rows = joined
    return rows


def _read(table: Table, alias: str, where: Expression | None) -> Iterable[Row]:
    """The rows that can match: by external id when the condition names some, else all."""
    keys = _keys(where, alias)
    if keys is None or table.lookup is None:
        return table.rows()
    return [row for key in dict.fromkeys(keys) if (row := table.lookup(key)) is not None]


def _keys(where: Expression | None, alias: str) -> list[str] | None:
    match where:
        case Binary(op="and", left=left, right=right):
            found = _keys(left, alias)
            return _keys(right, alias) if found is None else found
        case Among(of=Column(name="externalid", table=table), options=options) if table == alias:
            wanted = [o.value for o in options if isinstance(o, Literal) and isinstance(o.value, str)]
            return wanted if len(wanted) == len(options) else None
        case Binary(op="=", left=Column(name="externalid", table=table), right=Literal(value=str(key))):
            return [key] if table == alias else None
    return None


def _index(
    alias: str, on: Expression, right: list[Row], scope: Mapping[str, Table]
) -> Callable[[Joined], Sequence[Row]]:
    """Candidates for a join: by hash when the condition starts with `a.x = b.y`, else every row."""
    head = on
    while isinstance(head, Binary) and head.op == "and":
        head = head.left
    if not (isinstance(head, Binary) and head.op == "="):
        return lambda row: right
    sides = (head.left, head.right)
    if not all(isinstance(s, Column) for s in sides):
        return lambda row: right
    mine = [s for s in sides if isinstance(s, Column) and _owner(s, scope) == alias]
    theirs = [s for s in sides if isinstance(s, Column) and _owner(s, scope) != alias]
    if len(mine) != 1 or len(theirs) != 1:
        return lambda row: right
    buckets: dict[str | None, list[Row]] = {}
    for other in right:
        buckets.setdefault(text_of(other[mine[0].name]), []).append(other)
    return lambda row: buckets.get(text_of(_value(theirs[0], row, scope)), ())


def _owner(column: Column, scope: Mapping[str, Table]) -> str:
    if column.table is not None:
        if column.table not in scope:
            raise bad_query(f"Record '{column.table}' was not found.")
        owners = [column.table] if column.name in scope[column.table].columns else []
    else:
        owners = [alias for alias, table in scope.items() if column.name in table.columns]
    if not owners:
        record = column.table or next(iter(scope))
        raise bad_query(
            f"Field '{column.name}' for record '{record}' was not found. Reason: REMOVED - Field is removed."
        )
    if len(owners) > 1:
        raise bad_query(f"Field '{column.name}' is ambiguous.")
    return owners[0]


def _parts(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Binary(left=left, right=right):
            return left, right
        case Not(of=of) | IsNull(of=of):
            return (of,)
        case Among(of=of, options=options):
            return of, *options
        case Like(of=of, pattern=pattern):
            return of, pattern
        case Call(args=args):
            return args
        case _:
            return ()


def _check(expression: Expression, scope: Mapping[str, Table]) -> None:
    """Refuse unknown columns even when no row would be read."""
    if isinstance(expression, Column):
        _owner(expression, scope)
    for part in _parts(expression):
        _check(part, scope)


def _has_aggregate(expression: Expression) -> bool:
    called = isinstance(expression, Call) and expression.name in AGGREGATES
    return called or any(_has_aggregate(p) for p in _parts(expression))


def _aggregates(select: Select) -> bool:
    return bool(select.group) or any(i.expression is not None and _has_aggregate(i.expression) for i in select.items)


def _truth(expression: Expression, row: Joined, scope: Mapping[str, Table]) -> bool:
    return _logic(expression, row, scope) is True


def _logic(expression: Expression, row: Joined, scope: Mapping[str, Table]) -> bool | None:
    match expression:
        case Binary(op="and", left=left, right=right):
            a = _logic(left, row, scope)
            b = False if a is False else _logic(right, row, scope)
            return False if b is False else (None if a is None or b is None else True)
        case Binary(op="or", left=left, right=right):
            a = _logic(left, row, scope)
            b = True if a is True else _logic(right, row, scope)
            return True if b is True else (None if a is None or b is None else False)
        case Not(of=of):
            inner = _logic(of, row, scope)
            return None if inner is None else not inner
        case IsNull(of=of):
            return _value(of, row, scope) is None
        case Among(of=of, options=options):
            return _among(_value(of, row, scope), [_value(o, row, scope) for o in options])
        case Like(of=of, pattern=pattern):
            return _like(text_of(_value(of, row, scope)), text_of(_value(pattern, row, scope)))
        case Binary(op=op, left=left, right=right) if op in _TESTS:
            order = compare(_value(left, row, scope), _value(right, row, scope))
            return None if order is None else _TESTS[op](order)
    raise bad_query("A condition was expected.")


_TESTS: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "<>": lambda order: order != 0,
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}


def _among(value: Value, options: Sequence[Value]) -> bool | None:
    orders = [compare(value, option) for option in options]
    return True if 0 in orders else (None if None in orders else False)


def _like(text: str | None, pattern: str | None) -> bool | None:
    if text is None or pattern is None:
        return None
    wild = re.escape(pattern).replace("%", ".*").replace("_", ".")
    return re.fullmatch(wild, text, re.DOTALL) is not None


def _value(expression: Expression, row: Joined, scope: Mapping[str, Table]) -> Value:
    match expression:
        case Literal(value=value):
            return value
        case Column(name=name):
            return row[_owner(expression, scope)][name]
        case Call(name="builtin.df", args=(Column() as column,)):
            owner = _owner(column, scope)
            return row[owner].get(f"{column.name}$", row[owner][column.name])
        case Call(name=name, args=args):
            return scalar(name, [_value(a, row, scope) for a in args])
        case Binary(op=op, left=left, right=right) if op in ("+", "-", "*", "/", "||"):
            return _arithmetic(op, _value(left, row, scope), _value(right, row, scope))
    raise bad_query("A value was expected.")


def _arithmetic(op: str, left: Value, right: Value) -> Value:
    if op == "||":
        return (text_of(left) or "") + (text_of(right) or "")
    if left is None or right is None:
        return None
    if not (isinstance(left, Decimal) and isinstance(right, Decimal)) or (op == "/" and not right):
        raise bad_query("Arithmetic needs numbers.")
    return {"+": left + right, "-": left - right, "*": left * right}.get(op) if op != "/" else left / right


def _label(item: Item, place: int) -> str:
    if item.alias:
        return item.alias
    return item.expression.name if isinstance(item.expression, Column) else f"expr{place}"


def _expand(select: Select, scope: Mapping[str, Table]) -> list[tuple[str, Expression]]:
    out: list[tuple[str, Expression]] = []
    for place, item in enumerate(select.items, 1):
        if item.expression is not None:
            _check(item.expression, scope)
            out.append((_label(item, place), item.expression))
            continue
        for alias in [item.table] if item.table else list(scope):
            if alias not in scope:
                raise bad_query(f"Record '{alias}' was not found.")
            out += [(name, Column(name, alias)) for name in sorted(scope[alias].columns)]
    return out


def _order_terms(select: Select, shown: Sequence[tuple[str, Expression]]) -> list[Order]:
    """ORDER BY may name an output column by its alias or its place."""
    by_alias = dict(shown)
    terms = []
    for order in select.order:
        found = order.expression
        if isinstance(found, Column) and found.table is None and found.name in by_alias:
            found = by_alias[found.name]
        elif isinstance(found, Literal) and isinstance(found.value, Decimal) and 0 < found.value <= len(shown):
            found = shown[int(found.value) - 1][1]
        terms.append(Order(found, order.descending))
    return terms


def _sorted(rows: list[Joined], terms: Sequence[Order], read: Callable[[Expression, Joined], Value]) -> list[Joined]:
    for term in reversed(terms):
        rows = sorted(rows, key=lambda r: sort_key(read(term.expression, r)), reverse=term.descending)
    return rows


def _plain(select: Select, rows: list[Joined], scope: Mapping[str, Table]) -> list[dict[str, str]]:
    shown = _expand(select, scope)
    terms = _order_terms(select, shown)
    for term in terms:
        _check(term.expression, scope)
    rows = _sorted(rows, terms, lambda e, r: _value(e, r, scope))
    return [_texts((name, _value(e, r, scope)) for name, e in shown) for r in rows]


def _texts(pairs: Iterable[tuple[str, Value]]) -> dict[str, str]:
    texts = ((name, text_of(value)) for name, value in pairs)
    return {name: text for name, text in texts if text is not None}


def _grouped(select: Select, rows: list[Joined], scope: Mapping[str, Table]) -> list[dict[str, str]]:
    shown = _expand(select, scope)
    terms = _order_terms(select, shown)
    wanted = [e for _, e in shown] + [t.expression for t in terms]
    for expression in wanted:
        _grouping(expression, select.group)
    groups: dict[tuple[str | None, ...], list[Joined]] = {}
    for row in rows:
        groups.setdefault(tuple(text_of(_value(g, row, scope)) for g in select.group), []).append(row)
    if not select.group and not groups:
        groups[()] = []
    kept = [g for g in groups.values() if select.having is None or _truth(_settle(select.having, g, scope), {}, scope)]
    for term in reversed(terms):
        kept.sort(key=lambda g: sort_key(_of_group(term.expression, g, scope)), reverse=term.descending)
    return [_texts((name, _of_group(e, g, scope)) for name, e in shown) for g in kept]


def _grouping(expression: Expression, keys: Sequence[Expression]) -> None:
    """Every column outside an aggregate must be a grouping column."""
    if expression in keys or (isinstance(expression, Call) and expression.name in AGGREGATES):
        return
    if isinstance(expression, Column):
        raise bad_query(f"Field '{expression.name}' is not a GROUP BY expression.")
    for part in _parts(expression):
        _grouping(part, keys)


def _of_group(expression: Expression, rows: list[Joined], scope: Mapping[str, Table]) -> Value:
    settled = _settle(expression, rows, scope)
    return _value(settled, rows[0] if rows else {}, scope)


def _settle(expression: Expression, rows: list[Joined], scope: Mapping[str, Table]) -> Expression:
    """The expression with its aggregates, and for conditions its grouping columns, replaced by their values."""
    match expression:
        case Call(name=name, args=args, distinct=distinct) if name in AGGREGATES:
            if not args:
                return Literal(Decimal(len(rows)))
            return Literal(aggregate(name, [_value(args[0], r, scope) for r in rows], distinct))
        case Binary(op=op, left=left, right=right):
            return Binary(op, _settle(left, rows, scope), _settle(right, rows, scope))
        case Not(of=of):
            return Not(_settle(of, rows, scope))
        case Column():
            return Literal(_value(expression, rows[0], scope)) if rows else Literal(None)
        case Call(name=name, args=args) if name != "builtin.df":
            return Call(name, tuple(_settle(a, rows, scope) for a in args))
        case _:
            return expression


def _distinct(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return list({tuple(sorted(r.items())): r for r in rows}.values())
