"""Charts as inline SVG: data in, text out. Pure; colours come from the stylesheet by class, sizes are those shown.

Classes for the stylesheet: `chart` on the drawing; `grid`, `tick`, `label` (`strong` for the one that matters), `target`;
`s1` to `s6` on what a series fills; `line`, `dot`, `band`, `edge` of a line with its band; `bar`, `track`; `spark`, `area`.
"""

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, Decimal
from html import escape
from typing import Literal

from msgspec import Struct

from contracts.money import round_places

Size = Literal["half", "phone"]
Anchor = Literal["start", "middle", "end"]

_WIDTHS = {"half": 560, "phone": 350}
_HEIGHT, _TOP, _FLOOR, _LABELS_Y = 220, 20, 190, 208
_LEFT = 56
_RIGHT = {"columns": 8, "line": 92}
_COLUMN_SHARE = Decimal("0.58")
_STEPS = tuple(map(Decimal, ("1", "2", "2.5", "5", "10")))
_MOST_INTERVALS = 4
_LABEL_HEIGHT = 13
_GAP = Decimal(1)
_MOST_TICKS = {"half": 6, "phone": 4}
_SPARK = (160, 28, 3)
_ZERO = Decimal(0)


class Unit(Struct, frozen=True, kw_only=True):
    """What stands around a number: `$` before, ` d` behind."""

    before: str = ""
    behind: str = ""


class Column(Struct, frozen=True, kw_only=True):
    """One column: a part for each series, the lowest first."""

    label: str
    parts: tuple[Decimal, ...]


class Columns(Struct, frozen=True, kw_only=True):
    """Stacked columns. `name` is unique on the page; `series` name the parts and the classes that colour them."""

    name: str
    title: str
    series: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    unit: Unit = Unit()


class Point(Struct, frozen=True, kw_only=True):
    """A place on a line: the median and the 90th percentile."""

    label: str
    median: Decimal
    p90: Decimal


class Band(Struct, frozen=True, kw_only=True):
    """A line of medians with the band up to p90 and a target. `name` is unique on the page."""

    name: str
    title: str
    points: tuple[Point, ...]
    target: Decimal | None = None
    unit: Unit = Unit()


class Table(Struct, frozen=True, kw_only=True):
    """The numbers behind a chart: the first cell of a row heads it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class _Frame(Struct, frozen=True, kw_only=True):
    """The plot: from which x to which, the distance of its grid lines, and how many there are above zero."""

    left: Decimal
    right: Decimal
    step: Decimal
    steps: int

    @property
    def top(self) -> Decimal:
        return self.step * self.steps

    def y(self, value: Decimal) -> Decimal:
        return _FLOOR - max(value, _ZERO) / self.top * (_FLOOR - _TOP)


def stacked_columns(chart: Columns, size: Size = "half") -> str:
    """Columns from zero, the sum on each."""
    frame = _frame([_raised(c) for c in chart.columns], size, "columns")
    slot = (frame.right - frame.left) / max(len(chart.columns), 1)
    drawn = [_grid(frame, chart.unit)]
    for place, column in enumerate(chart.columns):
        drawn += _column(frame, chart, column, frame.left + slot * place, slot)
    return _svg(chart.name, chart.title, _columns_said(chart), size, drawn)


def median_band(chart: Band, size: Size = "half") -> str:
    """The line of medians, the band above it, the target dotted; all three named at their ends."""
    target = _ZERO if chart.target is None else chart.target
    frame = _frame([target, *(max(p.median, p.p90) for p in chart.points)], size, "line")
    places = _places(frame, len(chart.points))
    drawn = [_grid(frame, chart.unit)]
    if chart.points:
        drawn += _band(frame, chart.points, places)
    if chart.target is not None:
        drawn.append(_level("target", frame.left, frame.right, frame.y(chart.target)))
    drawn += _ends(frame, chart)
    drawn += _dates(chart.points, places, size)
    return _svg(chart.name, chart.title, _band_said(chart), size, drawn)


def share(part: int, whole: int) -> Decimal:
    """A part of a whole for a bar; nothing of nothing."""
    return Decimal(part) / whole if whole else _ZERO


def bar(share: Decimal) -> str:
    """A share of the whole, 0 to 1, as a bar that fills its place; the number stands beside it."""
    width = _n(min(max(share, _ZERO), Decimal(1)) * 100)
    return (
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect class="track" width="100" height="6"/><rect class="fill" width="{width}" height="6"/></svg>'
    )


def sparkline(values: Sequence[Decimal], target: Decimal | None = None) -> str:
    """The course of a figure, for the eye only; nothing for fewer than two values."""
    if len(values) < 2:
        return ""
    width, height, inset = _SPARK
    known = [*values, *([] if target is None else [target])]
    low, high = min(known), max(known)
    spread = (high - low) or Decimal(1)

    def y(value: Decimal) -> Decimal:
        return height - inset - (value - low) / spread * (height - 2 * inset)

    step = Decimal(width - 2 * inset) / (len(values) - 1)
    dots = [(inset + step * place, y(value)) for place, value in enumerate(values)]
    line, last = _path(dots), dots[-1]
    drawn = [f'<path class="area" d="{line}L{_n(last[0])} {height}L{inset} {height}Z"/>']
    if target is not None:
        drawn.append(_level("target", Decimal(inset), Decimal(width - inset), y(target)))
    drawn += [f'<path class="line" d="{line}"/>', _dot(*last)]
    return (
        f'<svg class="spark" width="{width}" height="{height}" viewBox="0 0 {width} {height}" aria-hidden="true" '
        f'focusable="false">{"".join(drawn)}</svg>'
    )


def columns_table(chart: Columns, head: str) -> Table:
    """The numbers of stacked columns; `head` names what the columns are."""
    names = tuple(name for name, _ in chart.series)
    rows = tuple((c.label, *(_exact(p, chart.unit) for p in (*c.parts, _total(c)))) for c in chart.columns)
    return Table(head=(head, *names, "Total"), rows=rows)


def band_table(chart: Band, head: str) -> Table:
    """The numbers of a line with its band; `head` names what the points are."""
    rows = tuple((p.label, _exact(p.median, chart.unit), _exact(p.p90, chart.unit)) for p in chart.points)
    return Table(head=(head, "Median", "90th percentile"), rows=rows)


def short(value: Decimal, unit: Unit = Unit()) -> str:  # noqa: B008 - a frozen Struct
    """A number short enough for a label: 1.31M, 734k, 9.4k, 620, 2.4."""
    size = abs(value)
    if size >= 1_000_000:
        said = f"{_trimmed(value / 1_000_000, 2)}M"
    elif size >= 1_000:
        said = f"{_trimmed(value / 1_000, 0 if size >= 10_000 else 1)}k"
    else:
        said = _trimmed(value, 0 if size >= 100 else 1)
    sign, digits = ("−", said[1:]) if said.startswith("-") else ("", said)
    return f"{sign}{unit.before}{digits}{unit.behind}"


def _total(column: Column) -> Decimal:
    return sum(column.parts, _ZERO)


def _raised(column: Column) -> Decimal:
    """How high a column stands: a negative part is told in its sum and in the table, and takes no room."""
    return sum((max(part, _ZERO) for part in column.parts), _ZERO)


def _exact(value: Decimal, unit: Unit) -> str:
    sign = "−" if value < 0 else ""
    return f"{sign}{unit.before}{abs(value):,f}{unit.behind}"


def _trimmed(value: Decimal, places: int) -> str:
    said = f"{round_places(value, places):f}"
    return said.rstrip("0").rstrip(".") if "." in said else said


def _n(value: Decimal | int) -> str:
    """A coordinate: one decimal is less than a pixel."""
    return _trimmed(Decimal(value), 1)


def _frame(values: Sequence[Decimal], size: Size, kind: str) -> _Frame:
    highest = max((*values, _ZERO))
    step = _step(highest)
    steps = max((highest / step).to_integral_value(ROUND_CEILING), Decimal(1))
    return _Frame(left=Decimal(_LEFT), right=Decimal(_WIDTHS[size] - _RIGHT[kind]), step=step, steps=int(steps))


def _step(highest: Decimal) -> Decimal:
    """The smallest round distance of grid lines with which a few of them reach the highest value."""
    if highest <= 0:
        return Decimal(1)
    least = highest / _MOST_INTERVALS
    unit = Decimal(1).scaleb(least.adjusted())
    return next(step * unit for step in _STEPS if step * unit >= least)


def _grid(frame: _Frame, unit: Unit) -> str:
    drawn = []
    for tick in (frame.step * place for place in range(frame.steps + 1)):
        y = frame.y(tick)
        said = short(tick, unit) if frame.step >= 1 or not tick else _exact(tick.normalize(), unit)
        drawn.append(_level("grid", frame.left, frame.right, y) + _text("tick", frame.left - 8, y + 4, said, "end"))
    return "".join(drawn)


def _column(frame: _Frame, chart: Columns, column: Column, x: Decimal, slot: Decimal) -> Iterator[str]:
    width, middle, below = slot * _COLUMN_SHARE, x + slot / 2, _ZERO
    for part, (_, series) in zip(column.parts, chart.series, strict=True):
        high, low = (round_places(frame.y(value), 1) for value in (below + part, below))
        if low - high > 0:
            gap = _GAP if below > 0 and low - high > _GAP else _ZERO
            yield (
                f'<rect class="{series}" x="{_n(middle - width / 2)}" y="{_n(high)}" width="{_n(width)}" '
                f'height="{_n(low - high - gap)}"/>'
            )
        below += max(part, _ZERO)
    yield _text("label strong", middle, frame.y(below) - 6, short(_total(column), chart.unit), "middle")
    yield _text("tick", middle, Decimal(_LABELS_Y), column.label, "middle")


def _places(frame: _Frame, count: int) -> list[Decimal]:
    if count == 1:
        return [frame.right]
    return [frame.left + (frame.right - frame.left) * place / (count - 1) for place in range(count)]


def _band(frame: _Frame, points: Sequence[Point], places: Sequence[Decimal]) -> Iterator[str]:
    high = [(x, frame.y(p.p90)) for x, p in zip(places, points, strict=True)]
    line = [(x, frame.y(p.median)) for x, p in zip(places, points, strict=True)]
    yield f'<path class="band" d="{_path([*high, *reversed(line)])}Z"/>'
    yield f'<path class="edge" d="{_path(high)}"/><path class="line" d="{_path(line)}"/>'
    yield from (_dot(*dot) for dot in line)


def _ends(frame: _Frame, chart: Band) -> Iterator[str]:
    """What each line is, at its end; labels that would cover each other move apart."""
    named: list[tuple[Decimal, str, str]] = []
    if chart.points:
        last = chart.points[-1]
        named.append((frame.y(last.p90), "label", f"p90 {short(last.p90, chart.unit)}"))
        named.append((frame.y(last.median), "label strong", f"median {short(last.median, chart.unit)}"))
    if chart.target is not None:
        named.append((frame.y(chart.target), "label", f"target {short(chart.target, chart.unit)}"))
    named.sort(key=lambda end: end[0])
    lowest = Decimal(_FLOOR + 4 - _LABEL_HEIGHT * (len(named) - 1))
    free = _ZERO
    for y, kind, said in named:
        place = max(min(y + 4, lowest), free)
        free, lowest = place + _LABEL_HEIGHT, lowest + _LABEL_HEIGHT
        yield _text(kind, frame.right + 8, place, said, "start")


def _dates(points: Sequence[Point], places: Sequence[Decimal], size: Size) -> Iterator[str]:
    """Labels under the line, the last one always, as many as there is room for."""
    every = -(-len(points) // _MOST_TICKS[size])
    for place, (x, point) in enumerate(zip(places, points, strict=True)):
        if (len(points) - 1 - place) % every == 0:
            yield _text("tick", x, Decimal(_LABELS_Y), point.label, "middle")


def _columns_said(chart: Columns) -> str:
    if not any(_total(c) for c in chart.columns):
        return "Nothing to show."
    said = "; ".join(f"{c.label}: {short(_total(c), chart.unit)}" for c in chart.columns)
    whole = sum((_total(c) for c in chart.columns), _ZERO)
    parts = (sum((c.parts[place] for c in chart.columns), _ZERO) for place in range(len(chart.series)))
    shares = zip(chart.series, parts, strict=True)
    of = ", ".join(f"{name.lower()} {short(part, chart.unit)}" for (name, _), part in shares)
    return f"{said}. In all {short(whole, chart.unit)}: {of}."


def _band_said(chart: Band) -> str:
    target = "" if chart.target is None else f" Target {short(chart.target, chart.unit)}."
    if not chart.points:
        return f"Nothing to show.{target}"
    first, last = chart.points[0], chart.points[-1]
    began = "" if first is last else f"Median {short(first.median, chart.unit)} on {first.label}; "
    ended = f"median {short(last.median, chart.unit)}, p90 {short(last.p90, chart.unit)} on {last.label}."
    said = began + ended
    return f"{said[:1].upper()}{said[1:]}{target}"


def _svg(name: str, title: str, said: str, size: Size, drawn: Sequence[str]) -> str:
    width, key = _WIDTHS[size], escape(f"{name}-{size}")
    return (
        f'<svg class="chart {size}" role="img" aria-labelledby="{key}-t" aria-describedby="{key}-d" width="{width}" '
        f'height="{_HEIGHT}" viewBox="0 0 {width} {_HEIGHT}" focusable="false">'
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(said)}</desc>{"".join(drawn)}</svg>'
    )


def _level(kind: str, left: Decimal, right: Decimal, y: Decimal) -> str:
    return f'<path class="{kind}" d="M{_n(left)} {_n(y)}H{_n(right)}"/>'


def _text(kind: str, x: Decimal, y: Decimal, said: str, anchor: Anchor) -> str:
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(said)}</text>'


def _path(dots: Sequence[tuple[Decimal, Decimal]]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in dots)


def _dot(x: Decimal, y: Decimal) -> str:
    return f'<circle class="dot" cx="{_n(x)}" cy="{_n(y)}" r="2.5"/>'
