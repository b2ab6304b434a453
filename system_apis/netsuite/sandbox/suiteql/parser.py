"""Tokens -> Select. Recursive descent; what is not in the subset is refused as the vendor refuses it."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from system_apis.netsuite.sandbox.errors import bad_query
from system_apis.netsuite.sandbox.suiteql.lexer import Token, tokens
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
    Source,
)
from system_apis.netsuite.sandbox.suiteql.values import Value

_RESERVED = frozenset(
    """select distinct from where group order by having join left right inner outer on and or not in like is null between
    as asc desc union minus intersect with case when then else end exists fetch offset""".split()  # noqa: SIM905 - a list of words
)
_COMPARISONS = frozenset(("=", "<>", "!=", "<", ">", "<=", ">="))
_DEEPEST = 64
T = TypeVar("T")


class _Reader:
    """A cursor over tokens."""

    def __init__(self, statement: str, params: list[Value]) -> None:
        self._tokens, self._at, self.depth = tokens(statement), 0, 0
        self._params, self._bound = params, 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def take(self) -> Token:
        token = self.next
        self._at += token.kind != "end"
        return token

    def found(self, *texts: str) -> bool:
        """Consume the words or signs when they come next."""
        ahead = self._tokens[self._at : self._at + len(texts)]
        if len(ahead) < len(texts) or any(
            a.text != t or a.kind not in ("word", "sign") for a, t in zip(ahead, texts, strict=True)
        ):
            return False
        self._at += len(texts)
        return True

    def need(self, *texts: str) -> None:
        if not self.found(*texts):
            raise self.unexpected()

    def name(self) -> str:
        token = self.take()
        if token.kind == "quoted":
            return token.text.lower()
        if token.kind != "word" or token.text in _RESERVED:
            raise bad_query(f"Unexpected token '{token.text}'. A name was expected.")
        return token.text

    def parameter(self) -> Literal:
        if self._bound >= len(self._params):
            raise bad_query("There are fewer parameters than '?' placeholders.")
        self._bound += 1
        return Literal(self._params[self._bound - 1])

    def unexpected(self) -> Exception:
        return bad_query(f"Unexpected token '{self.next.text or 'end of statement'}'.")

    def close(self) -> None:
        if self.next.kind != "end":
            raise self.unexpected()
        if self._bound != len(self._params):
            raise bad_query("There are more parameters than '?' placeholders.")


def parse(statement: str, params: list[Value]) -> Select:
    """One SELECT with its `?` parameters bound."""
    reader = _Reader(statement, params)
    reader.need("select")
    distinct = reader.found("distinct")
    items = _many(reader, _item)
    reader.need("from")
    select = Select(
        items=items,
        sources=_sources(reader),
        where=_expression(reader) if reader.found("where") else None,
        group=_many(reader, _sum) if reader.found("group", "by") else (),
        having=_expression(reader) if reader.found("having") else None,
        order=_many(reader, _order) if reader.found("order", "by") else (),
        distinct=distinct,
    )
    reader.close()
    return select


def _many(reader: _Reader, one: Callable[[_Reader], T]) -> tuple[T, ...]:
    found = [one(reader)]
    while reader.found(","):
        found.append(one(reader))
    return tuple(found)


def _item(reader: _Reader) -> Item:
    if reader.found("*"):
        return Item(None)
    expression = _sum(reader)
    if isinstance(expression, Column) and expression.name == "*":
        return Item(None, table=expression.table)
    if reader.found("as"):
        return Item(expression, reader.name())
    named = reader.next.kind == "quoted" or (reader.next.kind == "word" and reader.next.text not in _RESERVED)
    return Item(expression, reader.name() if named else None)


def _table(reader: _Reader) -> tuple[str, str]:
    table = reader.name()
    aliased = reader.found("as") or (reader.next.kind == "word" and reader.next.text not in _RESERVED)
    return table, reader.name() if aliased else table


def _sources(reader: _Reader) -> tuple[Source, ...]:
    found = [Source(*_table(reader))]
    while True:
        outer = reader.found("left", "outer", "join") or reader.found("left", "join")
        if not (outer or reader.found("inner", "join") or reader.found("join")):
            return tuple(found)
        table, alias = _table(reader)
        reader.need("on")
        found.append(Source(table, alias, _expression(reader), outer))


def _order(reader: _Reader) -> Order:
    expression = _sum(reader)
    descending = reader.found("desc")
    if not descending:
        reader.found("asc")
    return Order(expression, descending)


def _expression(reader: _Reader) -> Expression:
    reader.depth += 1
    if reader.depth > _DEEPEST:
        raise bad_query("The statement is nested too deeply.")
    left = _conjunction(reader)
    while reader.found("or"):
        left = Binary("or", left, _conjunction(reader))
    reader.depth -= 1
    return left


def _conjunction(reader: _Reader) -> Expression:
    left = _negation(reader)
    while reader.found("and"):
        left = Binary("and", left, _negation(reader))
    return left


def _negation(reader: _Reader) -> Expression:
    negations = 0
    while reader.found("not"):
        negations += 1
    condition = _condition(reader)
    return Not(condition) if negations % 2 else condition


def _condition(reader: _Reader) -> Expression:
    left = _sum(reader)
    if reader.next.text in _COMPARISONS and reader.next.kind == "sign":
        op = reader.take().text
        return Binary("<>" if op == "!=" else op, left, _sum(reader))
    if reader.found("is"):
        negated = reader.found("not")
        reader.need("null")
        return Not(IsNull(left)) if negated else IsNull(left)
    negated = reader.found("not")
    condition = _membership(reader, left)
    if condition is None:
        if negated:
            raise reader.unexpected()
        return left
    return Not(condition) if negated else condition


def _membership(reader: _Reader, left: Expression) -> Expression | None:
    if reader.found("in"):
        reader.need("(")
        options = _many(reader, _sum)
        reader.need(")")
        return Among(left, options)
    if reader.found("like"):
        return Like(left, _sum(reader))
    if reader.found("between"):
        low = _sum(reader)
        reader.need("and")
        return Binary("and", Binary(">=", left, low), Binary("<=", left, _sum(reader)))
    return None


def _sum(reader: _Reader) -> Expression:
    left = _product(reader)
    while reader.next.kind == "sign" and reader.next.text in ("+", "-", "||"):
        left = Binary(reader.take().text, left, _product(reader))
    return left


def _product(reader: _Reader) -> Expression:
    left = _atom(reader)
    while reader.next.kind == "sign" and reader.next.text in ("*", "/"):
        left = Binary(reader.take().text, left, _atom(reader))
    return left


def _atom(reader: _Reader) -> Expression:
    if reader.found("("):
        inner = _expression(reader)
        reader.need(")")
        return inner
    if reader.found("?"):
        return reader.parameter()
    if reader.found("-"):
        return Binary("-", Literal(Decimal(0)), _atom(reader))
    if reader.found("null"):
        return Literal(None)
    if reader.next.kind in ("text", "number"):
        token = reader.take()
        return Literal(token.text if token.kind == "text" else Decimal(token.text))
    return _named(reader)


def _named(reader: _Reader) -> Expression:
    name = reader.name()
    if reader.found("("):
        return _call(reader, name)
    if not reader.found("."):
        return Column(name)
    if reader.found("*"):
        return Column("*", name)
    member = reader.name()
    if name == "builtin" and reader.found("("):
        return _call(reader, f"builtin.{member}")
    return Column(member, name)


def _call(reader: _Reader, name: str) -> Call:
    if reader.found("*", ")"):
        return Call(name, ())
    distinct = reader.found("distinct")
    args = () if reader.found(")") else _many(reader, _sum)
    if args:
        reader.need(")")
    return Call(name, args, distinct)
