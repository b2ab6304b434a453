"""How amounts, hours, dates and ages read on pages."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from contracts.money import minor_units, round_places

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$"}
NOTHING = "–"
_ISO = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_DAY = re.compile(r"\b(\d{1,2} [A-Z][a-z]{2}) (\d{4})\b")
_SUM = re.compile(r"(?<![\w.,])(\d[\d,]*\.\d+) ([A-Z]{3})\b")
_SCALES = ((Decimal(1_000_000_000), "B"), (Decimal(1_000_000), "M"), (Decimal(1000), "k"))


def money(amount: Decimal, currency: str) -> str:
    """`$1,312,480.00`, to the minor unit."""
    return _signed(amount, currency, f"{round_places(abs(amount), minor_units(currency)):,f}")


def short_money(amount: Decimal, currency: str) -> str:
    """`$1.31M`, `$241.6k`, `$980`: for figures."""
    size = abs(amount)
    for scale, letter in _SCALES:
        if size >= scale * Decimal("0.9995"):
            places = 2 if letter != "k" else 1
            return _signed(amount, currency, f"{round_places(size / scale, places):,f}{letter}")
    return _signed(amount, currency, f"{round_places(size, 0):,f}")


def _signed(amount: Decimal, currency: str, digits: str) -> str:
    return f"{'−' if amount < 0 else ''}{SIGNS.get(currency, f'{currency} ')}{digits}"


def hours(value: Decimal) -> str:
    """One decimal."""
    return f"{round_places(value, 1):,f}"


def day(value: date, today: date) -> str:
    """`2 Nov`, with the year when it is not this one."""
    return f"{value:%-d %b}" if value.year == today.year else f"{value:%-d %b %Y}"


def moment(value: datetime, now: datetime) -> str:
    """`2 Nov 17:40 CET`, in the zone that `now` is in."""
    local = value.astimezone(now.tzinfo)
    return f"{day(local.date(), now.date())} {local:%H:%M %Z}"


def utc(value: datetime) -> str:
    """`2 Nov 2026 16:40 UTC`."""
    return f"{value.astimezone(UTC):%-d %b %Y %H:%M} UTC"


def clock(value: datetime, now: datetime) -> str:
    """`17:40 CET`, in the zone that `now` is in."""
    return f"{value.astimezone(now.tzinfo):%H:%M %Z}"


def period(start: date, end: date, today: date) -> str:
    """`1–31 Oct`; across months both are named."""
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{day(end, today)}"
    return f"{day(start, today)} – {day(end, today)}"


def age(since: datetime, now: datetime) -> str:
    """`just now`, `3 min`, `5 h`, `6 d`."""
    passed = max(now - since, timedelta(0))
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{passed.days} d"


def count(number: int, what: str, many: str | None = None) -> str:
    """`1 item`, `3 items`."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def told(sentence: str, today: date) -> str:
    """A sentence of a process as pages say it: its dates and amounts in the form that pages have."""
    said = _ISO.sub(lambda found: _dated(found[0], today), sentence)
    said = _DAY.sub(lambda found: found[1] if int(found[2]) == today.year else found[0], said)
    return _SUM.sub(lambda found: money(Decimal(found[1].replace(",", "")), found[2]), said)


def _dated(text: str, today: date) -> str:
    try:
        return day(date.fromisoformat(text), today)
    except ValueError:
        return text


_TERMS = {"time_and_materials": "T&M", "fixed_price": "Fixed price"}


def terms(method: str) -> str:
    """`time_and_materials` -> `T&M`."""
    return _TERMS.get(method, title(method))


def title(code: str) -> str:
    """`time_and_materials` -> `Time and materials`."""
    said = code.replace("_", " ")
    return f"{said[:1].upper()}{said[1:]}"
