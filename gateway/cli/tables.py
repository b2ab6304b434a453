"""Figures and tables as text: no box, upper-case heads, numbers right, ids in full. A pipe never truncates."""

import shutil
import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from contracts.periods import SystemClock

GAP = "  "
NOTHING = "-"


def money(amount: Decimal | None, currency: str | None) -> str:
    """`USD 148,210.00`."""
    return NOTHING if amount is None else f"{currency or ''} {amount:,}".strip()


def hours(value: Decimal | None) -> str:
    """One decimal; `-` for none."""
    return f"{value:,.1f}" if value else NOTHING


def day(value: date | None) -> str:
    """`2 Nov`, with the year when it is not this one."""
    if value is None:
        return NOTHING
    return f"{value.day} {value:%b}" + ("" if value.year == SystemClock().now().year else f" {value.year}")


def moment(value: datetime | None) -> str:
    """`09:51 UTC` today, else with the day."""
    if value is None:
        return NOTHING
    clock = f"{value:%H:%M} UTC"
    return clock if value.date() == SystemClock().now().date() else f"{day(value.date())} {clock}"


def age(since: datetime | None) -> str:
    """`3 min`, `5 h`, `6 d`."""
    if since is None:
        return NOTHING
    minutes = max(0, int((SystemClock().now() - since).total_seconds()) // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]], right: str | Sequence[str] = "") -> str:
    """Aligned columns; the heads named in `right` (blank-separated, or a sequence) are numbers. A narrow terminal loses columns on the right."""
    numbers = right.split() if isinstance(right, str) else right
    cells = [[str(head) for head in heads], *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    shown = _fitting(widths)
    aligned = {place for place, head in enumerate(heads) if head in numbers}
    return "\n".join(_line(row, widths, shown, aligned) for row in cells)


def _line(row: Sequence[str], widths: Sequence[int], shown: int, aligned: set[int]) -> str:
    cells = (row[p].rjust(widths[p]) if p in aligned else row[p].ljust(widths[p]) for p in range(shown))
    return GAP.join(cells).rstrip()


def _fitting(widths: Sequence[int]) -> int:
    """How many columns fit, at least two; all of them into a pipe."""
    shown = len(widths)
    if sys.stdout.isatty():
        room = shutil.get_terminal_size().columns
        while shown > 2 and sum(widths[:shown]) + len(GAP) * (shown - 1) > room:
            shown -= 1
    return shown


def fields(pairs: Sequence[tuple[str, Any]]) -> str:
    """One fact a line: `Status   waiting`; those without a value are left out."""
    told = [(name, str(value)) for name, value in pairs if value not in (None, "", (), NOTHING)]
    width = max((len(name) for name, _ in told), default=0)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in told)
