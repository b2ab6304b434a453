"""The `q` filter of record lists: read, checked against the record type, run over rows (help: Record Filtering)."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

from runtime.http.simulate import Row
from system_apis.netsuite.sandbox.errors import bad_query
from system_apis.netsuite.sandbox.schema import Kind, RecordType
from system_apis.netsuite.sandbox.suiteql.values import account_date

Test = Callable[[Row], bool]
_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([\[\](),])|([^\s\[\](),"]+))')
_DEEPEST = 32
_TEXT = ("IS", "CONTAIN", "START_WITH", "ENDWITH")
_NUMBER = ("EQUAL", "GREATER", "GREATER_OR_EQUAL", "LESS", "LESS_OR_EQUAL", "BETWEEN", "ANY_OF", "WITHIN")
_DATE = ("ON", "BEFORE", "AFTER", "ON_OR_AFTER", "ON_OR_BEFORE")
_OPERATORS: dict[Kind, tuple[str, ...]] = {
    "text": _TEXT,
    "hours": _TEXT,
    "bool": ("IS",),
    "number": _NUMBER,
    "money": _NUMBER,
    "ref": ("ANY_OF", "EQUAL"),
    "enum": ("ANY_OF", "IS"),
    "date": _DATE,
    "moment": _DATE,
}
_SYSTEM: dict[str, Kind] = {"id": "number", "externalId": "text", "lastModifiedDate": "moment", "createdDate": "moment"}


def parse(text: str, record_type: RecordType) -> Test:
    """A test of one row. Raises the vendor's 400 for unknown fields, operators that do not fit, and bad values."""
    reader = _Reader(text)
    test = _either(reader, record_type)
    if reader.next is not None:
        raise bad_query(f"Unexpected '{reader.next}' in the filter.")
    return test


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens, self._at, self.depth = list(_tokens(text)), 0, 0

    @property
    def next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self) -> str:
        token = self.next
        if token is None:
            raise bad_query("The filter ends too early.")
        self._at += 1
        return token

    def found(self, word: str) -> bool:
        hit = self.next is not None and self.next.upper() == word
        self._at += hit
        return hit


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        hit = _TOKEN.match(text, at)
        if hit is None or hit.end() == at:
            raise bad_query("The filter cannot be read.")
        found.append(hit.group(1) if hit.group(1) is not None else hit.group(2) or hit.group(3))
        at = hit.end()
    return found


def _either(reader: _Reader, record_type: RecordType) -> Test:
    tests = [_all(reader, record_type)]
    while reader.found("OR"):
        tests.append(_all(reader, record_type))
    return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)


def _all(reader: _Reader, record_type: RecordType) -> Test:
    tests = [_one(reader, record_type)]
    while reader.found("AND"):
        tests.append(_one(reader, record_type))
    return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)


def _one(reader: _Reader, record_type: RecordType) -> Test:
    if not reader.found("("):
        return _condition(reader, record_type)
    reader.depth += 1
    if reader.depth > _DEEPEST:
        raise bad_query("The filter is nested too deeply.")
    test = _either(reader, record_type)
    if not reader.found(")"):
        raise bad_query("A closing parenthesis is missing.")
    reader.depth -= 1
    return test


def _condition(reader: _Reader, record_type: RecordType) -> Test:
    name = reader.take()
    spec = record_type.fields.get(name)
    kind = _SYSTEM.get(name) or (spec.kind if spec else None)
    if kind is None:
        raise bad_query(f"Field '{name}' of record '{record_type.name}' is not known.")
    written = reader.take().upper()
    operator, negated = written.removesuffix("_NOT"), written.endswith("_NOT")
    if operator == "EMPTY":
        return lambda row: (row.get(name) in (None, "")) != negated
    if operator not in _OPERATORS.get(kind, ()):
        raise bad_query(f"Operator '{written}' does not fit the field '{name}'.")
    compare = _comparison(kind, operator, _values(reader))
    return lambda row: row.get(name) is not None and compare(row[name]) != negated


def _values(reader: _Reader) -> list[str]:
    if not reader.found("["):
        return [reader.take()]
    values = [reader.take()]
    while reader.found(","):
        values.append(reader.take())
    if not reader.found("]"):
        raise bad_query("A closing bracket is missing.")
    return values


def _comparison(kind: Kind, operator: str, values: list[str]) -> Callable[[object], bool]:
    if kind in ("date", "moment"):
        days = [account_date(value) for value in values]
        return lambda stored: _DATES[operator](date.fromisoformat(str(stored)[:10]), days[0])
    if kind in ("number", "money"):
        numbers = [_number(value) for value in values]
        if operator in ("BETWEEN", "WITHIN") and len(numbers) != 2:
            raise bad_query(f"Operator '{operator}' needs two values.")
        return lambda stored: _NUMBERS[operator](Decimal(str(stored)), numbers)
    if kind == "bool":
        wanted = values[0].lower() in ("true", "t")
        return lambda stored: stored is wanted
    if kind in ("ref", "enum"):
        return lambda stored: str(stored) in values
    text = values[0].casefold()
    return lambda stored: _TEXTS[operator](str(stored).casefold(), text)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as why:
        raise bad_query(f"'{text}' is not a number.") from why


_DATES: dict[str, Callable[[date, date], bool]] = {
    "ON": lambda a, b: a == b,
    "BEFORE": lambda a, b: a < b,
    "AFTER": lambda a, b: a > b,
    "ON_OR_AFTER": lambda a, b: a >= b,
    "ON_OR_BEFORE": lambda a, b: a <= b,
}
_NUMBERS: dict[str, Callable[[Decimal, list[Decimal]], bool]] = {
    "EQUAL": lambda a, b: a == b[0],
    "GREATER": lambda a, b: a > b[0],
    "GREATER_OR_EQUAL": lambda a, b: a >= b[0],
    "LESS": lambda a, b: a < b[0],
    "LESS_OR_EQUAL": lambda a, b: a <= b[0],
    "BETWEEN": lambda a, b: b[0] <= a <= b[1],
    "WITHIN": lambda a, b: b[0] <= a <= b[1],
    "ANY_OF": lambda a, b: a in b,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "IS": lambda a, b: a == b,
    "CONTAIN": lambda a, b: b in a,
    "START_WITH": str.startswith,
    "ENDWITH": str.endswith,
}
