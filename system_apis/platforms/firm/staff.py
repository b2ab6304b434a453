"""People, calendars and absences of the firm."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from .months import each_day, month_start
from .organisation import Absence, Calendar, CostRate, Holiday, Person, Skill
from .staff_table import CONTRACTORS, PEOPLE, SKILLS, title

_CURRENCY = {"US01": "USD", "DE01": "EUR", "UK01": "GBP"}
_CALENDAR = {"US01": "CAL-US", "DE01": "CAL-DE", "UK01": "CAL-UK"}
_LEVEL = {"JR": 2, "MID": 3, "SR": 4, "PRI": 5}
_MAIL_DOMAIN = "fairmont-partners.example"
_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "é": "e"})
_ABSENT = ("E1008", "E1013", "E1017", "E2006", "E2010", "E2011", "E3004", "E3007")

# month and day -> name, the same every year
_FIXED_HOLIDAYS = {
    "CAL-US": (
        (1, 1, "New Year's Day"),
        (7, 4, "Independence Day"),
        (11, 11, "Veterans Day"),
        (12, 25, "Christmas Day"),
    ),
    "CAL-DE": (
        (1, 1, "Neujahr"),
        (5, 1, "Tag der Arbeit"),
        (10, 3, "Tag der Deutschen Einheit"),
        (12, 25, "1. Weihnachtstag"),
        (12, 26, "2. Weihnachtstag"),
    ),
    "CAL-UK": ((1, 1, "New Year's Day"), (12, 25, "Christmas Day"), (12, 26, "Boxing Day")),
}
_CALENDAR_FACTS = (
    ("CAL-US", "United States", "US", "8.00"),
    ("CAL-DE", "Deutschland", "DE", "8.00"),
    ("CAL-UK", "United Kingdom", "GB", "7.50"),
)


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The nth weekday of a month, counted from the end when negative."""
    first = month_start(date(year, month, 1), 0 if nth > 0 else 1)
    if nth > 0:
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    last = first - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _moving_holidays(code: str, year: int) -> tuple[Holiday, ...]:
    if code == "CAL-US":
        return (
            Holiday(on=_nth_weekday(year, 5, 0, -1), name="Memorial Day"),
            Holiday(on=_nth_weekday(year, 9, 0, 1), name="Labor Day"),
            Holiday(on=_nth_weekday(year, 11, 3, 4), name="Thanksgiving Day"),
        )
    if code == "CAL-UK":
        return (
            Holiday(on=_nth_weekday(year, 5, 0, 1), name="Early May Bank Holiday"),
            Holiday(on=_nth_weekday(year, 8, 0, -1), name="Summer Bank Holiday"),
        )
    return ()


def _holidays(code: str, as_of: date) -> tuple[Holiday, ...]:
    years = range(as_of.year - 1, as_of.year + 2)
    fixed = [Holiday(on=date(year, m, d), name=name) for year in years for m, d, name in _FIXED_HOLIDAYS[code]]
    moving = [holiday for year in years for holiday in _moving_holidays(code, year)]
    return tuple(sorted([*fixed, *moving], key=lambda holiday: holiday.on))


def calendars(as_of: date) -> tuple[Calendar, ...]:
    """One calendar a country, with the holidays of last year, this year and next year."""
    return tuple(
        Calendar(
            code=code,
            name=name,
            country=country,
            weekday_hours=(Decimal(hours),) * 5 + (Decimal(0),) * 2,
            holidays=_holidays(code, as_of),
        )
        for code, name, country, hours in _CALENDAR_FACTS
    )


def _skills(role: str, seniority: str) -> tuple[Skill, ...]:
    top = _LEVEL[seniority]
    return tuple(
        Skill(code=code, name=name, level=max(1, top - rank), verified=rank < 2)
        for rank, (code, name) in enumerate(SKILLS[role])
    )


def _cost_rates(cost: str, entity: str, hired_on: date, as_of: date) -> tuple[CostRate, ...]:
    """Last year's rate 4 % below, then this year's: two ranges that touch, never overlap (RES-2)."""
    currency = _CURRENCY[entity]
    turn = date(as_of.year, 1, 1) if as_of.month > 3 else date(as_of.year - 1, 1, 1)
    if hired_on >= turn:
        return (CostRate(rate=Decimal(cost), currency=currency, starts_on=hired_on, ends_on=None),)
    before = (Decimal(cost) * Decimal("0.96")).quantize(Decimal("0.01"))
    return (
        CostRate(rate=before, currency=currency, starts_on=hired_on, ends_on=turn - timedelta(days=1)),
        CostRate(rate=Decimal(cost), currency=currency, starts_on=turn, ends_on=None),
    )


def people(as_of: date) -> tuple[Person, ...]:
    """The table's rows with their mail addresses, skills, calendars and cost rates."""
    rows = []
    for number, given, family, entity, center, role, seniority, location, cost, manager, years in PEOPLE:
        vendor, vendor_po = CONTRACTORS.get(number, (None, None))
        hired_on = month_start(as_of, -12 * years - int(number[-2:]) % 7)
        rows.append(
            Person(
                number=number,
                given_name=given,
                family_name=family,
                email=f"{given}.{family}@{_MAIL_DOMAIN}".lower().translate(_PLAIN),
                entity=entity,
                cost_center=center,
                role=role,
                seniority=seniority,
                title=title(number, role, seniority),
                location=location,
                skills=_skills(role, seniority),
                calendar=_CALENDAR[entity],
                cost_rates=_cost_rates(cost, entity, hired_on, as_of),
                hired_on=hired_on,
                ends_on=month_start(as_of, 7) if vendor else None,
                manager=manager,
                worker_type="contractor" if vendor else "employee",
                vendor=vendor,
                vendor_po=vendor_po,
            )
        )
    return tuple(rows)


def _days_away(number: str, month: date, calendar: Calendar, dice: Random) -> list[date]:
    """One to three working days between the 8th and the 20th, so that no week at a month's end is empty."""
    first = month + timedelta(days=dice.randrange(7, 14))
    working = [day for day in each_day(first, first + timedelta(days=6)) if calendar.hours_on(day)]
    return working[: dice.randrange(1, 4)]


def absences(as_of: date, staff: tuple[Person, ...], known: tuple[Calendar, ...], dice: Random) -> tuple[Absence, ...]:
    """Approved absences of last month and this month, and one that is only requested for next month."""
    by_code = {calendar.code: calendar for calendar in known}
    by_number = {person.number: person for person in staff}
    rows = []
    for index, number in enumerate(_ABSENT):
        calendar = by_code[by_number[number].calendar]
        offset = 1 if index == len(_ABSENT) - 1 else -(index % 2)
        kind = "sick" if index % 3 == 1 and offset < 1 else "vacation"
        for day in _days_away(number, month_start(as_of, offset), calendar, dice):
            state = "requested" if offset == 1 else "approved"
            code = f"ABS-{number}-{day:%Y%m%d}"
            hours = calendar.hours_on(day)
            rows.append(Absence(code=code, person=number, on=day, hours=hours, kind=kind, state=state))
    return tuple(rows)
