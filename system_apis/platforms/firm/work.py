"""Two months of timesheets: last month approved, this month partly submitted or saved, and the deliberate flaws."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from random import Random

from msgspec.structs import replace

from .delivery import Assignment, TimeEntry
from .engagements import manager_of
from .months import each_day, month_end, month_start, next_weekday
from .organisation import Absence, Calendar, Person
from .portfolio import PLANS, Plan
from .terms import People

_NOTES = {
    "ARC": ("Architecture review", "Interface design", "Security concept", "Decision paper for the steering group"),
    "DEV": ("Connector implementation", "Code review", "Test automation", "Defect fixing in staging"),
    "CON": ("Workshop with key users", "Process documentation", "Fit-gap analysis", "Training preparation"),
    "ANA": ("Data profiling", "Report design", "Reconciliation queries", "Data quality rules"),
}
_SWING = (Decimal("-0.5"), Decimal(0), Decimal(0), Decimal(0), Decimal("0.5"))
_REJECTED_SHEET_OF = "PRJ-2122"
_STILL_OPEN_DAYS = 7

Span = tuple[date, date]


def _sheet_span(day: date) -> Span:
    """The ISO week of a day, cut at the month's ends."""
    monday = day - timedelta(days=day.weekday())
    return max(monday, month_start(day)), min(monday + timedelta(days=6), month_end(day))


def _state(span: Span, as_of: date) -> str:
    """Last month is approved; of this month the running week is saved, the week before submitted, the rest approved."""
    if span[1] < month_start(as_of):
        return "approved"
    monday = as_of - timedelta(days=as_of.weekday())
    if span[1] >= monday:
        return "saved"
    return "submitted" if span[1] >= monday - timedelta(days=_STILL_OPEN_DAYS) else "approved"


def _at(day: date, hour: int, as_of: date) -> datetime:
    """An instant of a day, never later than the early morning of `as_of`."""
    latest = datetime.combine(as_of, time(5, hour), UTC)
    return min(datetime.combine(day, time(hour), UTC), latest)


def _stamped(entry: TimeEntry, state: str, span: Span, as_of: date, approver: str) -> TimeEntry:
    """The entry in a state, with the instants and the person that the state implies."""
    approved = state == "approved"
    return replace(
        entry,
        state=state,
        submitted_at=None if state == "saved" else _at(span[1], 16, as_of),
        approved_at=_at(next_weekday(span[1] + timedelta(days=1)), 18, as_of) if approved else None,
        approver=approver if approved else None,
    )


def _entry(assignment: Assignment, person: Person, day: date, hours: Decimal, note: str) -> TimeEntry:
    sheet = f"TS-{assignment.code[4:]}-{_sheet_span(day)[0]:%Y%m%d}-1"
    return TimeEntry(
        code=f"TE-{assignment.code[4:]}-{day:%Y%m%d}-1",
        sheet=sheet,
        assignment=assignment.code,
        project=assignment.project,
        task=assignment.task,
        person=person.number,
        on=day,
        hours=hours.quantize(Decimal("0.0001")),
        time_types=("standard",),
        role=person.role,
        seniority=person.seniority,
        location=person.location,
        billable=True,
        notes=note,
        state="saved",
        submitted_at=None,
        approved_at=None,
        approver=None,
    )


def _worked_days(assignment: Assignment, calendar: Calendar, away: set[date], as_of: date) -> Iterator[date]:
    free = away | {holiday.on for holiday in calendar.holidays}
    first = max(assignment.starts_on, month_start(as_of, -1))
    for day in each_day(first, min(assignment.ends_on, as_of)):
        if day.weekday() < 5 and day not in free:
            yield day


def _drawn(assignment: Assignment, person: Person, days: Iterable[date], dice: Random) -> Iterator[TimeEntry]:
    notes = _NOTES[person.role]
    for day in days:
        swing = dice.choice(_SWING) if assignment.hours_per_day >= 3 else Decimal(0)
        yield _entry(assignment, person, day, assignment.hours_per_day + swing, notes[dice.randrange(len(notes))])


def _sheets(entries: Iterable[TimeEntry]) -> list[list[TimeEntry]]:
    return [list(sheet) for _, sheet in groupby(entries, key=lambda entry: entry.sheet)]


def _without_a_week(sheets: list[list[TimeEntry]], as_of: date) -> list[list[TimeEntry]]:
    """Leave out last month's fullest week, the latest one of these."""
    start = month_start(as_of)
    fullest = max((s for s in sheets if s[0].on < start), key=lambda s: (len(s), s[0].on), default=[])
    return [sheet for sheet in sheets if sheet is not fullest]


def _twice(sheet: list[TimeEntry]) -> list[TimeEntry]:
    """The sheet's first day once more, under another number on another sheet."""
    first = sheet[0]
    return [replace(first, code=first.code[:-1] + "2", sheet=first.sheet[:-1] + "2")]


def _flawed(plan: Plan, sheets: list[list[TimeEntry]], as_of: date) -> list[list[TimeEntry]]:
    codes = {code for code, _ in plan.stories}
    if "TIME_MISSING" in codes:
        return _without_a_week(sheets, as_of)
    if "DUPLICATE_SUSPECTED" in codes:
        return [*sheets, _twice(sheets[1])]
    return sheets


def _sheet_state(plan: Plan, index: int, sheets: list[list[TimeEntry]], as_of: date) -> str:
    start = month_start(as_of)
    last_of_month = max(position for position, sheet in enumerate(sheets) if sheet[0].on < start)
    if index == last_of_month and any(code == "TIME_UNAPPROVED" for code, _ in plan.stories):
        return "submitted"
    state = _state(_sheet_span(sheets[index][0].on), as_of)
    rejected = plan.project == _REJECTED_SHEET_OF and state == "submitted"
    return "rejected" if rejected else state


def time_entries(
    assignments: tuple[Assignment, ...],
    people: People,
    calendars: dict[str, Calendar],
    absences: tuple[Absence, ...],
    as_of: date,
    dice: Random,
) -> tuple[TimeEntry, ...]:
    """An entry for every assignment and working day from the first of last month to `as_of`."""
    plans = {plan.project: plan for plan in PLANS}
    rows: list[TimeEntry] = []
    for assignment in assignments:
        plan, person = plans[assignment.project], people[assignment.person]
        away = {absence.on for absence in absences if absence.person == person.number and absence.state == "approved"}
        days = _worked_days(assignment, calendars[person.calendar], away, as_of)
        sheets = _flawed(plan, _sheets(_drawn(assignment, person, days, dice)), as_of)
        for index, sheet in enumerate(sheets):
            state, span = _sheet_state(plan, index, sheets, as_of), _sheet_span(sheet[0].on)
            rows.extend(_stamped(entry, state, span, as_of, manager_of(plan)) for entry in sheet)
    return tuple(rows)
