"""Charts: what is drawn where, what is said about it, and that nothing of the data gets out of its text."""

import re
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experience_apis.portal import charts
from experience_apis.portal.charts import Band, Column, Columns, Point, Unit

SVG = "{http://www.w3.org/2000/svg}"
DOLLARS, DAYS = Unit(before="$"), Unit(behind=" d")
SERIES = (("Ready", "s1"), ("Blocked", "s4"))


def read(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))  # noqa: S314


def texts(drawn: str) -> list[str]:
    return [t.text or "" for t in read(drawn).iter(f"{SVG}text")]


def columns(*pairs: tuple[str, str, str]) -> Columns:
    made = tuple(Column(label=name, parts=(Decimal(low), Decimal(high))) for name, low, high in pairs)
    return Columns(name="age", title="Unbilled by age", series=SERIES, columns=made, unit=DOLLARS)


def band(*points: tuple[str, str, str], target: str | None = "3") -> Band:
    made = tuple(Point(label=name, median=Decimal(m), p90=Decimal(p)) for name, m, p in points)
    aim = None if target is None else Decimal(target)
    return Band(name="lag", title="Approval to billing", points=made, target=aim, unit=DAYS)


AGES = columns(("0–2 d", "700000", "34000"), ("3–5 d", "310000", "97000"), ("> 20 d", "0", "11000"))
LAG = band(("25 Aug", "5.1", "11.8"), ("1 Sep", "4.2", "9"), ("3 Nov", "2.4", "5.8"))


def test_columns_stand_on_zero_and_stack() -> None:
    rects = list(read(charts.stacked_columns(AGES)).iter(f"{SVG}rect"))
    assert [r.get("class") for r in rects] == ["s1", "s4", "s1", "s4", "s4"]
    low, high = rects[0], rects[1]
    bottom = Decimal(low.get("y", "")) + Decimal(low.get("height", ""))
    assert bottom == 190 and low.get("x") == high.get("x")
    assert Decimal(high.get("y", "")) + Decimal(high.get("height", "")) + 1 == Decimal(low.get("y", ""))
    ratio = Decimal(rects[2].get("height", "")) / Decimal(low.get("height", ""))
    assert abs(ratio - Decimal("310") / 700) < Decimal("0.01")


def test_columns_are_labelled_with_sum_name_and_round_ticks() -> None:
    said = texts(charts.stacked_columns(AGES))
    assert said[:5] == ["$0", "$200k", "$400k", "$600k", "$800k"]
    assert said[5:] == ["$734k", "0–2 d", "$407k", "3–5 d", "$11k", "> 20 d"]


def test_a_chart_says_in_words_what_it_shows() -> None:
    root = read(charts.stacked_columns(AGES))
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and desc is not None
    assert root.get("role") == "img" and root.get("aria-labelledby") == title.get("id") == "age-half-t"
    assert desc.text == "0–2 d: $734k; 3–5 d: $407k; > 20 d: $11k. In all $1.15M: ready $1.01M, blocked $142k."
    said = read(charts.median_band(LAG)).findtext(f"{SVG}desc")
    assert said == "Median 5.1 d on 25 Aug; median 2.4 d, p90 5.8 d on 3 Nov. Target 3 d."


def test_a_line_is_named_at_its_end_and_the_labels_do_not_touch() -> None:
    root = read(charts.median_band(LAG))
    ends = [t for t in root.iter(f"{SVG}text") if t.get("x") == "476"]
    assert [t.text for t in ends] == ["p90 5.8 d", "target 3 d", "median 2.4 d"]
    places = [Decimal(t.get("y", "")) for t in ends]
    assert all(after - before >= 13 for before, after in pairwise(places))
    assert max(places) <= 194


def test_labels_at_the_floor_move_up() -> None:
    root = read(charts.median_band(band(("3 Nov", "0", "0"), target="0")))
    places = [Decimal(t.get("y", "")) for t in root.iter(f"{SVG}text") if t.get("x") == "476"]
    assert places == [168, 181, 194]


@pytest.mark.parametrize(("size", "width", "most"), [("half", "560", 6), ("phone", "350", 4)])
def test_a_chart_is_drawn_at_the_size_it_is_shown(size: charts.Size, width: str, most: int) -> None:
    many = band(*((f"week {n}", "2", "4") for n in range(20)))
    root = read(charts.median_band(many, size))
    assert root.get("width") == width and root.get("viewBox") == f"0 0 {width} 220"
    weeks = [t.text for t in root.iter(f"{SVG}text") if (t.text or "").startswith("week")]
    assert len(weeks) <= most and weeks[-1] == "week 19"


def test_nothing_to_show_is_said() -> None:
    empty = columns(("0–2 d", "0", "0"))
    assert read(charts.stacked_columns(empty)).findtext(f"{SVG}desc") == "Nothing to show."
    assert read(charts.median_band(band())).findtext(f"{SVG}desc") == "Nothing to show. Target 3 d."
    assert charts.sparkline([Decimal(1)]) == ""


def test_the_table_gives_the_exact_numbers() -> None:
    table = charts.columns_table(columns(("0–2 d", "1234.50", "-0.25")), "Days since approval")
    assert table.head == ("Days since approval", "Ready", "Blocked", "Total")
    assert table.rows == (("0–2 d", "$1,234.50", "−$0.25", "$1,234.25"),)
    assert charts.band_table(LAG, "Week").rows[-1] == ("3 Nov", "2.4 d", "5.8 d")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1312480", "$1.31M"),
        ("1000000", "$1M"),
        ("734000", "$734k"),
        ("9400", "$9.4k"),
        ("620.4", "$620"),
        ("2.45", "$2.5"),
        ("-14200", "−$14k"),
        ("0", "$0"),
    ],
)
def test_short_numbers(value: str, said: str) -> None:
    assert charts.short(Decimal(value), DOLLARS) == said


def test_bars_and_sparklines_are_for_the_eye_only() -> None:
    drawn = charts.bar(Decimal("0.256"))
    assert 'aria-hidden="true"' in drawn and 'width="25.6"' in drawn
    assert 'width="100"' in charts.bar(Decimal(3)) and 'class="fill" width="0"' in charts.bar(Decimal(-1))
    spark = charts.sparkline([Decimal(3), Decimal(2), Decimal(1)], target=Decimal(2))
    root = read(spark)
    assert root.get("aria-hidden") == "true" and not list(root.iter(f"{SVG}text"))
    assert [p.get("class") for p in root.iter(f"{SVG}path")] == ["area", "target", "line"]


def test_data_stays_text_and_colours_stay_in_the_stylesheet() -> None:
    evil = '"><script>alert(1)</script>'
    chart = Columns(name=evil, title=evil, series=SERIES, columns=(Column(label=evil, parts=(Decimal(1), Decimal(0))),))
    for size in ("half", "phone"):
        drawn = charts.stacked_columns(chart, size)
        assert "<script" not in drawn and evil in texts(drawn)
    everything = charts.stacked_columns(AGES) + charts.median_band(LAG) + charts.bar(Decimal(1))
    assert not re.search(r"style=|#[0-9a-f]{3}|rgb|fill=|stroke=", everything)


amounts = st.decimals(min_value=-1000, max_value=10**12, places=2, allow_nan=False)


@given(st.lists(st.tuples(amounts, amounts), max_size=8))
def test_whatever_the_data_the_drawing_stays_inside(pairs: list[tuple[Decimal, Decimal]]) -> None:
    made = tuple(Column(label=str(n), parts=pair) for n, pair in enumerate(pairs))
    root = read(charts.stacked_columns(Columns(name="c", title="c", series=SERIES, columns=made)))
    for rect in root.iter(f"{SVG}rect"):
        assert 0 <= Decimal(rect.get("y", "")) <= 190 and Decimal(rect.get("height", "")) >= 0
    assert all(0 < Decimal(t.get("y", "")) <= 220 for t in root.iter(f"{SVG}text"))
