"""Field values: what a caller sends -> what is stored (and answered), or the vendor's refusal.

Stored as answered: numbers as Decimal with at least one decimal place, dates `2026-02-27`, datetimes
`2026-02-27T16:41:09.000+0000` (always UTC and whole seconds, so they sort as text), absent = null.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from .errors import OrgError, invalid
from .ids import normal_id
from .schema import Field

_DIGITS_BEFORE_POINT = 16
_TEXT_TYPES = {"string", "textarea", "email", "phone", "url", "picklist"}


def stamp(moment: datetime) -> str:
    """A datetime as the org writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"


def moment(text: str) -> datetime:
    """The aware time of a stored datetime."""
    return datetime.fromisoformat(text)


def number(value: Decimal, scale: int = 2) -> Decimal:
    """A number as the org writes it: rounded half up to `scale` places, no trailing zeros, at least one place."""
    rounded = value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP) + 0
    stripped = rounded.normalize()
    places = max(1, -int(stripped.as_tuple().exponent))
    return stripped.quantize(Decimal(1).scaleb(-places))


def stored(field: Field, value: Any) -> Any:
    """What to store for a sent value; None = null. Raises OrgError (400) when the field cannot hold it."""
    if field.type == "boolean":
        return _boolean(field, value)
    if value is None or value == "":
        return None
    if field.type in _TEXT_TYPES:
        return _text(field, value)
    if field.type == "int":
        return _whole(field, value)
    if field.type in ("double", "currency", "percent"):
        return _number(field, value)
    return {"date": _date, "datetime": _datetime, "reference": _id, "id": _id}[field.type](field, value)


def _boolean(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _unreadable(field, value)
    return value


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _unreadable(field, value)
    if len(value) > field.length:
        shown = f"{field.label or field.name}: data value too large: {value[:80]} (max length={field.length})"
        raise invalid("STRING_TOO_LONG", shown, field.name)
    if field.picklist and value not in field.picklist:
        message = f"{field.label or field.name}: bad value for restricted picklist field: {value}"
        raise invalid("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)
    return value


def _number(field: Field, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise _unreadable(field, value)
    try:
        exact = Decimal(value)
    except InvalidOperation:
        raise _unreadable(field, value) from None
    if not exact.is_finite() or exact.adjusted() >= _DIGITS_BEFORE_POINT:
        message = f"{field.label or field.name}: value outside of valid range on numeric field: {value}"
        raise invalid("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)
    return number(exact, field.scale)


def _whole(field: Field, value: Any) -> int:
    exact = _number(field, value)
    if exact != exact.to_integral_value():
        raise _unreadable(field, value)
    return int(exact)


def _date(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise _unreadable(field, value) from None


def _datetime(field: Field, value: Any) -> str:
    try:
        read = datetime.fromisoformat(str(value))
        return stamp(read if read.tzinfo else read.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise _unreadable(field, value) from None


def _id(field: Field, value: Any) -> str:
    found = normal_id(value) if isinstance(value, str) else None
    if found is None:
        raise invalid("MALFORMED_ID", f"{field.name}: id value of incorrect type: {value}", field.name)
    return found


def _unreadable(field: Field, value: Any) -> OrgError:
    kinds = {bool: "VALUE_TRUE", str: "VALUE_STRING", int: "VALUE_NUMBER_INT", Decimal: "VALUE_NUMBER_FLOAT"}
    kind = kinds.get(type(value), "START_OBJECT")
    message = f"Cannot deserialize instance of {field.type} from {kind} value {value} or request may be missing a required field"
    return OrgError(400, "JSON_PARSER_ERROR", message)
