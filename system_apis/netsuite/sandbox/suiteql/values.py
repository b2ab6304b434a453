"""The values a SuiteQL row holds, how they compare, and their way to and from text (Oracle format models)."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from system_apis.netsuite.sandbox.errors import Refused, bad_query

Value = str | Decimal | bool | date | datetime | None
Row = dict[str, Value]

_MODELS = (
    ('"T"', "T"),
    ('"Z"', "Z"),
    ("YYYY", "%Y"),
    ("HH24", "%H"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("MI", "%M"),
    ("SS", "%S"),
)


def strptime_model(model: str) -> str:
    """An Oracle format model (`YYYY-MM-DD HH24:MI:SS`) in Python's notation."""
    known, out = model, model
    for oracle, python in _MODELS:
        known, out = known.replace(oracle, ""), out.replace(oracle, python)
    if any(c.isalpha() or c == "%" for c in known):
        raise bad_query(f"The format model '{model}' is not supported.")
    return out


def parse_date(text: str, model: str) -> date:
    """TO_DATE: the instant when the model has hours, else the day."""
    try:
        moment = datetime.strptime(text, strptime_model(model))  # noqa: DTZ007 - the account's wall clock
    except ValueError as why:
        raise bad_query(f"Parsing of '{text}' failed with date format '{model}'.") from why
    return moment if "HH24" in model else moment.date()


def account_date(text: str) -> date:
    """A day in the account's date format, M/D/YYYY."""
    return parse_date(text, "MM/DD/YYYY")


def show_account_date(day: date) -> str:
    """A day as the account writes it: 7/31/2026."""
    return f"{day.month}/{day.day}/{day.year}"


def text_of(value: Value) -> str | None:
    """A value as SuiteQL's REST answer carries it: always text; booleans are T and F."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "T" if value else "F"
    return format(value, "f") if isinstance(value, Decimal) else show_account_date(value)


def _number(value: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation as why:
        raise bad_query(f"'{value}' is not a number.") from why


def _moment(value: date) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the account's wall clock


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Both sides in one type, the way the database converts implicitly: numbers and dates win over text."""
    left, right = (text_of(v) if isinstance(v, bool) else v for v in (left, right))
    if isinstance(left, str) and isinstance(right, str):
        return left, right
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        left, right = (_number(v) if isinstance(v, str) else v for v in (left, right))
    elif isinstance(left, date) or isinstance(right, date):
        left, right = (account_date(v) if isinstance(v, str) else v for v in (left, right))
        left, right = (_moment(v) if isinstance(v, date) else v for v in (left, right))
    return left, right


def compare(left: Value, right: Value) -> int | None:
    """-1, 0, 1, or None when either side is null."""
    if left is None or right is None:
        return None
    a, b = _alike(left, right)
    try:
        return (a > b) - (a < b)  # type: ignore[operator]
    except TypeError as why:
        raise Refused(400, "INVALID_PARAMETER", "Inconsistent data types in a comparison.", where="q") from why


def sort_key(value: Value) -> tuple[int, Value]:
    """Order of one column: nulls last, as Oracle sorts ascending."""
    if value is None:
        return 1, Decimal(0)
    if isinstance(value, bool):
        return 0, text_of(value)
    return 0, _moment(value) if isinstance(value, date) else value
