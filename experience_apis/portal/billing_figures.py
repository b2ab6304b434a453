"""Figures, charts, reasons, close steps and controls of the billing workbench as its page shows them."""

from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from contracts.experience.finance_figures import BillingFigures, Control, PeriodProgress
from contracts.money import ZERO, round_places
from experience_apis.portal import charts, reasons, words

_TOP_REASONS = 6
# Levels are a week apart.
_MONTH = 4
_CONTROLS = {"REC-01": "Approved hours → bill items", "REC-05": "Billed → posted in ERP"}
_DEFINED = "/portal/help#figures"
# The figures that tell too little while a system is not read.
_FED = {
    "time": "Invoice-ready backlog, Approved, not invoiced",
    "psa": "Invoice-ready backlog, Blocked from billing",
    "erp": "Approval to billing, Straight-through billing, Posted",
    "billing": "Posted",
}


def figures(found: BillingFigures) -> list[dict[str, Any]]:
    """The six figures above the queue."""
    currency, lag, straight = found.currency, found.lag, found.straight_through
    oldest = "" if found.ready.oldest_days is None else f", oldest {found.ready.oldest_days} d"
    return [
        _figure(
            "Invoice-ready backlog",
            words.short_money(found.ready.amount, currency),
            _items(found.ready) + oldest,
            **_course([one.ready for one in found.levels], good="down"),
        ),
        _figure(
            "Blocked from billing",
            words.short_money(found.blocked.amount, currency),
            f"{_items(found.blocked)}, {words.count(len(found.blocked_reasons), 'reason')}",
            **_course([one.blocked for one in found.levels], good="down"),
        ),
        _figure(
            "Approval to billing",
            words.NOTHING if lag.median_days is None else f"{_plain(lag.median_days)} d",
            f"median, target {found.lag_target_days} d",
            change=_lag_change(found),
            line=_lag_line(found),
        ),
        _figure(
            "Straight-through billing",
            words.NOTHING if straight.percent is None else f"{_plain(straight.percent)}%",
            f"{straight.untouched} of {words.count(straight.posted, 'invoice')}, 30 days",
        ),
        _figure(
            "Approved, not invoiced",
            words.short_money(found.unbilled.amount, currency),
            _items(found.unbilled),
            **_course([one.unbilled for one in found.levels]),
        ),
        _figure(
            "Posted",
            words.short_money(found.posted.amount, currency),
            f"{words.count(found.posted.count, 'invoice')}, 30 days",
            change=_share(found.posted_before.amount, found.posted.amount, "up"),
            line=charts.sparkline([one.amount for one in found.posted_weeks]),
        ),
    ]


def lagging(strip: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The stale entries of a freshness strip with the figures each may hold back."""
    return [
        one | {"figures": _FED[one["item"].port]} for one in strip if one["item"].stale and one["item"].port in _FED
    ]


def _figure(label: str, value: str, note: str, change: Any = None, line: str = "") -> dict[str, Any]:
    return {"label": label, "value": value, "note": note, "change": change, "line": Markup(line), "href": _DEFINED}  # noqa: S704


def _items(backlog: Any) -> str:
    return words.count(backlog.count, "item")


def _plain(value: Decimal) -> str:
    return f"{round_places(value, 1):f}"


def _course(values: list[Decimal], good: str = "") -> dict[str, Any]:
    """The line of a figure, and its change against what it was a month before."""
    before = values[-1 - _MONTH] if len(values) > _MONTH else None
    return {"line": charts.sparkline(values), "change": before and _share(before, values[-1], good)}


def _share(before: Decimal, now: Decimal, good: str) -> dict[str, Any] | None:
    """A change in percent; none of nothing. `good`: the direction that is welcome, where one is."""
    percent = round_places((now - before) * 100 / before, 0) if before > 0 else ZERO
    return _changed(percent, f"{abs(percent):f}%", good) if percent else None


def _changed(moved: Decimal, text: str, good: str) -> dict[str, Any]:
    direction = "up" if moved > 0 else "down"
    better = direction == good if good else None
    said = {True: "better by", False: "worse by", None: "more by" if moved > 0 else "less by"}[better]
    return {"good": better, "up": moved > 0, "said": said, "text": text}


def _lag_change(found: BillingFigures) -> dict[str, Any] | None:
    """Against the 30 days before: shorter is better."""
    now, before = found.lag.median_days, found.lag_before.median_days
    if now is None or before is None or now == before:
        return None
    return _changed(now - before, f"{_plain(abs(now - before))} d", "down")


def _lag_line(found: BillingFigures) -> str:
    return charts.sparkline(
        [w.median_days for w in found.weeks if w.median_days is not None], Decimal(found.lag_target_days)
    )


def age_chart(found: BillingFigures) -> charts.Columns | None:
    """Approved value that is not invoiced, by age; None where there is none."""
    if not found.unbilled_by_age:
        return None
    return charts.Columns(
        name="age",
        title="Unbilled approved value by age",
        series=(("Ready", "s1"), ("Blocked", "s4")),
        columns=tuple(charts.Column(label=_age(b), parts=(b.ready, b.blocked)) for b in found.unbilled_by_age),
        unit=charts.Unit(before=words.SIGNS.get(found.currency, f"{found.currency} ")),
    )


def _age(bucket: Any) -> str:
    return f"> {bucket.from_days - 1} d" if bucket.to_days is None else f"{bucket.from_days}–{bucket.to_days} d"


def lag_chart(found: BillingFigures) -> charts.Band | None:
    """Days from approval to invoice by week; None before the first invoice."""
    points = tuple(
        charts.Point(label=f"{w.week:%-d %b}", median=w.median_days, p90=w.p90_days)
        for w in found.weeks
        if w.median_days is not None and w.p90_days is not None
    )
    if not points:
        return None
    unit = charts.Unit(behind=" d")
    target = Decimal(found.lag_target_days)
    return charts.Band(name="lag", title="Approval to billing", points=points, target=target, unit=unit)


def drawn(found: BillingFigures) -> list[dict[str, Any]]:
    """Both charts in both sizes, each with its table; without data only what would be there."""
    lag, age = lag_chart(found), age_chart(found)
    return [
        {
            "title": "Approval to billing",
            "note": "Days from approval to invoice, by week",
            "empty": "No invoice was posted in the last twelve weeks.",
            "svg": lag and Markup(charts.median_band(lag) + charts.median_band(lag, "phone")),  # noqa: S704
            "table": lag and charts.band_table(lag, "Week"),
            "legend": (),
        },
        {
            "title": "Unbilled approved value by age",
            "note": "Days since approval, all entities",
            "empty": "All approved value is invoiced.",
            "svg": age and Markup(charts.stacked_columns(age) + charts.stacked_columns(age, "phone")),  # noqa: S704
            "table": age and charts.columns_table(age, "Age"),
            "legend": age.series if age else (),
        },
    ]


def blocked_by(found: BillingFigures) -> list[dict[str, Any]]:
    """The reasons that hold back most, each with its share of the largest."""
    top = found.blocked_by[:_TOP_REASONS]
    largest = max((reason.amount for reason in top), default=ZERO)
    return [
        {
            "code": reason.code,
            "title": reasons.title(reason.code),
            "amount": words.short_money(reason.amount, found.currency),
            "bar": Markup(charts.bar(reason.amount / largest if largest else ZERO)),  # noqa: S704
            "note": f"{words.count(reason.count, 'item')}, fixed by {reasons.group(reason.owner_role)}",
        }
        for reason in top
    ]


def close(found: BillingFigures, wanted: date | None = None) -> dict[str, Any] | None:
    """Steps of the period that is looked at, else of the oldest that is not all billed, else of the newest; None without periods."""
    period = _closing(found.periods, wanted)
    if period is None:
        return None
    total, checked = _total(period), _total(period) - period.collecting
    drafted = period.drafted + period.billed
    steps = [
        ("Gathered and checked", checked == total, f"{checked} of {total}"),
        ("Blocks cleared", not period.blocked, words.short_money(period.blocked_amount, found.currency) + " held"),
        ("Drafts created", drafted == total, f"{drafted} of {total}"),
        ("Invoices posted", period.billed == total, f"{period.billed} of {total}"),
    ]
    current = next((name for name, done, _ in steps if not done), None)
    return {
        "title": f"{period.period_end:%B} close",
        "pill": f"{period.billed} of {total} billed",
        "bar": Markup(charts.bar(Decimal(period.billed) / total if total else ZERO)),  # noqa: S704
        "steps": [
            {"name": n, "state": "done" if d else "now" if n == current else "open", "note": note}
            for n, d, note in steps
        ],
    }


def _closing(periods: tuple[PeriodProgress, ...], wanted: date | None) -> PeriodProgress | None:
    looked_at = [p for p in periods if p.period_end == wanted]
    unfinished = [p for p in periods if _total(p) > p.billed]
    return next(iter((*looked_at, *reversed(unfinished), *periods)), None)


def _total(period: PeriodProgress) -> int:
    return period.collecting + period.blocked + period.ready + period.drafted + period.billed


def controls(found: BillingFigures) -> list[dict[str, Any]]:
    """The controls as rows: what differs, how much of it is explained, what is open."""
    return [_control(control, found.currency) for control in found.controls]


def _control(control: Control, currency: str) -> dict[str, Any]:
    def said(value: Decimal) -> str:
        return f"{words.hours(value)} h" if control.unit == "hours" else words.money(value, currency)

    percent = abs(control.difference) * 100 / control.source if control.source else ZERO
    return {
        "code": control.code,
        "name": _CONTROLS.get(control.code, control.code),
        "source": said(control.source),
        "target": said(control.target),
        "difference": said(control.difference),
        "percent": f"{round_places(percent, 2):f}%",
        "explained": ", ".join(f"{said(part.value)} {words.title(part.state).lower()}" for part in control.explained),
        "state": f"{said(control.open_)} open" if control.open_ else "Explained" if control.difference else "Matched",
        "kind": "bad" if control.open_ else "warn" if control.difference else "ok",
    }
