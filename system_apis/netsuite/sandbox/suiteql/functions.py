"""Functions of the SuiteQL subset, over single values and over groups."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from system_apis.netsuite.sandbox.errors import bad_query
from system_apis.netsuite.sandbox.suiteql.values import Value, compare, parse_date, strptime_model, text_of

AGGREGATES = frozenset(("count", "sum", "min", "max", "avg"))


def _to_date(args: Sequence[Value]) -> Value:
    text, model = (text_of(a) for a in args)
    return None if text is None or model is None else parse_date(text, model)


def _to_char(args: Sequence[Value]) -> Value:
    if len(args) == 1 or not isinstance(args[0], date):
        return text_of(args[0])
    return args[0].strftime(strptime_model(str(args[1])))


def _text(change: Callable[[str], str]) -> Callable[[Sequence[Value]], Value]:
    def run(args: Sequence[Value]) -> Value:
        text = text_of(args[0])
        return None if text is None else change(text)

    return run


def _coalesce(args: Sequence[Value]) -> Value:
    return next((a for a in args if a is not None), None)


_SCALARS: dict[str, tuple[int, int, Callable[[Sequence[Value]], Value]]] = {
    "to_date": (2, 2, _to_date),
    "to_char": (1, 2, _to_char),
    "upper": (1, 1, _text(str.upper)),
    "lower": (1, 1, _text(str.lower)),
    "nvl": (2, 2, _coalesce),
    "coalesce": (1, 16, _coalesce),
}


def scalar(name: str, args: Sequence[Value]) -> Value:
    """The value of a function of one row."""
    if name not in _SCALARS:
        raise bad_query(f"Invalid or unsupported function: {name.upper()}.")
    fewest, most, function = _SCALARS[name]
    if not fewest <= len(args) <= most:
        raise bad_query(f"Invalid number of arguments for {name.upper()}.")
    return function(args)


def _number(value: Value) -> Decimal:
    text = text_of(value) or "0"
    if not isinstance(value, Decimal):
        raise bad_query(f"SUM over a column that is not a number: {text}.")
    return value


def _extreme(values: Sequence[Value], sign: int) -> Value:
    best: Value = None
    for value in values:
        if best is None or (compare(value, best) or 0) * sign > 0:
            best = value
    return best


def aggregate(name: str, values: Sequence[Value], distinct: bool) -> Value:
    """The value of a group; nulls are left out, as in SQL."""
    kept: list[Value] = [v for v in values if v is not None]
    kept = list(dict.fromkeys(kept)) if distinct else kept
    if name == "count":
        return Decimal(len(kept))
    if not kept:
        return None
    if name in ("min", "max"):
        return _extreme(kept, 1 if name == "max" else -1)
    total = sum((_number(v) for v in kept), Decimal(0))
    return total if name == "sum" else total / len(kept)
